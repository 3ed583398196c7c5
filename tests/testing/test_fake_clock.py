from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from safecare.testing.clock import START, FakeClock


def test_it_stands_still_until_it_is_moved() -> None:
    clock = FakeClock()
    assert clock.now() == clock.now() == START
    assert clock.advance(1.5) == START + timedelta(seconds=1.5)
    assert clock.advance(timedelta(minutes=1)) == clock.now()
    assert clock.monotonic() == 61.5


def test_putting_it_back_does_not_turn_time_back() -> None:
    clock = FakeClock()
    clock.advance(10)
    clock.set(START - timedelta(days=1))
    assert clock.now() == START - timedelta(days=1)
    assert clock.monotonic() == 10


def test_it_tells_utc() -> None:
    clock = FakeClock(datetime(2026, 3, 2, 9, tzinfo=timezone(timedelta(hours=1))))
    assert clock.now() == START
    assert clock.now().tzinfo is UTC


def test_it_refuses_what_makes_no_sense() -> None:
    clock = FakeClock()
    with pytest.raises(ValueError, match="backward"):
        clock.advance(-1)
    with pytest.raises(ValueError, match="zone"):
        clock.set(datetime(2026, 3, 2))
