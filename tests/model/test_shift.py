"""Shifts as people write them."""

from __future__ import annotations

from datetime import datetime

import pytest

from safecare.model.shift import on_duty, parse_shift

MONDAY, SATURDAY = datetime(2026, 11, 23, 9), datetime(2026, 11, 28, 9)


@pytest.mark.parametrize(
    ("written", "at", "covered"),
    [
        ("07:00-19:00", MONDAY, True),
        ("07:00-19:00", MONDAY.replace(hour=7), True),
        ("07:00-19:00", MONDAY.replace(hour=19), False),
        ("19:00-07:00", MONDAY.replace(hour=23), True),
        ("19:00-07:00", MONDAY.replace(hour=6, minute=59), True),
        ("19:00-07:00", MONDAY, False),
        ("mon-fri 08:00-18:00", SATURDAY, False),
        ("mon-fri 08:00-18:00", MONDAY, True),
        ("sat,sun 00:00-24:00", SATURDAY, True),
        ("fri-mon 00:00-24:00", SATURDAY, True),
        ("fri-mon 00:00-24:00", MONDAY.replace(day=25), False),
        ("fri 22:00-06:00", SATURDAY.replace(hour=5), True),
        ("sat 22:00-06:00", SATURDAY.replace(hour=5), False),
    ],
)
def test_what_a_shift_covers(written: str, at: datetime, covered: bool) -> None:
    assert parse_shift(written).covers(at) is covered


@pytest.mark.parametrize("written", ["", "day", "7-19", "25:00-26:00", "08:60-09:00", "xyz 08:00-09:00", "08:00-24:30"])
def test_what_is_no_shift(written: str) -> None:
    with pytest.raises(ValueError):
        parse_shift(written)


def test_no_shifts_are_all_hours_and_one_of_several_is_enough() -> None:
    assert on_duty((), MONDAY)
    assert on_duty(("20:00-21:00", "08:00-10:00"), MONDAY)
    assert not on_duty(("20:00-21:00",), MONDAY)
