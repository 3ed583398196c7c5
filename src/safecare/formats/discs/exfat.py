"""Files in exFAT, as cards and sticks of more than 32 GB have it. Pure.

Source: Microsoft exFAT file system specification 1.00 (3.1 boot sector, 6 and 7 directory entries).
"""

from __future__ import annotations

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

_FILE, _STREAM, _NAME = 0x85, 0xC0, 0xC1
_FOLDER = 0x10
"""Attribute of folders (7.4.4)."""
_IN_ONE = 0x02
"""Flag: the clusters follow each other, and the table says nothing of them (6.3.4.2)."""


def is_exfat(head: bytes) -> bool:
    """Tell whether `head`, the first 512 bytes of a volume, is one of exFAT."""
    return head[3:11] == b"EXFAT   " and 9 <= head[108] <= 12 and head[108] + head[109] <= 25


class ExFat:
    """One volume."""

    def __init__(self, raw: Image, at: int) -> None:
        sector = 1 << number(raw, at + 108, 1)
        self._raw, self._cluster = raw, sector << number(raw, at + 109, 1)
        self._table = at + number(raw, at + 80, 4) * sector
        self._heap = at + number(raw, at + 88, 4) * sector
        self._root = number(raw, at + 96, 4)
        self._left = MOST_ENTRIES
        self._steps = most_steps(raw, self._cluster)

    def files(self) -> Iterator[Found]:
        """Yield the files of all folders."""
        yield from self._folder(self._chain(self._root), "", 0)

    def _place(self, cluster: int) -> int:
        return self._heap + (cluster - 2) * self._cluster

    def _chain(self, cluster: int) -> list[tuple[int, int]]:
        pieces: list[tuple[int, int]] = []
        while 2 <= cluster < 0xFFFFFFF7:
            self._steps -= 1
            if self._steps < 0:
                raise DiscError("a file goes in a circle, or many share their bytes")
            pieces.append((self._place(cluster), self._cluster))
            cluster = number(self._raw, self._table + cluster * 4, 4)
        return pieces

    def _folder(self, pieces: list[tuple[int, int]], path: str, depth: int) -> Iterator[Found]:
        raw = joined(self._raw, pieces, 32 * MOST_ENTRIES)
        at = 0
        while at + 64 <= len(raw) and raw[at]:
            if not self._left:
                raise CrowdedError
            self._left -= 1
            count, attributes = raw[at + 1], int.from_bytes(raw[at + 4 : at + 6], "little")
            stream, names = raw[at + 32 : at + 64], raw[at + 64 : at + 32 * (count + 1)]
            if raw[at] != _FILE or stream[0] != _STREAM or count < 2:
                at += 32
                continue
            at += 32 * (count + 1)
            letters = b"".join(names[one + 2 : one + 32] for one in range(0, len(names), 32) if names[one] == _NAME)
            name = letters.decode("utf-16-le", "replace")[: stream[3]]
            first, size = int.from_bytes(stream[20:24], "little"), int.from_bytes(stream[24:32], "little")
            found = [(self._place(first), size)] if stream[1] & _IN_ONE else self._chain(first)
            if not attributes & _FOLDER:
                yield path + name, found if size else [], size
            elif depth < MOST_DEPTH:
                yield from self._folder(found, f"{path}{name}/", depth + 1)
