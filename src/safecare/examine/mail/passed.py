"""Mails that someone passed on by hand: what stands in them is judged by itself, as it was told.

Who passes a mail on has looked at it, vouches for nothing in it, and hides the one who wrote it: of the mail in a mail
only the fields are left that the mail program quotes (From, Subject, To, Date in the reader's language), or, of one
that is attached (``message/rfc822``, RFC 2046 section 5.2.1), those that it came with. Both may be changed by hand: no
check that they tell of is believed, good or bad.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from email.message import Message

from safecare.examine.api import Part
from safecare.examine.mail.evidence import EVIDENCE
from safecare.formats.domains import registered
from safecare.formats.html import read_html
from safecare.formats.mail import FREE, Mail, addresses
from safecare.formats.mime import decoded

PASSED = "mail.passed"
"""Origin of the part that is a mail within a mail."""
UNTOLD = frozenset(name for name, one in EVIDENCE.items() if one.kind in ("vouch", "gateway", "header")) | {
    "mail.from.self",
    "mail.reply-to.differs",
    "mail.reply-to.freemail",
}
"""Facts that say nothing of a mail as it was told: whoever passed it on left the fields away, or may have made them,
and is the one to whom answers go.
"""
NESTED = 3
"""Mails within quoted mails that are looked at. Chosen: what goes from hand to hand has been on two or three ways."""
START = 20_000
"""Letters in which quoted fields are looked for. Chosen: they stand below a few lines of whoever passes on."""
APART = 200
"""Letters between two quoted fields of one mail. Chosen: long lists of readers are wrapped."""
_LABELS = {
    "from": "from|de|von|da|van|från|fra|od|remitente|mittente|afzender",
    "subject": "subject|objet|sujet|betreff|oggetto|asunto|onderwerp|assunto|ämne|emne|temat",
    "date": "date|sent|envoyée?|gesendet|datum|data|enviado(?: el)?|enviada em|fecha|inviato|verzonden|skickat|sendt",
    "to": "to|à|an|a|para|per|aan|pour|till|til|do",
    "answers": "reply-to|répondre à|antwort an|rispondi a|responder a|antwoord aan",
    "cc": "cc|copie à",
}
"""How mail programs quote fields: Outlook, Gmail, Apple Mail and Thunderbird in eleven languages."""
_FIELD = re.compile(
    rf"(?im)^[>|* \t\xa0]{{0,8}}(?:{'|'.join(f'({one})' for one in _LABELS.values())})[* \t\xa0]{{0,3}}:"
    r"[* \t\xa0]{0,8}(?:\n[>| \t\xa0]{0,8})?(\S[^\n]{0,600})"
)
_FROM = re.compile(rf"(?im)^[>|* \t\xa0]{{0,8}}(?:{_LABELS['from']})[* \t\xa0]{{0,3}}:")
_ADDRESS = re.compile(r"[\w.+=-]{1,64}@(?:[\w-]{1,63}\.){1,8}[^\W\d_]{2,24}")
_ANSWER = re.compile(r"(?i)\s*(?:re|aw|sv|antw|odp|res|ref)(?:\[\d+\])?\s?:")
"""An answer quotes a mail of the conversation, too: that one has been judged when it came."""
_FORWARD = re.compile(r"(?i)\s*(?:\[[^\]]{1,60}\]\s*)?(?:fw|fwd|tr|wg|i|rv|enc|doorst|vb|vs|pd)\s?:")
"""What mail programs put before the subject of a mail that is passed on, in these languages."""
_FOR_OTHERS = re.compile(r"(?i)\bon behalf of\b|\bde la part de\b|\bim auftrag von\b")
"""The address is that of a list or secretary; whoever wrote is not told by an address."""
_HANDED = re.compile(
    r"(?i)forwarded message|message (?:transféré|réexpédié)|weitergeleitete|mensaje reenviado|messaggio inoltrato|"
    r"mensagem encaminhada|doorgestuurd bericht|vidarebefordrat"
)


def passed_on(part: Part, mail: Mail) -> Iterator[Part]:
    """Yield the mails that `mail`, read from `part`, passes on: quoted in its text, or attached."""
    if part.path.count(PASSED) >= NESTED:
        return
    for number, raw in enumerate(mail.mime.enclosed, 1):
        yield part.child(f"{PASSED}-{number}", raw, media="message/rfc822", origin=PASSED, types=("mail",))
    if raw := _quoted(mail):
        yield part.child(PASSED, raw, media="message/rfc822", origin=PASSED, types=("mail",))


def _quoted(mail: Mail) -> bytes:
    """Return the mail that is quoted in the text of `mail`, put together anew; empty if none is."""
    start = mail.text[:START]
    headers = mail.mime.headers
    subject = decoded(str(headers.get("Subject", "")))
    if "@" not in start or not _FROM.search(start) or _ANSWER.match(subject):
        return b""
    talk = "mail.list" in mail.facts or "In-Reply-To" in headers or "References" in headers
    if talk and not (_FORWARD.match(subject) or _HANDED.search(start)):
        return b""
    shown = [one for one in mail.mime.parts if not one.attached]
    for one in sorted(shown, key=lambda one: one.media != "text/html")[:10]:  # what readers see comes first
        text = one.text
        page = one.media == "text/html"
        fields, end = _fields(read_html(text).text if page else text.replace("\r\n", "\n"))
        if not fields:
            continue
        writer = _ADDRESS.findall(fields["from"])[-1]
        if _of_one_house(writer.lower(), headers) or _FOR_OTHERS.search(fields["from"]):
            return b""
        told = {"from": _mailbox(fields["from"]), **{name: fields[name] for name in _KEPT if name in fields}}
        rest = text.partition(writer)[2] or text if page else _UNQUOTE.sub("", text.replace("\r\n", "\n")[end:])
        head = "".join(f"{name}: {value}\n" for name, value in told.items())
        return f"{head}Content-Type: {one.media}; charset=utf-8\n\n{rest}".encode("utf-8", "replace")
    return b""


def _of_one_house(writer: str, headers: Message) -> bool:
    """Tell whether the quoted `writer` is of the house that passes the mail on: what they say is their own talk."""
    base = registered(writer.rpartition("@")[2])
    if base in FREE:
        return writer in str(headers.get("From", "")).lower()
    return base in {registered(one) for _, one in addresses(headers, "From")}


_KEPT = ("to", "subject", "date")
_UNQUOTE = re.compile(r"(?m)^(?:>[ \t]?){1,8}")


def _fields(text: str) -> tuple[dict[str, str], int]:
    """Return the first quoted fields of a mail in `text` by their names, and where they end; none without a writer."""
    fields: dict[str, str] = {}
    end = 0
    for found in _FIELD.finditer(text[:START]):
        *labels, value = found.groups()
        name = next(name for name, label in zip(_LABELS, labels, strict=True) if label)
        if found.start() - end > APART or name in fields:
            if _whole(fields):
                break
            fields = {}
        fields[name] = value.strip(" \t\xa0*>")
        end = found.end()
    return (fields, end) if _whole(fields) else ({}, 0)


def _whole(fields: dict[str, str]) -> bool:
    """Tell whether `fields` are those of a mail: who wrote it, and two more."""
    return len(fields) >= 3 and bool(_ADDRESS.search(fields.get("from", "")))


def _mailbox(value: str) -> str:
    """Return the sender as a mail names one: as mail programs quote it, with the address last in some brackets."""
    address = _ADDRESS.findall(value)[-1]
    name = value[: value.rfind(address)].replace("mailto:", "").strip(" \t\"'<[(*")
    return f'"{name.replace(chr(34), "")}" <{address}>' if name else address


__all__ = ["PASSED", "UNTOLD", "passed_on"]
