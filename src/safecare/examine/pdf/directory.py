"""The directories of a PDF (cross-reference tables and streams): where each stands, what it lists, what came before.

Source: ISO 32000-1:2008, 7.5.4 (table), 7.5.5 (trailer), 7.5.8 (streams, and both in one file).
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field

from safecare.examine.pdf.objects import Document
from safecare.examine.pdf.values import members

MOST_TABLES = 50
"""Directories of one file that are read. Chosen: notes saved again and again make some dozens."""
MOST_ENTRIES = 200_000
"""Entries of one table that are read. Chosen: five times the objects that are."""
LONGEST_TRAILER = 4000
"""Bytes of a trailer that are read. Chosen: honest ones stay below 600."""
_XREF = re.compile(rb"xref[ \t]*[\r\n\x00\t ]{1,4}(?=\d)")
_SECTION = re.compile(rb"\s*(\d{1,10})[ \t]+\d{1,10}\s+((?:\d{10}[ \t]\d{5}[ \t][A-Za-z][ \t\r\n]{1,3}){0,50000})")
_ENTRY = re.compile(rb"(\d{10})[ \t]\d{5}[ \t]([A-Za-z])")
_START = re.compile(rb"startxref\s+(\d{1,12})(\s+%%EOF)?")
_PREV = re.compile(rb"/Prev\s+(\d{1,12})(?!\s+\d+\s+R)")
_HYBRID = re.compile(rb"/XRefStm\s+(\d{1,12})")
_TRAILER = re.compile(rb"\s*trailer\s*<<")


@dataclass
class Table:
    """One table: its place, its end, the entries (place and letter by number), and what is odd about it."""

    at: int
    end: int = 0
    entries: dict[int, tuple[int, bytes]] = field(default_factory=dict)
    again: list[int] = field(default_factory=list)
    """Numbers that it lists more than once."""
    letters: list[int] = field(default_factory=list)
    """Numbers whose entry is marked neither as used nor as free."""
    trailer: bytes = b""


@dataclass
class Directory:
    """All directories of a file in its order, the places that it says they stand at, and whether streams are among."""

    tables: list[Table]
    starts: list[tuple[int, int, bool]]
    """Where it says so, the place that it says, and whether the mark of the end follows."""
    streams: dict[int, bytes]
    """Place and dictionary of each directory that is a stream."""

    def listed(self) -> dict[int, tuple[int, bytes]]:
        """Return the entry of each number, that of the last table that has one."""
        return {number: entry for table in self.tables for number, entry in table.entries.items()}

    def chain(self) -> dict[int, list[int]]:
        """Return the places of the earlier directories that each one names, by its own place."""
        heads = {table.at: table.trailer for table in self.tables} | self.streams
        both = {  # a stream that a table names beside itself has no say in what came before
            table.at: [at for one in _HYBRID.findall(table.trailer) if (at := int(one)) not in self.streams]
            for table in self.tables
        }
        return {at: [*map(int, _PREV.findall(text)), *both.get(at, ())] for at, text in heads.items()}

    @property
    def tabled(self) -> bool:
        """Tell whether tables alone lead through the file: objects within streams are left over from before."""
        chain, at, seen = self.chain(), self.starts[-1][1] if self.starts else -1, set[int]()
        while at not in seen and at in chain:
            seen.add(at)
            at = next(iter(chain[at]), -1)
        return (
            bool(seen) and not seen & self.streams.keys() and not any(b"/XRefStm" in one.trailer for one in self.tables)
        )


def directory(document: Document, raw: bytes) -> Directory:
    """Read the directories of `raw`, whose objects `document` holds. What stands within a stream is no directory."""
    held = [(one.end - len(one.stream), one.end) for one in document.streams if one.stream is not None]
    streams = {one.at: one.text for one in document.holding(b"/XRef") if not one.inside and b"/W" in one.text}
    starts = [
        (one.start(), int(one[1]), one[2] is not None) for one in _START.finditer(raw) if not _within(one.start(), held)
    ]
    return Directory(list(_tables(raw, held)), starts, streams)


def _within(at: int, held: list[tuple[int, int]]) -> bool:
    index = bisect_right(held, (at, len(held) + at))
    return index > 0 and at < held[index - 1][1]


def _tables(raw: bytes, held: list[tuple[int, int]]) -> Iterator[Table]:
    at = raw.find(b"xref")
    for _ in range(MOST_TABLES):
        while at >= 0 and (raw[at - 5 : at] == b"start" or not _XREF.match(raw, at) or _within(at, held)):
            at = raw.find(b"xref", at + 4)
        if at < 0:
            return
        table = Table(at, at + 4)
        _read(raw, table)
        if _TRAILER.match(raw, table.end):
            start = raw.find(b"<<", table.end)
            table.trailer = b"".join(b"/%s %s " % member for member in members(raw[start : start + LONGEST_TRAILER]))
        yield table
        at = raw.find(b"xref", at + 4)


def _read(raw: bytes, table: Table) -> None:
    while len(table.entries) < MOST_ENTRIES and (found := _SECTION.match(raw, table.end)):
        table.end = found.end()
        for number, (at, letter) in enumerate(_ENTRY.findall(found[2]), int(found[1])):
            if number in table.entries:
                table.again.append(number)
            if letter not in b"nf":
                table.letters.append(number)
            table.entries[number] = int(at), letter
