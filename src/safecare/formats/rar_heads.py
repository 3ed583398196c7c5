"""Where the data of a RAR archive's members begins.

Source: RAR 5.0 archive format (rarlab.com, technote: vint, general block and file header); RAR 3 by its technote of
2003 (7 bytes of block header, `ADD_SIZE` where bit 0x8000 of the flags is set).
"""

from __future__ import annotations

from collections.abc import Iterator

_MARK_5, _MARK_3 = b"Rar!\x1a\x07\x01\x00", b"Rar!\x1a\x07\x00"
_FILE_5, _FILE_3 = 2, 0x74
_EXTRA, _DATA, _ADDED = 1, 2, 0x8000
"""Flags of a block of RAR 5: there is an extra area, there is data; of RAR 3: there is data."""
MOST_BLOCKS = 64
"""Blocks that are walked. Chosen: more than fit where a mark of a document still counts (1,024 bytes)."""


def members_begin(raw: bytes) -> Iterator[int]:
    """Yield the places of the first members' data, in order; stops where the heads make no sense."""
    if raw.startswith(_MARK_5):
        yield from _walk_5(raw)
    elif raw.startswith(_MARK_3):
        yield from _walk_3(raw)


def _walk_5(raw: bytes) -> Iterator[int]:
    at = len(_MARK_5)
    for _ in range(MOST_BLOCKS):
        size, begin = _vint(raw, at + 4)
        kind, place = _vint(raw, begin)
        flags, place = _vint(raw, place)
        if flags & _EXTRA:
            _, place = _vint(raw, place)
        data = _vint(raw, place)[0] if flags & _DATA else 0
        end = begin + size
        if not size or end > len(raw):
            return
        if kind == _FILE_5:
            yield end
        at = end + data


def _walk_3(raw: bytes) -> Iterator[int]:
    at = len(_MARK_3)
    for _ in range(MOST_BLOCKS):
        head = raw[at : at + 11]
        flags, size = int.from_bytes(head[3:5], "little"), int.from_bytes(head[5:7], "little")
        if len(head) < 11 or size < 7 or at + size > len(raw):
            return
        if head[2] == _FILE_3:
            yield at + size
        at += size + (int.from_bytes(head[7:11], "little") if flags & _ADDED or head[2] == _FILE_3 else 0)


def _vint(raw: bytes, at: int) -> tuple[int, int]:
    """Return a number of RAR 5 (7 bits a byte, the lowest first, 10 bytes at most) and the place behind it."""
    value = 0
    for number in range(10):
        one = raw[at + number : at + number + 1]
        if not one:
            return 0, at
        value |= (one[0] & 0x7F) << (7 * number)
        if one[0] < 0x80:
            return value, at + number + 1
    return 0, at
