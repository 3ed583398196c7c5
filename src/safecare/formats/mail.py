"""Examination of a mail: facts with names, no judgement. Pure and bounded; hostile bytes never raise.

What is compared: who the mail says it is from against who it can be from, where links say they lead against
where they lead, what files say they are against what they are, and what the reader is asked to do. Names and
addresses of people are read but not handed on.
"""

# ruff: noqa: SIM905  (word lists read better as words)
from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from email.message import Message
from functools import lru_cache

import msgspec

from safecare.formats.attachment import FILE_FACTS, ending, file_facts, structure
from safecare.formats.brands import known as genuine
from safecare.formats.domains import TENANTS, label, registered, skeleton
from safecare.formats.html import PLAIN_LINK, Page, read_html
from safecare.formats.mail_links import PRIVATE, imitation, like_reader, links_of
from safecare.formats.mime import Fields, Mime, MimePart, decoded, read_mime
from safecare.formats.wording import MAX_ASKED, asked, disguised, level
from safecare.formats.wrapped import unguarded

MAIL_FACTS: dict[str, str] = {
    "mail.auth.dkim.fail": "The receiving server found no valid DKIM signature where one was claimed.",
    "mail.auth.arc.pass": "Those who passed the mail on sealed what they found of its sender, unchanged since (ARC).",
    "mail.auth.dkim.open": "A valid DKIM signature leaves the end of the text open.",
    "mail.auth.dkim.pass": "The receiving server found a valid DKIM signature.",
    "mail.auth.dmarc.fail": "The receiving server says that the visible sender's domain did not send it (DMARC).",
    "mail.auth.dmarc.pass": "The receiving server says that the visible sender's domain sent it (DMARC).",
    "mail.auth.spf.fail": "The receiving server says that the delivering host may not send for the domain (SPF).",
    "mail.auth.spf.pass": "The receiving server says that the delivering host may send for the domain (SPF).",
    "mail.encoding.broken": "A part is not encoded as it says.",
    "mail.encoding.unknown": "A part names an encoding that does not exist.",
    "mail.from.brand-name": "The sender's display name is a known brand, its domain is not that brand's.",
    "mail.from.display-address": "The display name is a mail address of another domain than the real one.",
    "mail.from.freemail": "The sender uses a free mail provider.",
    "mail.from.invalid": "The From field is missing or holds no address.",
    "mail.from.lookalike-brand": "The sender's domain imitates a known brand.",
    "mail.from.lookalike-own": "The sender's domain imitates one of the hospital.",
    "mail.from.lookalike-reader": "The sender's domain imitates the one to which the mail is addressed.",
    "mail.from.mixed-script": "The sender's domain mixes alphabets within one word.",
    "mail.from.multiple": "Several From fields or addresses.",
    "mail.from.own": "The sender claims a domain of the hospital.",
    "mail.from.own-name": "The display name is one of the hospital's domains, the address is foreign.",
    "mail.header.malformed": "Lines in the header that are no header fields.",
    "mail.html.form": "The mail itself holds an input form.",
    "mail.html.hidden-text": "More text is hidden than shown.",
    "mail.html.password": "The mail itself asks for a password.",
    "mail.html.script": "The mail itself holds a script.",
    "mail.limit.decoded": "The decoded size is over the limit: judged only in part.",
    "mail.limit.depth": "Parts are nested beyond the limit: judged only in part.",
    "mail.limit.header": "A header block is over the limit: judged only in part.",
    "mail.limit.parts": "There are more parts than the limit: judged only in part.",
    "mail.link.address": "A link leads to a bare IP address.",
    "mail.link.any": "The mail holds a link to another domain than the hospital's.",
    "mail.link.executable": "A link leads to a program, script, archive or disk image.",
    "mail.link.false-file": "A link shows a document and fetches a program, script, archive or disk image.",
    "mail.link.lookalike-brand": "A link leads to a domain that imitates a known brand.",
    "mail.link.lookalike-own": "A link leads to a domain that imitates one of the hospital.",
    "mail.link.lookalike-reader": "A link leads to a domain that imitates the one to which the mail is addressed.",
    "mail.link.mixed-script": "A link leads to a domain that mixes alphabets within one word.",
    "mail.link.odd-scheme": "A link holds a script or data instead of an address.",
    "mail.link.shortened": "A link uses a shortening service: its target is not visible.",
    "mail.link.text-mismatch": "A link shows one domain and leads to another one.",
    "mail.link.user-info": "A link holds a name before an @ sign to look like another address.",
    "mail.list": "The mail carries the fields of a mailing list.",
    "mail.mime.broken": "Multipart borders are missing or never closed.",
    "mail.reply-to.differs": "Answers go to another domain than the sender's.",
    "mail.return-path.differs": "Bounces go to another domain than the sender's.",
    "mail.text.credentials": "The reader is asked to give or confirm access data.",
    "mail.text.disguised": "Invisible letters inside words, or reversed writing.",
    "mail.text.enable-content": "The reader is asked to enable active content.",
    "mail.text.money": "The reader is asked for a payment, gift cards, or told of new bank details.",
    "mail.text.open-attachment": "The reader is asked to open an attachment.",
    "mail.text.secrecy": "The reader is asked to tell nobody or not to call.",
    "mail.text.storage": "The reader is told that a mail box or store is full.",
    "mail.text.urgency": "The reader is threatened with a loss within a short time.",
} | FILE_FACTS
"""Meaning by fact name: what `examine` can find, in a mail or in one of its parts."""

