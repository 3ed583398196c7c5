"""What ties a mail's sender to its reader and to where it leads: honest mail says who writes, and leads to their own.

No word of a story is looked for here. Who asks for something and is neither named nor linked to in his own mail has
borrowed the address it came from (a mail box or site that was taken over: CERT-FR, APWG); and whoever takes part in a
conversation writes from the domain that took part so far (FBI IC3, business mail compromise).
"""

# ruff: noqa: SIM905  (word lists read better as words)
from __future__ import annotations

import re
from collections.abc import Iterable
from email.message import Message
from functools import lru_cache
from itertools import repeat

from safecare.examine.mail.house import house
from safecare.examine.mail.names import ALARM, hosted
from safecare.formats.brands import known
from safecare.formats.domains import TENANTS, host_of, imitates, label, registered
from safecare.formats.mail import FREE, Mail
from safecare.formats.wording import level, words_of
from safecare.formats.wrapped import guarded, unwrapped

SENDING = frozenset(
    "sendgrid.net list-manage.com mailchimpapp.com mandrillapp.com mjt.lu mailjet.com sendibm1.com sendibm3.com "
    "sendinblue.com brevo.com hubspotlinks.com hubspotemail.net hs-sites.com exct.net rs6.net cmail19.com cmail20.com "
    "createsend.com awstrack.me mailgun.org mailgun.net sparkpostmail.com mktoweb.com pardot.com emlnk.com "
    "klclick.com customeriomail.com intercom-mail.com mlsend.com sarbacane.com emarsys.net postmarkapp.com "
    "pstmrk.it".split()
)
"""Services that send for others and count clicks: who leads through them has not yet said where to."""
EVERYDAY = frozenset(
    "helloasso.com leetchi.com doodle.com framadate.org framaforms.org calendly.com eventbrite.com eventbrite.fr "
    "youtube.com youtu.be vimeo.com wikipedia.org doi.org nih.gov who.int europa.eu archive.org manuscriptcentral.com "
    "editorialmanager.com easychair.org".split()
)
"""Places to which all kinds of people lead each other, and which ask for no account of the house."""
WORD = 4
"""Letters of a word of a domain's name by which its owner is taken as named. Chosen: shorter ones stand anywhere."""
SHORT = 2500
"""Letters of a mail that comes to the point: what long letters and bulletins speak of is no ask. Chosen: 400 words."""
OTHERS = 20
"""Other writers of a conversation that are compared with the sender. Chosen: long ones have ten."""

_PARTS = re.compile(r"[^a-z]+")
_NO_LETTERS = bytes(code for code in range(256) if not chr(code).encode("latin-1").islower())
_IDENTITY = re.compile(r"<[^<>@\s]{1,200}@([\w.-]{3,190})>")
_QUOTED = re.compile(r"@([\w-]{1,63}(?:\.[\w-]{1,63}){1,5})")
_ASKING = (
    "mail.lure.", "mail.order.login", "mail.text.credentials", "mail.text.storage", "mail.text.urgency",
    "mail.text.house", "mail.text.own-domain", "mail.text.loss", "mail.text.value",
)  # fmt: skip
_SLIGHT = frozenset({"mail.lure.now", "mail.lure.click", "mail.lure.remedy"})
_CHECKED = frozenset({"mail.auth.aligned", "mail.auth.unaligned"})
"""The receiving server checked the sender."""
_PASSED_ON = frozenset({"mail.list", "mail.thread", "mail.auth.arc.pass", "mail.auth.dmarc.none"})
"""Ways by which an honest sender's vouching is lost, and that its domain does not say who may write for it."""


def relations(mail: Mail, display: str, address: str, facts: set[str], own: frozenset[str]) -> set[str]:
    """Return the facts of what ties the sender (`display` name, `address`) to reader and links.

    `facts` are those known so far, `own` the registered domains of the hospital.
    """
    forged = "mail.auth.dmarc.fail" in facts
    base = registered(address.rpartition("@")[2])
    if not base or "mail.from.inside" in facts or ("mail.from.own" in facts and not forged):
        return set()
    found: set[str] = set()
    trusted = known(base) and base not in FREE and "mail.auth.unaligned" not in facts  # forged, where nothing vouches
    text = mail.levelled
    short = len(mail.text) < SHORT
    if not trusted and known(base) and base not in FREE and not facts & _PASSED_ON:
        found.add("mail.from.unvouched")
    if not trusted and short:
        found |= house(mail, facts)
        if own and _speaks_of(own, text):
            found.add("mail.text.own-domain")
    if not trusted and base not in FREE:
        if base not in TENANTS and _beside(mail, base):
            found.add("mail.thread.lookalike")
        if short:
            found |= _nowhere(mail, display, _tenant(address) if base in TENANTS else address, facts | found)
    return found


