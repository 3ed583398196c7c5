"""Objects of a PDF as they stand in the file, whatever its directory says: one bounded pass, no reader's repairs.

Source: ISO 32000-1:2008, 7.3 (objects), 7.4 (filters), 7.5.7 (object streams).
"""

from __future__ import annotations

import base64
import binascii
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from safecare.examine.api import Budget, LimitError, UnreadableError

MOST_OBJECTS = 100_000
"""Objects that are read. Chosen: a book of 1,000 pages has 30,000."""
MOST_DECODED = 16 * 1024 * 1024
"""Bytes decoded of one stream that is no picture. Chosen: the text of the longest page measured is 1.5 MB."""
MOST_FILTERS = 8
"""Filters of one stream, one after the other. Chosen: writers use two at most."""
_HEAD = re.compile(rb"(?<![0-9])(\d{1,10})[\s\x00]{1,16}(\d{1,5})[\s\x00]{1,16}obj(?![a-z])")
_BODY_END = re.compile(
    rb"\bstream(?:\r?\n|\r)|endobj|(?<![0-9])\d{1,10}[\s\x00]{1,16}\d{1,5}[\s\x00]{1,16}obj(?![a-z])"
)
"""What ends the text of an object: its stream, its end, or the next object where the end is missing."""
_ESCAPED = re.compile(rb"#([0-9A-Fa-f]{2})")
_LENGTH = re.compile(rb"/Length\s+(\d{1,10})(?!\s+\d+\s+R)")
_FILTERS = re.compile(rb"/(?:Filter|F)\s*(\[[^\]]{0,300}\]|/[A-Za-z0-9]{1,30})")
_NAME = re.compile(rb"/([A-Za-z0-9]{1,30})")
_REFERENCE = re.compile(rb"(\d{1,10})\s+(\d{1,5})\s+R\b")


@dataclass
class Object:
    """One object: number, generation, place of its head, dictionary text with names unescaped, raw stream."""

    number: int
    generation: int
    at: int
    text: bytes
    stream: memoryview | None = None
    length: int = -1
    """What it says that its stream holds, where that is wrong; else -1."""
    inside: int = 0
    """Number of the object stream that it stands in; 0 for the file itself."""


@dataclass
class Document:
    """All objects of a file in the order of the file, and what was odd about them."""

    objects: list[Object] = field(default_factory=list)
    last: dict[int, Object] = field(default_factory=dict)
    escaped: int = 0
    """Names of actions that are written with escapes, as no writer does."""
    heads: int = 0
    encrypted: bool = False
    trailers: list[bytes] = field(default_factory=list)

    def get(self, number: int) -> Object | None:
        """Return the last object of that number."""
        return self.last.get(number)


_TELLING = re.compile(
    rb"/(?:JavaScript|JS|OpenAction|AA|Launch|URI|SubmitForm|EmbeddedFile|GoToR|GoToE|ImportData|RichMedia|XFA|AcroForm|ObjStm)\b"
)


def unescape(text: bytes) -> tuple[bytes, bool]:
    """Return `text` with escapes in names resolved, and whether a telling name was written with them."""
    if b"#" not in text:
        return text, False
    plain = _ESCAPED.sub(lambda found: bytes([int(found[1], 16)]), text)
    return plain, len(_TELLING.findall(plain)) > len(_TELLING.findall(text))


def read(raw: bytes, budget: Budget) -> Document:
    """Read all objects of `raw`, those in object streams too."""
    document = Document(heads=len(re.findall(rb"%PDF-\d", raw)))
    place = 0
    while found := _HEAD.search(raw, place):
        if len(document.objects) >= MOST_OBJECTS:
            raise LimitError("members", "objects")
        place = _object(raw, found, document)
    document.trailers = [
        unescape(one)[0] for one in re.findall(rb"trailer\s*(<<.{0,4000}?>>)\s*startxref", raw, re.DOTALL)[:50]
    ]
    document.encrypted = any(b"/Encrypt" in one for one in document.trailers) or any(
        b"/XRef" in one.text and b"/Encrypt" in one.text for one in document.objects
    )
    if not document.encrypted:
        for one in [one for one in document.objects if one.stream is not None and b"/ObjStm" in one.text]:
            document.objects += list(_inner(one, document, budget))
    for one in document.objects:
        if not one.inside or one.number not in document.last:
            document.last[one.number] = one
    return document


def _object(raw: bytes, found: re.Match[bytes], document: Document) -> int:
    start = found.end()
    end = _BODY_END.search(raw, start)
    stop = end.start() if end else min(len(raw), start + 100_000)
    text, escaped = unescape(raw[start:stop])
    document.escaped += escaped
    one = Object(int(found[1]), int(found[2]), found.start(), text)
    document.objects.append(one)
    if not end or not end.group().startswith(b"stream"):
        return max(stop, start)
    data = end.end()
    length = _LENGTH.search(text)
    size = int(length[1]) if length else -1
    if size >= 0 and re.match(rb"\s{0,4}endstream", raw[data + size : data + size + 16]):
        one.stream = memoryview(raw)[data : data + size]
        return data + size
    close = raw.find(b"endstream", data)
    one.length = size
    close = len(raw) if close < 0 else close
    one.stream = memoryview(raw)[data:close]
    return close