BRANDS: tuple[str, ...] = (
    "ameli.fr", "amazon.fr", "apple.com", "icloud.com", "chorus-pro.gouv.fr", "chronopost.fr", "dhl.com",
    "colissimo.fr", "docusign.com", "doctolib.fr", "dropbox.com", "edf.fr", "google.com", "impots.gouv.fr",
    "laposte.fr", "linkedin.com", "microsoft.com", "microsoftonline.com", "netflix.com", "office.com",
    "orange.fr", "spotify.com", "outlook.com", "ovhcloud.com", "paypal.com", "sharepoint.com", "urssaf.fr",
    "wetransfer.com", "adobe.com", "facebook.com", "instagram.com", "whatsapp.com", "ebay.com", "fedex.com",
    "ups.com", "usps.com", "dpd.fr", "mondialrelay.fr", "antai.gouv.fr", "service-public.fr",
    "franceconnect.gouv.fr", "caf.fr", "bnpparibas.com", "creditagricole.fr", "credit-agricole.fr",
    "labanquepostale.fr", "societegenerale.fr", "caisse-epargne.fr", "boursorama.com", "bouyguestelecom.fr",
    "sfr.fr", "carrefour.fr", "leboncoin.fr", "vinted.fr", "metamask.io", "coinbase.com", "binance.com",
    "trustwallet.com", "ledger.com", "opensea.io", "mcafee.com", "norton.com", "americanexpress.com",
    "mastercard.com", "wellsfargo.com", "bankofamerica.com", "chase.com", "citibank.com", "capitalone.com",
    "hsbc.com", "santander.com", "barclays.co.uk", "sparkasse.de", "volksbank.de", "commerzbank.de",
    "postbank.de", "bradesco.com.br", "itau.com.br", "bb.com.br", "serasa.com.br", "mercadolivre.com.br",
    "livelo.com.br", "walmart.com", "costco.com", "lidl.com", "aldi.com", "decathlon.fr", "ikea.com",
    "samsung.com", "docomo.ne.jp", "godaddy.com", "namecheap.com", "telekom.de", "swisscom.com",
    "lufthansa.com", "booking.com", "airbnb.com",
)  # fmt: skip
"""Domains that are imitated most in mail to French hospitals (CERT Santé, APWG: yearly reports)."""

