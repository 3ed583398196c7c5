"""The time by which is deleted, while the machine's clock is right, jumps, and is put right."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from made_road import Road

from safecare.exchange.memory import MemoryLog
from safecare.settings import Retention as Days
from safecare.store.artifacts import Artifacts
from safecare.store.retention import Retention
from safecare.store.steady import Steady, last_look
from safecare.testing.clock import START, FakeClock

pytest_plugins = ["store_fixtures"]
HOUR, YEARS = timedelta(hours=1), timedelta(days=3650)


class Machine:
    """A machine's clock, and the seconds that really pass."""

    def __init__(self, note: Path) -> None:
        self.clock, self.note, self.seconds = FakeClock(), note, 0.0

    def steady(self, last: datetime | None = None) -> Steady:
        return Steady(self.clock, lambda: self.seconds, self.note, last)

    def passes(self, time: timedelta, jump: timedelta = timedelta(0)) -> None:
        self.seconds += time.total_seconds()
        self.clock.set(self.clock.now() + time + jump)


def test_a_clock_that_goes_right_is_believed(tmp_path: Path) -> None:
    machine = Machine(tmp_path / "note")
    steady = machine.steady()
    for _ in range(3):
        machine.passes(HOUR, jump=timedelta(minutes=3))
        assert steady.now() == machine.clock.now()
    assert steady.reasons() == {}
    assert not machine.note.exists()


def test_a_clock_that_jumps_ahead_counts_only_once_it_has_stood_for_a_day(tmp_path: Path) -> None:
    machine = Machine(tmp_path / "note")
    steady = machine.steady()
    assert steady.now() == START
    machine.passes(HOUR, jump=YEARS)
    for hours in range(1, 25):
        assert steady.now() == START + hours * HOUR
        assert "the clock shows" in steady.reasons()["retention"]
        machine.passes(HOUR)
    assert steady.now() == machine.clock.now()
    assert steady.reasons() == {}


def test_a_clock_that_is_put_right_again_deleted_nothing(tmp_path: Path) -> None:
    machine = Machine(tmp_path / "note")
    steady = machine.steady()
    steady.now()
    machine.passes(HOUR, jump=YEARS)
    steady.now()
    machine.passes(HOUR, jump=-YEARS)
    assert steady.now() == machine.clock.now() == START + 2 * HOUR
    assert steady.reasons() == {}


def test_a_doubt_holds_over_restarts_and_ends_after_a_day(tmp_path: Path) -> None:
    machine = Machine(tmp_path / "note")
    machine.passes(timedelta(0), jump=YEARS)
    for _ in range(3):
        assert machine.steady(last=START).now() == START
        machine.passes(8 * HOUR)
    assert machine.steady(last=START).now() == machine.clock.now()


def test_a_second_jump_begins_the_day_anew(tmp_path: Path) -> None:
    machine = Machine(tmp_path / "note")
    steady = machine.steady(last=START)
    machine.passes(HOUR, jump=YEARS)
    steady.now()
    machine.passes(HOUR, jump=YEARS)
    steady.now()
    machine.passes(23 * HOUR)
    assert steady.now() < START + YEARS


def test_a_long_weekend_is_no_doubt_and_a_dead_clock_at_the_start_is_none_for_long(tmp_path: Path) -> None:
    machine = Machine(tmp_path / "note")
    assert machine.steady(last=START - timedelta(days=3)).now() == START
    dead = machine.steady(last=START + timedelta(days=2000))
    assert dead.now() == START  # behind: nothing is deleted too early by it
    machine.passes(HOUR, jump=timedelta(days=2000))
    assert dead.now() == machine.clock.now()  # where it should be


def test_the_last_look_is_that_of_the_last_sweep(road: Road, tmp_path: Path) -> None:
    assert last_look(road.database) is None
    retention = Retention(road.database, Artifacts(tmp_path / "artifacts", reserve_mb=0), MemoryLog(), Days())
    retention.apply(START)
    assert last_look(road.database) == START
