"""Files in UDF, which Windows shows where an image has it beside ISO 9660. Pure.

Source: ECMA-167 3rd edition, parts 3 (volumes) and 4 (files), as UDF 2.01 uses it.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from safecare.formats.discs.image import MOST_DEPTH, MOST_ENTRIES, CrowdedError, DiscError, Found, joined

_SECTOR = 2048
"""Bytes of a sector of optical discs, which images of UDF for Windows have (ECMA-167 3/9)."""


def is_udf(raw: bytes) -> bool:
    """Tell whether an image says that it has UDF, alone or beside ISO 9660: Windows shows the files of UDF then."""
    return any(raw[at + 1 : at + 5] == b"NSR0" for at in range(16 * _SECTOR, 32 * _SECTOR, _SECTOR))


def files(raw: bytes) -> Iterator[Found]:
    """Yield the files of an image in UDF with one plain partition."""
    _tagged(raw, 256 * _SECTOR, 2)
    length, place = struct.unpack_from("<II", raw, 256 * _SECTOR + 16)
    start, top = -1, -1
    for at in range(place * _SECTOR, min(place * _SECTOR + length, place * _SECTOR + 64 * _SECTOR), _SECTOR):
        tag = struct.unpack_from("<H", raw, at)[0]
        if tag == 5:
            start = struct.unpack_from("<I", raw, at + 188)[0] * _SECTOR
        elif tag == 6:
            top = struct.unpack_from("<I", raw, at + 252)[0]
    if start < 0 or top < 0:
        raise DiscError("no partition")
    at = start + top * _SECTOR
    _tagged(raw, at, 256)
    left = [MOST_ENTRIES]
    yield from _udf_folder(raw, start, struct.unpack_from("<I", raw, at + 404)[0], "", 0, left)


def _udf_folder(raw: bytes, start: int, block: int, path: str, depth: int, left: list[int]) -> Iterator[Found]:
    _, pieces, size = _udf_entry(raw, start, block)
    inside, at = joined(raw, pieces, min(size, 64 * MOST_ENTRIES)), 0
    while at + 38 <= len(inside):
        if not left[0]:
            raise CrowdedError
        left[0] -= 1
        kind, name_size, entry, used = (
            inside[at + 18],
            inside[at + 19],
            inside[at + 24 : at + 28],
            inside[at + 36 : at + 38],
        )
        name_at = at + 38 + int.from_bytes(used, "little")
        name = inside[name_at + 1 : name_at + name_size]
        word = name.decode("utf-16-be" if inside[name_at : name_at + 1] == b"\x10" else "latin-1", "replace")
        at = (name_at + name_size + 3) // 4 * 4 if not at % 4 else len(inside)
        if kind & 0x0C:  # what is gone, and the folder above
            continue
        is_folder, found, length = _udf_entry(raw, start, int.from_bytes(entry, "little"))
        if not is_folder:
            yield path + word, found, length
        elif depth < MOST_DEPTH:
            yield from _udf_folder(raw, start, int.from_bytes(entry, "little"), f"{path}{word}/", depth + 1, left)


def _udf_entry(raw: bytes, start: int, block: int) -> tuple[bool, list[tuple[int, int]], int]:
    """Return whether an entry is a folder, its pieces, and its size (ECMA-167 4/14.9, 4/14.17)."""
    at = start + block * _SECTOR
    tag = _tagged(raw, at, 261, 266)
    kind, flags, size = raw[at + 27], raw[at + 34] & 7, struct.unpack_from("<Q", raw, at + 56)[0]
    base = 168 if tag == 261 else 208
    extended, used = struct.unpack_from("<II", raw, at + base)
    first = at + base + 8 + extended
    if flags == 3:
        return kind == 4, [(first, used)], size
    step, pieces = (8 if flags == 0 else 16), list[tuple[int, int]]()
    for place in range(first, first + min(used, _SECTOR), step):
        length, where = struct.unpack_from("<II", raw, place)
        pieces.append((start + where * _SECTOR, length & 0x3FFFFFFF))
    return kind == 4, pieces, size


def _tagged(raw: bytes, at: int, *wanted: int) -> int:
    """Return the kind of the descriptor at `at`. Raises `DiscError` where it is none of `wanted`."""
    tag = int(struct.unpack_from("<H", raw, at)[0])
    if tag not in wanted:
        raise DiscError("a descriptor is missing")
    return tag
