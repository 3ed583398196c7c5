"""No second real occurrence is hidden for longer than a rule's hold, whatever words between were lost.

For each rule: occurrences at random times over days, each with or without its end (a "normal", a door that closes, a
tag that comes back), and repetitions. Whatever is not told must have been told within the hold before it. What a rule
tells at once after an end, or after its silence, is asked for at the very event.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from itertools import pairwise
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safecare.detect.building.fire_alarm import FireAlarm
from safecare.detect.building.fire_prealarm import FirePrealarm
from safecare.detect.building.fire_spread import FireSpread
from safecare.detect.building.power_lost import PowerLost
from safecare.detect.building.sensor_silent import SilentSensor
from safecare.detect.building.sensor_tamper import Tamper
from safecare.detect.building.sensor_trouble import Trouble
from safecare.detect.physical.alarm_intrusion import IntrusionAlarm
from safecare.detect.physical.alarm_panic import PanicAlarm
from safecare.detect.physical.badge_duress import Duress
from safecare.detect.physical.badge_owner_absent import OwnerAbsent
from safecare.detect.physical.badge_passback import Passback
from safecare.detect.physical.badge_travel import ImpossibleTravel
from safecare.detect.physical.badge_unused import Unused
from safecare.detect.physical.camera_lost import CameraLost
from safecare.detect.physical.camera_moved import CameraMoved
from safecare.detect.physical.camera_veiled import CameraVeiled
from safecare.detect.physical.door_emergency_exit import EmergencyExit
from safecare.detect.physical.door_forced import ForcedDoor
from safecare.detect.physical.door_held_open import HeldDoor
from safecare.detect.physical.door_tailgating import Tailgating
from safecare.detect.physical.tag_cut import TagCut
from safecare.detect.physical.tag_exit import TagExit
from safecare.model.event import Event
from safecare.model.events.building import FireSignal, PowerSignal
from safecare.model.events.doors import BadgeGranted, DoorClosed, DoorOpened, HolderPlaced
from safecare.model.events.panels import PanelSignal
from safecare.model.events.video import CameraState, PeopleSeen, Seen
from safecare.testing.hospital_guarded import INFANT, guarded_hospital
from safecare.testing.hospital_scenes import SIZE, drawn_hospital
from safecare.testing.made import made, moment

HOSPITAL = guarded_hospital()
DOOR, EXIT = "door.pharmacy", "exit.stairs"
FAR = ("door.main", "door.stairs")
"""Two doors that nobody reaches within a second."""
MINUTE, HOUR, DAY = 60.0, 3600.0, 86_400.0
CALM = MINUTE
"""Seconds after an end within which what comes back is the same."""


class Life(NamedTuple):
    """How a thing lives: what happens at a second, how it ends, and how long each may be hidden (seconds)."""

    rule: Callable[[], Any]
    begins: Callable[[float], Sequence[Event]]
    ends: Callable[[float], Sequence[Event]]
    silence: float
    """Seconds without a word after which the next one is told at once."""
    hold: float
    """Most seconds that one may be hidden behind the last that was told."""
    wait: float = 0.0
    """Seconds of our clock after which it is judged at the latest."""

    def said(self, rule: Any, second: float) -> list[Any]:
        """Return what is told of one that begins at `second`."""
        return [*rule.feed(self.begins(second)), *(ticked(rule, second + self.wait) if self.wait else ())]


def panel(
    what: str, asset: str = DOOR, **more: Any
) -> tuple[Callable[[float], Sequence[Event]], Callable[[float], Sequence[Event]]]:
    return (
        lambda second: [made(PanelSignal, second, asset, what=what, **more)],
        lambda second: [made(PanelSignal, second, asset, what=what, on=False, **more)],
    )


def nothing(_: float) -> Sequence[Event]:
    return []


def opened(asset: str, **more: Any) -> Callable[[float], Sequence[Event]]:
    return lambda second: [made(DoorOpened, second, asset, **more)]


def closed(asset: str) -> Callable[[float], Sequence[Event]]:
    return lambda second: [made(DoorClosed, second, asset)]


def fire(state: str, asset: str = "fire.pharmacy") -> Callable[[float], Sequence[Event]]:
    return lambda second: [made(FireSignal, second, asset, state=state)]


def power(state: str) -> Callable[[float], Sequence[Event]]:
    return lambda second: [made(PowerSignal, second, "board.north", state=state)]


def located(zone: str) -> Callable[[float], Sequence[Event]]:
    def at(second: float) -> Sequence[Event]:
        event = made(HolderPlaced, second, None, holder=INFANT, by="tag", zone=zone)
        return [event]

    return at


def duress(second: float) -> Sequence[Event]:
    return [made(BadgeGranted, second, DOOR, duress=True)]


def camera(state: str) -> Callable[[float], Sequence[Event]]:
    return lambda second: [made(CameraState, second, "camera.corridor", state=state)]


pytestmark = pytest.mark.slow

LIVES = {
    "alarm.intrusion": Life(lambda: IntrusionAlarm(HOSPITAL), *panel("intrusion"), 10 * MINUTE, DAY),
    "alarm.panic": Life(PanicAlarm, *panel("panic"), MINUTE, DAY),
    "medical": Life(PanicAlarm, *panel("medical"), MINUTE, DAY),
    "badge.duress": Life(Duress, duress, nothing, 0, 0),
    "code of duress": Life(Duress, *panel("duress"), MINUTE, DAY),
    "badge.passback by controller": Life(lambda: Passback(HOSPITAL), panel("passback")[0], nothing, 0, 0),
    "door.forced": Life(lambda: ForcedDoor(HOSPITAL), opened(DOOR), closed(DOOR), 75 * MINUTE + 1, DAY, 2),
    "door.forced by controller": Life(lambda: ForcedDoor(HOSPITAL), *panel("forced"), 0, 0),
    "door.emergency-exit": Life(lambda: EmergencyExit(HOSPITAL), opened(EXIT), closed(EXIT), 75 * MINUTE + 1, DAY),
    "fire.alarm": Life(lambda: FireAlarm(HOSPITAL), fire("alarm"), fire("normal"), HOUR, DAY),
    "fire.prealarm": Life(FirePrealarm, fire("prealarm"), fire("normal"), HOUR, DAY),
    "power.lost": Life(lambda: PowerLost(HOSPITAL), power("lost"), power("normal"), DAY, DAY),
    "sensor.tamper": Life(lambda: Tamper(HOSPITAL), *panel("tamper"), HOUR, DAY),
    "sensor.trouble": Life(lambda: Trouble(HOSPITAL), *panel("bypass"), DAY, DAY),
    "sensor.silent": Life(lambda: SilentSensor(HOSPITAL), *panel("silent"), HOUR, DAY),
    "tag.cut": Life(TagCut, *panel("tag_cut", holder=INFANT), HOUR, DAY),
    "tag.cut of nobody knows whom": Life(TagCut, *panel("tag_cut"), MINUTE, DAY),
    "tag.exit": Life(lambda: TagExit(HOSPITAL), *panel("tag_exit", holder=INFANT), HOUR, DAY),
    "camera.lost": Life(lambda: CameraLost(HOSPITAL), camera("lost"), camera("ok"), HOUR, DAY, 31),
    "camera.moved": Life(lambda: CameraMoved(HOSPITAL), camera("moved"), camera("ok"), HOUR, DAY),
    "camera.veiled": Life(lambda: CameraVeiled(HOSPITAL), camera("veiled"), camera("ok"), HOUR, DAY),
}

GAPS = st.one_of(
    st.floats(61, 600), st.floats(600, 2 * HOUR), st.floats(2 * HOUR, 3 * DAY), st.sampled_from([59.0, 3599.0, DAY])
)
"""Seconds from one occurrence to the next: from the edge of hysteresis to days."""


@pytest.mark.parametrize("name", LIVES)
@given(st.lists(st.tuples(GAPS, st.booleans()), min_size=2, max_size=12))
def test_none_is_hidden_for_longer_than_the_hold(name: str, lives: list[tuple[float, bool]]) -> None:
    life, second, told, said = LIVES[name], 0.0, -1e9, -1e9
    rule, over = life.rule(), True
    for gap, ends in lives:
        second += gap
        alerts = life.said(rule, second)
        if alerts:
            told = second
        assert second - told <= life.hold
        if second - said >= life.silence or (over and gap >= 5 * MINUTE):
            assert alerts, "nothing stood any more: this one is told at once"
        said, over = second, ends
        if ends:
            list(rule.feed(life.ends(second + life.wait + 0.5)))


REPEATED = {name: min(life.silence - 1, HOUR / 2) for name, life in LIVES.items() if life.hold == DAY}
"""Seconds from one repetition to the next, by what stands until it is over."""


@pytest.mark.parametrize("name", REPEATED)
def test_what_is_repeated_for_days_is_told_once_a_day(name: str) -> None:
    life, every = LIVES[name], REPEATED[name]
    rule = life.rule()
    list(rule.feed(life.ends(-5 * MINUTE)))  # doors: one that tells when it closes
    seconds = [number * every for number in range(int(2.5 * DAY / every))]
    told = [second for second in seconds if life.said(rule, second)]
    assert told[0] == 0
    assert len(told) == 3
    assert all(DAY <= two - one <= DAY + every for one, two in pairwise(told))


def ticked(rule: Any, second: float) -> list[Any]:
    return list(rule.tick(moment(second)))


@given(st.lists(st.tuples(st.floats(5 * MINUTE, 2 * DAY), st.booleans()), min_size=2, max_size=10))
def test_a_door_held_open_is_told_once_in_a_shift_even_if_its_closing_was_lost(lives: list[tuple[float, bool]]) -> None:
    rule, second, told, over = HeldDoor(HOSPITAL), 0.0, -1e9, True
    for gap, ends in lives:
        second += gap
        alerts = [*rule.feed(opened(DOOR)(second)), *ticked(rule, second + 4 * MINUTE)]
        if alerts:
            told = second
        assert second - told < 8 * HOUR
        assert alerts or not over
        over = ends
        if ends:
            list(rule.feed(closed(DOOR)(second + 4 * MINUTE + 1)))


@given(st.lists(st.tuples(st.floats(2 * MINUTE, 2 * DAY), st.booleans()), min_size=2, max_size=10))
def test_a_tag_that_was_never_heard_to_come_back_is_told_again(lives: list[tuple[float, bool]]) -> None:
    rule, second, said, over = TagExit(HOSPITAL), 0.0, -1e6, True
    for gap, ends in lives:
        second += gap
        alerts = list(rule.feed(located("aurore.stairs.north")(second)))
        assert bool(alerts) is (over or moment(second) - moment(said) >= timedelta(seconds=HOUR))  # whole microseconds
        said, over = second, ends
        if ends:
            list(rule.feed(located("aurore.ward.a")(second + 1)))


@given(st.lists(st.floats(3 * MINUTE, DAY), min_size=2, max_size=8))
def test_a_fault_is_told_once_a_day_even_if_its_end_was_lost(gaps: list[float]) -> None:
    rule, second, told = Trouble(HOSPITAL), 0.0, -1e9
    for gap in gaps:
        second += gap
        begun = list(rule.feed(panel("trouble")[0](second)))
        if begun or ticked(rule, second + 2 * MINUTE + 1):
            told = second
        assert second - told <= DAY


@given(st.lists(st.floats(1, 13 * HOUR), min_size=2, max_size=10))
def test_each_use_of_a_badge_whose_owner_is_off_duty_is_told(seconds: list[float]) -> None:
    rule = OwnerAbsent(HOSPITAL)
    list(rule.feed([made(HolderPlaced, 0, None, holder="holder.1", by="roster")]))
    for number, second in enumerate(sorted(seconds)):
        door = (DOOR, "door.office")[number % 2]
        assert list(rule.feed([made(BadgeGranted, second, door, holder="holder.1")]))


@given(st.lists(st.floats(2 * MINUTE, 3 * DAY), min_size=2, max_size=10))
def test_each_time_a_badge_is_in_two_places_is_told(gaps: list[float]) -> None:
    rule, second = ImpossibleTravel(HOSPITAL), 0.0
    for gap in gaps:
        second += gap
        pair = [made(BadgeGranted, second + after, door, holder="holder.1") for after, door in enumerate(FAR)]
        assert list(rule.feed(pair))


def entering(second: float, track: int) -> Sequence[Event]:
    """Somebody who goes through the turnstile's line within two seconds."""
    ways = [(second + step / 2, 30 + 15.0 * step) for step in range(5)]
    seen = [(at, Seen(track=track, x=x, y=200, since=1, height=85, width=30)) for at, x in ways]
    return [made(PeopleSeen, at, "camera.entrance", people=(one,), size=SIZE) for at, one in seen]