def _inner(outer: Object, document: Document, budget: Budget) -> Iterator[Object]:
    try:
        data = decoded(outer, budget)
    except UnreadableError:
        return
    first = re.search(rb"/First\s+(\d{1,9})", outer.text)
    if not first:
        return
    numbers = [int(one) for one in data[: int(first[1])].split()[:20_000] if one.isdigit()]
    places = list(zip(numbers[::2], numbers[1::2], strict=False))
    for index, (number, place) in enumerate(places):
        start = int(first[1]) + place
        stop = int(first[1]) + places[index + 1][1] if index + 1 < len(places) else len(data)
        text, escaped = unescape(data[start:stop])
        document.escaped += escaped
        yield Object(number, 0, outer.at, text, inside=outer.number)


def filters(text: bytes) -> list[str]:
    """Return the names of the filters of a stream."""
    found = _FILTERS.search(text)
    return [one.decode() for one in _NAME.findall(found[1])][: MOST_FILTERS + 1] if found else []


def decoded(one: Object, budget: Budget, most: int = MOST_DECODED) -> bytes:
    """Return the stream of `one` decoded; pictures stay packed. Raises `LimitError`, `UnreadableError`."""
    data: bytes = bytes(one.stream or b"")
    names = filters(one.text)
    if len(names) > MOST_FILTERS:
        raise LimitError("filters", f"object {one.number}")
    for name in names:
        if name in ("FlateDecode", "Fl"):
            data = _inflate(data, budget, most, one.number)
        elif name in ("ASCIIHexDecode", "AHx"):
            digits = re.sub(rb"[^0-9A-Fa-f]", b"", data.split(b">")[0])
            data = bytes.fromhex((digits + b"0" * (len(digits) % 2)).decode())
        elif name in ("ASCII85Decode", "A85"):
            data = _ascii85(data)
        elif name in ("RunLengthDecode", "RL"):
            data = _run_length(data, most)
        elif name in ("LZWDecode", "LZW"):
            data = lzw(data, most)
        else:
            break
    predictor = re.search(rb"/Predictor\s+(1[0-5])", one.text)
    columns = re.search(rb"/Columns\s+(\d{1,6})", one.text)
    if predictor and columns:
        data = _predicted(data, int(columns[1]))
    return data


def _inflate(data: bytes, budget: Budget, most: int, number: int) -> bytes:
    unpacker = zlib.decompressobj()
    try:
        out = unpacker.decompress(data, most)
    except zlib.error:
        try:
            unpacker = zlib.decompressobj(-15)
            out = unpacker.decompress(data[2:], most)
        except zlib.error as error:
            raise UnreadableError("a stream is damaged", f"object {number}") from error
    budget.take(len(out), f"object {number}")
    if unpacker.unconsumed_tail and len(out) >= most:
        raise LimitError("size", f"object {number}")
    return out


def _ascii85(data: bytes) -> bytes:
    body = re.sub(rb"[^!-uz]", b"", data.split(b"~>")[0].removeprefix(b"<~"))
    try:
        return base64.a85decode(body)
    except (ValueError, binascii.Error) as error:
        raise UnreadableError("a stream is damaged") from error


def _run_length(data: bytes, most: int) -> bytes:
    out, place = bytearray(), 0
    while place < len(data) and data[place] != 128 and len(out) < most:
        count = data[place]
        if count < 128:
            out += data[place + 1 : place + 2 + count]
            place += 2 + count
        else:
            out += data[place + 1 : place + 2] * (257 - count)
            place += 2
    return bytes(out)


def lzw(data: bytes, most: int) -> bytes:
    """Return `data` unpacked by LZW with early change (ISO 32000-1, 7.4.4.2), at most `most` bytes."""
    table: list[bytes] = [bytes([one]) for one in range(256)] + [b"", b""]
    out, width, held, count = bytearray(), 9, 0, 0
    before = b""
    for byte in data:
        held = held << 8 | byte
        count += 8
        if count < width:
            continue
        count -= width
        code = held >> count
        held &= (1 << count) - 1
        if code == 257 or len(out) > most:
            break
        if code == 256:
            del table[258:]
            width, before = 9, b""
            continue
        if code < len(table):
            entry = table[code]
        elif before:
            entry = before + before[:1]
        else:
            break
        out += entry
        if before and len(table) < 4096:
            table.append(before + entry[:1])
        before = entry
        width = 9 + (len(table) >= 511) + (len(table) >= 1023) + (len(table) >= 2047)
    return bytes(out[:most])


def _predicted(data: bytes, columns: int) -> bytes:
    """Undo the PNG predictor "up" and "none" of cross-reference streams, line by line."""
    size, out, before = columns + 1, bytearray(), bytes(columns)
    if not 0 < columns <= 64:
        return data
    for place in range(0, len(data) - columns, size):
        kind, line = data[place], data[place + 1 : place + size]
        if kind == 2:
            line = bytes((a + b) & 255 for a, b in zip(line, before, strict=False))
        out += line
        before = line
    return bytes(out)


def references(text: bytes) -> list[int]:
    """Return the numbers of the objects that `text` refers to."""
    return [int(number) for number, _ in _REFERENCE.findall(text)]
