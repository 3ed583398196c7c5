"""Rows of a foreign system to events, by a mapping: shared by the doors that take in tables, posts and pages."""

from __future__ import annotations

import codecs
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from safecare.formats.mapping import (
    MappingError,
    MappingFile,
    Row,
    RowError,
    read_mapping,
    read_row,
    ready,
    row_alone,
    rows_of_csv,
    rows_of_json,
)
from safecare.model.event import Event
from safecare.model.hospital import Asset, Hospital
from safecare.sources.api import UnreadableError
from safecare.sources.posted import Unread
from safecare.sources.signals import Known, Telling, events_about
from safecare.sources.upload import open_regular


def mapping_of(mapping: str, folder: Path | None = None) -> MappingFile:
    """Return the ready mapping of this name, or that of a file (relative: in `folder`). Raises `ValueError`."""
    texts = ready()
    if mapping in texts:
        return read_mapping(texts[mapping].encode())
    path = (folder or Path()) / mapping
    try:
        with open_regular(path, follow=True) as file:
            return read_mapping(file.read())
    except OSError as error:
        names = ", ".join(texts)
        raise MappingError(f"{mapping}: {error.strerror}; mappings that come with the platform: {names}") from error
    except MappingError as error:
        raise MappingError(f"{path}: {error}") from error


def zone_of_site(hospital: Hospital) -> tzinfo:
    """Return the time zone of the hospital's first site."""
    try:
        return ZoneInfo(hospital.sites[0].timezone)
    except (IndexError, ZoneInfoNotFoundError, ValueError):
        return UTC


UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
OUT, ITSELF = "-out", "-door"
"""Ends of the address systems of readers on the inside (``reader-out``), and of a door where it has a name of its own
beside its readers' (``reader-door``)."""


Told = tuple[Mapping[str, Any], Row, int, bytes]
"""A row as it came, what it says, its line or number, and its bytes."""


@dataclass(frozen=True)
class Rows:
    """Reads rows that come by `door`."""

    mapping: MappingFile
    door: str

    def event(self, row: Mapping[str, Any], known: Known, seen: datetime) -> list[Event]:
        """Return the events of one row: none where the mapping passes it over. Raises `UnreadableError`.

        The same row sent again is the same event: its id is the sender's number and time, else the row itself.
        """
        read = self._said(row, known, seen)
        return self._events(row, read, known, seen) if read else []

    def _said(self, row: Mapping[str, Any], known: Known, seen: datetime) -> Row | None:
        """Return what a row says; None where the mapping passes it over. Raises `UnreadableError`."""
        try:
            return read_row(self.mapping, row, seen, zone_of_site(known.hospital))
        except RowError as error:
            raise UnreadableError(error.reason, error.place) from error

    def _events(self, row: Mapping[str, Any], read: Row, known: Known, seen: datetime) -> list[Event]:
        asset, way = self._door(read.door, known)
        signals = [
            msgspec.structs.replace(one, way=one.way or way) if one.what == "access" else one for one in read.signals
        ]
        told = read.ref or hashlib.sha256(msgspec.json.encode(row, order="sorted")).hexdigest()[:32]
        telling = Telling(self.door, f"{read.door}\x1f{told}", read.at, seen)
        called = f"{self.mapping.address} {read.door[:80]!r}"
        return list(events_about(asset, signals, telling, known, called=called))

    def _door(self, name: str, known: Known) -> tuple[Asset | None, str]:
        """Return what a row calls `name`, and which way its reader leads, where the door has one on both sides."""
        system = self.mapping.address
        if system == "id":
            return known.hospital.asset(name), ""
        if asset := known.hospital.at_address(system, name):
            return asset, "in" if f"{system}{OUT}" in asset.addresses else ""
        if asset := known.hospital.at_address(f"{system}{OUT}", name):
            return asset, "out"
        return known.hospital.at_address(f"{system}{ITSELF}", name), ""

    def csv(self, raw: bytes, known: Known, header: Iterable[str] = ()) -> tuple[list[Event], list[Unread]]:
        """Read a table, or a stretch of one that has `header` before it: the events, and the rows that can't be read.

        Text is UTF-8, or UTF-16 with its mark; bytes that are neither are read as Windows-1252, which is what such
        exports are written in. Rules want events in the order of their times: many lists begin with the newest.
        """
        text = _text(raw)
        before = len(list(header))
        unread: list[Unread] = []
        said: list[Told] = []
        lines = text.splitlines(keepends=True)
        seen = known.clock.now()
        for number, row in rows_of_csv(self.mapping, [*header, *lines]):
            line = number - before
            kept = lines[line - 1].encode() if 0 < line <= len(lines) else b""
            if isinstance(row, RowError):
                unread.append(Unread(max(line, 1), str(row), kept))
                continue
            try:
                said += [(row, read, max(line, 1), kept)] if (read := self._said(row, known, seen)) else []
            except UnreadableError as error:
                unread.append(Unread(max(line, 1), str(error), kept))
        return self._told(said, unread, known, seen)

    def _told(
        self, said: list[Told], unread: list[Unread], known: Known, seen: datetime
    ) -> tuple[list[Event], list[Unread]]:
        """Return the events of the rows of one table or post, in the order of their times, and those without."""
        events: list[Event] = []
        for (row, _, line, raw), read in zip(said, turned_back([one[1] for one in said]), strict=True):
            try:
                events += self._events(row, read, known, seen)
            except UnreadableError as error:
                unread.append(Unread(line, str(error), raw))
        return in_order(events), sorted(unread, key=lambda one: one.line)

    def json(self, raw: bytes, known: Known) -> tuple[list[Event], list[Unread]]:
        """Read a message, or messages one per line: the events, and the rows that can't be read."""
        said: list[Told] = []
        unread: list[Unread] = []
        seen = known.clock.now()
        for number, message in _messages(raw):
            try:
                rows = rows_of_json(self.mapping, message)
            except RowError as error:
                unread.append(Unread(max(number, 1), str(error), message))
                continue
            for place, row in enumerate(rows, 1):
                line = place if number == 0 else number
                if isinstance(row, RowError):
                    unread.append(Unread(line, str(row), message))
                    continue
                raw_row = msgspec.json.encode(row)
                try:
                    said += [(row, read, line, raw_row)] if (read := self._said(row, known, seen)) else []
                except UnreadableError as error:
                    unread.append(Unread(line, str(error), raw_row))
        return self._told(said, unread, known, seen)

    def read(self, raw: bytes, known: Known) -> tuple[list[Event], list[Unread]]:
        """Read a whole table or message, as the mapping says."""
        return self.csv(raw, known) if self.mapping.format == "csv" else self.json(raw, known)

    def one(self, raw: bytes, context: Mapping[str, str], known: Known) -> list[Event]:
        """Read what was rejected: with `header`, a line of a table; a message, or one row of it.

        Raises `UnreadableError`.
        """
        if self.mapping.format == "json" and (row := row_alone(self.mapping, raw)) is not None:
            return self.event(row, known, known.clock.now())
        header = [context["header"] + "\n"] if context.get("header") else []
        events, unread = self.csv(raw, known, header) if self.mapping.format == "csv" else self.json(raw, known)
        if unread:
            raise UnreadableError(unread[0].reason, f"line {unread[0].line}")
        return events


