"""`MassChange`: judged against what the hospital's own hours hold."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from safecare.detect.cyber.appointments_mass_change import (
    MOST_APPOINTMENTS,
    MOST_GROUPS,
    MOST_MOVES,
    Group,
    MassChange,
)
from safecare.model.alert import Alert
from safecare.model.event import Event
from safecare.model.events.clinical import AppointmentChanged
from safecare.model.ids import AssetId
from safecare.scenarios.make.hl7 import absence, bookings, mass_move, ordinary_day
from safecare.sources.hl7.door import Hl7Door
from safecare.testing.hospital_building import SITE
from safecare.testing.intake import MemoryIntake

AT = datetime(2026, 3, 2, 8, tzinfo=UTC)
TARGET = AT + timedelta(days=3, hours=6)


def moved(
    number: int, start: datetime, *, at: datetime = AT, change: str = "moved", resource: str = "VACC"
) -> AppointmentChanged:
    return AppointmentChanged(
        id=Event.id_for(at, "hl7", f"{change}{number}{start}{resource}"),
        at=at + timedelta(seconds=number),
        seen=at,
        source="hl7",
        site=SITE,
        asset=AssetId("app.appointments"),
        change=change,  # type: ignore[arg-type]
        appointment=f"a{number}",
        start=start,
        resource=resource,
    )


def feed(messages: list[tuple[datetime, bytes]], rule: MassChange) -> list[Alert]:
    intake, door = MemoryIntake(), Hl7Door()
    events = [one for at, raw in messages for one in door.decode(raw, {"at": at.isoformat()}, intake)]
    return list(rule.feed(events))


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("count", [60, 160, 400])
def test_a_burst_is_found_once_whatever_the_size_of_the_hospital(seed: int, count: int) -> None:
    rule = MassChange()
    booked = bookings(count, seed=seed, first_day=AT + timedelta(days=1))
    assert feed(ordinary_day(booked, seed=seed, at=AT, changes=count // 2), rule) == []
    (alert,) = feed(mass_move(booked, seed=seed, at=AT + timedelta(hours=9), to=TARGET), rule)
    assert alert.assets == ("app.appointments",)
    assert alert.last - alert.first < timedelta(minutes=5)
    assert alert.techniques == ("T1565.001",)


@pytest.mark.parametrize("seed", range(5))
def test_ordinary_days_and_absences_are_quiet(seed: int) -> None:
    rule = MassChange()
    booked = bookings(300, seed=seed, first_day=AT + timedelta(days=1))
    assert feed(ordinary_day(booked, seed=seed, at=AT, changes=300, hours=4), rule) == []
    away = [one for one in booked if one.resource == "RADIO"]
    assert feed(absence(away, seed=seed, at=AT + timedelta(hours=5), every=2.0), rule) == []


def test_a_modified_start_counts_as_a_move() -> None:
    rule = MassChange()
    booked = [moved(number, AT + timedelta(days=1, hours=number % 8), change="new") for number in range(40)]
    assert list(rule.feed(booked)) == []
    events = [moved(number, TARGET, at=AT + timedelta(hours=1), change="modified") for number in range(40)]
    assert len(list(rule.feed(events))) == 1


def test_details_of_appointments_never_seen_are_no_moves() -> None:
    assert list(MassChange().feed([moved(number, TARGET, change="modified") for number in range(100)])) == []


def test_the_same_appointment_moved_again_and_again_is_one() -> None:
    rule = MassChange()
    events = [moved(0, TARGET + timedelta(hours=turn % 2), at=AT + timedelta(seconds=turn)) for turn in range(100)]
    assert list(rule.feed(events)) == []


def test_a_large_resource_may_move_more() -> None:
    """Thirty in an hour are usual for the hall: thirty moved to one hour are no alert, seventy are."""
    rule = MassChange()
    hours = [AT + timedelta(days=day, hours=hour) for day in range(1, 4) for hour in range(8)]
    usual = [moved(index * 30 + place, hour, change="new") for index, hour in enumerate(hours) for place in range(30)]
    assert list(rule.feed(usual)) == []
    some = [moved(number * 20, TARGET, at=AT + timedelta(hours=2)) for number in range(30)]
    assert list(rule.feed(some)) == []
    more = [moved(number * 10 + 1, TARGET, at=AT + timedelta(hours=2, minutes=20)) for number in range(40)]
    assert len(list(rule.feed(more))) == 1


def test_slow_moves_leave_the_window() -> None:
    rule = MassChange(window=timedelta(minutes=30))
    events = [moved(number, TARGET, at=AT + timedelta(minutes=5 * number)) for number in range(60)]
    assert list(rule.feed(events)) == []


def test_memory_is_bounded_and_survives_saving() -> None:
    rule = MassChange()
    list(rule.feed(moved(number, AT + timedelta(hours=number % 5000)) for number in range(MOST_APPOINTMENTS + 500)))
    state = (rule._where, rule._groups)
    assert len(rule._where) == MOST_APPOINTMENTS
    assert all(len(group.moves) <= MOST_MOVES for group in rule._groups.values())
    again = msgspec.msgpack.decode(
        msgspec.msgpack.encode(state), type=tuple[dict[str, tuple[str, str]], dict[str, Group]]
    )
    assert again == state


def test_resources_that_messages_make_up_are_forgotten_the_own_ones_are_not() -> None:
    rule = MassChange()
    for number in range(MOST_GROUPS * 2):
        made_up = moved(number, AT + timedelta(hours=number), change="new", resource=f"R{number}")
        list(rule.feed([made_up, moved(-1, AT, change="new")]))
    assert len(rule._groups) == MOST_GROUPS
    assert "app.appointments\x1fVACC" in rule._groups


def test_an_appointment_that_is_forgotten_leaves_its_hour() -> None:
    rule = MassChange()
    list(rule.feed(moved(n, AT + timedelta(hours=n % 50), change="new") for n in range(MOST_APPOINTMENTS + 500)))
    assert sum(rule._groups["app.appointments\x1fVACC"].held.values()) == MOST_APPOINTMENTS