def _tenant(address: str) -> str:
    """Return the address of a customer of a service as if the customer's host there were a domain of its own."""
    name, _, host = address.rpartition("@")
    return f"{name}@{host.split('.')[0]}.invalid"


def _nowhere(mail: Mail, display: str, address: str, facts: set[str]) -> set[str]:
    """Return the fact that the sender's organisation is not to be found in its own mail.

    What people write to each other and to lists is full of links to others: it counts where something is asked for.
    A person may leave out where he works; a service can't leave out who it is.
    """
    base = registered(address.rpartition("@")[2])
    strange = {
        host
        for target, _ in mail.links[:200]
        if (host := host_of(unwrapped(target))) and not common(host) and not by_form(target)
    }
    asks = {one for one in facts - _SLIGHT if one.startswith(_ASKING)}
    doubtful = bool(facts & _DOUBTFUL)
    if "mail.list" in facts and not (asks and (facts & _CHECKED or (doubtful and asks & ACCESS))):
        return set()
    if (not strange and not mail.files) or _named(mail, display, base, strange):
        return set()
    led = any(registered(one) not in SENDING | TENANTS and not guarded(one) for one in strange)
    button = any(_button(target, shown) for target, shown in mail.links[:200])
    service = _service(display, address) or (button and not _person(display, address))
    pressed = asks or doubtful or button or service
    if led and not any(map(_related, strange, repeat(base))):
        if "mail.thread" in facts:
            return {"mail.order.stray"} if doubtful else set()
        return {"mail.order.anonymous" if service else "mail.order.stray"} if pressed else set()
    carried = any(_active(one.name) for one in mail.files) or "mail.code.link" in facts
    counted = asks and strange and "mail.news" not in facts  # news counts clicks
    if service and (carried or counted) and "mail.thread" not in facts:
        return {"mail.order.nameless"}
    return set()


def _person(display: str, address: str) -> bool:
    """Tell whether a person writes: called by no name, or by two or more of which the address holds one."""
    called = [one for one in _PARTS.split(level(display[:200])) if one]
    name = address.partition("@")[0].lower()
    return not called or (2 <= len(called) <= 5 and any(len(one) >= 3 and one[:6] in name for one in called))


def common(host: str) -> bool:
    """Tell whether `host` is a known organisation's own, or one to which everybody leads."""
    return registered(host) in EVERYDAY or (known(host) and not hosted(host))


def _service(display: str, address: str) -> bool:
    """Tell whether a service writes, not a person: a role stands in its name or address."""
    name = address.partition("@")[0].lower()
    return not ROLES.isdisjoint(_PARTS.split(level(display[:200])) + _PARTS.split(name))


ROLES = ALARM | frozenset(
    "team desk department dept center centre office group mailer subsystem system server admin administrator contact "
    "info hello noreply reply no network help helpdesk it hr rh dsi sales marketing news newsletter legal audit "
    "finance accounts accounting comptabilite compta facturation equipe direction recouvrement commande achats orders "
    "order invoice factures message messages messagerie mailbox post postmaster webmaster secretariat bureau agence "
    "cabinet assistance informatique technique identity portal portail payroll benefits survey enquete training "
    "formation registration reservations booking editor notice registry renewal".split()
)
"""Words of names under which services write."""


ACCESS = frozenset(
    {"mail.lure.account", "mail.text.credentials", "mail.text.storage", "mail.text.urgency", "mail.order.login"}
)
"""Asks for access to something of the reader's."""
_FORMS = ("forms.office.com", "docs.google.com/forms", "forms.gle", "typeform.com", "jotform.com")


def by_form(target: str) -> bool:
    """Tell whether a link leads to a service of forms: that is what colleagues use them for."""
    return any(one in target for one in _FORMS)


def _button(target: str, shown: str) -> bool:
    """Tell whether a link shows words, not where it leads."""
    return bool(shown.strip()) and host_of(target) not in shown.lower()


