"""Files in NTFS, and their further streams, compressed ones too. Pure; what is encrypted is named, and not read.

The table of files is walked from its first entry to its last, not the folders: what only the table knows is seen too.
Source: the Linux-NTFS project's documentation of NTFS (boot sector, FILE records, attributes, runs, compression units);
[MS-FSCC] 2.1.2.1 and Microsoft's ``wofapi.h`` (files that Windows itself keeps packed, in a stream of their own).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from safecare.formats.discs.image import (
    MOST_DEPTH,
    MOST_ENTRIES,
    CrowdedError,
    DiscError,
    Found,
    Image,
    Packed,
    joined,
    number,
)
from safecare.formats.packed import LZX, XPRESS, PackedError, chunks, unit_of

_NAME, _DATA, _REPARSE, _END = 0x30, 0x80, 0xC0, 0xFFFFFFFF
_SYSTEM = 24
"""Entries that are the file system's own."""
_EXTEND = 11
"""The folder of what the file system keeps besides."""
_USED, _FOLDER = 1, 2
_LZNT1, _CLOSED = 0x0001, 0x40FE
"""Flags of an attribute that is compressed, and of one that is encrypted or compressed in a way that nobody uses."""
_MOST_UNIT = 8
"""Power of two of the clusters that are compressed together. Windows writes 4."""
_WOF = 0x80000017
"""Mark of a file that Windows keeps packed in the stream `_WOF_DATA` (IO_REPARSE_TAG_WOF)."""
_WOF_DATA = "WofCompressedData"
_WOF_CHUNKS = {0: (XPRESS, 4096), 1: (LZX, 32768), 2: (XPRESS, 8192), 3: (XPRESS, 16384)}
"""How, and in chunks of how many bytes (``FILE_PROVIDER_COMPRESSION_...``)."""
_MOST_RUNS = 50_000
"""Pieces of all files together. Chosen: a disc that fits into a mail has far fewer; 0.1 s."""


def is_ntfs(head: bytes) -> bool:
    """Tell whether `head`, the first 512 bytes of a volume, is one of NTFS."""
    return (
        head[3:11] == b"NTFS    "
        and int.from_bytes(head[11:13], "little") in (512, 1024, 2048, 4096)
        and (head[13].bit_count() == 1 or head[13] >= 0xF4)
    )


@dataclass
class _Entry:
    """What the table says of one file."""

    name: str = ""
    parent: int = -1
    folder: bool = False
    streams: dict[str, tuple[list[tuple[int, int]] | bytes | None, int]] = field(default_factory=dict)
    units: dict[str, int] = field(default_factory=dict)
    """Bytes that are compressed together, for the streams that are."""
    wof: int | None = None


