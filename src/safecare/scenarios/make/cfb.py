"""A small writer of OLE compound files (CFB version 3): what a macro project needs, no more.

Source: [MS-CFB] 2.2 (header), 2.3 (FAT), 2.4 (mini FAT), 2.6 (directory). Bound: all streams together stay in
the mini stream, each below 4,096 bytes, and one FAT sector (64 kB) covers the file.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field

SECTOR = 512
MINI = 64
CUTOFF = 4096
"""Streams below this size live in the mini stream (2.2)."""
_END, _FREE, _FAT, _NONE = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD, 0xFFFFFFFF


@dataclass
class _Entry:
    """One directory entry; `kind` 1 storage, 2 stream, 5 root."""

    name: str
    kind: int
    left: int = _NONE
    right: int = _NONE
    child: int = _NONE
    start: int = 0
    size: int = 0
    children: list[int] = field(default_factory=list)

    def pack(self) -> bytes:
        """Return the 128 bytes of 2.6.1; all nodes black."""
        name = self.name.encode("utf-16-le") + b"\0\0"
        links = struct.pack("<BBIII", self.kind, 1, self.left, self.right, self.child)
        return struct.pack("<64sH", name, len(name)) + links + bytes(36) + struct.pack("<IQ", self.start, self.size)


def compound_file(streams: Mapping[str, bytes]) -> bytes:
    """Return a compound file with these streams; ``/`` in a name makes storages. Raises `ValueError` beyond bounds."""
    entries = [_Entry("Root Entry", 5)]
    mini = bytearray()
    mini_fat: list[int] = []
    for path, raw in sorted(streams.items()):
        if not 0 < len(raw) < CUTOFF:
            raise ValueError(f"stream {path} has {len(raw)} bytes; 1 to {CUTOFF - 1} are possible")
        entry = entries[_place(entries, path)]
        entry.start, entry.size = len(mini_fat), len(raw)
        count = -(-len(raw) // MINI)
        mini_fat += [*range(len(mini_fat) + 1, len(mini_fat) + count), _END]
        mini += raw.ljust(count * MINI, b"\0")
    for entry in entries:
        entry.child = _tree(entries, sorted(entry.children, key=lambda one: _order(entries[one].name)))
    return _assemble(entries, bytes(mini), mini_fat)


def _place(entries: list[_Entry], path: str) -> int:
    """Return the index of the stream `path`, made with its storages where they are missing."""
    at = 0
    names = path.split("/")
    for depth, name in enumerate(names):
        found = next((one for one in entries[at].children if entries[one].name == name), None)
        if found is None:
            entries.append(_Entry(name, 2 if depth == len(names) - 1 else 1))
            found = len(entries) - 1
            entries[at].children.append(found)
        at = found
    return at


def _order(name: str) -> tuple[int, str]:
    """Return the order of siblings: length first, then upper case (2.6.4)."""
    return len(name), name.upper()


def _tree(entries: list[_Entry], siblings: list[int]) -> int:
    """Link sorted siblings to a balanced tree and return its root."""
    if not siblings:
        return _NONE
    middle = len(siblings) // 2
    root = siblings[middle]
    entries[root].left = _tree(entries, siblings[:middle])
    entries[root].right = _tree(entries, siblings[middle + 1 :])
    return root


def _assemble(entries: list[_Entry], mini: bytes, mini_fat: list[int]) -> bytes:
    """Lay out FAT, directory, mini FAT and mini stream behind the header, in this order."""
    root = entries[0]
    root.size = len(mini)
    mini_table = _padded(struct.pack(f"<{len(mini_fat)}I", *mini_fat), b"\xff")
    content = _padded(mini, b"\0")
    count = -(-len(entries) // 4)
    first_directory, first_mini = 1, 1 + count
    first_content = first_mini + len(mini_table) // SECTOR
    root.start = first_content
    directory = b"".join(entry.pack() for entry in entries).ljust(count * SECTOR, b"\0")
    fat = [_FAT]
    for size in (count, len(mini_table) // SECTOR, len(content) // SECTOR):
        fat += [*range(len(fat) + 1, len(fat) + size), _END]
    if len(fat) > SECTOR // 4:
        raise ValueError(f"{len(fat)} sectors; {SECTOR // 4} are possible")
    fat += [_FREE] * (SECTOR // 4 - len(fat))
    header = struct.pack(
        "<8s16sHHHHH6sIIIIIIIIII",
        *(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", bytes(16), 0x3E, 3, 0xFFFE, 9, 6, bytes(6)),
        *(0, 1, first_directory, 0, CUTOFF, first_mini, len(mini_table) // SECTOR, _END, 0, 0),
    )
    header += struct.pack("<I", _FREE) * 108
    return header + struct.pack(f"<{len(fat)}I", *fat) + directory + mini_table + content


def _padded(raw: bytes, filler: bytes) -> bytes:
    return raw.ljust(-(-len(raw) // SECTOR) * SECTOR, filler)
