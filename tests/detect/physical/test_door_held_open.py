"""How long a door has been open, by its own clock and by ours."""

from __future__ import annotations

from datetime import timedelta

from safecare.detect.physical.door_held_open import HeldDoor
from safecare.model.alert import Alert
from safecare.model.event import Event
from safecare.model.events.doors import DoorClosed, DoorOpened
from safecare.testing.made import HOSPITAL, made, moment, restarted

DOOR = "door.pharmacy"


def held() -> HeldDoor:
    return HeldDoor(HOSPITAL)


def feed(rule: HeldDoor, *events: Event) -> list[Alert]:
    return list(rule.feed(events))


def tick(rule: HeldDoor, second: float) -> list[Alert]:
    return list(rule.tick(moment(second)))


def test_told_once_while_it_is_open_and_not_again_when_it_closes() -> None:
    rule = held()
    assert not feed(rule, made(DoorOpened, 0, DOOR))
    assert not tick(rule, 60)
    assert len(tick(rule, 61)) == 1
    assert not tick(rule, 3600)
    assert not feed(rule, made(DoorOpened, 3700, DOOR))  # said again
    assert not tick(rule, 7200)
    assert not feed(rule, made(DoorClosed, 7300, DOOR))
    feed(rule, made(DoorOpened, 8000, DOOR))
    assert len(tick(rule, 8100)) == 1


def test_told_when_it_closes_where_no_tick_came() -> None:
    assert len(feed(held(), made(DoorOpened, 0, DOOR), made(DoorClosed, 61, DOOR))) == 1
    assert not feed(held(), made(DoorOpened, 0, DOOR), made(DoorClosed, 60, DOOR))


def test_it_is_the_same_alert_whoever_finds_it() -> None:
    by_tick, by_close = held(), held()
    feed(by_tick, made(DoorOpened, 0, DOOR))
    (one,) = tick(by_tick, 100)
    (other,) = feed(by_close, made(DoorOpened, 0, DOOR), made(DoorClosed, 100, DOOR))
    assert one == other


def test_wrong_clocks_alert_nobody() -> None:
    for late in (290.0, -290.0):  # the door's clock is behind, or ahead
        rule = held()
        feed(rule, made(DoorOpened, 0, DOOR, late=late))
        assert not tick(rule, late + 30)
        assert len(tick(rule, late + 61)) == 1


def test_another_door_with_a_clock_ahead_does_not_hurry_this_one() -> None:
    rule = held()
    assert not feed(rule, made(DoorOpened, 0, DOOR), made(DoorOpened, 299, "door.cold", late=-298))
    assert not tick(rule, 30)


def test_our_clock_put_back_delays_and_breaks_nothing() -> None:
    rule = held()
    feed(rule, made(DoorOpened, 0, DOOR))
    assert not tick(rule, -3600)
    assert len(tick(rule, 61)) == 1


def test_closed_before_it_was_opened() -> None:
    rule = held()
    assert not feed(rule, made(DoorClosed, 5, DOOR), made(DoorOpened, 10, DOOR), made(DoorClosed, 12, DOOR))
    assert not rule._open


def test_words_that_come_in_another_order() -> None:
    rule = held()
    late = made(DoorOpened, 0, DOOR, late=8)
    assert not feed(rule, made(DoorClosed, 5, DOOR), late)
    assert not tick(rule, 600)
    assert not feed(rule, made(DoorClosed, 900, DOOR), made(DoorOpened, 700, DOOR, late=201))
    assert len(tick(rule, 915)) == 1, "once no more of it comes"
    assert not tick(rule, 1200)
    feed(rule, made(DoorOpened, 2000, DOOR), made(DoorClosed, 1990, DOOR, late=15))
    assert len(tick(rule, 2070)) == 1, "the closing was of an opening before"


def test_only_doors_to_guarded_places_are_remembered() -> None:
    rule = held()
    feed(rule, made(DoorOpened, 0, "door.ward"), *(made(DoorOpened, 0, f"door.{n}") for n in range(50)))
    assert not rule._open
    assert not tick(rule, 7200)


def test_state_survives_a_crash() -> None:
    rule = held()
    feed(rule, made(DoorOpened, 0, DOOR))
    rule = restarted(rule, held())
    assert len(tick(rule, 61)) == 1
    rule = restarted(rule, held())
    assert not tick(rule, 100)
    assert HeldDoor(HOSPITAL, longest=timedelta(hours=1)).longest > rule.longest


def day(rule: HeldDoor, passages: int, closed: float, every: float = 600.0) -> list[Alert]:
    """Return what is told while a door is closed for `closed` seconds, `passages` times, and open in between."""
    told = feed(rule, made(DoorOpened, 0, DOOR))
    for number in range(1, passages + 1):
        told += tick(rule, number * every)
        told += feed(rule, made(DoorClosed, number * every, DOOR))
        told += feed(rule, made(DoorOpened, number * every + closed, DOOR))
    return told


def test_a_contact_that_tells_the_contrary_is_a_hint_in_each_shift_and_no_flood() -> None:
    rule = held()
    told = day(rule, 110, closed=8.0)  # 18 h and 20 min
    hints = [one for one in told if len(one.why) == 2]
    assert len(told) - len(hints) == 5
    assert len(hints) == 3
    assert told.index(hints[0]) == 5


def test_a_door_that_is_closed_for_longer_in_between_is_told_each_time() -> None:
    told = day(held(), 30, closed=61.0)
    assert len(told) == 30
    assert all(len(one.why) == 1 for one in told)


def test_one_passage_as_it_should_be_ends_the_hint() -> None:
    rule = held()
    day(rule, 20, closed=8.0)
    feed(rule, made(DoorClosed, 20_000, DOOR), made(DoorOpened, 20_100, DOOR), made(DoorClosed, 20_105, DOOR))
    feed(rule, made(DoorOpened, 21_000, DOOR))
    (one,) = tick(restarted(rule, held()), 21_100)
    assert len(one.why) == 1
