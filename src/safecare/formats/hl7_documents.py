"""Documents inside HL7 v2 messages (ED values), found in the bytes, without a message being built.

Source: HL7 v2.5.1 sections 2.5.4 (separators), 2.7 (escapes), 2.A.24 (ED: source, type, subtype, encoding, data),
2.A.65 (RP), 2.10.3 (batches). Data is taken as readers do: wrapped by escapes, spaces or line ends.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from safecare.formats.embedded import Embedded, from_base64
from safecare.formats.hl7 import Hl7Error
from safecare.formats.wide import is_wide, narrowed

MOST_DOCUMENTS = 2000
"""Documents of one file. Chosen: batches of a day's reports stay below."""
LONGEST_NUMBER = 20
"""Letters of OBX-1, a number of four digits (HL7 v2.5.1, 7.4.2.1). Chosen: five times that."""
LONGEST_PERSON = 65536
"""Bytes of PID that are read. Chosen: what tells who a patient is takes less than one thousand."""
_LAST = re.compile(rb"[\r\n][A-Z][A-Z0-9]{2}(?![A-Za-z0-9+/=])")
"""A segment that begins behind coded data in the last field of its own."""
_ESCAPES = re.compile(rb"\\X(?:[0-9A-Fa-f]{2})++\\|\\\.[a-z]{2}[+\-0-9]*\\")
_ENDS = b"\r\n\x0b\x1c"
_ESCAPE = re.compile(rb"\\([Xx](?:[0-9A-Fa-f]{2})++|[FSRET]|\.[a-z]{2}[+\-0-9]*)\\")
_FRAMES = re.compile(rb"\x1c\r?\x0b(?=(?:\xff\xfe|\xfe\xff)?\0{0,3}M\0{1,3}S\0{1,3}H)|\x1c\r?\Z")
"""Ends of frames (of 8 bits) around messages in wide letters: before the next one, and at the end."""
_ADDED = re.compile(rb"[\r\n]+ADD\|")
_CODED = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=-_"


def messages(raw: bytes) -> list[tuple[int, int, bytes]]:
    """Return (start, end, separators) of each message: field, component, repetition, escape. Raises `Hl7Error`."""
    starts = [at for at in _places(raw, b"MSH", 0, len(raw)) if (not at or raw[at - 1] in _ENDS) and _marks(raw, at)]
    if not starts:
        raise Hl7Error("no message begins in it", "MSH", "100")
    return [(at, end, raw[at + 3 : at + 7]) for at, end in zip(starts, [*starts[1:], len(raw)], strict=True)]


def documents(raw: bytes, start: int, end: int, separators: bytes) -> Iterator[Embedded]:
    """Yield the documents of the message ``raw[start:end]``."""
    field, component = separators[:1], separators[1:2]
    low, count = raw[start:end].lower(), 0
    for name in (b"base64", b"hex"):
        for place in _places(low, component + name + component, 0, len(low)):
            count += 1
            if count > MOST_DOCUMENTS + 1:  # one more than who asks takes, which tells that there are more
                return
            at, first = start + place + 1, start + place + len(name) + 2
            stop = raw.find(field, first, end)
            stop = end if stop < 0 else stop
            cut = raw.find(component, first, stop)
            last = stop if cut < 0 else cut
            letters = raw[first:last]
            if stop == end and cut < 0:
                letters = _LAST.split(letters, maxsplit=1)[0]
            if b"\\" in letters:
                letters = _ESCAPES.sub(_letters, letters)
            if letters[:5].lower() == b"data:":
                letters = letters.partition(b",")[2]
            plain = bytes.fromhex(_hex(letters)) if name == b"hex" else from_base64(letters)
            if plain:
                media = raw[max(start, raw.rfind(field, start, at) + 1) : at - 1].split(component)[-2:]
                told = b"/".join(media).decode("latin-1").lower()[:80]
                yield Embedded(_place(raw, start, at, field), told, plain, first, last)
    yield from _plain(raw, start, end, separators)


def texts(raw: bytes, start: int, end: int, separators: bytes) -> Iterator[bytes]:
    """Yield the values of observations that are text (OBX-2 is TX, ST or FT)."""
    for kind in (b"TX", b"ST", b"FT"):
        for first, last in _observations(raw, start, end, separators, kind):
            yield raw[first:last]


def plain_letters(raw: bytes) -> bytes:
    """Return messages in UTF-8, whatever their letters are of; frames of MLLP stay around those that have them."""
    if not raw.startswith(b"\x0b") or not is_wide(raw[1:65]):
        return narrowed(raw)
    return b"\x0b" + b"\x1c\r\x0b".join(map(narrowed, filter(None, _FRAMES.split(raw[1:])))) + b"\x1c\r"


def continued(raw: bytes) -> bytes:
    """Return messages whose fields were continued in segments of their own (ADD, 2.10.2) with the fields whole."""
    return _ADDED.sub(b"", raw) if b"ADD|" in raw else raw


