"""Objects of a PDF as they stand in the file, whatever its directory says: one bounded pass, no reader's repairs.

Source: ISO 32000-1:2008, 7.3 (objects), 7.4 (filters), 7.5.7 (object streams).
"""

from __future__ import annotations

import contextlib
import re
import zlib
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import accumulate, islice

from safecare.examine.api import BLOCK, Budget, LimitError, Limits, UnreadableError
from safecare.formats.linear import linear
from safecare.formats.pdf_filters import FilterError, ascii85, lzw, predicted, run_length, turned_off

MOST_OBJECTS = 40_000
"""Objects that are read; in the rest only actions are looked for. Chosen: a book of 1,000 pages has 30,000; 0.4 s."""
MOST_DECODED = 16 * 1024 * 1024
"""Bytes decoded of one stream that is no picture. Chosen: the text of the longest page measured is 1.5 MB."""
DANGER, DANGER_RATIO = 100 * 1024 * 1024, 100
"""Bytes that a stream unpacks to, and how many times its size, from which it is a bomb. ClamAV reads files of up to
100 MiB (``MaxFileSize``), Apache Tika takes more than 100 times for an attack (``SecureContentHandler``)."""
MOST_DEFLATED = 1032
"""Times that deflate packs at best (zlib, "Technical Details", maximum compression factor)."""
MOST_FILTERS = 8
"""Filters of one stream, one after the other. Chosen: writers use two at most."""
_DIRECT = re.compile(rb"/Root\s{0,40}<<")
_HEAD = re.compile(rb"(?<![0-9])(\d{1,10})[\s\x00]{1,16}(\d{1,5})[\s\x00]{1,16}obj(?![a-z])")
_BODY_END = linear(rb"\bstream(?:\r?\n|\r)|endobj|[^0-9](\d{1,10}[\s\x00]{1,16}\d{1,5}[\s\x00]{1,16}obj)(?:[^a-z]|\z)")
"""What ends the text of an object: its stream, its end, or the next object where the end is missing."""
_STREAM = re.compile(rb"\bstream(?:\r?\n|\r)")
MOST_TRAILERS, MOST_TRIED, LONGEST_TRAILER = 50, 5000, 4096
"""Trailers of one file that are read, places that are looked at for one, and bytes of each. Chosen: see `directory`."""
NEAR = 4096
"""Bytes in which the end of an object is looked for without following its digits, as most ends lie there."""
_ESCAPED = re.compile(rb"#([0-9A-Fa-f]{2})")
_NO_DIGITS = bytes(one for one in range(256) if one not in b"0123456789ABCDEFabcdef")
_LENGTH = re.compile(rb"/Length\s+(\d{1,10})(?!\d|\s+\d+\s+R)")
_FILTERS = re.compile(rb"/(?:Filter|F)\s*(\[[^\]]{0,300}\]|/[A-Za-z0-9]{1,30})")
_NAME = re.compile(rb"/([A-Za-z0-9]{1,30})")
ACTS = linear(rb"/(?:JavaScript|JS|AA|Launch|SubmitForm|EmbeddedFile|GoToR|GoToE|ImportData|RichMedia|XFA)\b")
_FIRST = re.compile(rb"/First\s+(\d{1,9})")
_PREDICTOR = re.compile(rb"/Predictor\s+(2|1[0-5])(?!\d)")
_SHAPE = tuple(
    (re.compile(rb"/" + key + rb"\s+(\d{1,6})"), usual)
    for key, usual in ((b"Columns", 1), (b"Colors", 1), (b"BitsPerComponent", 8))
)
"""Columns, colours and bits of a value, and what holds where nothing is said: ISO 32000-1, table 8."""
_IMAGE = re.compile(rb"/Subtype\s*/Image\b")
_REFERENCE = re.compile(rb"(\d{1,10})\s+(\d{1,5})\s+R\b")


@dataclass(slots=True)
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
    end: int = -1
    """Place in the file behind its stream; -1 where it has none."""
    events: list[tuple[bytes, bytes]] | None = None
    """What it starts by events, once that was asked for (`actions.events`)."""


class _Whole:
    """The texts of all objects as one text: the few that hold a word are found without a look at each of the others."""

    def __init__(self, objects: list[Object]) -> None:
        texts = [one.text for one in objects]
        whole = b"\0".join(texts)
        if whole.count(b"\0") >= len(texts):
            whole = b"\0".join([text.replace(b"\0", b" ") for text in texts])
        self._text = whole
        self._starts = list(accumulate((len(text) + 1 for text in texts), initial=0))
        self._found: dict[bytes, list[int]] = {}

    def indices(self, word: bytes | re.Pattern[bytes]) -> list[int]:
        """Return the indices of the objects that hold `word`."""
        key = word if isinstance(word, bytes) else word.pattern
        if key not in self._found:
            self._found[key] = self._search(word)
        return self._found[key]

    def _search(self, word: bytes | re.Pattern[bytes]) -> list[int]:
        found, at = list[int](), 0
        find: Callable[[int], int] = (
            (lambda start: self._text.find(word, start))
            if isinstance(word, bytes)
            else (lambda start: hit.start() if (hit := word.search(self._text, start)) else -1)
        )
        while (at := find(at)) >= 0:
            found.append(bisect_right(self._starts, at) - 1)
            at = self._starts[found[-1] + 1]
        return found


