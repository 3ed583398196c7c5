"""A mail, judged: facts about its sender, its links, its words and its tricks, weighed; its files go on as parts.

Facts come from `safecare.formats.mail` and the modules beside this one; weights stand in
`safecare.examine.mail.evidence`. Evidence that honest senders share (pressing words, many links) weighs less where the
receiving server vouches for a sender that hides nothing.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from email.message import Message
from typing import TYPE_CHECKING

from safecare.examine.api import Context, Finding, Part, analyser
from safecare.examine.mail.claims import claims
from safecare.examine.mail.evidence import EVIDENCE
from safecare.examine.mail.lures import lures
from safecare.examine.mail.names import (
    BROKEN_IN,
    CHEAP,
    REDIRECTS,
    alarming,
    brand_elsewhere,
    ending,
    hosted,
    random_name,
)
from safecare.examine.mail.orders import orders
from safecare.examine.mail.pictures import coded_links
from safecare.examine.mail.vouch import gateway, vouched
from safecare.formats.brands import known as genuine
from safecare.formats.domains import COMMON, host_of, is_address, label, registered, skeleton
from safecare.formats.mail import BRANDS, FREE, SHORT, Mail, add_links, addresses, read_mail
from safecare.formats.mime import decoded
from safecare.model.text import say

if TYPE_CHECKING:
    from safecare.examine.mail.model import Reader

SOFT = frozenset({"request", "link", "disguise", "header"})
"""Kinds of evidence that weigh less for a sender who is vouched for."""
VOUCHED = 0.7
"""Factor on them. Chosen: a hijacked or hired sender is vouched for, too."""
KNOWN = 0.7
"""Factor on them for mail of a list, or within a thread. Chosen: both can be feigned."""
LISTED = 0.5
"""Factor on a sender that nothing vouches for, in mail of a list: lists change mails and break their signatures."""
PADDING = 3000
"""Letters in style sheets and hidden tags, of words and no rules, that are padding. Chosen."""

_ROLES = re.compile(
    r"(?i)\b(?:support|security|account|service|help ?desk|admin|billing|customer|notification|alert|no-?reply|team|"
    r"webmail|mailer|server|payroll|hr|client[eè]?l?e?|securite|equipe|kundenservice|atendimento|banco|bank|banque|"
    r"postmaster|delivery|invoice|wallet|rewards?|winner|department|direction|ceo|director)\b"
)
_DECORATION = re.compile(r"[A-Za-z]{2,}[*|_~^=]+[A-Za-z]{2,}[*|_~^=]|^[\W_]{2,}[A-Za-z]|[A-Za-z]\s*,_$")
_MIXED = re.compile(r"(?i)[a-z][а-яёіјѕοαρτν]|[а-яёіјѕοαρτν][a-z]")
"""A Latin letter beside a Cyrillic or Greek one that looks Latin."""
_FALSE_L = re.compile(r"\b(?:[a-z]{2,}I[a-z]*|I(?:og|ock|ogin|imit|ast)\w*|[A-Za-z]+0[a-z]{2,}|[a-z]+1[a-z]{3,})\b")
_MACHINE_ID = re.compile(r"protection\.outlook\.com|mx\.google\.com|@localhost|localdomain>", re.IGNORECASE)
_WEB_USER = re.compile(r"from userid (?:0|33|48|80|99)\b")
"""User numbers of root and of web servers on common systems."""
_GREETING = re.compile(r"from\s+(\S{1,200})\s+\(", re.IGNORECASE)
_SENTENCE = re.compile(r"[^\s{};:]{2,}[\s,]+[^\s{};:]{2,}[\s,]")


@analyser("mail", wants={"mail"})
class MailAnalyser:
    """Weighs the facts of a mail and hands on its files."""

    def __init__(self) -> None:
        self._model: tuple[bytes, Reader] | None = None

    def examine(self, part: Part, context: Context) -> Iterator[Finding | Part]:
        """Yield findings by weight, then files, embedded scripts and encoded blocks."""
        mail = read_mail(part.raw, context.own)
        codes = _codes(mail, context.own)
        facts = mail.facts | facts_of(mail)
        facts |= _asked_by_code(codes, facts)
        factor = _trust(facts)
        for fact in sorted(facts & EVIDENCE.keys()):
            weight = EVIDENCE[fact]
            strength = weight.strength * (factor if weight.kind in SOFT else 1.0)
            if fact == "mail.auth.unaligned" and "mail.list" in facts:
                strength *= LISTED
            yield Finding(fact, weight.because, round(strength, 3), kind=f"mail.{weight.kind}")
        learned = self._trained(mail, context.mail_model)
        if learned:
            why = say("It reads like the phishing that this hospital has received.")
            yield Finding("mail.model", why, round(learned, 3), kind="mail.model")
        context.budget.take(min(mail.mime.decoded, context.budget.room))
        for number, one in enumerate(mail.files, 1):
            name = one.name or f"part-{number}"
            yield part.child(name, one.body, media=one.media, origin="mail.attachment")
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


def _codes(mail: Mail, own: tuple[str, ...]) -> set[str]:
    """Add the links in codes of the mail's pictures, and return the foreign hosts to which they lead."""
    links = coded_links(mail.files)
    if links:
        add_links(mail, links, own)
    home = {registered(one) for one in own}
    return {host for one in links if (host := host_of(one)) and registered(host) not in home}


