"""Days as they are: clocks go back, readers hand over late, beds hold doors, badges are shown twice, drills are played.

One sequence for each rule about doors, badges, tags and fire; what is told must be true, and what is true must be told.
"""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from test_door_tailgating import passing

from safecare.detect.building.fire_spread import FireSpread
from safecare.detect.physical.badge_duress import Duress
from safecare.detect.physical.badge_passback import Passback
from safecare.detect.physical.badge_travel import ImpossibleTravel
from safecare.detect.physical.door_emergency_exit import EmergencyExit
from safecare.detect.physical.door_forced import ForcedDoor
from safecare.detect.physical.door_held_open import HeldDoor
from safecare.detect.physical.door_tailgating import Tailgating
from safecare.detect.physical.tag_exit import TagExit
from safecare.model.alert import Alert
from safecare.model.event import Event
from safecare.model.events.building import FireSignal
from safecare.model.events.doors import BadgeGranted, DoorClosed, DoorOpened, HolderPlaced
from safecare.model.ids import ZoneId
from safecare.sources.access.rows import Rows, mapping_of
from safecare.testing.clock import FakeClock
from safecare.testing.hospital_guarded import INFANT, guarded_hospital
from safecare.testing.hospital_scenes import drawn_hospital
from safecare.testing.intake import MemoryIntake
from safecare.testing.made import HOSPITAL, made, moment

GUARDED = guarded_hospital()
BURNS, NEXT = "fire.corridor.pharmacy", "fire.server.room"
"""Detectors of two fire compartments that meet."""
DOOR = "door.pharmacy"
WARD, CORRIDOR = ZoneId("aurore.ward.a"), ZoneId("aurore.corridor.pharmacy")
TABLE = Rows(mapping_of("generic"), "table")
HEADER = "time;door;event;badge;direction;reason;number\n"


def grant(second: float, way: str = "in", door: str = DOOR, holder: str = "holder.1", **more: Any) -> BadgeGranted:
    return made(BadgeGranted, second, door, holder=holder, way=way, **more)


def late(events: list[Event], seconds: float) -> list[Event]:
    """Return `events` as they are heard of in one piece, `seconds` after the first."""
    seen = events[0].at + timedelta(seconds=seconds)
    return [
        one.__class__(**{name: getattr(one, name) for name in one.__struct_fields__} | {"seen": seen}) for one in events
    ]


def run(rule: Any, events: list[Event], until: float) -> list[Alert]:
    """Return what `rule` tells of `events`, and up to `until` seconds (at our clock)."""
    return [*rule.feed(events), *rule.tick(moment(until))] if hasattr(rule, "tick") else list(rule.feed(events))


# the night in which summer time ends: 02:00 to 03:00 comes twice


def night(rows: list[tuple[str, str]], at: datetime) -> list[Event]:
    """Return the passages of a badge at the pharmacy from a table in the site's own time, handed over at `at`."""
    lines = [
        f"2026-10-25T{time};reader-pharmacy{'-out' if way == 'out' else ''};granted;B001;{way};;{number}\n"
        for number, (time, way) in enumerate(rows)
    ]
    intake = MemoryIntake(hospital=GUARDED, clock=FakeClock(at))
    table = Rows(mapping_of("generic"), "table")
    events, unread = table.csv((HEADER + "".join(lines)).encode(), intake)
    assert not unread
    return events


MORNING = datetime(2026, 10, 25, 7, 0, tzinfo=UTC)
SHIFT = [
    ("01:55:00", "in"),
    ("02:20:00", "out"),
    ("02:50:00", "in"),
    ("02:10:00", "out"),
    ("02:40:00", "in"),
    ("03:05:00", "out"),
]


@pytest.mark.parametrize("newest_first", [False, True])
def test_the_hour_that_comes_twice_turns_nobody_back(newest_first: bool) -> None:
    """In, out, in by summer time; out, in, out by winter time: handed over in the morning, nobody went in twice."""
    events = night(SHIFT[::-1] if newest_first else SHIFT, MORNING)
    ways = [one.way for one in events if isinstance(one, BadgeGranted)]
    assert ways == ["in", "out"] * 3
    hours = [(one.at - events[0].at).total_seconds() / 60 for one in events]
    assert hours == [0, 25, 55, 75, 105, 130]
    rule = Passback(GUARDED)
    assert [*rule.feed(events), *rule.tick(MORNING + timedelta(hours=1))] == []