@given(
    st.lists(st.tuples(st.floats(30, DAY), st.integers(1, 3), st.sampled_from([0.0, 2.5, 9.0])), min_size=2, max_size=6)
)
def test_each_who_slips_in_behind_is_told_also_before_the_word_of_the_grant(
    entries: list[tuple[float, int, float]],
) -> None:
    rule, second, track = Tailgating(drawn_hospital()), 0.0, 0
    for gap, followers, late in entries:
        second += gap + 30
        grant = made(BadgeGranted, second, "door.main", late=late, holder=f"holder.{track}")
        people = [one for number in range(followers + 1) for one in entering(second + 1 + 2 * number, track + number)]
        track += followers + 1
        events = sorted([grant, *people], key=lambda one: one.seen)
        assert len(list(rule.feed(events))) == followers


@given(st.lists(st.floats(10 * MINUTE, DAY), min_size=2, max_size=8), st.integers(3, 30))
def test_each_burst_of_grants_that_nobody_uses_is_told(gaps: list[float], count: int) -> None:
    rule, second = Unused(HOSPITAL), 0.0
    list(rule.feed(closed(DOOR)(0)))
    for gap in gaps:
        second += gap
        burst = [made(BadgeGranted, second + 20 * number, DOOR) for number in range(count)]
        second += 20 * count
        assert [*rule.feed(burst), *ticked(rule, second)]