def _asked_by_code(codes: set[str], facts: set[str]) -> set[str]:
    """Return the facts of codes that lead to `codes`: the reader is to leave the hospital's computer for a phone."""
    if not codes:
        return set()
    asks = any(one.startswith(_BY_CODE) for one in facts)
    return {"mail.code.asked"} if asks else {"mail.code.link"}


_BY_CODE = ("mail.lure.account", "mail.lure.document", "mail.lure.payment", "mail.lure.parcel", "mail.text.")
"""Asks for which an honest sender gives a link, not a code: whoever reads mail has the link at hand."""


def facts_of(mail: Mail) -> set[str]:
    """Return the facts that go beyond those of `safecare.formats.mail`."""
    headers = mail.mime.headers
    senders = addresses(headers, "From")
    display, domain = senders[0] if senders else ("", "")
    base = registered(domain) if domain else ""
    facts = vouched(headers, base) | gateway(headers) | _header(headers)
    facts |= set(lures(mail.levelled))
    facts |= _name(display, domain, base, headers)
    facts |= _claims(display, base, mail, facts)
    facts |= _hosts(mail, base, headers)
    if base not in FREE and base in {registered(one) for _, one in addresses(headers, "To")}:
        facts.add("mail.from.inside")
    facts |= claims(mail, display, domain, facts | mail.facts)
    facts |= orders(mail, display, facts | mail.facts)
    return facts | _tricks(mail)


def _trust(facts: set[str]) -> float:
    """Return what soft evidence is worth given who vouches."""
    if any(
        EVIDENCE[fact].kind in ("sender", "gateway", "vouch")
        for fact in facts & EVIDENCE.keys() - {"mail.reply-to.differs"}
    ):
        return 1.0
    factor = VOUCHED if "mail.auth.aligned" in facts and "mail.from.freemail" not in facts else 1.0
    return factor * (KNOWN if facts & {"mail.list", "mail.thread"} else 1.0)


def _name(display: str, domain: str, base: str, headers: Message) -> set[str]:
    facts: set[str] = set()
    if not base:
        return facts
    if (base in FREE or random_name(base) or ending(base) in CHEAP or hosted(domain)) and _ROLES.search(display):
        facts.add("mail.from.role")
    if alarming(base):
        facts.add("mail.from.alarm-words")
    if random_name(base):
        facts.add("mail.from.random")
    if ending(base) in CHEAP:
        facts.add("mail.from.cheap-ending")
    if hosted(domain):
        facts.add("mail.from.hosted")
    if _DECORATION.search(display):
        facts.add("mail.from.decorated")
    if _MIXED.search(display):
        facts.add("mail.text.mixed-script")
    answers = {registered(one) for _, one in addresses(headers, "Reply-To")}
    if answers & FREE and base not in FREE:
        facts.add("mail.reply-to.freemail")
    return facts


def _claims(display: str, base: str, mail: Mail, facts: set[str]) -> set[str]:
    """Return the fact that display name or subject speak for a brand that the sender is not."""
    if base in _BRAND_BASES or (genuine(base) and base not in FREE):
        return set()
    if any(one in skeleton(base) for one in _BRAND_NAMES if len(one) > 5):
        return set()
    subject = decoded(str(mail.mime.headers.get("Subject", "")))
    worn = {skeleton(word) for word in re.findall(r"[^\W_]+", display)[:12]} & _BRAND_NAMES
    spoken = {skeleton(word) for word in re.findall(r"[^\W_]+", subject)[:30]} & (_BRAND_NAMES - _COMMON_NAMES)
    known = facts | mail.facts
    asked = any(fact.startswith(("mail.lure", "mail.text.cred", "mail.text.urg")) for fact in known - _SLIGHT)
    news = "mail.auth.aligned" in known and "mail.list" in known  # writes about companies every day
    if (worn - _COMMON_NAMES) or (worn and asked) or (spoken and asked and not news):
        return {"mail.from.claims-brand"}
    return set()


