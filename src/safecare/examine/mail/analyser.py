"""A mail, judged: facts about its sender, its links, its words and its tricks, weighed; its files go on as parts.

Facts come from `safecare.formats.mail` and the modules beside this one; weights stand in
`safecare.examine.mail.evidence`. Evidence that honest senders share (pressing words, many links) weighs less where the
receiving server vouches for a sender that hides nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from email.message import Message
from functools import lru_cache
from itertools import chain
from typing import TYPE_CHECKING

from safecare.examine.api import Context, Finding, Part, analyser
from safecare.examine.mail.addressed import addresses_of, readers, relays_for_others
from safecare.examine.mail.claims import claims, of_a_known_one
from safecare.examine.mail.consent import consent
from safecare.examine.mail.evidence import EVIDENCE
from safecare.examine.mail.hosts import (
    BRAND_BASES,
    BRAND_NAMES,
    COMMON_NAMES,
    gains_nothing,
    host_facts,
    only_itself,
    worn_by_its_owner,
)
from safecare.examine.mail.kits import kits
from safecare.examine.mail.learned import weights, worded
from safecare.examine.mail.lures import lures
from safecare.examine.mail.names import CHEAP, alarming, ending, hosted, random_name
from safecare.examine.mail.orders import orders
from safecare.examine.mail.passed import PASSED, UNTOLD, passed_on
from safecare.examine.mail.passwords import told_passwords
from safecare.examine.mail.pictures import by_code, coded_links, written_in
from safecare.examine.mail.relations import relations
from safecare.examine.mail.reports import MUTED, is_report, is_status
from safecare.examine.mail.strangers import answers
from safecare.examine.mail.vouch import BROKEN_ON_THE_WAY, as_written, gateway, vouched
from safecare.examine.verdict import SUSPICIOUS, score
from safecare.formats.brands import known as genuine
from safecare.formats.domains import TENANTS, host_of, registered, skeleton
from safecare.formats.html import Page
from safecare.formats.mail import FREE, Mail, add_links, addresses, read_mail
from safecare.formats.mime import decoded
from safecare.formats.wording import broken, shown
from safecare.model.text import say

if TYPE_CHECKING:
    from safecare.examine.mail.model import Reader

SOFT = frozenset({"request", "link", "disguise", "header"})
"""Kinds of evidence that weigh less for a sender who is vouched for."""
VOUCHED = 0.8
"""Factor on them. Chosen: a hijacked or hired sender is vouched for, too."""
KNOWN = 0.7
"""Factor on them for mail of a list, and on what is asked within a thread. Chosen: both can be feigned, and a thread is
where an intruder in a mail box writes."""
FIRM = 0.5
"""Strength from which a fact of a link or disguise holds whoever vouches: it shows an intent to deceive. Chosen."""
LISTED = 0.45
"""Factor on a sender that nothing vouches for, in mail of a list (lists change mails and break their signatures), and
where the sender's domain does not say who may write for it: its services' mail is vouched for as the services' own.
Chosen: beside it, talk of an account is no alarm by itself."""
LENIENT = 0.6
"""Factor on a failed DMARC check whose domain wants nothing done about it, where the service that sent the mail is
vouched for: small houses send so by services of others. Chosen."""
HOME = 0.5
"""Factor on talk of an account or a parcel where all links lead to the known organisation that sends the mail. Chosen:
an imitator who leads to the organisation itself gains nothing, but may ask for an answer or a call. The same for one
whom nobody vouches for, where a forger would gain nothing."""
FORM = 0.9
"""Factor on answers to a private mail box for mail within one domain: forms on a house's own site tell so who wrote.
Chosen: just below an alarm by itself."""
PADDING = 3000
"""Letters in style sheets and hidden tags, of words and no rules, that are padding. Chosen."""

_ROLES = re.compile(
    r"(?i)\b(?:support|security|account|service|help ?desk|admin|billing|customer|notification|alert|no-?reply|team|"
    r"webmail|mailer|server|payroll|hr|client[eè]?l?e?|securite|equipe|kundenservice|atendimento|banco|bank|banque|"
    r"postmaster|delivery|invoice|wallet|rewards?|winner|department|direction|ceo|director)\b"
)
_DECORATION = re.compile(r"[A-Za-z]{2,}[*|_~^=]+[A-Za-z]{2,}[*|_~^=]|^[\W_]{2,}[A-Za-z]|[A-Za-z]\s*,_$")
_STYLED = re.compile("[\U0001d400-\U0001d7ff]{2}")
"""Letters of formulas (Unicode block Mathematical Alphanumeric Symbols) where plain ones should stand."""
_MIXED = re.compile(r"(?i)[a-z][а-яёіјѕοαρτν]|[а-яёіјѕοαρτν][a-z]")
"""A Latin letter beside a Cyrillic or Greek one that looks Latin."""
_NOT_LATIN = re.compile("[\u0370-\u04ff\u1c80-\u1c8f]")
"""Greek and Cyrillic letters, in Unicode's blocks of these names: `_MIXED` holds one."""
_FALSE_L = re.compile(r"\b(?:[a-z]{2,}I[a-z]*|I(?:og|ock|ogin|imit|ast)\w*|[A-Za-z]+0[a-z]{2,}|[a-z]+1[a-z]{3,})\b")
_FALSE = re.compile(r"[I01](?:(?<=[a-z][a-z]I)|(?<=\bI)(?:og|ock|imit|ast)|(?<=[A-Za-z]0)[a-z]{2}|(?<=[a-z]1)[a-z]{3})")
"""The letter that makes `_FALSE_L`, within its word: found much faster."""
_MACHINE_ID = re.compile(r"protection\.outlook\.com|mx\.google\.com|@localhost|localdomain>", re.IGNORECASE)
_WEB_USER = re.compile(r"from userid (?:0|33|48|80|99)\b")
"""User numbers of root and of web servers on common systems."""
_GREETING = re.compile(r"from\s+(\S{1,200})\s+\(", re.IGNORECASE)
_ANSWER = re.compile(r"(?:\[[^\]]{1,60}\]\s*)?(?:re|fw|fwd|tr|aw|wg|sv|rv|ref|antw|odp|res|enc)(?:\[\d+\])?\s?:")
"""What stands before the subject of an answer or of a mail that is passed on, in the languages of mail programs."""
_SENTENCE = re.compile(r"[^\s{};:]{2,}[\s,]+[^\s{};:]{2,}[\s,]")


