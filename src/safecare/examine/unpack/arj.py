"""ARJ archives: headers, stored members, and its packing methods 1 to 3 (Lempel-Ziv with Huffman blocks).

Source: ARJ technical notes (ARJ TECHNOTE 1993); the packing is that of Okumura's public "ar002" with a larger window.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from safecare.examine.api import Context, Finding, LimitError, Part, UnreadableError, analyser
from safecare.examine.unpack.archives import encrypted
from safecare.examine.unpack.inflate64 import Codes, codes_of, repeat

_HEAD = b"\x60\xea"


@analyser("arj", wants={"arj"})
class Arj:
    """Unpacks the members."""

    def examine(self, part: Part, context: Context) -> Iterator[Finding | Part]:
        """Yield them with their names."""
        raw, place = part.raw, 0
        for number in range(context.budget.limits.members):
            if raw[place : place + 2] != _HEAD or place + 4 > len(raw):
                return
            size = struct.unpack_from("<H", raw, place + 2)[0]
            if not size or place + 4 + size > len(raw) or size < 30:
                return
            head = raw[place + 4 : place + 4 + size]
            flags, method, packed, whole = head[4], head[5], *struct.unpack_from("<II", head, 12)
            name = head[head[0] :].split(b"\x00")[0].decode("cp437")
            place += 4 + size + 4  # the header's checksum
            while place + 2 <= len(raw) and (extra := struct.unpack_from("<H", raw, place)[0]):
                place += 2 + extra + 4
            place += 2
            if number == 0:
                continue  # the archive's own header has no data
            data = raw[place : place + packed]
            place += packed
            if flags & 1:
                yield encrypted(member=name)
            elif method == 0 or method in (1, 2, 3):
                if whole > context.budget.room:
                    raise LimitError("size", name)
                out = data if method == 0 else unpack(data, context.budget.slowly(whole))
                context.budget.take(len(out), name)
                yield part.child(name, out, origin="archive.member")


class _Reader:
    """Bits of `raw`, highest first."""

    def __init__(self, raw: bytes) -> None:
        self._value, self._left, self._raw, self._at = 0, 0, raw, 0

    def take(self, count: int) -> int:
        while self._left < count:
            byte = self._raw[self._at] if self._at < len(self._raw) else 0
            self._at += 1
            if self._at > len(self._raw) + 16:
                raise UnreadableError("packed data ends too early")
            self._value = (self._value << 8 | byte) & 0xFFFFFFFFFF
            self._left += 8
        self._left -= count
        return self._value >> self._left & (1 << count) - 1

    def symbol(self, codes: Codes | int) -> int:
        if isinstance(codes, int):
            return codes
        code = 0
        for size in range(1, 17):
            code = code << 1 | self.take(1)
            if (size, code) in codes:
                return codes[size, code]
        raise UnreadableError("packed data holds a code that does not exist")


def unpack(raw: bytes, size: int) -> bytes:
    """Return `raw` unpacked by method 1 to 3, `size` bytes."""
    bits, out = _Reader(raw), bytearray()
    left = 0
    literals: Codes | int = {}
    places: Codes | int = {}
    while len(out) < size:
        if not left:
            left = bits.take(16) or 65536
            lengths = _lengths(bits, 19, 5, 3)
            literals = _literals(bits, lengths)
            places = _lengths(bits, 17, 5, -1)
        left -= 1
        symbol = bits.symbol(literals)
        if symbol < 256:
            out.append(symbol)
            continue
        slot = bits.symbol(places)
        distance = (1 << slot - 1) + bits.take(slot - 1) if slot > 1 else slot
        if distance >= len(out):
            raise UnreadableError("packed data reaches before its start")
        repeat(out, distance + 1, symbol - 253)
    return bytes(out[:size])


def _lengths(bits: _Reader, most: int, width: int, special: int) -> Codes | int:
    count = bits.take(width)
    if not count:
        return bits.take(width)
    lengths: list[int] = []
    while len(lengths) < min(count, most):
        length = bits.take(3)
        if length == 7:
            while bits.take(1):
                length += 1
        lengths.append(length)
        if len(lengths) == special:
            lengths += [0] * bits.take(2)
    return codes_of(lengths)


def _literals(bits: _Reader, codes: Codes | int) -> Codes | int:
    count = bits.take(9)
    if not count:
        return bits.take(9)
    lengths: list[int] = []
    while len(lengths) < min(count, 510):
        symbol = bits.symbol(codes)
        if symbol > 2:
            lengths.append(symbol - 2)
        else:
            lengths += [0] * (1 if symbol == 0 else bits.take(4) + 3 if symbol == 1 else bits.take(9) + 20)
    return codes_of(lengths)