JITTER = timedelta(minutes=5)
"""How far rows of a table in order of time may be out of it (chosen: two readers of one controller)."""


def turned_back(rows: list[Row]) -> list[Row]:
    """Return the rows of one table with the hour that came twice put right, where the table tells which is which.

    In a table that is in order of time, from its oldest or its newest row on, the clock goes back once: what stands
    before that is of the first of the two hours, what comes after it of the second.
    """
    timed = [number for number, row in enumerate(rows) if row.at is not None]
    wall = {number: (row.twice[0] if row.twice else row.at) for number in timed if (row := rows[number])}
    if timed and wall[timed[0]] > wall[timed[-1]]:  # type: ignore[operator]
        timed.reverse()
    steps = [
        place
        for place in range(1, len(timed))
        if wall[timed[place - 1]] - wall[timed[place]] > JITTER  # type: ignore[operator]
    ]
    if len(steps) != 1 or not all(rows[timed[place]].twice for place in (steps[0] - 1, steps[0])):
        return rows
    found = list(rows)
    for place, number in enumerate(timed):
        if twice := rows[number].twice:
            found[number] = msgspec.structs.replace(rows[number], at=twice[place >= steps[0]])
    return found


HEAD = 1 << 16
"""Bytes in which a table's header stands (chosen)."""


def header_of(raw: bytes, mapping: MappingFile) -> str:
    """Return the header line of a table; empty where the mapping names the columns."""
    if mapping.columns or mapping.format == "json":
        return ""
    head = raw[:HEAD] if raw.startswith(UTF16) else raw[: raw.rfind(b"\n", 0, HEAD) + 1 or HEAD]
    lines = [line for line in _text(head).splitlines()[:2] if not line.lower().startswith("sep=")]
    return lines[0].strip() if lines else ""


def in_order(events: list[Event]) -> list[Event]:
    """Return `events` by their times; those of one second as written, from the end where the newest stand first."""
    newest_first = bool(events) and events[0].at > events[-1].at
    return sorted(reversed(events) if newest_first else events, key=lambda one: one.at)


def _text(raw: bytes) -> str:
    if raw.startswith(UTF16):
        return raw.decode("utf-16", "replace").lstrip("\ufeff")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("cp1252", "replace")


def _messages(raw: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the messages: the whole (as number 0), or each line (from 1) where the first line alone is JSON."""
    first, _, rest = raw.strip().partition(b"\n")
    if rest:
        try:
            msgspec.json.decode(first)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            yield 0, raw
        else:
            yield from ((n, line) for n, line in enumerate(raw.split(b"\n"), 1) if line.strip())
        return
    yield 0, raw
