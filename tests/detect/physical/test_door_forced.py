"""Grants and openings in any order, doors that say again how they stand, and a bounded state."""

from __future__ import annotations

from datetime import timedelta

import pytest

from safecare.detect.physical.door_forced import GRANTS, LATEST, ForcedDoor
from safecare.model.alert import Alert
from safecare.model.event import Event
from safecare.model.events.doors import BadgeGranted, DoorClosed, DoorOpened
from safecare.model.events.panels import PanelSignal
from safecare.testing.made import HOSPITAL, made, moment, restarted

DOOR = "door.pharmacy"


def count(*events: Event, rule: ForcedDoor | None = None) -> int:
    """Return how often `events` are told, the clock running on after the last of them."""
    return len(alerts(*events, rule=rule))


def alerts(*events: Event, rule: ForcedDoor | None = None) -> list[Alert]:
    rule = rule or ForcedDoor(HOSPITAL)
    found = list(rule.feed(events))
    return [*found, *rule.tick(max(one.seen for one in events) + timedelta(seconds=LATEST))]


def grant(second: float, door: str = DOOR) -> Event:
    return made(BadgeGranted, second, door)


def opened(second: float, door: str = DOOR, *, egress: bool = False) -> Event:
    return made(DoorOpened, second, door, egress=egress)


def closed(second: float, door: str = DOOR) -> Event:
    return made(DoorClosed, second, door)


def reported(second: float, door: str = DOOR) -> Event:
    return made(PanelSignal, second, door, what="forced")


def test_what_contact_and_controller_say_together_is_told_once_and_two_openings_twice() -> None:
    assert count(opened(0), reported(1), reported(2)) == 1
    assert count(reported(0), opened(1)) == 1
    assert count(opened(0), reported(1), closed(3), opened(4), reported(5)) == 2
    assert count(opened(0), closed(1), opened(2), closed(3), opened(4)) == 3
    assert count(opened(0), reported(11)) == 2


@pytest.mark.parametrize(("after", "alerts"), [(0, 0), (10, 0), (10.1, 1), (-3, 0), (-11, 1), (3600, 1)])
def test_grace(after: float, alerts: int) -> None:
    assert count(grant(0), opened(after)) == alerts


def test_the_reason_tells_how_long_ago_the_last_grant_was() -> None:
    (alert,) = alerts(grant(0), opened(60))
    assert alert.why[0].key == "The last granted badge at {door} was {ago} earlier."
    (alert,) = alerts(grant(60), opened(0))
    assert alert.why[0].key == "No badge was granted at {door} before it opened."


def test_one_grant_is_for_one_opening_and_two_for_two() -> None:
    rule = ForcedDoor(HOSPITAL)
    assert count(grant(0), opened(1), closed(3), opened(4), rule=rule) == 1
    assert count(closed(10), grant(20), grant(21), opened(22), closed(24), opened(25), rule=rule) == 0


def test_grants_that_arrive_in_another_order() -> None:
    assert count(grant(8), grant(0), opened(12)) == 0


def test_the_clock_of_a_reader_that_is_put_back() -> None:
    assert count(grant(86_400), grant(0), opened(2)) == 0


def test_a_door_that_says_again_that_it_is_open() -> None:
    rule = ForcedDoor(HOSPITAL)
    assert count(closed(0), grant(5), opened(6), opened(3606), opened(7206), closed(7210), rule=rule) == 0
    assert count(opened(7300), rule=rule) == 1


def test_a_door_that_never_says_that_it_is_closed() -> None:
    assert count(opened(0), opened(100)) == 2


def test_leaving_needs_no_badge_and_uses_none_up() -> None:
    rule = ForcedDoor(HOSPITAL)
    assert count(closed(0), grant(5), opened(6, egress=True), closed(8), opened(9), rule=rule) == 0
    assert count(closed(12), opened(30, egress=True), opened(31), rule=rule) == 0  # the same opening, said again


def test_only_doors_with_a_reader_are_judged_and_remembered() -> None:
    rule = ForcedDoor(HOSPITAL)
    strangers = [event for n in range(50) for event in (grant(n, f"door.{n}"), opened(n, f"d{n}"), closed(n, f"c{n}"))]
    assert count(*strangers, opened(0, "exit.stairs"), made(DoorOpened, 1), rule=rule) == 0
    assert not rule._granted
    assert not rule._contacts.doors
    count(*(grant(n) for n in range(100)), rule=rule)
    assert len(rule._granted[DOOR]) == GRANTS


def test_state_survives_a_crash() -> None:
    rule = ForcedDoor(HOSPITAL)
    count(closed(0), grant(5), rule=rule)
    rule = restarted(rule, ForcedDoor(HOSPITAL))
    assert count(opened(6), rule=rule) == 0
    rule = restarted(rule, ForcedDoor(HOSPITAL))
    assert count(opened(7), closed(8), opened(9), rule=rule) == 1


@pytest.mark.parametrize(("door", "severity"), [("door.main", 30), ("door.ward", 45), (DOOR, 65), ("door.server", 80)])
def test_severity_by_the_more_guarded_side(door: str, severity: int) -> None:
    (alert,) = alerts(opened(0, door))
    assert alert.severity == severity


def late(at: float, by: float) -> Event:
    return made(BadgeGranted, at, DOOR, late=by)


def test_a_grant_whose_word_comes_after_the_opening_is_waited_for() -> None:
    assert count(opened(1), late(0, 2.5)) == 0
    assert count(opened(1), late(0, 3.5)) == 1
    assert count(opened(1), closed(2), opened(2.2), late(0, 2.5)) == 1, "one grant, two openings"


def test_a_door_whose_grants_come_by_a_slow_table_is_known_after_its_first_entry() -> None:
    rule = ForcedDoor(HOSPITAL)
    assert count(closed(0), opened(100), closed(105), late(99, 40), rule=rule) == 1
    assert count(opened(200), closed(205), late(199, 35), rule=rule) == 0
    assert not list(rule.feed([opened(300)]))
    assert not list(rule.tick(moment(330)))
    assert len(list(rule.tick(moment(390)))) == 1, "nobody's"
    for number in range(30):
        assert count(grant(1000 + number * 60), opened(1001 + number * 60), closed(1002 + number * 60), rule=rule) == 0
    assert len([*rule.feed([opened(4000)]), *rule.tick(moment(4002))]) == 1, "grants come in time again"


def test_what_comes_in_another_order_does_not_hide_the_next_opening() -> None:
    rule = ForcedDoor(HOSPITAL)
    assert count(closed(0), grant(4), closed(9), opened(5), rule=rule) == 0
    assert count(opened(60), rule=rule) == 1
