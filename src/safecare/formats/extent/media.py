"""Ends of pictures, sounds and films.

Source: PNG 3 (W3C), GIF89a, JPEG (ITU-T T.81), ISO/IEC 14496-12, RFC 3533 (Ogg), RFC 8794 (EBML), FLV 10.1,
EPSF 3.0 (DOS head).
"""

from __future__ import annotations

import struct

from safecare.formats.extent.numbers import MOST_STEPS, field, total
from safecare.formats.linear import linear

_MARK = linear(rb"\xff[^\x00\xff\xd0-\xd7]")
"""A marker of JPEG that ends coded data (T.81, B.1.1.2 and B.2.1)."""


def png(raw: bytes) -> int:
    """PNG: chunks up to the last; where a chunk is damaged, the first mark of the last."""
    at = 8
    for _ in range(MOST_STEPS):
        size, mark = struct.unpack_from(">I4s", raw, at)
        if not mark.isalpha() or at + 12 + size > len(raw):
            return raw.find(b"IEND\xaeB`\x82") + 8 if b"IEND\xaeB`\x82" in raw else 0
        at += 12 + size
        if mark == b"IEND":
            return int(at)
    return 0


def gif(raw: bytes) -> int:
    """GIF: blocks up to the trailer."""
    at = 13 + (3 << (raw[10] & 7) + 1 if raw[10] & 0x80 else 0)
    within = False
    for _ in range(MOST_STEPS):
        mark = raw[at]
        if within:
            at, within = at + 1 + mark, mark > 0
        elif mark == 0x3B:
            return at + 1
        elif mark == 0x21:
            at, within = at + 2, True
        elif mark == 0x2C:
            at, within = at + 11 + (3 << (raw[at + 9] & 7) + 1 if raw[at + 9] & 0x80 else 0), True
        else:
            return 0
    return 0


def jpeg(raw: bytes) -> int:
    """JPEG: segments and coded data up to the end mark."""
    at = 2
    for _ in range(MOST_STEPS):
        if raw[at] != 0xFF:
            return 0
        mark = raw[at + 1]
        if mark == 0xD9:
            return at + 2
        if mark == 0xFF or 0xD0 <= mark <= 0xD8 or mark == 1:
            at += 1 if mark == 0xFF else 2
            continue
        at += 2 + int.from_bytes(raw[at + 2 : at + 4], "big")
        if mark == 0xDA:  # coded data: on to the next mark that is neither stuffed nor a restart
            found = _MARK.search(raw, at)
            if not found:
                return 0
            at = found.start()
    return 0


def boxes(raw: bytes) -> int:
    """Walk over boxes of ISO media files."""
    at = 0
    for _ in range(MOST_STEPS):
        if at + 8 > len(raw):
            return at
        size, mark = struct.unpack_from(">I4s", raw, at)
        if size == 1:
            size = int.from_bytes(raw[at + 8 : at + 16], "big")
        if size < 8 or at + size > len(raw) or not mark.replace(b" ", b"").replace(b"\xa9", b"").isalnum():
            return len(raw) if size == 0 else at
        at += size
    return 0


def pages(raw: bytes) -> int:
    """Walk over pages of Ogg."""
    at = 0
    for _ in range(MOST_STEPS):
        if not raw.startswith(b"OggS", at):
            return at
        count = raw[at + 26]
        at += 27 + count + sum(raw[at + 27 : at + 27 + count])
    return 0


def elements(raw: bytes) -> int:
    """Walk over elements of EBML on the upper level."""
    at = 0
    for _ in range(MOST_STEPS):
        begun = at
        if at >= len(raw) or raw[at] < 0x10:
            return at
        at += 9 - raw[at].bit_length()
        width = 9 - raw[at].bit_length()
        size = int.from_bytes(raw[at : at + width], "big") & (1 << 7 * width) - 1
        if size == (1 << 7 * width) - 1:
            return 0  # of unknown length: a live stream
        at += width + size
        if at > len(raw):
            return begun
    return 0


def flv(raw: bytes) -> int:
    """Walk over tags of Flash video."""
    at = int.from_bytes(raw[5:9], "big") + 4
    for _ in range(MOST_STEPS):
        size = int.from_bytes(raw[at + 1 : at + 4], "big")
        if raw[at + 11 + size : at + 15 + size] != (size + 11).to_bytes(4, "big"):
            return at
        at += 15 + size
    return 0


def icon(raw: bytes) -> int:
    """Walk over pictures of an icon."""
    count = field("<H", raw, 4)
    return max(total("<II", raw, 14 + 16 * one) for one in range(count))


def postscript(raw: bytes) -> int:
    """Return the end of PostScript by its last comment of the end; of EPS with a head of DOS, that of its last part."""
    if raw[:4] == b"\xc5\xd0\xd3\xc6":
        parts = struct.unpack_from("<6I", raw, 4)
        return int(max(at + size for at, size in zip(parts[::2], parts[1::2], strict=True)))
    at = raw.rfind(b"%%EOF")
    return at + 5 if at >= 0 else 0
