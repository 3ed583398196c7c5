"""LZNT1: files that NTFS keeps compressed. Source: [MS-XCA] 2.5; the Linux-NTFS documentation (units of clusters)."""

from __future__ import annotations

from safecare.formats.packed.words import PackedError, repeat

_CHUNK = 4096
"""Bytes that one chunk unpacks to, at most."""


def lznt1(raw: bytes, size: int) -> bytes:
    """Return `raw` unpacked, at most `size` bytes; a head of zero ends it. Raises `PackedError`."""
    out, at = bytearray(), 0
    while at + 2 <= len(raw) and len(out) < size:
        head = int.from_bytes(raw[at : at + 2], "little")
        if not head:
            break
        end = at + 3 + (head & 0x0FFF)
        if head & 0x8000:
            out += _chunk(raw[at + 2 : end])
        else:
            out += raw[at + 2 : end]
        at = end
    return bytes(out[:size])


def _chunk(raw: bytes) -> bytearray:
    out, at = bytearray(), 0
    while at < len(raw):
        flags = raw[at]
        at += 1
        if not flags:  # eight letters at once
            out += raw[at : at + 8]
            at += 8
            continue
        for bit in range(8):
            if at >= len(raw):
                break
            if not flags >> bit & 1:
                out.append(raw[at])
                at += 1
                continue
            if at + 2 > len(raw) or not out:
                raise PackedError("packed data points before its begin")
            token = raw[at] | raw[at + 1] << 8
            at += 2
            width = 16 - max(4, (len(out) - 1).bit_length())  # the further on, the fewer bits say the length
            repeat(out, (token >> width) + 1, (token & (1 << width) - 1) + 3)
            if len(out) > _CHUNK:
                raise PackedError("a chunk of packed data is too long")
    return out


def unit_of(raw: bytes, size: int, stored: int) -> bytes:
    """Return a unit of a compressed file, `size` bytes (zeros fill it up), that stands on `stored` bytes of the disc.

    A unit that takes no room is zeros; one that takes all of its room is not packed.
    """
    plain = b"" if not stored else raw if stored >= size else lznt1(raw, size)
    return plain[:size].ljust(size, b"\0")