@analyser("mail", wants={"mail"})
class MailAnalyser:
    """Weighs the facts of a mail and hands on its files."""

    def __init__(self) -> None:
        self._model: tuple[bytes, Reader] | None = None
        weights()  # read before the process is confined

    def examine(self, part: Part, context: Context) -> Iterator[Finding | Part]:
        """Yield findings by weight, then files, embedded scripts and encoded blocks."""
        known, context.read = context.read, None
        mail = (
            known[1]
            if known and known[0] is part.raw
            else read_mail(part.raw, context.own, checked=context.checked if not part.path else "")
        )
        codes = _codes(mail, context.own)
        facts = facts_of(mail, context.own) | mail.facts | ({"mail.code.link"} if codes else set())
        facts |= by_code(codes, facts)
        facts -= UNTOLD if part.origin == PASSED else frozenset()
        report = is_report(mail)
        facts -= MUTED if report else _of_the_house(mail, facts)
        told: list[Finding] = []
        for fact in sorted(facts & EVIDENCE.keys()):
            weight = EVIDENCE[fact]
            strength = weight.strength * _trust(fact, facts)
            if fact == "mail.auth.unaligned" and not facts.isdisjoint(("mail.list", *_UNSAID)):
                strength *= LISTED
            if fact == "mail.auth.dmarc.fail" and "mail.auth.dmarc.lenient" in facts:
                strength *= LENIENT
            if fact in _BROKEN_BY_LISTS and "mail.list.vouched" in facts:
                strength *= LISTED
            if fact == "mail.reply-to.freemail" and "mail.from.inside" in facts:
                strength *= FORM
            if "mail.forged.idle" in facts and (weight.kind == "vouch" or fact == "mail.from.unvouched"):
                strength *= HOME
            told.append(Finding(fact, weight.because, round(strength, 3), kind=f"mail.{weight.kind}"))
            yield told[-1]
        if trained := self._trained(mail, context.mail_model):
            why = say("It reads like the phishing that this hospital has received.")
            yield Finding("mail.model", why, round(trained, 3), kind="mail.model")
        elif not report and part.origin in ("", PASSED) and score(told) < SUSPICIOUS:
            yield from worded(mail, facts)
        if mail.files:
            context.passwords += told_passwords(mail.text[:20_000])
        yield from () if report else passed_on(part, mail)
        context.budget.take(min(mail.mime.decoded, context.budget.room))
        for number, one in enumerate(mail.files, 1):
            name = one.name or f"part-{number}"
            types = ("text",) if is_status(one) else ()
            yield part.child(name, one.body, media=one.media, origin="mail.attachment", types=types)
        for number, one in enumerate((one for one in mail.mime.parts if not one.attached), 1):
            if b"\nbegin " in one.body or one.body.startswith(b"begin "):
                yield part.child(f"text-{number}", one.body, origin="mail.text", types=("uue",))

    def _trained(self, mail: Mail, raw: bytes) -> float:
        """Return what the site's own model says, 0 without one."""
        if not raw:
            return 0.0
        if self._model is None or self._model[0] is not raw:
            from safecare.examine.mail.model import Reader  # numpy: only for those who trained

            self._model = (raw, Reader(raw))
        return self._model[1].weight(mail)