FREE = frozenset(
    "gmail.com googlemail.com yahoo.com yahoo.fr hotmail.com hotmail.fr outlook.com outlook.fr live.com live.fr "
    "aol.com gmx.com gmx.fr protonmail.com proton.me mail.com laposte.net orange.fr free.fr sfr.fr "
    "wanadoo.fr icloud.com yandex.com "
    "web.de gmx.de gmx.net gmx.at gmx.ch t-online.de freenet.de bluewin.ch yahoo.de yahoo.es yahoo.it yahoo.co.uk "
    "yahoo.com.br yahoo.co.jp ymail.com rocketmail.com hotmail.de hotmail.es hotmail.it hotmail.co.uk hotmail.nl "
    "outlook.de outlook.es outlook.it outlook.pt outlook.com.br live.de live.it live.nl live.co.uk msn.com "
    "libero.it virgilio.it tiscali.it alice.it uol.com.br bol.com.br terra.com.br ig.com.br sapo.pt ziggo.nl "
    "skynet.be telenet.be numericable.fr bbox.fr mail.ru bk.ru list.ru inbox.ru rambler.ru yandex.ru ukr.net "
    "seznam.cz wp.pl o2.pl interia.pl onet.pl abv.bg naver.com qq.com 163.com 126.com sina.com zoho.com tuta.com "
    "tutanota.com fastmail.com hushmail.com me.com mac.com rediffmail.com".split()
)
_ADDRESS = re.compile(r"[^\s<>\"'(),;:]{1,64}@([\w.-]{1,190}\.[^\W\d_]{2,24})")
_OF_LISTS = ("List-Post", "List-Help", "List-Archive", "List-Subscribe", "Precedence", "Mailing-List", "Delivered-To")
"""What a mail of a list carries besides its name (RFC 2369): the name alone is quickly feigned."""
_FOLD = re.compile(r"\r?\n[ \t]")
_SAID = re.compile(r"(?im)^(?:SUMMARY|DESCRIPTION|LOCATION|URL)(?:;[^:\r\n]{0,200})?:([^\r\n]{0,4000})")
"""Folded lines of a calendar entry, and what of it a reader is shown: RFC 5545 sections 3.1 and 3.8.1."""
_MAILBOX = re.compile(
    r'(?:"((?:[^"\\]|\\.){0,500})"|([^<>,"]{0,500}))\s*<([^<>\s]{1,320})>|([^\s<>,"]{1,64}@[^\s<>,"]{1,255})'
)
_SPACE = re.compile(r"\s+")
_RESULT = re.compile(r"\b(spf|dkim|dmarc|arc)\s*=\s*([a-z]+)", re.IGNORECASE)
_ALSO_GENUINE = (
    "google-analytics.com",
    "googleapis.com",
    "amazon-adsystem.com",
    "orange-business.com",
    "office365.com",
    "cnafmail.fr",
    "booking-lufthansa.com",
    "carrefour-banque.fr",
)
"""Domains of the brands' own that wear their name; a brand's label under another ending is taken as its own too."""
_MAX_WORDING = 200_000
"""Letters of a mail's text that its words are judged by. Chosen: a long mail has some ten thousand."""


class PartFacts(msgspec.Struct, frozen=True):
    """One attached file. `name` is a number and the ending: the sender's name may tell who a patient is."""

    name: str
    media: str
    size: int
    sha256: str
    facts: tuple[str, ...]


class MailFacts(msgspec.Struct, frozen=True):
    """All that was found: sorted fact names of the mail, its files, the domains its links lead to."""

    facts: tuple[str, ...]
    parts: tuple[PartFacts, ...]
    link_domains: tuple[str, ...]


class Contact(msgspec.Struct, frozen=True):
    """Sender and, of a mail of the house, recipients outside: each a registered domain, or an address if private."""

    sender: str = ""
    vouched: bool = False
    """A check of the receiving server vouches for the visible sender; for the house, that none speaks against it."""
    written_to: tuple[str, ...] = ()
    called: str = ""
    """The sender's name, in words and order that don't tell titles or who comes first; empty: no person's."""


@dataclass
class Mail:
    """A mail as it was read: its parts, fact names, links as (target, shown text), what a reader reads, its files."""

    mime: Mime
    facts: set[str]
    links: list[tuple[str, str]] = field(default_factory=list)
    text: str = ""
    levelled: str = ""
    """The start of `text`, levelled."""
    files: list[MimePart] = field(default_factory=list)
    domains: tuple[str, ...] = ()
    """Foreign domains that links lead to."""
    pages: list[Page] = field(default_factory=list)


