"""Files in FAT 12, 16 and 32. Pure. Source: Microsoft FAT specification 1.03."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from safecare.formats.discs.image import (
    MOST_DEPTH,
    MOST_ENTRIES,
    CrowdedError,
    DiscError,
    Found,
    Image,
    joined,
    most_steps,
    number,
)


def is_fat(head: bytes) -> bool:
    """Tell whether `head`, the first 512 bytes of a volume, is one of FAT."""
    return (
        head[510:512] == b"\x55\xaa"
        and head[:1] in (b"\xeb", b"\xe9")
        and int.from_bytes(head[11:13], "little") in (512, 1024, 2048, 4096)
        and head[13].bit_count() == 1
        and head[16] in (1, 2)
        and head[21] >= 0xF0
    )


class Fat:
    """One volume."""

    def __init__(self, raw: Image, at: int) -> None:
        sector, per, reserved, tables, roots, small, _, per_table, large, per_large = struct.unpack(
            "<HBHBHHBHxxxxxxxxII", raw[at + 11 : at + 40]
        )
        self._raw, self._cluster = raw, sector * per
        self._table = at + reserved * sector
        per_table = per_table or per_large
        self._roots = (self._table + tables * per_table * sector, roots * 32)
        self._data = self._roots[0] + -(-roots * 32 // sector) * sector
        count = ((small or large) * sector - (self._data - at)) // max(1, self._cluster)
        self._bits = 12 if count < 4085 else 16 if count < 65525 else 32
        self._first = number(raw, at + 44, 4)
        self._left = MOST_ENTRIES
        self._steps = most_steps(raw, self._cluster)

    def files(self) -> Iterator[Found]:
        """Yield the files of all folders."""
        root = self._chain(self._first) if self._bits == 32 else [self._roots]
        yield from self._folder(root, "", 0)

    def _next(self, cluster: int) -> int:
        if self._bits == 12:
            word = number(self._raw, self._table + cluster + cluster // 2, 2)
            return word >> 4 if cluster & 1 else word & 0xFFF
        size = self._bits // 8
        return number(self._raw, self._table + cluster * size, size) & 0x0FFFFFFF

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
            if not entry[0]:
                return
            if not self._left:
                raise CrowdedError
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