def _codes(mail: Mail, own: tuple[str, ...]) -> list[str]:
    """Add the links in codes of the mail's pictures, and return those that lead to foreign hosts."""
    pictured = (part for part in mail.mime.parts if not part.attached and b"data:image" in part.body)
    inside = (one for part in pictured for one in written_in(part.text))
    links = coded_links(chain((one.body for one in mail.files), inside))
    if links:
        add_links(mail, links, own)
    home = {registered(one) for one in own}
    return [one for one in links if (host := host_of(one)) and registered(host) not in home]


def facts_of(mail: Mail, own: tuple[str, ...] = ()) -> set[str]:
    """Return the facts that go beyond those of `safecare.formats.mail`. `own`: mail domains of the hospital."""
    headers = mail.mime.headers
    senders = addresses(headers, "From")
    written, domain = senders[0] if senders else ("", "")
    display = shown(written)
    address = next((one for one in sorted(addresses_of(headers, "From")) if one.endswith(f"@{domain}")), "")
    base = registered(domain) if domain else ""
    facts = vouched(headers, base) | gateway(headers) | _header(headers)
    if "mail.auth.sealed" in facts:
        mail.facts -= BROKEN_ON_THE_WAY
    facts |= set(lures(mail.levelled))
    relays = relays_for_others(headers, facts, own="mail.from.own" in mail.facts)
    if relays:
        facts.discard("mail.from.self")
        mail.facts.discard("mail.reply-to.differs")
    writer = domain
    if relays and "mail.list.vouched" in facts:
        facts.add("mail.list.writes")
        writer = next((one for _, one in addresses(headers, "Reply-To") if registered(one) != base), domain)
    service = relays or of_a_known_one(mail, domain, facts | mail.facts)
    facts |= _name(display, writer, registered(writer), headers, service=service) | kits(mail, display, domain)
    if broken(written):
        facts.add("mail.text.disguised")
    facts |= host_facts(mail, base, relayed=relays)
    if relays and ("mail.link.home" in facts or not (mail.links or mail.files)):
        mail.facts.discard("mail.from.brand-name")
    else:
        facts |= _claims(display, base, mail, facts)
    within = base not in FREE and "mail.list.writes" not in facts  # a list writes to itself
    if within and base in readers(headers, mail):
        facts.add("mail.from.inside")
    if writer != domain:
        address = next((one for one in addresses_of(headers, "Reply-To") if one.endswith(f"@{writer}")), address)
    if within and {"mail.list", "mail.auth.aligned"} <= facts | mail.facts:
        facts.add("mail.news")
    if "mail.auth.aligned" in facts and genuine(base) and base not in FREE and worn_by_its_owner(mail, base):
        facts.discard("mail.link.brand-elsewhere")
    if "mail.auth.aligned" in facts and only_itself(mail, display, base):
        facts = (facts - _OF_ITSELF) | {"mail.from.itself"}
    facts |= answers(mail, base) | ({"mail.from.tenant"} if base in TENANTS and writer == domain else set())
    facts |= claims(mail, display, writer, as_written(facts | mail.facts, writer))
    facts -= _OF_ITSELF if "mail.from.itself" in facts else frozenset()
    home = frozenset(registered(one) for one in own)
    facts |= relations(mail, display, address, facts | mail.facts, home)
    facts |= orders(mail, display, writer, as_written(facts | mail.facts, writer))
    facts |= consent(mail, home)
    if "mail.auth.unaligned" in facts and not any(one.startswith("mail.order.") for one in facts):
        facts |= {"mail.forged.idle"} if gains_nothing(mail, base) else set()
    return facts | _tricks(mail)


