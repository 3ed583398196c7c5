"""Compiled AutoIt scripts: the script and the files that it brings along, which stand locked in the program.

Versions EA05 and EA06. Source: as `autoit-ripper` (MIT licence) reads them; the numbers that lock them are those of
MT19937 and of a generator with lags 17 and 7; the packing is Lempel-Ziv with fields of bits.
"""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from safecare.examine.api import Context, Finding, LimitError, Part, UnreadableError, analyser
from safecare.examine.unpack.inflate64 import repeat

_MAGIC = bytes.fromhex("a3484bbe986c4aa9994c530a86d6487d") + b"AU3!"
MOST_FILES = 200
"""Files of one script that are unpacked. Chosen: installers written in it bring some dozens."""
_WORDS = 0xFFFFFFFF


@dataclass(frozen=True)
class _Version:
    """The numbers with which each field is locked: constants of the format."""

    mark: int
    kind: tuple[int, int]
    name: tuple[int, int]
    size: int
    content: int
    letters: str
    literal: int


_VERSIONS = {
    b"EA05": _Version(0x16FA, (0x29BC, 0xA25E), (0x29AC, 0xF25E), 0x45AA, 0x22AF, "latin-1", 0),
    b"EA06": _Version(0x18EE, (0xADBC, 0xB33F), (0xF820, 0xF479), 0x87BC, 0x2477, "utf-16-le", 1),
}


@analyser("autoit", wants={"pe", "data"})
class AutoIt:
    """Unpacks the script and its files."""

    def examine(self, part: Part, context: Context) -> Iterator[Finding | Part]:
        """Yield them."""
        at = part.raw.find(_MAGIC)
        version = _VERSIONS.get(part.raw[at + 20 : at + 24]) if at >= 0 else None
        if version is None:
            return
        start = at + 24
        seed = sum(part.raw[start : start + 16]) if version.literal == 0 else 0
        try:
            yield from _files(part, start + 16, version, seed, context)
        except struct.error as error:
            raise UnreadableError("a compiled script is cut off") from error


def _files(part: Part, place: int, version: _Version, seed: int, context: Context) -> Iterator[Part]:
    raw, lock = part.raw, _twister if version.literal == 0 else _lagged
    for _ in range(MOST_FILES):
        if lock(raw[place : place + 4], version.mark) != b"FILE":
            return
        place += 4
        told = []
        for first, second in (version.kind, version.name):
            size = struct.unpack_from("<I", raw, place)[0] ^ first
            width = size * (2 if version.literal else 1)
            if width > 4096:
                return
            told.append(lock(raw[place + 4 : place + 4 + width], size + second).decode(version.letters, "replace"))
            place += 4 + width
        if told[0] == ">>>AUTOIT NO CMDEXECUTE<<<":
            place += 5 + (struct.unpack_from("<I", raw, place + 1)[0] ^ version.size) + 0x18
            continue
        packed, size, whole = struct.unpack_from("<BII", raw, place)
        size, whole = size ^ version.size, whole ^ version.size
        place += 29  # checksum and two times follow
        data = raw[place : place + context.budget.slowly(min(size, len(raw)))]
        place += size
        out = lock(data, seed + version.content)
        if packed == 1:
            out = unpack(out[8:], context.budget.slowly(min(whole, context.budget.room)), version.literal)
        context.budget.take(len(out), told[1])
        script = "SCRIPT" in told[0] and told[0].startswith(">")
        if told[0] == ">>>AUTOIT SCRIPT<<<":
            out = texts(out)
        name = "script.au3" if script else told[1].replace("\\", "/").rpartition("/")[2]
        yield part.child(name, out, origin="installer.script" if script else "installer.file")
    raise LimitError("members", "compiled script")


def _twister(data: bytes, seed: int) -> bytes:
    """Return `data` combined with the second-lowest bits of MT19937, seeded by one number."""
    state = [seed & _WORDS]
    for turn in range(1, 624):
        state.append((turn + 0x6C078965 * (state[-1] ^ state[-1] >> 30)) & _WORDS)
    made = random.Random()
    made.setstate((3, (*state, 624), None))
    words = made.getrandbits(32 * max(1, len(data))).to_bytes(4 * max(1, len(data)), "little")
    stream = (np.frombuffer(words, "<u4", len(data)) >> 1).astype(np.uint8)
    return (np.frombuffer(data, np.uint8) ^ stream).tobytes()


def _lagged(data: bytes, seed: int) -> bytes:
    """Return `data` combined with the highest bytes of every second number of a generator with lags 17 and 7."""
    values = []
    for _ in range(17):
        seed = (1 - seed * 0x53A9B4FB) & _WORDS
        values.append(seed)
    first, second, out = 0, 10, bytearray()
    for turn in range(9 + 2 * len(data)):
        one, other = values[first], values[second]
        made = ((one << 9 | one >> 23) + (other << 13 | other >> 19)) & _WORDS
        values[first] = made
        first, second = first - 1 if first else 16, second - 1 if second else 16
        if turn > 9 and not turn & 1:
            out.append(made >> 24)
    return bytes(one ^ other for one, other in zip(data, out, strict=False))


_LENGTHS = ((3, 2), (6, 3), (13, 5), (44, 8), (299, 8))
"""Base and further bits of a length; all ones lead to the next."""


def unpack(raw: bytes, size: int, literal: int) -> bytes:
    """Return `raw` unpacked, at most `size` bytes; `literal`: the bit before a plain byte."""
    place, out, total = 0, bytearray(), 8 * len(raw)

    def take(count: int) -> int:
        nonlocal place
        first, last = place >> 3, place + count + 7 >> 3
        held = int.from_bytes(raw[first:last], "big")
        place += count
        return held >> 8 * last - place & (1 << count) - 1

    while len(out) < size and place + 9 <= total:
        if take(1) == literal:
            out.append(take(8))
            continue
        distance = take(15)
        length, more = 0, 0
        for base, width in _LENGTHS:
            length, more = base, take(width)
            if more != (1 << width) - 1:
                break
        else:
            while more == 255 and place < total:
                length, more = length + 255, take(8)
        if not 0 < distance <= len(out):
            raise UnreadableError("packed data reaches before its start")
        repeat(out, distance, min(length + more, size - len(out)))
    return bytes(out[:size])


def texts(raw: bytes) -> bytes:
    """Return the words of a script that is kept as tokens: names and strings, each combined with its own length."""
    place, found = 4, list[str]()
    while place < len(raw):
        kind = raw[place]
        place += 1
        if kind in (0x10, 0x20):
            place += 8
        elif kind <= 0x0F:
            place += 4
        elif 0x30 <= kind <= 0x3F:
            count = int.from_bytes(raw[place : place + 4], "little")
            words = np.frombuffer(raw[place + 4 : place + 4 + 2 * count][: (len(raw) - place - 4) // 2 * 2], "<u2")
            found.append((words ^ np.uint16(count & 0xFFFF)).tobytes().decode("utf-16-le", "replace"))
            place += 4 + 2 * count
        elif kind == 0x7F:
            found.append("\n")
    return " ".join(found).encode()
