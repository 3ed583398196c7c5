"""Two old packing methods of ZIP that no library of ours reads: Deflate64 (method 9) and Implode (method 6).

Plain Python, bit by bit: slow (about 1 MB/s), so callers bound the output, and get the beginning of what is longer.
Source: PKWARE APPNOTE 6.3.10, 5.3 and 5.6; RFC 1951 for the block structure; Deflate64's tables differ in the last
length code and two distances.
"""

from __future__ import annotations

from safecare.examine.api import UnreadableError

_LENGTH = [(3 + i, 0) for i in range(8)]
_LENGTH += [(3 + (4 + i % 4 << i // 4 - 1) if i >= 8 else 0, i // 4 - 1) for i in range(8, 28)]
_LENGTH += [(3, 16)]
_DISTANCE = [(1 + i, 0) for i in range(4)] + [(1 + (2 + i % 2 << i // 2 - 1), i // 2 - 1) for i in range(4, 32)]
_ORDER = (16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15)
"""RFC 1951, 3.2.5 and 3.2.7; base and further bits of a code."""

Codes = dict[tuple[int, int], int]


class Bits:
    """Bits of `raw`, lowest first."""

    def __init__(self, raw: bytes) -> None:
        self._raw, self._at, self._held, self._count = raw, 0, 0, 0

    def take(self, count: int) -> int:
        """Return the next `count` bits as a number. Raises `UnreadableError` at the end."""
        while self._count < count:
            if self._at >= len(self._raw):
                raise UnreadableError("packed data ends too early")
            self._held |= self._raw[self._at] << self._count
            self._at += 1
            self._count += 8
        value = self._held & (1 << count) - 1
        self._held >>= count
        self._count -= count
        return value

    def align(self) -> None:
        """Go to the next whole byte."""
        self.take(self._count % 8)

    def symbol(self, codes: Codes, *, inverted: bool = False) -> int:
        """Return the next symbol of the Huffman `codes` (length, code)."""
        code = 0
        for size in range(1, 17):
            code = code << 1 | (self.take(1) ^ inverted)
            found = codes.get((size, code))
            if found is not None:
                return found
        raise UnreadableError("packed data holds a code that does not exist")


def codes_of(lengths: list[int]) -> Codes:
    """Return the canonical Huffman codes for `lengths` of symbols (RFC 1951, 3.2.2)."""
    codes: Codes = {}
    code = 0
    for size in range(1, 17):
        for symbol, length in enumerate(lengths):
            if length == size:
                codes[size, code] = symbol
                code += 1
        code <<= 1
    return codes


def inflate64(raw: bytes, most: int) -> bytes:
    """Return `raw` unpacked by Deflate64, at most `most` bytes. Raises `UnreadableError`."""
    bits, out = Bits(raw), bytearray()
    last = 0
    while not last and len(out) < most:
        last, kind = bits.take(1), bits.take(2)
        if kind == 0:
            bits.align()
            size = bits.take(16)
            bits.take(16)
            out += bytes(bits.take(8) for _ in range(min(size, most)))
        elif kind == 3:
            raise UnreadableError("packed data holds a block that does not exist")
        else:
            fixed = [8] * 144 + [9] * 112 + [7] * 24 + [8] * 8
            tables = (codes_of(fixed), codes_of([5] * 32)) if kind == 1 else _tables(bits)
            _block(bits, *tables, out, most)
    return bytes(out[:most])


def _tables(bits: Bits) -> tuple[Codes, Codes]:
    literals, distances, count = bits.take(5) + 257, bits.take(5) + 1, bits.take(4) + 4
    lengths = [0] * 19
    for index in _ORDER[:count]:
        lengths[index] = bits.take(3)
    codes = codes_of(lengths)
    found: list[int] = []
    while len(found) < literals + distances:
        symbol = bits.symbol(codes)
        if symbol < 16:
            found.append(symbol)
        elif symbol == 16:
            found += found[-1:] * (3 + bits.take(2))
        else:
            found += [0] * (3 + bits.take(3) if symbol == 17 else 11 + bits.take(7))
    return codes_of(found[:literals]), codes_of(found[literals : literals + distances])


def _block(bits: Bits, literals: Codes, distances: Codes, out: bytearray, most: int) -> None:
    while len(out) <= most:
        symbol = bits.symbol(literals)
        if symbol < 256:
            out.append(symbol)
        elif symbol == 256:
            return
        else:
            base, more = _LENGTH[symbol - 257] if symbol - 257 < len(_LENGTH) else (0, -1)
            if more < 0:
                raise UnreadableError("packed data holds a length that does not exist")
            count = base + bits.take(more)
            start, further = _DISTANCE[bits.symbol(distances)]
            _copy(out, start + bits.take(further), count)


def _copy(out: bytearray, distance: int, count: int, *, before: bool = False) -> None:
    """Append `count` bytes from `distance` back; before the start stand zeros, where `before` allows them."""
    if distance <= len(out):
        repeat(out, distance, count)
    elif before:
        for _ in range(count):
            out.append(out[-distance] if distance <= len(out) else 0)
    else:
        raise UnreadableError("packed data reaches before its start")


def repeat(out: bytearray, distance: int, count: int) -> None:
    """Append `count` bytes from `distance` back, those just appended too."""
    start = len(out) - distance
    piece = out[start : start + count]
    out += piece if count <= distance else (piece * (count // distance + 1))[:count]


def explode(raw: bytes, most: int, flags: int) -> bytes:
    """Return `raw` unpacked by Implode, `most` bytes (its true size). `flags` of the local header choose the tables."""
    bits, out = Bits(raw), bytearray()
    literal = _shannon(bits, 256) if flags & 4 else None
    lengths, distances = _shannon(bits, 64), _shannon(bits, 64)
    least, low = (3 if literal else 2), (7 if flags & 2 else 6)
    while len(out) < most:
        if bits.take(1):
            out.append(bits.symbol(literal, inverted=True) if literal else bits.take(8))
            continue
        distance = bits.take(low)
        distance += (bits.symbol(distances, inverted=True) << low) + 1
        count = bits.symbol(lengths, inverted=True)
        if count == 63:
            count += bits.take(8)
        _copy(out, distance, count + least, before=True)
    return bytes(out[:most])


def _shannon(bits: Bits, count: int) -> Codes:
    """Read a Shannon-Fano table (APPNOTE 5.3.7): codes are read inverted and longest first."""
    lengths: list[int] = []
    for _ in range(bits.take(8) + 1):
        byte = bits.take(8)
        lengths += [(byte & 15) + 1] * ((byte >> 4) + 1)
    if len(lengths) != count:
        raise UnreadableError("packed data holds a table of the wrong size")
    codes: Codes = {}
    code, step, before = 0, 0, 0
    for symbol in sorted(range(count), key=lambda one: (lengths[one], one), reverse=True):
        code += step
        if lengths[symbol] != before:
            before = lengths[symbol]
            step = 1 << 16 - before
        codes[before, ~(code >> 16 - before) & (1 << before) - 1] = symbol
    return codes
