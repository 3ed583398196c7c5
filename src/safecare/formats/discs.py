"""Files in images of discs: FAT 12, 16 and 32, alone, in partitions, or in a virtual disc of fixed size; and UDF. Pure.

Windows opens such images as drives with a double click, and what lies in them has no mark of the web. Source: Microsoft
FAT specification 1.03, VHD 1.0 (fixed discs: the image, then a footer); ECMA-167 3rd edition, part 3 (volumes) and 4
(files), as UDF 2.01 uses it.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

_PARTITIONS = frozenset({0x01, 0x04, 0x06, 0x0B, 0x0C, 0x0E})
"""Types of partitions that hold FAT."""
_SECTOR = 2048
"""Bytes of a sector of optical discs, which images of UDF for Windows have (ECMA-167 3/9)."""
MOST_ENTRIES, MOST_DEPTH = 5000, 16
"""Entries that are looked at in all, and folders within folders. Chosen: drives of malware hold a few files."""
Found = tuple[str, list[tuple[int, int]], int]
"""Path, pieces (first byte, number of bytes) and size of a file."""


class DiscError(ValueError):
    """The image is damaged: its structures lead outside of it, or in a circle."""


def holds_files(raw: bytes) -> bool:
    """Tell whether `raw` is an image of a disc that `files` reads, UDF apart."""
    return raw[510:512] == b"\x55\xaa" and bool(_starts(raw))


def is_udf(raw: bytes) -> bool:
    """Tell whether an image says that it has UDF, alone or beside ISO 9660: Windows shows the files of UDF then."""
    return any(raw[at + 1 : at + 5] == b"NSR0" for at in range(16 * _SECTOR, 32 * _SECTOR, _SECTOR))


def files(raw: bytes) -> Iterator[Found]:
    """Yield the files of all that the image holds. Raises `DiscError`."""
    try:
        if is_udf(raw):
            yield from _udf(raw)
        for start in _starts(raw):
            yield from _Fat(raw, start).files()
    except (struct.error, IndexError) as error:
        raise DiscError("a structure leads outside of the image") from error


def _starts(raw: bytes) -> list[int]:
    """Return where FAT volumes begin: at the start, or in partitions (MBR)."""
    if _is_fat(raw, 0):
        return [0]
    found = []
    for at in range(446, 510, 16):
        kind, first = raw[at + 4], int.from_bytes(raw[at + 8 : at + 12], "little")
        if kind in _PARTITIONS and _is_fat(raw, first * 512):
            found.append(first * 512)
    return found


def _is_fat(raw: bytes, at: int) -> bool:
    head = raw[at : at + 512]
    return (
        head[510:] == b"\x55\xaa"
        and head[:1] in (b"\xeb", b"\xe9")
        and int.from_bytes(head[11:13], "little") in (512, 1024, 2048, 4096)
        and head[13].bit_count() == 1
        and head[16] in (1, 2)
        and head[21] >= 0xF0
    )


class _Fat:
    """One volume."""

    def __init__(self, raw: bytes, at: int) -> None:
        sector, per, reserved, tables, roots, small, _, per_table, large, per_large = struct.unpack_from(
            "<HBHBHHBHxxxxxxxxII", raw, at + 11
        )
        self._raw, self._cluster = raw, sector * per
        self._table = at + reserved * sector
        per_table = per_table or per_large
        self._roots = (self._table + tables * per_table * sector, roots * 32)
        self._data = self._roots[0] + -(-roots * 32 // sector) * sector
        count = ((small or large) * sector - (self._data - at)) // max(1, self._cluster)
        self._bits = 12 if count < 4085 else 16 if count < 65525 else 32
        self._first = int.from_bytes(raw[at + 44 : at + 48], "little")
        self._left = MOST_ENTRIES
        self._steps = 2 * (len(raw) // max(1, self._cluster)) + MOST_ENTRIES

    def files(self) -> Iterator[Found]:
        """Yield the files of all folders."""
        root = self._chain(self._first) if self._bits == 32 else [self._roots]
        yield from self._folder(root, "", 0)

    def _next(self, cluster: int) -> int:
        if self._bits == 12:
            word = struct.unpack_from("<H", self._raw, self._table + cluster + cluster // 2)[0]
            return int(word >> 4 if cluster & 1 else word & 0xFFF)
        form, size = ("<H", 2) if self._bits == 16 else ("<I", 4)
        return int(struct.unpack_from(form, self._raw, self._table + cluster * size)[0] & 0x0FFFFFFF)

    def _chain(self, cluster: int) -> list[tuple[int, int]]:
        """Return the pieces of a chain. Raises `DiscError` where all together are far longer than the image."""
        pieces: list[tuple[int, int]] = []
        end = {12: 0xFF8, 16: 0xFFF8, 32: 0x0FFFFFF8}[self._bits]
        while 2 <= cluster < end:
            self._steps -= 1
            if self._steps < 0:
                raise DiscError("a file goes in a circle, or many share their bytes")
            pieces.append((self._data + (cluster - 2) * self._cluster, self._cluster))
            cluster = self._next(cluster)
        return pieces

    def _folder(self, pieces: list[tuple[int, int]], path: str, depth: int) -> Iterator[Found]:
        long: list[bytes] = []
        raw = joined(self._raw, pieces, 32 * MOST_ENTRIES)
        for at in range(0, len(raw) - 31, 32):
            entry = raw[at : at + 32]
            if not entry[0] or not self._left:
                return
            self._left -= 1
            if entry[11] == 0x0F and entry[0] != 0xE5:
                long.append(entry[1:11] + entry[14:26] + entry[28:32])
                continue
            name, long = _name(entry, long), []
            if entry[0] == 0xE5 or entry[0] == 0x2E or entry[11] & 8:
                continue
            high, low, size = struct.unpack_from("<HxxxxHI", entry, 20)
            chain = self._chain(low | (high << 16 if self._bits == 32 else 0))
            if not entry[11] & 16:
                yield path + name, chain, size
            elif depth < MOST_DEPTH:
                yield from self._folder(chain, f"{path}{name}/", depth + 1)


def _name(entry: bytes, long: list[bytes]) -> str:
    if long:
        return b"".join(reversed(long)).decode("utf-16-le", "replace").partition("\0")[0]
    stem, ending = entry[:8].decode("cp437").rstrip(), entry[8:11].decode("cp437").rstrip()
    return f"{stem}.{ending}" if ending else stem


def joined(raw: bytes, pieces: list[tuple[int, int]], size: int) -> bytes:
    """Return the first `size` bytes of what lies in `pieces`."""
    out = bytearray()
    for start, count in pieces:
        if len(out) >= size:
            break
        out += raw[start : start + min(count, size - len(out))]
    return bytes(out)


def _udf(raw: bytes) -> Iterator[Found]:
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
    while at + 38 <= len(inside) and left[0]:
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