@dataclass
class Document:
    """All objects of a file in the order of the file, and what was odd about them."""

    objects: list[Object] = field(default_factory=list)
    outer: list[Object] = field(default_factory=list)
    """Those of the file itself, which stand in no object stream; the first of all."""
    streams: list[Object] = field(default_factory=list)
    """Those of them that have a stream."""
    last: dict[int, Object] = field(default_factory=dict)
    escaped: int = 0
    """Names of actions that are written with escapes, as no writer does."""
    heads: int = 0
    encrypted: bool = False
    trailers: list[bytes] = field(default_factory=list)
    cut: bool = False
    """Whether there are more objects than were read, and whether any of those acts."""
    acts: bool = False
    _whole: _Whole | None = None

    def holding(self, *words: bytes | re.Pattern[bytes]) -> list[Object]:
        """Return the objects whose text holds one of `words`, in order. No expression may need what follows a text."""
        if self._whole is None:
            self._whole = _Whole(self.objects)
        if len(words) == 1:
            return [self.objects[index] for index in self._whole.indices(words[0])]
        return [self.objects[index] for index in sorted({one for word in words for one in self._whole.indices(word)})]

    def settle(self) -> None:
        """Take note of all objects, once there are more of them."""
        self._whole = None
        for one in self.objects:
            if not one.inside or one.number not in self.last:
                self.last[one.number] = one

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


def find(raw: bytes) -> Document:
    """Return the objects of `raw` that stand plainly in it."""
    document = Document(heads=raw.count(b"%PDF-"))
    place = 0
    while found := _HEAD.search(raw, place):
        if len(document.objects) >= MOST_OBJECTS:
            document.cut, document.acts = True, ACTS.search(raw, place) is not None
            break
        place = _object(raw, found, document)
    places = list(_endings(raw))
    document.trailers = [unescape(one)[0] for one in islice(_trailers(raw, places), MOST_TRAILERS)]
    document.objects += [
        Object(0, 0, at, unescape(text)[0]) for at, text in islice(_direct(raw, places), MOST_TRAILERS)
    ]
    document.outer = list(document.objects)
    document.streams = [one for one in document.outer if one.stream is not None]
    document.encrypted = any(b"/Encrypt" in one for one in document.trailers) or any(
        b"/XRef" in one.text and b"/Encrypt" in one.text for one in document.streams
    )
    document.settle()
    return document


def _endings(raw: bytes) -> Iterator[int]:
    """Yield the places behind the word ``trailer``."""
    at = -1
    for _ in range(MOST_TRIED):
        at = raw.find(b"trailer", at + 1)
        if at < 0:
            return
        yield at + 7


def _trailers(raw: bytes, places: list[int]) -> Iterator[bytes]:
    """Yield the dictionaries that stand between the word ``trailer`` and the place of a directory."""
    for at in places:
        text = raw[at : at + LONGEST_TRAILER].lstrip()
        end = text.find(b"startxref")
        while end >= 0 and not text[:end].rstrip().endswith(b">>"):
            end = text.find(b"startxref", end + 9)
        if end >= 0 and text.startswith(b"<<"):
            yield text[:end].rstrip()


def _direct(raw: bytes, places: list[int]) -> Iterator[tuple[int, bytes]]:
    """Yield place and dictionary of each trailer that holds the beginning of the document itself, which readers open.

    It must be an object of its own (ISO 32000-1, table 15): only forgers, and tests of readers, write it so.
    """
    for at in places:
        text = raw[at : at + LONGEST_TRAILER]
        if _DIRECT.search(text):
            yield at, text[: text.find(b"startxref")] if b"startxref" in text else text


def unpack(document: Document, budget: Budget) -> None:
    """Add the objects that stand in object streams. Raises `LimitError`."""
    if not document.encrypted:
        for one in [one for one in document.streams if b"/ObjStm" in one.text]:
            _inner(one, document, budget)
        document.settle()


def _object(raw: bytes, found: re.Match[bytes], document: Document) -> int:
    start = found.end()
    stop, data = _body(raw, start)
    text, escaped = unescape(raw[start:stop])
    document.escaped += escaped
    one = Object(int(found[1]), int(found[2]), found.start(), text)
    document.objects.append(one)
    if data < 0:
        return max(stop, start)
    length = _LENGTH.search(text)
    size = int(length[1]) if length else -1
    if size >= 0 and re.match(rb"\s{0,4}endstream", raw[data + size : data + size + 16]):
        one.stream, one.end = memoryview(raw)[data : data + size], data + size
        return data + size
    close = raw.find(b"endstream", data)
    one.length = size
    close = len(raw) if close < 0 else close
    one.stream, one.end = memoryview(raw)[data:close], close
    return close


