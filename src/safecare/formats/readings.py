"""Series of readings as CSV: a header line, a column ``timestamp`` and a column ``value``. Pure and bounded.

Times are ISO 8601 (``2026-11-26 03:00:00``, with or without offset: without, UTC) or seconds since 1970.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

import msgspec

LONGEST = 4096
"""Longest line, characters (chosen: two columns need 60)."""
TOO_LONG = "the line is too long\n"
TIMES, VALUES = ("timestamp", "time", "at", "date"), ("value", "reading")


class SeriesError(ValueError):
    """A file that is no series: reason."""


class Point(msgspec.Struct, frozen=True):
    """One line: its number, the time as it stood there and in UTC (None: unreadable), value, what is wrong."""

    line: int
    stamp: str
    at: datetime | None
    value: float
    wrong: str = ""


def read_series(lines: Iterable[str]) -> Iterator[Point]:
    """Yield the points of a series, unreadable ones too. Raises `SeriesError` for a file without the columns."""
    kept = (line if len(line) <= LONGEST else TOO_LONG for line in lines)
    rows = csv.reader(one.replace("\0", "") for one in kept)
    try:
        header = [name.strip().lower().lstrip("\ufeff") for name in next(rows)]
    except (StopIteration, csv.Error):
        raise SeriesError("line 1: the file is empty or no CSV") from None
    when = next((header.index(name) for name in TIMES if name in header), -1)
    what = next((header.index(name) for name in VALUES if name in header), -1)
    if when < 0 or what < 0:
        raise SeriesError(f"line 1: needs the columns timestamp and value, has {', '.join(header)[:200]!r}")
    while True:
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            yield Point(rows.line_num, "", None, math.nan, f"no CSV: {error}")
            continue
        if not row or not "".join(row).strip():
            continue
        yield _point(rows.line_num, row, when, what)


def _point(line: int, row: list[str], when: int, what: int) -> Point:
    if len(row) <= max(when, what):
        return Point(line, row[when] if when < len(row) else "", None, math.nan, "has too few columns")
    stamp = row[when].strip()
    at = _time(stamp)
    try:
        value = float(row[what].strip())
    except ValueError:
        return Point(line, stamp, at, math.nan, f"value: {row[what].strip()[:40]!r} is no number")
    if at is None:
        return Point(line, stamp, None, value, f"timestamp: {stamp[:40]!r} is no time")
    return Point(line, stamp, at, value)


def _time(text: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(text)
        return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        try:
            return datetime.fromtimestamp(float(text), UTC)
        except (ValueError, OverflowError, OSError):
            return None
