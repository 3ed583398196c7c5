"""New pairs, what is learned by whose clock, and a bounded state."""

from __future__ import annotations

import pytest

from safecare.detect.cyber import network_lateral_movement
from safecare.detect.cyber.network_lateral_movement import LateralMovement
from safecare.model.alert import Alert
from safecare.model.event import Event
from safecare.model.events.network import ConnectionSeen
from safecare.testing.made import HOSPITAL, made, restarted

ONE, OTHER = "10.1.10.21", "10.1.10.31"
SERVER, DIRECTORY = "10.1.20.10", "10.1.20.11"
DAY = 86_400.0


def rule() -> LateralMovement:
    return LateralMovement(HOSPITAL)


def feed(one: LateralMovement, *events: Event) -> list[Alert]:
    return list(one.feed(events))


def contact(
    second: float, source: str = ONE, target: str = SERVER, port: int = 3389, outcome: str = "open", late: float = 0.0
) -> Event:
    return made(ConnectionSeen, second, late=late, src_ip=source, dst_ip=target, dst_port=port, outcome=outcome)


def learned() -> LateralMovement:
    one = rule()
    assert not feed(one, contact(0, OTHER, DIRECTORY, 445))
    return one


def test_a_new_pair_is_told_once_after_learning() -> None:
    one = learned()
    assert len(feed(one, contact(DAY), contact(DAY + 60), contact(2 * DAY))) == 1
    assert len(feed(one, contact(2 * DAY, port=22))) == 1  # another service is another pair
    assert not feed(one, contact(20 * DAY, OTHER, DIRECTORY, 445))
    assert len(feed(one, contact(51 * DAY, OTHER, DIRECTORY, 445))) == 1  # not used for a month


@pytest.mark.parametrize(
    ("event", "alerts"),
    [
        (contact(2 * DAY, port=443), 0),
        (contact(2 * DAY, source=DIRECTORY), 0),  # no workstation
        (contact(2 * DAY, target="192.0.2.1"), 0),  # outside
        (contact(2 * DAY, outcome="refused"), 0),
        (contact(2 * DAY, outcome="unknown"), 0),
        (contact(2 * DAY), 1),
    ],
)
def test_what_counts(event: Event, alerts: int) -> None:
    assert len(feed(learned(), event)) == alerts


def test_while_learning_only_a_search_is_told() -> None:
    one = rule()
    assert not feed(one, contact(0))
    (alert,) = feed(one, contact(60, target=DIRECTORY, outcome="refused"), contact(120, target=DIRECTORY))
    assert alert.confidence == 0.75
    assert alert.assets == ("ws.pharmacy.1", "server.directory")
    assert not feed(one, contact(1000, target="10.1.20.12"))  # the search is long past
    assert not feed(one, contact(1010, OTHER))  # and was another's


def test_learning_goes_by_our_own_clock() -> None:
    old_capture = rule()
    assert not feed(old_capture, contact(-400 * DAY, late=400 * DAY), contact(10, OTHER))
    ahead = rule()  # our own clock was wrong when we began
    assert not feed(ahead, contact(400 * DAY, OTHER))
    assert not feed(ahead, contact(0, OTHER, DIRECTORY))
    assert len(feed(ahead, contact(DAY))) == 1


def test_an_old_capture_does_not_age_a_pair() -> None:
    one = learned()
    feed(one, contact(2 * DAY), contact(-100 * DAY, late=102 * DAY))
    assert not feed(one, contact(3 * DAY))


def test_pairs_are_not_remembered_without_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network_lateral_movement, "PAIRS", 3)
    one = rule()
    feed(one, *(contact(n, port=port) for n, port in enumerate(network_lateral_movement.SERVICES)))
    assert len(one._pairs) <= 3
    feed(one, *(contact(n, f"10.77.0.{n}", outcome="refused") for n in range(100)))
    assert not one._probes


def test_state_survives_a_crash() -> None:
    one = restarted(learned(), rule())
    assert len(feed(one, contact(DAY))) == 1
    feed(one, contact(DAY + 10, target=DIRECTORY, outcome="silent"))
    one = restarted(one, rule())
    assert not feed(one, contact(DAY + 20))
    (alert,) = feed(one, contact(DAY + 30, target=DIRECTORY))
    assert len(alert.why) == 2
