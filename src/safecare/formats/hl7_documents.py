"""Documents inside HL7 v2 messages (ED values), found in the bytes, without a message being built.

Source: HL7 v2.5.1 sections 2.5.4 (separators), 2.7 (escapes), 2.A.24 (ED: source, type, subtype, encoding, data),
2.A.65 (RP), 2.10.3 (batches). Data is taken as readers do: wrapped by escapes, spaces or line ends.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from safecare.formats.embedded import Embedded, from_base64
from safecare.formats.hl7 import Hl7Error

MOST_DOCUMENTS = 2000
"""Documents of one file. Chosen: batches of a day's reports stay below."""
_START = re.compile(rb"(?:^|[\r\n\x0b\x1c])(?=MSH[^A-Za-z0-9\s][^A-Za-z0-9\s])")
_HEX = re.compile(rb"\\X(?:[0-9A-Fa-f]{2})+\\|\\\.[a-z]{2}[+\-0-9]*\\")
_CODED = re.compile(rb"(?i)(?<=[^A-Za-z0-9+/=])(?:base64|hex)(?=[^A-Za-z0-9+/=])")


def messages(raw: bytes) -> list[tuple[int, int, bytes]]:
    """Return (start, end, separators) of each message: field, component, repetition, escape. Raises `Hl7Error`."""
    starts = [found.end() for found in _START.finditer(raw)]
    if not starts:
        raise Hl7Error("no message begins in it", "MSH", "100")
    return [(at, end, raw[at + 3 : at + 7]) for at, end in zip(starts, [*starts[1:], len(raw)], strict=True)]


def documents(raw: bytes, start: int, end: int, separators: bytes) -> Iterator[Embedded]:
    """Yield the documents of the message ``raw[start:end]``."""
    field, component = separators[:1], separators[1:2]
    count = 0
    for found in _CODED.finditer(raw, start, end):
        at = found.start()
        if raw[at - 1 : at] != component or raw[found.end() : found.end() + 1] != component or count >= MOST_DOCUMENTS:
            continue
        stop = raw.find(field, found.end(), end)
        stop = end if stop < 0 else stop
        first = found.end() + 1
        cut = raw.find(component, first, stop)
        last = stop if cut < 0 else cut
        letters = raw[first:last]
        if cut < 0 and stop == end:  # the last field of a segment that is the last
            letters = re.split(rb"[\r\n][A-Z][A-Z0-9]{2}(?![A-Za-z0-9+/=])", letters, maxsplit=1)[0]
        if b"\\" in letters:
            letters = _HEX.sub(b"", letters)
        media = raw[max(start, raw.rfind(field, start, at) + 1) : at - 1].split(component)[-2:]
        plain = bytes.fromhex(_hex(letters)) if found.group()[:1] in b"hH" else from_base64(letters)
        count += 1
        if plain:
            name = b"/".join(media).decode("latin-1").lower()[:80]
            yield Embedded(_place(raw, start, at, field), name, plain, first, last)
    yield from _plain(raw, start, end, separators)


def pointers(raw: bytes, start: int, end: int, separators: bytes) -> Iterator[tuple[int, int]]:
    """Yield the places of reference pointers (OBX-2 is RP): the component that a reader would follow."""
    for fields in _observations(raw, start, end, separators, b"RP"):
        first, last = fields
        cut = raw.find(separators[1:2], first, last)
        yield first, last if cut < 0 else cut


def _plain(raw: bytes, start: int, end: int, separators: bytes) -> Iterator[Embedded]:
    """Yield ED values that are not coded (encoding A)."""
    for first, last in _observations(raw, start, end, separators, b"ED"):
        parts = raw[first:last].split(separators[1:2], 4)
        if len(parts) == 5 and parts[3] in (b"A", b"a", b""):
            media = b"/".join(parts[1:3]).decode("latin-1").lower()[:80]
            yield Embedded("OBX-5", media, parts[4], last - len(parts[4]), last)


def _observations(raw: bytes, start: int, end: int, separators: bytes, kind: bytes) -> Iterator[tuple[int, int]]:
    """Yield start and end of OBX-5 where OBX-2 is `kind`."""
    field = separators[:1]
    seen = re.compile(
        rb"(?:^|[\r\n])OBX" + re.escape(field) + rb"[^\r\n]{0,10}?" + re.escape(field) + kind + re.escape(field)
    )
    for found in seen.finditer(raw, start, end):
        at = found.end()
        for _ in range(2):
            at = raw.find(field, at, end) + 1
            if not at:
                return
        stop = re.compile(rb"[\r\n]|" + re.escape(field)).search(raw, at, end)
        yield at, stop.start() if stop else end


def _place(raw: bytes, start: int, at: int, field: bytes) -> str:
    """Return segment and field of offset `at`, for example ``OBX-5``."""
    begun = max(raw.rfind(b"\r", start, at), raw.rfind(b"\n", start, at)) + 1
    begun = max(begun, start)
    return f"{raw[begun : begun + 3].decode('latin-1')}-{raw.count(field, begun, at)}"


def _hex(letters: bytes) -> str:
    digits = bytes(one for one in letters if one in b"0123456789abcdefABCDEF")
    return digits[: len(digits) // 2 * 2].decode("ascii")
