"""What a broker had kept says how things stand: no opening, no press, no sign of life, and yet nothing is missed."""

from __future__ import annotations

import itertools

import pytest

from safecare.detect.building.sensor_silent import SilentSensor
from safecare.detect.physical.contacts import REPEATED
from safecare.detect.physical.door_emergency_exit import EmergencyExit
from safecare.detect.physical.door_forced import ForcedDoor
from safecare.detect.physical.door_held_open import HeldDoor
from safecare.model.event import Event
from safecare.model.events.doors import DoorClosed, DoorOpened
from safecare.model.events.panels import DeviceHeard
from safecare.testing.made import HOSPITAL, made, moment, restarted

DOOR, EXIT = "door.pharmacy", "exit.stairs"


def kept(second: float, door: str = DOOR, late: float = 0.0) -> Event:
    return made(DoorOpened, second, door, late=late, kept=True)


def forced(*events: Event, until: float = 20_000) -> int:
    rule = ForcedDoor(HOSPITAL)
    return sum(1 for _ in itertools.chain(rule.feed(events), rule.tick(moment(until))))


def test_a_door_that_stands_open_was_not_forced_now() -> None:
    assert forced(kept(0)) == 0
    assert forced(kept(0), made(DoorOpened, 1800, DOOR)) == 0  # the sensor says again how it stands
    assert forced(made(DoorClosed, 0, DOOR), kept(500)) == 0


def test_what_is_opened_after_it_counts() -> None:
    assert forced(kept(0), made(DoorClosed, 30, DOOR), made(DoorOpened, 60, DOOR)) == 1
    assert forced(kept(0), made(DoorOpened, REPEATED.total_seconds() + 1, DOOR)) == 1  # its closing was lost
    assert forced(made(DoorOpened, 0, DOOR)) == 1
    assert forced(made(DoorClosed, 0, DOOR), made(DoorOpened, 10, DOOR), kept(20)) == 1


def test_it_stays_open_from_when_we_listen() -> None:
    rule = HeldDoor(HOSPITAL)
    assert not list(rule.feed([kept(0)]))
    assert not list(rule.tick(moment(60)))
    rule = restarted(rule, HeldDoor(HOSPITAL))
    (alert,) = rule.tick(moment(61))
    assert [one.key for one in alert.why][-1] == "It was already so when Safecare connected to the sender."
    assert not list(rule.feed([kept(100), made(DoorOpened, 110, DOOR)]))
    assert not list(rule.tick(moment(4000)))


def test_its_own_time_is_believed_and_a_closing_after_that_too() -> None:
    rule = HeldDoor(HOSPITAL)
    assert not list(rule.feed([made(DoorClosed, 100, DOOR), kept(50, late=55)]))
    assert not list(rule.tick(moment(400)))
    closing = HeldDoor(HOSPITAL)
    assert len(list(closing.feed([kept(0, late=3600), made(DoorClosed, 3605, DOOR)]))) == 1


def test_an_exit_that_stands_open_is_told_as_that_and_once() -> None:
    rule = EmergencyExit(HOSPITAL)
    (alert,) = rule.feed([kept(0, EXIT)])
    assert alert.title.key == "Emergency exit {door} stands open"
    assert not list(rule.feed([kept(1000, EXIT), made(DoorOpened, 2000, EXIT)]))
    (opened,) = rule.feed([made(DoorClosed, 3000, EXIT), made(DoorOpened, 4000, EXIT)])
    assert opened.title.key == "Emergency exit {door} was opened"


@pytest.mark.parametrize("still", [True, False])
def test_it_is_no_sign_of_life(*, still: bool) -> None:
    rule = SilentSensor(HOSPITAL)
    told = 0
    for second in range(0, 4000, 10):
        if second % 60 == 0 and second < 2000:
            list(rule.feed([made(DeviceHeard, second, "camera.hall")]))
        if not still and second > 2000 and second % 60 == 0:
            list(rule.feed([made(DeviceHeard, second, "camera.hall", kept=True)]))
        told += len(list(rule.tick(moment(second))))
    assert told == 1
