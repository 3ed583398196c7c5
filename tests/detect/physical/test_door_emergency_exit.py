"""Exits that are used, with and without a fire, and what they say twice."""

from __future__ import annotations

from typing import Any

from safecare.detect.physical.door_emergency_exit import EmergencyExit
from safecare.detect.physical.fires import FIRES
from safecare.model.alert import Alert
from safecare.model.event import Event
from safecare.model.events.building import FireSignal
from safecare.model.events.doors import DoorClosed, DoorOpened
from safecare.testing.made import HOSPITAL, made, restarted

EXIT = "exit.stairs"


def rule() -> EmergencyExit:
    return EmergencyExit(HOSPITAL)


def feed(one: EmergencyExit, *events: Event) -> list[Alert]:
    return list(one.feed(events))


def fire(second: float, state: str = "alarm", asset: str = "fire.pharmacy", **more: Any) -> Event:
    return made(FireSignal, second, asset, state=state, **more)


def opened(second: float) -> Event:
    return made(DoorOpened, second, EXIT)


def test_told_once_in_its_pause() -> None:
    one = rule()
    assert len(feed(one, opened(0), opened(100), opened(299))) == 1
    assert len(feed(one, opened(301))) == 1


def test_an_exit_that_says_again_that_it_is_open() -> None:
    one = rule()
    assert len(feed(one, made(DoorClosed, 0, EXIT), opened(10), opened(3600), opened(7200))) == 1
    assert len(feed(one, made(DoorClosed, 7300, EXIT), opened(7400))) == 1


def test_a_clock_put_back_does_not_silence_it() -> None:
    assert len(feed(rule(), opened(86_400), opened(0))) == 2


def test_a_fire_explains_it_until_all_is_normal() -> None:
    severities = {}
    for name, events in {
        "none": [],
        "fire": [fire(0)],
        "one of two ended": [fire(0), fire(1, asset="fire.technical.north"), fire(2, "normal")],
        "ended": [fire(0), fire(1, "normal")],
        "fault": [fire(0, "fault")],
        "elsewhere": [fire(0, site="tilleuls")],
        "hours ago": [fire(-7200)],
    }.items():
        (alert,) = feed(rule(), *events, opened(60))
        severities[name] = alert.severity
    assert severities.pop("fire") == severities.pop("one of two ended") == 35
    assert set(severities.values()) == {45}


def test_strangers_are_not_remembered_without_bound() -> None:
    one = rule()
    feed(one, *(fire(n, asset=f"fire.{n}") for n in range(FIRES * 2)))
    assert not feed(one, *(made(DoorOpened, n, f"exit.{n}") for n in range(50)), made(DoorOpened, 0, "door.main"))
    assert len(one._burning) <= FIRES
    assert not one._told
    assert not one._contacts.doors


def test_state_survives_a_crash() -> None:
    one = rule()
    assert len(feed(one, fire(0), made(DoorClosed, 0, EXIT), opened(1))) == 1
    one = restarted(one, rule())
    assert not feed(one, opened(2))
    (alert,) = feed(one, made(DoorClosed, 400, EXIT), opened(500))
    assert alert.severity == 35