_DOUBTFUL = frozenset(
    f"mail.link.{one}"
    for one in ("hosted", "cheap-ending", "random", "shortened", "alarm-words", "broken-in", "address")
)


def _active(name: str) -> bool:
    """Tell whether a file is one that leads elsewhere by itself: a page."""
    return name.lower().rpartition(".")[2] in ("html", "htm", "shtml", "xhtml", "svg", "mht", "url")


def _named(mail: Mail, display: str, base: str, hosts: Iterable[str]) -> bool:
    """Tell whether the owner of `base` is named: in the sender's name, the subject or the text.

    Who is called as one of the `hosts` to which links lead is named, too.
    """
    called = level(display[:200])
    name = _PARTS.sub("", label(base))
    words = {one for one in _PARTS.split(label(base)) if len(one) >= WORD} - ALARM
    told = f"{called} {mail.levelled}"
    if (len(name) >= WORD and name in _letters(told)) or any(one in told for one in words):
        plain = without_addresses(told)  # names, not addresses
        if len(name) >= WORD and name in _letters(plain):
            return True
        if any(one in plain for one in words) and words & set(_PARTS.split(plain)):
            return True
    own = [one for one in _PARTS.split(called) if one]
    if 3 <= len(name) < WORD and own == [name]:  # called by the short name that is the domain, and by nothing else
        return True
    telling = [one for one in own if len(one) > WORD and one not in ALARM]
    if any(one in label(host) for host in hosts for one in telling):
        return True
    return 2 <= len(name) <= 5 and _in_order(name, "".join(one[0] for one in own))


def named_by(host: str, text: str) -> bool:
    """Tell whether a levelled text names the owner of `host`: the name as one word, or all words of it."""
    own = label(registered(host))
    name = _PARTS.sub("", own)
    words = {one for one in _PARTS.split(own) if len(one) >= WORD} - ROLES
    return (len(name) >= WORD and name in _letters(text)) or (bool(words) and words <= words_of(text))


def without_addresses(text: str) -> str:
    """Return `text` without the words that hold an address: cut out, since there are few."""
    text = " ".join(text.splitlines())
    for mark in ("@", "://"):
        while (at := text.find(mark)) >= 0:
            end = text.find(" ", at)
            text = text[: text.rfind(" ", 0, at) + 1] + (text[end + 1 :] if end >= 0 else "")
    return text


def _letters(text: str) -> str:
    """Return the small Latin letters of `text` without what stands between them."""
    return text.encode("ascii", "ignore").translate(None, _NO_LETTERS).decode()


def _in_order(short: str, letters: str) -> bool:
    """Tell whether all of `short` stands in `letters` in this order, from its first one on."""
    rest = iter(letters)
    return letters[:1] == short[:1] and all(one in rest for one in short)


@lru_cache(maxsize=8192)
def _related(host: str, base: str) -> bool:
    """Tell whether `host` is the sender's, or is called as the sender's domain is."""
    if registered(host) == base:
        return True
    theirs, mine = _PARTS.sub("", label(host)), _PARTS.sub("", label(base))
    return min(len(theirs), len(mine)) >= WORD and (theirs in mine or mine in theirs)


def _speaks_of(own: frozenset[str], text: str) -> bool:
    """Tell whether the text names a domain of the hospital, but for addresses and links."""
    padded = f" {text} "
    for one in own:
        at = padded.find(one)
        while at > 0:
            before, after = padded[at - 1], padded[at + len(one)]
            if not (before.isalnum() or before in "@./-_" or after.isalnum() or after in "/-_"):
                return True
            at = padded.find(one, at + 1)
    return False


def _beside(mail: Mail, base: str) -> bool:
    """Tell whether the sender's domain imitates one that took part in the conversation so far."""
    others = _writers(mail.mime.headers) | {registered(one) for one in _QUOTED.findall(mail.text[:20_000])[:OTHERS]}
    return base not in others and bool(imitates(base, tuple(sorted(others - FREE)), endings=False))


def _writers(headers: Message) -> set[str]:
    """Return the registered domains of the mails that this one answers."""
    told = " ".join(str(headers.get(name, ""))[:4000] for name in ("References", "In-Reply-To"))
    return {registered(one.lower()) for one in _IDENTITY.findall(told)[:OTHERS]}


__all__ = ["EVERYDAY", "ROLES", "SENDING", "by_form", "common", "named_by", "relations", "without_addresses"]
