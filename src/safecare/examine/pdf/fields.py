"""Fields of a form in a PDF: whether each shows the value that it holds.

A field has a value, which programs read, and an appearance, which people read. Writers make one from the other. Source:
ISO 32000-1:2008, 12.7.3.3 (appearances of fields), 12.7.2 (``NeedAppearances``: the reader makes them anew).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from safecare.examine.api import Budget, Finding, LimitError, Limits, UnreadableError, Where
from safecare.examine.mail.hosts import doubtful
from safecare.examine.pdf.objects import Document, Object, decoded, references
from safecare.examine.pdf.strings import readable, string_at
from safecare.examine.pdf.values import members, tokens
from safecare.examine.pdf.words import shown
from safecare.formats.wording import level
from safecare.model.text import say

MOST_FIELDS = 2000
"""Fields of one form that are compared. Chosen: the longest tax form measured has 1,400."""
MOST_SHOWN = 16 * 1024
"""Bytes of one appearance that are read. Chosen: a field of a page of text has 6,000."""
MOST_SENT = 100
"""Buttons of one form that send it, and that are looked at. Chosen: forms have one or two."""
PASSWORD, COMB = 1 << 13, 1 << 24
"""Flags of fields (ISO 32000-1, table 228) whose letters stand hidden, or each in a box of its own."""
_ANEW = re.compile(rb"/NeedAppearances\s+true")
_TEXT = re.compile(rb"/FT\s*/Tx\b")
_FLAGS = re.compile(rb"/Ff\s+(\d{1,10})")
_DRAWN = (b"Tj", b"TJ", b"'", b'"')
_TARGET = re.compile(rb"/(?:F|UF)\s*(?=\(|<(?!<))")
MOST_WORDS = 2500
"""Letters of a form whose labels are read. Chosen: as of lures (`asks.MOST_SAID`)."""
_SECRETS = re.compile(
    r"\b(?:mot de passe|password|passwort|kennwort|contrasena|senha|wachtwoord|cvv|cvc|cryptogramme|card number|"
    r"numero de (?:la )?carte|code (?:secret|pin|confidentiel)|kartennummer|"
    r"numero (?:de|da|della) (?:tarjeta|carta|cartao))\b"
)
_LETTERS = re.compile(r"[^a-z0-9]+")


def findings(document: Document) -> Iterator[Finding]:
    """Yield that a form asks for a password and sends it, and that a field shows another value than it holds."""
    yield from _sent(document)
    yield from _differing(document)


def _sent(document: Document) -> Iterator[Finding]:
    """Yield where a form sends what is typed, if nobody honest has it sent there."""
    targets = [
        readable(string_at(one.text, found.end()) or b"").decode("utf-8", "replace")
        for one in document.holding(b"/SubmitForm")[:MOST_SENT]
        for found in _TARGET.finditer(one.text)
    ]
    away = [one for one in targets if one[:4].lower() == "http"]
    if not away:
        return
    if any(map(doubtful, away)):
        why = say("A form in a PDF sends what is typed to a page that anyone can set up, or to a bare address.")
        yield Finding("pdf.submits.doubtful", why, 0.4, kind="pdf.action")
    secret = any(
        int(flags[1]) & PASSWORD
        for one in document.holding(b"/Ff")
        if _TEXT.search(one.text) and (flags := _FLAGS.search(one.text))
    )
    secret = secret or (any(map(doubtful, away)) and bool(_SECRETS.search(level(shown(document, MOST_WORDS)))))
    if secret:
        why = say("A form in a PDF asks for a password and sends it away.")
        yield Finding("pdf.submits.password", why, 0.5, kind="pdf.field")


def _differing(document: Document) -> Iterator[Finding]:
    """Yield that a field shows another value than it holds, once."""
    fields = [
        one
        for one in document.holding(b"/AP")
        if b"/V" in one.text and _TEXT.search(one.text) and document.get(one.number) is one
    ]
    if not fields or any(_ANEW.search(one.text) for one in document.holding(b"/NeedAppearances")):
        return
    for one in fields[:MOST_FIELDS]:
        held, shown = _compared(one, document)
        if held and shown and held != shown:
            why = say("A form in a PDF shows another value than it holds.")
            yield Finding("pdf.doubt.field", why, 0.5, Where(tag=f"object {one.number}"), kind="pdf.doubt")
            return


def _compared(one: Object, document: Document) -> tuple[str, str]:
    """Return letters and digits that a field holds, and that it shows; empty where they can't be compared."""
    flags = _FLAGS.search(one.text)
    keys = dict(members(one.text))
    events = keys.get(b"AA", b"")
    if (flags and int(flags[1]) & (PASSWORD | COMB)) or b"/F" in events or (events and not events.startswith(b"<<")):
        return "", ""  # a script gives the value its form: dates and amounts look otherwise
    held = string_at(keys.get(b"V", b""), 0)
    normal = dict(members(keys.get(b"AP", b""))).get(b"N", b"")
    numbers = references(normal[:30])
    target = document.get(numbers[0]) if numbers else None
    if not held or target is None or target.stream is None:
        return "", ""
    try:
        text = decoded(target, Budget(Limits(), 0), MOST_SHOWN)
    except (UnreadableError, LimitError):
        return "", ""
    value, shown = _letters(readable(held)), _letters(_shown(text))
    return (value, shown) if value != _letters(_shown(text, spaced=True)) else ("", "")


def _shown(content: bytes, *, spaced: bool = False) -> bytes:
    """Return the text that `content` draws; empty where its letters are numbers of a font's own."""
    out, strings = list[bytes](), list[bytes]()
    for token, _, _ in tokens(content):
        if token.startswith(b"("):
            strings.append(string_at(token, 0) or b"")
        elif token.startswith(b"<") and token != b"<<":
            return b""
        elif token in _DRAWN:
            out += strings
            strings = []
        elif token not in (b"[", b"]") and not token[:1].isdigit() and token[:1] not in b"-.":
            strings = []
    joined = (b" " if spaced else b"").join(out)
    return joined if all(31 < one < 127 for one in joined.translate(None, b"\r\n\t")) else b""


def _letters(raw: bytes) -> str:
    text = raw.decode("utf-8", "replace").lower()
    return _LETTERS.sub("", text) if text.isascii() else ""
