"""Series of readings as exports write them: separators, commas, encodings, orders of dates, what is missing."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import pytest

from safecare.formats.reading_times import order_of, read_moment
from safecare.formats.readings import Point, SeriesError, encoding_of, read_series

AT = datetime(2026, 11, 26, 3, 4, 5, tzinfo=UTC)


def points(text: str) -> list[Point]:
    return list(read_series(text.splitlines(keepends=True)))


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("timestamp;value\n2026-11-26 03:04:05;20,5\n", 20.5),
        ("timestamp;value\n2026-11-26 03:04:05;1.234,5\n", 1234.5),
        ("timestamp;value\n2026-11-26 03:04:05;1\u202f234,5\n", 1234.5),
        ("value\ttimestamp\n-7\t2026-11-26T03:04:05Z\n", -7.0),
        ('timestamp,value\n2026-11-26 03:04:05,"20,5"\n', 20.5),
        ("Horodatage|Valeur\n2026-11-26T04:04:05+01:00|2e1\n", 20.0),
        ("date;heure;valeur\n26/11/2026;03:04:05;20,5\n", 20.5),
    ],
)
def test_separators_and_decimal_signs(line: str, value: float) -> None:
    assert [(one.at, one.value, one.wrong) for one in points(line)] == [(AT, value, "")]


WRITTEN = """2026-11-26 03:04:05|20261126T030405|2026-11-26T04:04:05+01:00|26/11/2026 03:04:05|26.11.2026 03:04:05
26-11-2026 03:04:05|2026/11/26 03:04:05|26/11/26 03:04:05|1795662245|1795662245000|1795662245000000"""


@pytest.mark.parametrize("stamp", WRITTEN.replace("\n", "|").split("|"))
def test_times_as_exports_write_them(stamp: str) -> None:
    assert read_moment(stamp) == AT


def test_months_come_first_where_the_file_shows_it() -> None:
    assert order_of(["03/04/2026 01:00", "03/25/2026 01:00"]) == "month"
    assert order_of(["03/04/2026 1:00 PM"]) == "month"
    assert order_of(["03/04/2026 01:00", "25/04/2026"]) == order_of([]) == "day"
    assert read_moment("11/26/2026 3:04:05 AM", "month") == AT
    first = points("timestamp,value\n01/02/2026 00:00,1\n01/25/2026 00:00,1\n")[0]
    assert first.at == datetime(2026, 1, 2, tzinfo=UTC)


@pytest.mark.parametrize("stamp", ["", "noon", "31/02/2026", "26/11/2026 25:00", "1e30", "inf", "26/11/0 1:00 PM"])
def test_what_is_no_time_is_told(stamp: str) -> None:
    assert read_moment(stamp) is None


def test_missing_and_unsorted_rows_are_told_and_the_rest_goes_on() -> None:
    rows = "timestamp,value\n2026-01-02,1\n2026-01-03,\n2026-01-01,2\n2026-01-04,x\n2026-01-05,nan\n"
    told = [(one.line, one.wrong or one.remark) for one in points(rows)]
    assert told == [
        (2, ""),
        (3, "value: is missing"),
        (4, "is earlier than the line before"),
        (5, "value: 'x' is no number"),
        (6, ""),
    ]
    assert math.isnan(points(rows)[-1].value)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "latin-1"])
def test_encodings_are_told_by_the_first_bytes(encoding: str) -> None:
    text = "timestamp;value;lieu\n" + "2026-11-26 03:04:05;20,5;entrée\n" * 3
    assert text.encode(encoding).decode(encoding_of(text.encode(encoding)[:4096])) == text


def test_a_letter_cut_in_two_at_the_end_is_still_utf_8() -> None:
    assert encoding_of("entrée".encode()[:6]) == "utf-8"


@pytest.mark.parametrize("text", ["", "\n", "a;b\n1;2\n"])
def test_what_is_no_series_is_refused(text: str) -> None:
    with pytest.raises(SeriesError):
        points(text)