def test_who_went_in_twice_that_night_is_told_all_the_same() -> None:
    events = night([("02:20:00", "in"), ("02:50:00", "in"), ("02:10:00", "out")], MORNING)
    rule = Passback(GUARDED)
    told = [*rule.feed(events), *rule.tick(MORNING + timedelta(hours=1))]
    assert [one.rule for one in told] == ["badge.passback"]


def test_a_night_without_a_step_back_is_taken_as_the_hour_nearer_to_when_it_was_handed_over() -> None:
    (one,) = night([("02:30:00", "in")], datetime(2026, 10, 25, 0, 31, tzinfo=UTC))
    (other,) = night([("02:30:00", "in")], datetime(2026, 10, 25, 1, 31, tzinfo=UTC))
    assert other.at - one.at == timedelta(hours=1)


def test_the_hour_that_is_left_out_in_spring_makes_nobody_fast() -> None:
    lines = [
        "2026-03-29T01:59:50;reader-pharmacy;granted;B001;;;1\n",
        "2026-03-29T03:00:30;reader-main;granted;B001;;;2\n",  # forty seconds later
    ]
    intake = MemoryIntake(clock=FakeClock(datetime(2026, 3, 29, 2, 0, tzinfo=UTC)))
    events, _ = TABLE.csv((HEADER + "".join(lines)).encode(), intake)
    assert (events[1].at - events[0].at).total_seconds() == 40
    assert list(ImpossibleTravel(HOSPITAL).feed(events)) == []


# a reader that was off the line hands over its buffer late, and out of order


@pytest.mark.parametrize("seed", range(20))
def test_a_buffer_that_comes_late_and_out_of_order_tells_what_happened(seed: int) -> None:
    """Twenty passages, each with its contact, ten minutes apart; handed over after hours, shuffled, partly twice."""
    chance = random.Random(seed)
    events: list[Event] = []
    for number in range(20):
        at = number * 600.0
        way = "in" if number % 2 == 0 else "out"
        events += [grant(at, way), made(DoorOpened, at + 2, DOOR), made(DoorClosed, at + 8, DOOR)]
    heard = late(events, 4 * 3600)
    heard += chance.sample(heard, 20)
    chance.shuffle(heard)
    for rule in (Passback(GUARDED), HeldDoor(GUARDED), ImpossibleTravel(GUARDED)):
        assert run(rule, heard, 5 * 3600) == [], type(rule).__name__


def test_a_door_that_was_forced_while_the_reader_was_off_the_line_is_told_at_its_time() -> None:
    events: list[Event] = [grant(0), made(DoorOpened, 2, DOOR), made(DoorClosed, 8, DOOR), made(DoorOpened, 300, DOOR)]
    told = run(ForcedDoor(GUARDED), late(events, 3600), 4000)
    assert [one.first for one in told] == [moment(300)]


# badges that are shown twice


def test_a_badge_that_is_shown_twice_lets_in_one_person() -> None:
    """An impatient hand: two grants, one holder. Who slips in behind is told."""
    twice = [made(BadgeGranted, 0, "door.main", holder="h"), made(BadgeGranted, 1.5, "door.main", holder="h")]
    assert not list(Tailgating(drawn_hospital()).feed([*twice, *passing(2, 1)]))
    assert len(list(Tailgating(drawn_hospital()).feed([*twice, *passing(2, 1), *passing(5, 2)]))) == 1


def test_a_grant_that_is_sent_again_lets_in_one_person_and_two_colleagues_are_two() -> None:
    first = made(BadgeGranted, 0, "door.main")
    assert len(list(Tailgating(drawn_hospital()).feed([first, first, *passing(1, 1), *passing(4, 2)]))) == 1
    both = [made(BadgeGranted, 0, "door.main", holder="h"), made(BadgeGranted, 1, "door.main", holder="i")]
    assert not list(Tailgating(drawn_hospital()).feed([*both, *passing(2, 1), *passing(4, 2)]))


def test_a_badge_that_is_shown_twice_at_one_reader_is_no_passback_and_no_travel() -> None:
    events: list[Event] = [grant(0), grant(2), made(DoorOpened, 4, DOOR), made(DoorClosed, 9, DOOR), grant(600, "out")]
    for rule in (Passback(GUARDED), ImpossibleTravel(GUARDED)):
        assert run(rule, events, 2000) == []