def unescaped(raw: bytes, separators: bytes) -> bytes:
    """Return `raw` with all escapes resolved (2.7).

    `separators`: field, component, repetition, escape, subcomponent.
    """

    def plain(found: re.Match[bytes]) -> bytes:
        code = found[1]
        if code[:1] in b"Xx":
            return bytes.fromhex(code[1 : 1 + (len(code) - 1) // 2 * 2].decode())
        at = b"FSRET".find(code)
        if at >= 0:
            return separators[at : at + 1]
        return b"\n" if code in (b".br", b".sp") else b""

    return _ESCAPE.sub(plain, raw)


def _letters(found: re.Match[bytes]) -> bytes:
    """Return what an escape within coded data means: letters of it, or a line end that is none of it."""
    code = found.group()[1:-1]
    meant = bytes.fromhex(code[1:].decode()) if code[:1] == b"X" else b""
    return meant if not meant.translate(None, _CODED) else b""


def pointers(raw: bytes, start: int, end: int, separators: bytes) -> Iterator[tuple[int, int]]:
    """Yield the places of reference pointers (OBX-2 is RP): the component that a reader would follow."""
    for fields in _observations(raw, start, end, separators, b"RP"):
        first, last = fields
        cut = raw.find(separators[1:2], first, last)
        yield first, last if cut < 0 else cut


def patients(raw: bytes, start: int, end: int, separators: bytes) -> tuple[bytes, list[tuple[bytes, bytes, bytes]]]:
    """Return the event of an ADT message (empty for others), and PID-3, PID-5, PID-7 (number, name, birth) of each."""
    field, component = separators[:1], separators[1:2]
    event, found = b"", list[tuple[bytes, bytes, bytes]]()
    for place in islice(_places(raw, b"PID" + field, start, end), MOST_DOCUMENTS):
        if raw[place - 1] in b"\r\n":
            stop = min(cut for cut in (raw.find(b"\r", place, end), raw.find(b"\n", place, end), end) if cut >= 0)
            fields = raw[place : min(stop, place + LONGEST_PERSON)].split(field, 8)
            fields += [b""] * (8 - len(fields))
            found.append((fields[3], fields[5], fields[7]))
    if len(found) > 1:
        kind = raw[start : min(end, start + 400)].split(field, 9)[8:9]
        parts = kind[0].split(component) if kind else []
        event = parts[1] if len(parts) > 1 and parts[0] == b"ADT" else b""
    return event, found


def _plain(raw: bytes, start: int, end: int, separators: bytes) -> Iterator[Embedded]:
    """Yield ED values that are not coded (encoding A)."""
    for first, last in _observations(raw, start, end, separators, b"ED"):
        parts = raw[first:last].split(separators[1:2], 4)
        if len(parts) == 5 and parts[3] in (b"A", b"a", b""):
            media = b"/".join(parts[1:3]).decode("latin-1").lower()[:80]
            plain = unescaped(parts[4], separators[:4] + b"&") if b"\\" in parts[4] else parts[4]
            yield Embedded("OBX-5", media, plain, last - len(parts[4]), last)


def _observations(raw: bytes, start: int, end: int, separators: bytes, kind: bytes) -> Iterator[tuple[int, int]]:
    """Yield start and end of OBX-5 where OBX-2 is `kind`."""
    field = separators[:1]
    for place in islice(_places(raw, field + kind + field, start, end), MOST_DOCUMENTS):
        first = raw.rfind(b"OBX" + field, max(start, place - LONGEST_NUMBER - 4), place + 1)
        if first < 0 or raw.find(field, first + 4, end) != place or (first > start and raw[first - 1] not in _ENDS):
            continue
        third = raw.find(field, place + len(kind) + 2, end)
        fourth = raw.find(field, third + 1, end) if third >= 0 else -1
        if fourth < 0:
            continue
        stop = raw.find(field, fourth + 1, end)
        stop = end if stop < 0 else stop
        for mark in (b"\r", b"\n"):
            cut = raw.find(mark, fourth, stop)
            stop = stop if cut < 0 else cut
        yield fourth + 1, stop


def _places(raw: bytes, needle: bytes, start: int, end: int) -> Iterator[int]:
    at = raw.find(needle, start, end)
    while at >= 0:
        yield at
        at = raw.find(needle, at + 1, end)


def _marks(raw: bytes, at: int) -> bool:
    """Tell whether separators follow the letters MSH."""
    two = raw[at + 3 : at + 5]
    return len(two) == 2 and not two.isalnum() and not any(one in b" \r\n\t" or bytes((one,)).isalnum() for one in two)


def _place(raw: bytes, start: int, at: int, field: bytes) -> str:
    """Return segment and field of offset `at`, for example ``OBX-5``."""
    begun = max(raw.rfind(b"\r", start, at), raw.rfind(b"\n", start, at)) + 1
    begun = max(begun, start)
    return f"{raw[begun : begun + 3].decode('latin-1')}-{raw.count(field, begun, at)}"


def _hex(letters: bytes) -> str:
    plain = letters.strip().removeprefix(b"0x").removeprefix(b"0X")
    digits = bytes(one for one in plain if one in b"0123456789abcdefABCDEF")
    return digits[: len(digits) // 2 * 2].decode("ascii")