_UNSAID = ("mail.auth.dmarc.none", "mail.auth.dmarc.lenient")
"""The sender's domain does not say who may write for it, or does not mean it."""
_WORN = frozenset({"mail.from.brand-name", "mail.from.claims-brand", "mail.brand.sender"})
_BY_MACHINES = frozenset({"mail.return-path.machine", "mail.header.script"})


def _of_the_house(mail: Mail, facts: set[str]) -> set[str]:
    """Return the facts that say nothing of mail within one domain of which nothing makes doubt.

    A mail program's notice that leads nowhere is called like who made the program; a machine tells that it is one.
    """
    doubt = any(one.startswith("mail.auth.") and one.endswith((".fail", ".unaligned")) for one in facts)
    if facts.isdisjoint(("mail.from.inside", "mail.from.self")) or doubt:
        return set()
    itself = addresses_of(mail.mime.headers, "Return-Path") & addresses_of(mail.mime.headers, "From")
    nowhere = "mail.from.inside" in facts and not (mail.links or mail.files or "mail.reply-to.differs" in facts)
    return {*(_WORN if nowhere else ()), *(_BY_MACHINES if itself else ())}


_BROKEN_BY_LISTS = frozenset({"mail.auth.dmarc.fail", "mail.auth.unaligned", "mail.auth.dkim.fail"})


_DOUBTS = frozenset(name for name, one in EVIDENCE.items() if one.kind in ("sender", "gateway", "vouch")) - {
    "mail.reply-to.differs"
}
"""Facts that leave the sender unvouched for."""


_LENT = frozenset({"mail.from.freemail", "mail.list.writes", "mail.from.tenant"})
"""Senders whose domain vouches for a service: whoever has an account there writes."""
_OF_ITSELF = frozenset({"mail.link.prefilled", "mail.link.alarm-words"})
"""Facts of links that say nothing of a service's own pages."""
_LED_HOME = frozenset({"mail.lure.account", "mail.lure.parcel"})


def _trust(fact: str, facts: set[str]) -> float:
    """Return what the evidence `fact` is worth given who vouches; 1 for what is not soft."""
    kind = EVIDENCE[fact].kind
    if kind not in SOFT or (kind != "request" and EVIDENCE[fact].strength >= FIRM):
        return 1.0
    by_list = _BROKEN_BY_LISTS if "mail.list.vouched" in facts else frozenset()
    if not facts.isdisjoint(_DOUBTS - by_list):
        return 1.0
    home = not facts.isdisjoint(("mail.link.home", "mail.from.itself"))
    if fact in _LED_HOME and home and "mail.reply-to.differs" not in facts:
        return HOME
    vouched_for = "mail.auth.aligned" in facts and facts.isdisjoint(_LENT)
    factor = VOUCHED if vouched_for else 1.0
    known = "mail.list" in facts or (kind == "request" and "mail.thread" in facts)
    return factor * (KNOWN if known else 1.0)


def _name(display: str, domain: str, base: str, headers: Message, *, service: bool) -> set[str]:
    facts: set[str] = set()
    if not base:
        return facts
    if (base in FREE or random_name(base) or ending(base) in CHEAP or hosted(domain)) and _ROLES.search(display):
        facts.add("mail.from.role")
    if alarming(base) and not genuine(base):
        facts.add("mail.from.alarm-words")
    if random_name(base):
        facts.add("mail.from.random")
    if ending(base) in CHEAP:
        facts.add("mail.from.cheap-ending")
    if hosted(domain):
        facts.add("mail.from.hosted")
    if _DECORATION.search(display) or _STYLED.search(display):
        facts.add("mail.from.decorated")
    if _MIXED.search(display):
        facts.add("mail.text.mixed-script")
    answers = {registered(one) for _, one in addresses(headers, "Reply-To")}
    if answers & FREE and base not in FREE and not service:  # services answer for those who share
        facts.add("mail.reply-to.freemail")
    return facts


