"""XPRESS with Huffman codes: WIM images and system files of Windows. Source: [MS-XCA] 2.2."""

from __future__ import annotations

from safecare.formats.packed.words import PackedError, repeat, table_of

_WIDTH = 15
"""Bits of the longest code: lengths are told in four bits."""
_LENGTHS = 256
"""Bytes that tell the lengths of 512 codes."""


def xpress(raw: bytes, size: int, whole: int = 0) -> bytes:
    """Return `raw` unpacked to exactly `size` bytes; chunks of any size `whole` are alike. Raises `PackedError`."""
    del whole
    if len(raw) < _LENGTHS + 4:
        raise PackedError("packed data ends too early")
    table = table_of([half for byte in raw[:_LENGTHS] for half in (byte & 15, byte >> 4)], _WIDTH)
    out, last, data = bytearray(), len(raw) + 4, raw + bytes(8)
    at, held, count = _LENGTHS, 0, 0
    while len(out) < size:
        while count < 16:
            if at >= last:
                raise PackedError("packed data ends too early")
            held = held << 16 | data[at] | data[at + 1] << 8
            at += 2
            count += 16
        entry = table[held >> count - _WIDTH]
        if not entry:
            raise PackedError("packed data holds a code that does not exist")
        count -= entry & 31
        held &= (1 << count) - 1
        symbol = entry >> 5
        if symbol < 256:
            out.append(symbol)
            continue
        if count < 16:
            held = held << 16 | data[at] | data[at + 1] << 8
            at += 2
            count += 16
        length, bits = symbol & 15, symbol >> 4 & 15
        if length == 15:  # a long one has its length in plain bytes, where the next word would stand
            length += data[at]
            at += 1
            if length == 15 + 255:
                length = data[at] | data[at + 1] << 8
                at += 2
        if at > last:
            raise PackedError("packed data ends too early")
        count -= bits
        repeat(out, 1 << bits | held >> count, min(length + 3, size - len(out)))
        held &= (1 << count) - 1
    return bytes(out)
