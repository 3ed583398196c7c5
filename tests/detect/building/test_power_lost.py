"""Supplies that get worse, by whichever of two ways they say so."""

from __future__ import annotations

import pytest

from safecare.detect.building.power_lost import MOST, PowerLost
from safecare.model.alert import Alert
from safecare.model.event import Event
from safecare.model.events.building import PointChanged, PowerSignal
from safecare.testing.made import HOSPITAL, made, restarted

BOARD = "board.north"


def rule() -> PowerLost:
    return PowerLost(HOSPITAL)


def feed(one: PowerLost, *events: Event) -> list[Alert]:
    return list(one.feed(events))


def supply(second: float, state: str, asset: str = BOARD) -> Event:
    return made(PowerSignal, second, asset, state=state)


def mains(second: float, *, on: bool) -> Event:
    return made(PointChanged, second, BOARD, point="mains", on=on)


@pytest.mark.parametrize(
    ("states", "alerts"),
    [
        (["normal"], 0),
        (["lost"], 1),
        (["battery", "lost"], 2),
        (["generator", "battery", "lost"], 3),
        (["lost", "battery", "generator", "normal"], 1),
        (["lost", "lost", "lost"], 1),
        (["lost", "normal", "lost"], 2),
    ],
)
def test_only_what_gets_worse_is_told(states: list[str], alerts: int) -> None:
    assert len(feed(rule(), *(supply(second, state) for second, state in enumerate(states)))) == alerts


def test_both_ways_are_one_loss() -> None:
    one = rule()
    assert len(feed(one, mains(0, on=False), supply(1, "lost"))) == 1
    assert not feed(one, mains(2, on=True), made(PointChanged, 3, BOARD, point="door", on=False))
    assert len(feed(one, supply(4, "lost"))) == 1


def test_what_it_feeds_is_counted() -> None:
    (alert,) = feed(rule(), supply(0, "lost"))
    assert alert.why[0].args["count"] == 7
    (other,) = feed(rule(), supply(0, "lost", "board.unknown"))
    assert other.why[0].args["count"] == 0


def test_strangers_are_not_remembered_without_bound() -> None:
    one = rule()
    feed(one, *(supply(n, "lost", f"board.{n}") for n in range(MOST * 2)))
    assert len(one._state) <= MOST
    feed(one, *(supply(n, "normal", f"board.{n}") for n in range(MOST * 2)))
    assert not one._state


def test_state_survives_a_crash() -> None:
    one = rule()
    feed(one, supply(0, "battery"))
    one = restarted(one, rule())
    assert not feed(one, supply(1, "battery"))
    assert len(feed(one, supply(2, "lost"))) == 1