def read_mail(raw: bytes, own: Iterable[str] = (), brands: Iterable[str] = BRANDS, checked: str = "") -> Mail:
    """Read the mail `raw`; its files are not opened. `own` are the mail domains of the hospital.

    `checked`: what we found of its sender ourselves (an ``Authentication-Results`` field), above what others wrote.
    """
    home = frozenset(registered(one) for one in own)
    known = (*brands, *_ALSO_GENUINE)
    mime = read_mime(raw)
    if checked and isinstance(mime.headers, Fields):
        mime.headers.set_first("Authentication-Results", checked)
    mail = Mail(mime, set(mime.facts))
    reader = frozenset() if home else _addressed(mime.headers)
    mail.facts |= _sender(mime.headers, home, known, reader)
    mail.facts |= _authentication(mime.headers)
    wording = [decoded(str(mime.headers.get("Subject", "")))]
    for part in mime.parts:
        if part.attached:
            mail.files.append(part)
        if not part.attached or part.media == "text/calendar":
            _read_text(part, mail, wording)
    mail.links = [(unguarded(target), unguarded(shown)) for target, shown in mail.links]
    mail.text = "\n".join(wording)[:_MAX_WORDING]
    mail.levelled = level(mail.text[:MAX_ASKED])
    mail.facts |= asked(mail.levelled) | disguised(mail.text)
    mail.domains = links_of(mail.links, home, known, mail.facts, reader)
    return mail


def add_links(mail: Mail, links: Iterable[str], own: Iterable[str] = (), brands: Iterable[str] = BRANDS) -> None:
    """Add links that were found elsewhere than in the mail's text, and their facts."""
    mail.links += [(one, "") for one in links]
    home = frozenset(registered(one) for one in own)
    mail.domains = links_of(mail.links, home, (*brands, *_ALSO_GENUINE), mail.facts)


def examine(raw: bytes, own: Iterable[str] = (), brands: Iterable[str] = BRANDS) -> MailFacts:
    """Return what is found in the mail `raw` and its files. `own` are the mail domains of the hospital."""
    return told(read_mail(raw, own, brands))


def told(mail: Mail) -> MailFacts:
    """Return what is found in a mail that was read, and in its files."""
    files = tuple(_file(part, number) for number, part in enumerate(mail.files, 1))
    return MailFacts(tuple(sorted(mail.facts)), files, mail.domains)


def _file(part: MimePart, number: int) -> PartFacts:
    suffix = re.sub(r"[^a-z0-9]", "", ending(part.name))[:8]
    return PartFacts(
        name=f"file-{number}.{suffix}" if suffix else f"file-{number}",
        media=re.sub(r"[^\w/.+-]", "", part.media)[:80],
        size=len(part.body),
        sha256=hashlib.sha256(part.body).hexdigest(),
        facts=tuple(sorted(file_facts(part.name, part.body, part.media))),
    )


def _read_text(part: MimePart, mail: Mail, wording: list[str]) -> None:
    text = part.text
    if part.media == "text/html" or structure(part.body[:2048]) == "html":
        page = read_html(text)
        mail.facts |= {f"mail.html.{one}" for one in page.facts if one in ("form", "hidden-text", "password", "script")}
        mail.links += page.links
        mail.links += [(one, "") for one in page.written]
        mail.pages.append(page)
        wording.append(page.text[:_MAX_WORDING])
    else:
        if part.media == "text/calendar":
            text = " ".join(_SAID.findall(_FOLD.sub("", text[:_MAX_WORDING])))
        mail.links += [(found, "") for found in PLAIN_LINK.findall(text[:_MAX_WORDING])[:200]]
        wording.append(text[:_MAX_WORDING])


def addresses(headers: Message, name: str) -> list[tuple[str, str]]:
    """Return (display name, domain) of the addresses in the header fields `name`."""
    return [one for value in headers.get_all(name, [])[:5] for one in _mailboxes(str(value)[:4000])]


@lru_cache(maxsize=64)
def _mailboxes(value: str) -> tuple[tuple[str, str], ...]:
    found: list[tuple[str, str]] = []
    for quoted, plain, angled, bare in _MAILBOX.findall(_SPACE.sub(" ", value)):
        domain = (angled or bare).rpartition("@")[2].lower()
        if domain:
            found.append((decoded(quoted or plain).strip(), domain))
    return tuple(found)


def _addressed(headers: Message) -> frozenset[str]:
    """Return the reader's domain as the mail tells it: it may be imitated, and is not believed for more."""
    domains = {registered(one) for _, one in addresses(headers, "To")} - FREE - TENANTS
    return frozenset(domains) if len(domains) == 1 else frozenset()


