"""Series of readings as CSV: a header line, a column ``timestamp`` and a column ``value``. Pure and bounded.

Columns may be parted by comma, semicolon, tab or bar, numbers may have a decimal comma, text may be UTF-8, UTF-16 or
Latin-1. Times are read by `safecare.formats.reading_times`.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import chain, islice

import msgspec

from safecare.formats.reading_times import Order, order_of, read_moment

LONGEST = 4096
"""Longest line, characters (chosen: two columns need 60)."""
HEAD = 500
"""Lines at the beginning by which it is told whether days or months come first (chosen)."""
TOO_LONG = "the line is too long\n"
TIMES = ("timestamp", "datetime", "date_time", "time", "at", "date", "horodatage", "zeit")
VALUES = ("value", "reading", "valeur", "mesure", "wert")
CLOCKS = ("time", "heure", "uhrzeit")
"""Columns of the time of day, where the day stands in a column ``date``."""
MISSING = frozenset({"", "-", "--", "na", "n/a", "null", "none", "missing", "#n/a"})
"""What exports write where there was no reading; ``nan`` is a reading that is no number, and judged."""
DELIMITERS = ",;\t|"
_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


class SeriesError(ValueError):
    """A file that is no series: reason."""


class Point(msgspec.Struct, frozen=True):
    """One line: its number, the time as it stood there and in UTC (None: unreadable), value, what is wrong or odd.

    With `wrong` it cannot be judged; with `remark` it can.
    """

    line: int
    stamp: str
    at: datetime | None
    value: float
    wrong: str = ""
    remark: str = ""


def encoding_of(head: bytes) -> str:
    """Return the encoding of a text by its first bytes (some thousand): its mark, zeros between letters, or UTF-8."""
    for mark, name in _MARKS:
        if head.startswith(mark):
            return name
    odd, even = head[1:200:2], head[0:200:2]
    if len(odd) > 4 and odd.count(0) > 0.8 * len(odd) and even.count(0) < 0.2 * len(even):
        return "utf-16-le"
    if len(odd) > 4 and even.count(0) > 0.8 * len(even) and odd.count(0) < 0.2 * len(odd):
        return "utf-16-be"
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start < len(head) - 4:  # no letter that was merely cut in two
            return "latin-1"
    return "utf-8"


def read_series(lines: Iterable[str]) -> Iterator[Point]:
    """Yield the points of a series, unreadable ones too. Raises `SeriesError` for a file without the columns."""
    kept = (line.replace("\0", "") if len(line) <= LONGEST else TOO_LONG for line in lines)
    first = next(kept, "")
    if not first.strip():
        raise SeriesError("line 1: the file is empty or no CSV")
    delimiter = max(DELIMITERS, key=lambda one: (first.count(one), -DELIMITERS.index(one)))
    rows = csv.reader(chain([first], kept), delimiter=delimiter)
    try:
        header = [name.strip().lower().lstrip("\ufeff") for name in next(rows)]
    except (StopIteration, csv.Error):
        raise SeriesError("line 1: the file is empty or no CSV") from None
    when = next((header.index(name) for name in TIMES if name in header), -1)
    what = next((header.index(name) for name in VALUES if name in header), -1)
    if when < 0 or what < 0:
        raise SeriesError(f"line 1: needs the columns timestamp and value, has {', '.join(header)[:200]!r}")
    clock = -1
    if "date" in header and header[when] in ("date", *CLOCKS):
        clock = next((header.index(name) for name in CLOCKS if name in header), -1)
        when = header.index("date")
    numbered = _numbered(rows)
    beginning = list(islice(numbered, HEAD))
    order = order_of(row[when] for _, row in beginning if isinstance(row, list) and len(row) > when)
    last: datetime | None = None
    for line, row in chain(beginning, numbered):
        if isinstance(row, str):
            yield Point(line, "", None, math.nan, row)
        elif row and "".join(row).strip():
            point = _point(line, row, when, what, clock, order)
            if last is not None and point.at is not None and point.at < last:
                point = msgspec.structs.replace(point, remark="is earlier than the line before")
            last = point.at or last
            yield point


def _numbered(rows: Iterator[list[str]]) -> Iterator[tuple[int, list[str] | str]]:
    """Yield the number of each line, and its columns, or why it has none."""
    for number in range(2, 1 << 62):
        try:
            row: list[str] | str = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            row = f"no CSV: {error}"
        yield getattr(rows, "line_num", number), row


def _point(line: int, row: list[str], when: int, what: int, clock: int, order: Order) -> Point:
    if len(row) <= max(when, what, clock):
        return Point(line, row[when] if when < len(row) else "", None, math.nan, "has too few columns")
    stamp = row[when].strip() if clock < 0 else f"{row[when].strip()} {row[clock].strip()}"
    at = read_moment(stamp, order)
    text = row[what].strip()
    if text.lower() in MISSING:
        return Point(line, stamp, at, math.nan, "value: is missing")
    value = _number(text)
    if value is None:
        return Point(line, stamp, at, math.nan, f"value: {text[:40]!r} is no number")
    if at is None:
        return Point(line, stamp, None, value, f"timestamp: {stamp[:40]!r} is no time")
    return Point(line, stamp, at, value)


def _number(text: str) -> float | None:
    """Return a number, with a decimal point or comma, and spaces, points or apostrophes between thousands."""
    try:
        return float(text)
    except ValueError:
        bare = text.translate(_SPACES)
        if "," in bare:
            sign = max(bare.rfind(","), bare.rfind("."))
            bare = bare[:sign].replace(",", "").replace(".", "") + "." + bare[sign + 1 :]
        try:
            return float(bare)
        except ValueError:
            return None


_SPACES = dict.fromkeys(map(ord, " \u00a0\u202f\u2009'\u2019"))