def _claims(display: str, base: str, mail: Mail, facts: set[str]) -> set[str]:
    """Return the fact that display name or subject speak for a brand that the sender is not."""
    if base in BRAND_BASES or (genuine(base) and base not in FREE):
        return set()
    if _wears_brand(base) or ("mail.from.own" in mail.facts and "mail.auth.dmarc.fail" not in mail.facts):
        return set()
    subject = shown(decoded(str(mail.mime.headers.get("Subject", ""))))
    named = [skeleton(word) for word in re.findall(r"[^\W_]+", display)[:12]]
    worn = {word for number, word in enumerate(named) if not number or word not in COMMON_NAMES} & BRAND_NAMES
    spoken = {skeleton(word) for word in re.findall(r"[^\W_]+", subject)[:30]} & (BRAND_NAMES - COMMON_NAMES)
    if "mail.from.freemail" in mail.facts and "mail.link.home" in facts:  # passed on by hand, leads to known ones only
        spoken = set()
    known = facts | mail.facts
    asked = any(fact.startswith(("mail.lure", "mail.text.cred", "mail.text.urg")) for fact in known - _SLIGHT)
    news = "mail.auth.aligned" in known and "mail.list" in known  # writes about companies every day
    if (worn - COMMON_NAMES) or (worn and asked) or (spoken and asked and not news):
        return {"mail.from.claims-brand"}
    return set()


@lru_cache(maxsize=8192)
def _wears_brand(base: str) -> bool:
    looks = skeleton(base)
    return any(one in looks for one in BRAND_NAMES if len(one) > 5)


_SLIGHT = frozenset({"mail.lure.now", "mail.lure.click"})
"""Lures that newsletters use as well."""


def _header(headers: Message) -> set[str]:
    facts: set[str] = set()
    identity = str(headers.get("Message-ID", "")).strip()
    if not identity or (_MACHINE_ID.search(identity) and not identity.lower().endswith("@mx.google.com>")):
        facts.add("mail.header.no-id")
    to = str(headers.get("To", "")).strip().lower()
    if not to or "undisclosed" in to:
        facts.add("mail.header.no-recipient")
    mailer = str(headers.get("X-Mailer", ""))
    if headers.get("X-PHP-Originating-Script") or headers.get("X-PHP-Script") or "phpmailer" in mailer.lower():
        facts.add("mail.header.script")
    hops = [" ".join(str(one)[:600].split()) for one in headers.get_all("Received", [])[:30]]
    if any(_WEB_USER.search(one) for one in hops):
        facts.add("mail.header.script")
    greeted = [found[1] for one in hops if (found := _GREETING.match(one))]
    if greeted and "." not in greeted[-1] and not greeted[-1].lower().startswith(("localhost", "[")):
        facts.add("mail.header.host-unnamed")
    subject = decoded(str(headers.get("Subject", ""))).strip().lower()
    if subject.startswith(("re:", "aw:", "sv:")) and not (headers.get("In-Reply-To") or headers.get("References")):
        facts.add("mail.header.false-reply")
    if headers.get("In-Reply-To") and headers.get("References") and _ANSWER.match(subject):
        facts.add("mail.thread")
    if str(headers.get("Precedence", "")).strip().lower() in ("list", "bulk") or headers.get("Mailing-List"):
        facts.add("mail.list")
    sender, own = addresses_of(headers, "From"), addresses_of(headers, "To")
    if sender and sender == own:
        facts.add("mail.from.self")
    return facts


def _letters(text: str) -> int:
    return len(" ".join(text.split()))


def _tricks(mail: Mail) -> set[str]:
    facts: set[str] = set()
    text = mail.text[:20_000]
    if not text.isascii() and _NOT_LATIN.search(text) and len(_MIXED.findall(text)) >= 2:
        facts.add("mail.text.mixed-script")
    start = text[:6000]
    if len(_FALSE.findall(start)) >= 3 and len(set(_FALSE_L.findall(start))) >= 3:
        facts.add("mail.text.lookalike-letters")
    for page in mail.pages:
        if page.unseen > PADDING and page.unseen > 2 * len(page.text) and _padded(page):
            facts.add("mail.html.padding")
        if page.images and page.links and _letters(page.text[:2000]) < (few := 120 * min(page.images, 3)):
            facts |= {"mail.html.picture"} if _letters(page.text) < few else set()
    return facts


def _padded(page: Page) -> bool:
    """Tell whether style sheets hold lists of words where rules should be."""
    return any(
        style.count("{") < len(style) / 400 and len(_SENTENCE.findall(style[:5000])) > 20 for style in page.styles
    )