_SLIGHT = frozenset({"mail.lure.now", "mail.lure.click"})
"""Lures that newsletters use as well."""


_BRAND_BASES = frozenset(registered(one) for one in BRANDS)
_BRAND_NAMES = frozenset(skeleton(label(one)) for one in BRANDS if len(label(one)) >= 3)
_COMMON_NAMES = frozenset(skeleton(one) for one in COMMON)


def _hosts(mail: Mail, base: str, headers: Message) -> set[str]:
    """Return the facts of where links lead."""
    facts: set[str] = set()
    to = [
        address
        for value in headers.get_all("To", [])[:3]
        for address in re.findall(r"[\w.+-]{3,64}@[\w.-]{3,190}", str(value))
    ]
    tokens = {one.lower() for one in to} | {base64.b64encode(one.encode()).decode().rstrip("=").lower() for one in to}
    bases: set[str] = set()
    for target, _ in dict.fromkeys(mail.links):
        if target[:7].lower() == "mailto:":
            if (
                registered(target[7:].partition("?")[0].rpartition("@")[2].strip().lower() or "x") in FREE
                and base not in FREE
            ):
                facts.add("mail.link.mailto-freemail")
            continue
        host = host_of(target)
        if not host:
            continue
        path = target.partition("//")[2].partition("/")[2]
        bases.add(registered(host))
        facts |= _host(target, host, path)
        low = target.lower()
        if any(token in low for token in tokens):
            facts.add("mail.link.recipient")
    others = bases - {base}
    if base and len(others) == 1 and base not in bases and not others & _BRAND_BASES:
        facts.add("mail.link.foreign-only")
    return facts


def _host(target: str, host: str, path: str) -> set[str]:
    if is_address(host):
        return set()
    own = registered(host)
    facts: set[str] = set()
    if hosted(host, "/" + path):
        facts.add("mail.link.hosted")
    if ending(own) in CHEAP and own not in SHORT:
        facts.add("mail.link.cheap-ending")
    if random_name(own):
        facts.add("mail.link.random")
    if alarming(own):
        facts.add("mail.link.alarm-words")
    if own not in _BRAND_BASES and brand_elsewhere(host, _WORN):
        facts.add("mail.link.brand-elsewhere")
    if BROKEN_IN.search(target):
        facts.add("mail.link.broken-in")
    if REDIRECTS.match(target):
        facts.add("mail.link.redirect")
    return facts


_PUBLIC = frozenset(
    skeleton(one) for one in ("facebook", "twitter", "linkedin", "instagram", "google", "paypal", "whatsapp")
)
"""Brands whose names stand in the addresses of honest pages: buttons to share, to sign in and to pay."""


_WORN = _BRAND_NAMES - _COMMON_NAMES - _PUBLIC


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
    if headers.get("In-Reply-To") and headers.get("References"):
        facts.add("mail.thread")
    if str(headers.get("Precedence", "")).strip().lower() in ("list", "bulk") or headers.get("Mailing-List"):
        facts.add("mail.list")
    sender, own = addresses_of(headers, "From"), addresses_of(headers, "To")
    if sender and sender == own:
        facts.add("mail.from.self")
    return facts


def addresses_of(headers: Message, name: str) -> set[str]:
    """Return the plain addresses in the fields `name`, lower case."""
    found = re.findall(
        r"[\w.+-]{1,64}@[\w.-]{1,190}", " ".join(str(one)[:4000] for one in headers.get_all(name, [])[:5])
    )
    return {one.lower() for one in found}


def _tricks(mail: Mail) -> set[str]:
    facts: set[str] = set()
    text = mail.text[:20_000]
    if not text.isascii() and len(_MIXED.findall(text)) >= 2:
        facts.add("mail.text.mixed-script")
    if len(set(_FALSE_L.findall(text[:6000]))) >= 3:
        facts.add("mail.text.lookalike-letters")
    for page in mail.pages:
        if page.unseen > PADDING and page.unseen > 2 * len(page.text) and _padded(mail):
            facts.add("mail.html.padding")
        if page.images and page.links and len(" ".join(page.text.split())) < 120 * min(page.images, 3):
            facts.add("mail.html.picture")
    return facts


def _padded(mail: Mail) -> bool:
    """Tell whether style sheets hold lists of words where rules should be."""
    for part in mail.mime.parts:
        for style in re.findall(r"(?is)<style[^>]{0,200}>([^<]{2000,200000})", part.text[:400_000])[:3]:
            if style.count("{") < len(style) / 400 and len(_SENTENCE.findall(style[:5000])) > 20:
                return True
    return False