def _body(raw: bytes, start: int) -> tuple[int, int]:
    """Return where the text of the object ends that begins at `start`, and where its stream begins; -1 without one."""
    close = raw.find(b"endobj", start, start + NEAR)
    word = raw.find(b"stream", start, close if close >= 0 else start + NEAR)
    begin = _STREAM.search(raw, word, word + 8) if word > start else None
    stop = begin.start() if begin else close
    if (begin or (close >= 0 and word < 0)) and raw.find(b"obj", start, stop) < 0:
        return stop, begin.end() if begin else -1
    end = _BODY_END.search(raw, start)
    if not end:
        return min(len(raw), start + 100_000), -1
    return (end.start(1) if end[1] else end.start()), (end.end() if end.group().startswith(b"stream") else -1)


def _inner(outer: Object, document: Document, budget: Budget) -> None:
    """Add the objects that stand in the stream of `outer`."""
    try:
        data = decoded(outer, budget)
    except UnreadableError:
        return
    first = _FIRST.search(outer.text)
    if not first:
        return
    numbers = [int(one) for one in data[: int(first[1])].split()[:20_000] if one.isdigit()]
    places = list(zip(numbers[::2], numbers[1::2], strict=False))
    if len(document.objects) + len(places) > MOST_OBJECTS:
        document.cut, document.acts = True, document.acts or ACTS.search(data) is not None
        del places[max(0, MOST_OBJECTS - len(document.objects)) :]
    begins = [int(first[1]) + place for _, place in places]
    escapes = b"#" in data
    for (number, _), start, stop in zip(places, begins, [*begins[1:], len(data)], strict=False):
        text = data[start:stop]
        if escapes:
            text, escaped = unescape(text)
            document.escaped += escaped
        document.objects.append(Object(number, 0, outer.at, text, inside=outer.number))


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
            digits = data.partition(b">")[0].translate(None, _NO_DIGITS)
            data = bytes.fromhex((digits + b"0" * (len(digits) % 2)).decode())
        elif name in ("ASCII85Decode", "A85"):
            data = _text85(data, one.number)
        elif name in ("RunLengthDecode", "RL"):
            data = run_length(data[: budget.slowly(len(data))], most)
        elif name in ("LZWDecode", "LZW"):
            data = lzw(data[: budget.slowly(len(data))], most)
        else:
            break
    if b"/Predictor" in one.text and not _IMAGE.search(one.text):
        data = _unpredicted(one.text, data, budget)
    return data


def begun(one: Object, most: int) -> bytes:
    """Return the first `most` bytes of the decoded stream of `one`; what is damaged holds nothing."""
    if filters(one.text) in (["FlateDecode"], ["Fl"]) and b"/Predictor" not in one.text:
        with contextlib.suppress(zlib.error):
            return zlib.decompressobj().decompress(one.stream or b"", most)
    try:
        return decoded(one, Budget(Limits(), 0), 16 * most)[:most]
    except (UnreadableError, LimitError):
        return b""


def _unpredicted(text: bytes, data: bytes, budget: Budget) -> bytes:
    """Undo the predictor that `text` names; data of other shapes stays as it is."""
    kind = _PREDICTOR.search(text)
    columns, colours, bits = (int(found[1]) if (found := one.search(text)) else usual for one, usual in _SHAPE)
    pixel, row = max(1, colours * bits // 8), -(-columns * colours * bits // 8)
    if not kind or not 0 < pixel <= row <= MOST_DECODED:
        return data
    if kind[1] == b"2":
        return turned_off(data, row, pixel) if bits == 8 else data
    return predicted(data, row, pixel, budget.slowly)


def _text85(data: bytes, number: int) -> bytes:
    try:
        return ascii85(data)
    except FilterError as error:
        raise UnreadableError("a stream is damaged", f"object {number}") from error


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


def bomb(one: Object) -> bool:
    """Tell whether a stream unpacks to what harms readers: `DANGER` bytes at `DANGER_RATIO`, or packed twice."""
    flate = [name for name in filters(one.text) if name in ("FlateDecode", "Fl")]
    data = bytes(one.stream or b"")
    if len(flate) != 1 or filters(one.text)[0] != flate[0]:
        return len(flate) > 0
    if len(data) * MOST_DEFLATED < DANGER:
        return False
    unpacker, count = zlib.decompressobj(), 0
    with contextlib.suppress(zlib.error):
        while data and not unpacker.eof and count <= DANGER:
            count += len(unpacker.decompress(data, BLOCK))
            data = unpacker.unconsumed_tail
    return count > DANGER and count > DANGER_RATIO * len(one.stream or b"")


def references(text: bytes) -> list[int]:
    """Return the numbers of the objects that `text` refers to."""
    return [int(number) for number, _ in _REFERENCE.findall(text)]