def test_grants_that_nobody_uses_go_on_being_told_while_they_go_on() -> None:
    rule = Unused(HOSPITAL)
    list(rule.feed(closed(DOOR)(0)))
    grants = [made(BadgeGranted, 60.0 * number, DOOR) for number in range(1, 121)]
    assert 10 <= len(list(rule.feed(grants))) <= 13


@given(st.lists(st.floats(5 * MINUTE, 17 * HOUR), min_size=2, max_size=8))
def test_each_second_way_in_is_told(gaps: list[float]) -> None:
    rule, second = Passback(HOSPITAL), 0.0
    list(rule.feed([made(BadgeGranted, 0, DOOR, holder="holder.1", way="in")]))
    for gap in gaps:
        second += gap
        way_in = made(BadgeGranted, second, DOOR, holder="holder.1", way="in")
        assert [*rule.feed([way_in]), *rule.tick(moment(second + 2 * MINUTE + 1))]


@given(st.lists(st.tuples(st.floats(3 * HOUR, 3 * DAY), st.booleans()), min_size=1, max_size=6))
def test_each_fire_that_reaches_the_next_compartment_is_told(lives: list[tuple[float, bool]]) -> None:
    rule, second = FireSpread(HOSPITAL), 0.0
    for gap, ends in lives:
        second += gap
        both = ("fire.server.room", "fire.pharmacy")
        signals = [made(FireSignal, second + 60 * number, asset, state="alarm") for number, asset in enumerate(both)]
        assert list(rule.feed(signals))
        if ends:
            list(rule.feed([event for asset in both for event in fire("normal", asset)(second + HOUR)]))