class Ntfs:
    """One volume."""

    def __init__(self, raw: Image, at: int) -> None:
        sector, per = number(raw, at + 11, 2), number(raw, at + 13, 1)
        self._raw, self._at = raw, at
        self._sector, self._cluster = sector, sector * (per if per < 0x80 else 1 << 256 - per)
        size = number(raw, at + 64, 1)
        self._record = size * self._cluster if size < 0x80 else 1 << 256 - size
        if not 256 <= self._record <= 65536 or self._cluster > 1 << 21:
            raise DiscError("sizes of NTFS that no disc has")
        self._table = at + number(raw, at + 48, 8) * self._cluster
        self._runs_left = _MOST_RUNS

    def files(self) -> Iterator[Found]:
        """Yield the files of the whole table."""
        first = _Entry()
        self._read(joined(self._raw, [(self._table, self._record)], self._record), first)
        pieces, size = first.streams.get("", (None, 0))
        if pieces is None:
            raise DiscError("the table of files can't be read")
        table = joined(self._raw, pieces, min(size, self._record * MOST_ENTRIES))
        entries: dict[int, _Entry] = {}
        for number_ in range(len(table) // self._record):
            record = table[number_ * self._record : (number_ + 1) * self._record]
            flags, base = int.from_bytes(record[22:24], "little"), int.from_bytes(record[32:38], "little")
            if flags & _USED:
                entry = entries.setdefault(base or number_, _Entry())
                entry.folder |= not base and bool(flags & _FOLDER)
                self._read(record, entry)
        for number_, entry in entries.items():
            if number_ >= _SYSTEM and entry.parent != _EXTEND:
                path = _path(entries, entry)
                for stream, (_, length) in entry.streams.items():
                    if entry.wof is not None and _WOF_DATA in entry.streams:
                        if not stream:
                            yield path, self._of_windows(entry, length), length
                    elif stream or not entry.folder:
                        yield path + (f":{stream}" if stream else ""), self._contents(entry, stream), length
        if size > len(table):
            raise CrowdedError

    def _contents(self, entry: _Entry, stream: str) -> list[tuple[int, int]] | bytes | Packed | None:
        pieces, size = entry.streams[stream]
        unit = entry.units.get(stream)
        if not unit or not isinstance(pieces, list):
            return pieces
        return Packed(lambda most: self._units(pieces, unit, min(size, most)))

    def _units(self, pieces: list[tuple[int, int]], unit: int, most: int) -> bytes:
        """Return the first `most` bytes of a file whose clusters are compressed `unit` bytes at a time."""
        out, stored, filled = bytearray(), bytearray(), 0
        try:
            for start, count in pieces:
                at, left = start, count
                while left and len(out) < most:
                    step = min(left, unit - filled)
                    stored += self._raw[at : at + step]  # a hole, which begins where the image ends, gives nothing
                    at, left, filled = at + step, left - step, filled + step
                    if filled == unit:
                        out += unit_of(bytes(stored), unit, len(stored))
                        stored, filled = bytearray(), 0
        except PackedError as error:
            raise DiscError(str(error)) from error
        return bytes(out[:most])

    def _of_windows(self, entry: _Entry, size: int) -> Packed | None:
        method, chunk = _WOF_CHUNKS.get(entry.wof or 0, ("", 0))
        pieces, stored = entry.streams[_WOF_DATA]
        if not method or pieces is None:
            return None

        def read(most: int) -> bytes:
            try:
                return chunks(joined(self._raw, pieces, stored), size, chunk, method, min(size, most))
            except PackedError as error:
                raise DiscError(str(error)) from error

        return Packed(read)

    def _read(self, record: bytes, entry: _Entry) -> None:
        """Add to `entry` what the attributes of a record say."""
        if record[:4] != b"FILE":
            return
        raw = bytearray(record)
        start, count = int.from_bytes(raw[4:6], "little"), int.from_bytes(raw[6:8], "little")
        for place in range(1, count):  # the last two bytes of each sector stand in front (update sequence)
            end = place * self._sector
            if end <= len(raw):
                raw[end - 2 : end] = raw[start + 2 * place : start + 2 * place + 2]
        at = int.from_bytes(raw[20:22], "little")
        while at + 24 <= len(raw):
            kind, size = int.from_bytes(raw[at : at + 4], "little"), int.from_bytes(raw[at + 4 : at + 8], "little")
            if kind == _END or size < 24:
                return
            self._attribute(kind, bytes(raw[at : at + size]), entry)
            at += size

    def _attribute(self, kind: int, one: bytes, entry: _Entry) -> None:
        if kind == _NAME:
            at = int.from_bytes(one[20:22], "little")
            name = one[at + 66 : at + 66 + 2 * one[at + 64]].decode("utf-16-le", "replace")
            if one[at + 65] != 2 or not entry.name:  # 2: the short name of DOS
                entry.name, entry.parent = name, int.from_bytes(one[at : at + 6], "little")
        elif kind == _DATA:
            at = int.from_bytes(one[10:12], "little")
            stream = one[at : at + 2 * one[9]].decode("utf-16-le", "replace")
            if not one[8]:
                size, at = int.from_bytes(one[16:20], "little"), int.from_bytes(one[20:22], "little")
                entry.streams[stream] = (one[at : at + size], size)
                return
            flags = int.from_bytes(one[12:14], "little")
            if flags & _LZNT1:
                entry.units[stream] = self._cluster << one[34] if 0 < one[34] <= _MOST_UNIT else 0
            runs = None if flags & _CLOSED or entry.units.get(stream) == 0 else self._runs(one)
            if int.from_bytes(one[16:24], "little") == 0:  # the first part of its runs says the size
                entry.streams[stream] = (runs, int.from_bytes(one[48:56], "little"))
            elif isinstance((before := entry.streams.get(stream, (None, 0)))[0], list) and runs:
                entry.streams[stream] = (before[0] + runs, before[1])
        elif kind == _REPARSE and not one[8]:
            at = int.from_bytes(one[20:22], "little")
            if int.from_bytes(one[at : at + 4], "little") == _WOF and one[at + 12 : at + 16] == b"\2\0\0\0":
                entry.wof = int.from_bytes(one[at + 20 : at + 24], "little")

    def _runs(self, one: bytes) -> list[tuple[int, int]]:
        """Return the pieces of an attribute: lengths, and places each told from the one before."""
        at, place, pieces = int.from_bytes(one[32:34], "little"), 0, list[tuple[int, int]]()
        while at < len(one) and one[at]:
            self._runs_left -= 1
            if self._runs_left < 0:
                raise DiscError("files in more pieces than a disc of this size has")
            for_size, for_place = one[at] & 15, one[at] >> 4
            size = int.from_bytes(one[at + 1 : at + 1 + for_size], "little")
            step = one[at + 1 + for_size : at + 1 + for_size + for_place]
            place += int.from_bytes(step, "little", signed=True)
            start = self._at + place * self._cluster if for_place else len(self._raw)  # a hole: nothing is read
            pieces.append((max(0, start), size * self._cluster))
            at += 1 + for_size + for_place
        return pieces


def _path(entries: dict[int, _Entry], entry: _Entry) -> str:
    names = [entry.name]
    for _ in range(MOST_DEPTH):
        above = entries.get(entry.parent)
        if above is None or entry.parent < _SYSTEM:
            break
        names.append(above.name)
        entry = above
    return "/".join(reversed(names))
