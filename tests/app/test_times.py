"""Times that can't be true: replaced at the edge, whatever the zone they are told in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from platform_harness import forced

from safecare.app.times import AHEAD, believed
from safecare.model.events.clinical import AppointmentChanged
from safecare.model.events.doors import DoorOpened
from safecare.model.ids import EventId, SiteId

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
FALSE = [
    "0001-01-01T00:00:00+14:00",
    "0001-01-01T00:00:00Z",
    "1970-01-01T00:00:03Z",
    "2027-03-01T00:00:00Z",
    "9999-12-31T23:59:59-12:00",
    "2026-11-23T12:00:00",
]


def opened(at: datetime) -> DoorOpened:
    return DoorOpened(id=EventId("e"), at=at, seen=NOW, source="test", site=SiteId("aurore"))


@pytest.mark.parametrize("told", FALSE)
def test_a_time_that_cannot_be_true_is_the_time_of_arrival(told: str) -> None:
    assert believed(opened(datetime.fromisoformat(told)), NOW).at == NOW


@pytest.mark.parametrize("off", [timedelta(days=-900), timedelta(0), AHEAD])
def test_a_time_that_may_be_true_stands(off: timedelta) -> None:
    event = opened(NOW + off)
    assert believed(event, NOW) == event


def test_times_are_put_into_utc() -> None:
    at = believed(opened(datetime.fromisoformat("2026-11-23T13:00:00+02:00")), NOW).at
    assert (at, at.utcoffset()) == (datetime(2026, 11, 23, 11, tzinfo=UTC), timedelta(0))


@pytest.mark.parametrize("told", ["9999-12-31T23:30:00Z", "0001-01-01T00:00:00+14:00"])
def test_an_appointment_at_no_possible_time_has_none(told: str) -> None:
    event = AppointmentChanged(
        id=EventId("e"),
        at=NOW,
        seen=NOW,
        source="test",
        site=SiteId("aurore"),
        change="moved",
        appointment="a",
        start=datetime.fromisoformat(told),
    )
    assert believed(event, NOW).start is None


def test_what_is_sound_is_not_changed() -> None:
    event = forced(1)
    assert believed(event, event.at) == event