def _sender(
    headers: Message, home: frozenset[str], brands: tuple[str, ...], reader: frozenset[str] = frozenset()
) -> set[str]:
    facts: set[str] = set()
    senders = addresses(headers, "From")
    if len(senders) > 1 or len(headers.get_all("From", [])) > 1:
        facts.add("mail.from.multiple")
    if not senders:
        return facts | {"mail.from.invalid"}
    display, domain = senders[0]
    base = registered(domain)
    facts |= imitation("mail.from", domain, home, brands) | like_reader("mail.from", domain, reader)
    if ending(domain) in PRIVATE and not _checked(headers):  # a machine of the house: nobody can register such a name
        facts.discard("mail.from.lookalike-own")
    if base in home:
        facts.add("mail.from.own")
    if base in FREE:
        facts.add("mail.from.freemail")
    worn = _ADDRESS.search(display)
    if worn and registered(worn.group(1).lower()) != base:
        facts.add("mail.from.display-address")
    facts |= _display(display, base, home, brands)
    for name, fact in (("Reply-To", "mail.reply-to.differs"), ("Return-Path", "mail.return-path.differs")):
        others = {registered(other) for _, other in addresses(headers, name)}
        if others and base not in others:
            facts.add(fact)
    if headers.get("List-Unsubscribe") or (headers.get("List-Id") and any(headers.get(one) for one in _OF_LISTS)):
        facts.add("mail.list")
    return facts


def _checked(headers: Message) -> bool:
    return bool(headers.get("Authentication-Results") or headers.get("Received-SPF"))


def _display(display: str, base: str, home: frozenset[str], brands: tuple[str, ...]) -> set[str]:
    """Return the facts of a display name that is (starts with) a brand or a domain of the hospital."""
    words = [skeleton(word) for word in re.findall(r"[^\W_]+", display)][:12]
    if not words:
        return set()
    facts: set[str] = set()
    if base not in home and any(one in display.lower() for one in home):
        facts.add("mail.from.own-name")
    bases, names = _looks(brands)
    if base in home or base in bases or (genuine(base) and base not in FREE):
        return facts
    if words[0] in names and not any(name in skeleton(base) for name in names & set(words)):
        facts.add("mail.from.brand-name")
    return facts


@lru_cache(maxsize=8)
def _looks(brands: tuple[str, ...]) -> tuple[frozenset[str], frozenset[str]]:
    """Return the registered domains of `brands`, and what their labels look like."""
    return frozenset(map(registered, brands)), frozenset(skeleton(label(one)) for one in brands)


def _authentication(headers: Message) -> set[str]:
    """Read RFC 8601 results as received: only the topmost writer's, since anyone may write the lower ones."""
    facts: set[str] = set()
    results = [decoded(str(value)[:4000]) for value in headers.get_all("Authentication-Results", [])[:20]]
    writer = results[0].split(";")[0].strip() if results else ""
    for value in results:
        if value.split(";")[0].strip() != writer:
            break
        for method, result in _RESULT.findall(value):
            facts |= _result(method.lower(), result.lower())
    received = str(headers.get("Received-SPF", ""))[:20].strip().lower()
    if received and not any(fact.startswith("mail.auth.spf") for fact in facts):
        facts |= _result("spf", received.split()[0])
    return facts


def _result(method: str, result: str) -> set[str]:
    if method == "arc":  # a broken chain is none (RFC 8617 section 9.3)
        return {"mail.auth.arc.pass"} if result == "pass" else set()
    if (method, result) == ("dkim", "policy"):
        return {"mail.auth.dkim.open"}
    if result == "pass":
        return {f"mail.auth.{method}.pass"}
    return {f"mail.auth.{method}.fail"} if result in ("fail", "softfail", "hardfail", "permerror") else set()


def own_domains(addresses: Iterable[str]) -> tuple[str, ...]:
    """Return the registered domains of mail `addresses`, without those of free providers."""
    found = {registered(one.rpartition("@")[2]) for one in addresses if "@" in one}
    return tuple(sorted(found - FREE))


__all__ = [
    "BRANDS",
    "MAIL_FACTS",
    "MailFacts",
    "Mime",
    "PartFacts",
    "add_links",
    "examine",
    "own_domains",
    "read_mail",
    "told",
]