# a bed, a trolley, somebody with a right to be there


def test_a_door_that_a_trolley_holds_is_told_as_open_and_not_as_forced() -> None:
    """Somebody with a grant wedges the door for ten minutes; a colleague badges at the open door."""
    events: list[Event] = [
        made(DoorClosed, -100, DOOR),
        grant(0),
        made(DoorOpened, 2, DOOR),
        grant(120, holder="holder.2"),
        made(DoorOpened, 300, DOOR),  # the contact says again how it stands
        made(DoorClosed, 600, DOOR),
        grant(900, holder="holder.2"),
        made(DoorOpened, 903, DOOR),
        made(DoorClosed, 910, DOOR),
    ]
    held = run(HeldDoor(GUARDED), events, 2000)
    assert [one.first for one in held] == [moment(2)]
    assert run(ForcedDoor(GUARDED), events, 2000) == []
    beside: list[Event] = [
        grant(0),
        made(DoorOpened, 2, DOOR),
        made(DoorClosed, 600, DOOR),
        made(DoorOpened, 700, DOOR),
    ]
    assert [one.first for one in run(ForcedDoor(GUARDED), beside, 2000)] == [moment(700)]


# a code under force, by a clock that was put back and by a panel that repeats


def test_a_code_under_force_is_told_each_time_whatever_the_clock_says() -> None:
    twice = [grant(1000, duress=True), grant(400, duress=True)]
    assert len(list(Duress().feed(twice))) == 2
    again = list(Duress().feed([twice[0], twice[0]]))
    assert len({one.id for one in again}) == 1
    assert list(Duress().feed([grant(0)])) == []


# a newborn's tag


def placed(second: float, zone: str, **more: Any) -> HolderPlaced:
    return made(HolderPlaced, second, holder=INFANT, by="tag", zone=ZoneId(zone), **more)


def test_a_leak_through_a_wall_that_is_heard_of_after_the_tag_was_back_is_no_exit() -> None:
    rule = TagExit(GUARDED)
    assert run(rule, [placed(0, WARD), placed(60, WARD), placed(30, CORRIDOR, late=40)], 200) == []
    assert len(run(rule, [placed(300, CORRIDOR), placed(305, CORRIDOR)], 400)) == 1


def test_a_tag_that_was_out_of_doors_is_told_however_late_the_word_comes() -> None:
    rule = TagExit(GUARDED)
    told = run(rule, [placed(0, WARD), placed(60, WARD), placed(30, "aurore.outdoor", late=40)], 200)
    assert len(told) == 1


# fire, and drills


def fire(second: float, asset: str, state: str = "alarm", **more: Any) -> FireSignal:
    return made(FireSignal, second, asset, state=state, **more)


def test_a_drill_releases_doors_and_who_leaves_is_told_as_leaving() -> None:
    drill: list[Event] = [fire(0, "fire.pharmacy"), made(DoorOpened, 30, DOOR), made(DoorOpened, 31, "exit.stairs")]
    (forced,) = run(ForcedDoor(GUARDED), drill, 100)
    assert forced.confidence < 0.8
    assert any("fire alarm is on" in one.key for one in forced.why)
    (left,) = run(EmergencyExit(GUARDED), drill, 100)
    assert any("fire alarm is on" in one.key for one in left.why)
    over: list[Event] = [*drill, fire(600, "fire.pharmacy", "normal"), made(DoorClosed, 700, DOOR)]
    (_, again) = run(ForcedDoor(GUARDED), [*over, made(DoorOpened, 900, DOOR)], 1000)
    assert (again.first, again.confidence) == (moment(900), 0.8)
    assert not any("fire alarm is on" in one.key for one in again.why)


def test_an_all_clear_that_comes_late_ends_no_fire_that_began_after_it() -> None:
    events: list[Event] = [fire(100, BURNS), fire(50, BURNS, "normal", late=90), fire(400, NEXT)]
    assert [one.rule for one in FireSpread(HOSPITAL).feed(events)] == ["fire.spread"]
    before: list[Event] = [fire(100, BURNS), fire(200, BURNS, "normal"), fire(400, NEXT)]
    assert list(FireSpread(HOSPITAL).feed(before)) == []
