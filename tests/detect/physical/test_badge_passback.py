"""Anti-passback, whatever the order in which controllers hand over what happened."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from safecare.detect.physical.badge_passback import Passback
from safecare.model.alert import Alert
from safecare.model.event import Event
from safecare.model.events.doors import BadgeGranted, DoorClosed, DoorOpened
from safecare.testing.hospital_guarded import guarded_hospital
from safecare.testing.made import made, moment, restarted

GUARDED = guarded_hospital()

DOOR = "door.pharmacy"
LATENESS = int(Passback(GUARDED).lateness.total_seconds())
Passage = tuple[int, str, str, bool]
"""Second, holder, way, and whether the contact tells too."""


def grant(second: float, way: str, holder: str = "holder.1", **more: Any) -> BadgeGranted:
    return made(BadgeGranted, second, DOOR, holder=holder, way=way, **more)


def heard(events: Sequence[Event], delays: Sequence[float]) -> list[Event]:
    """Return `events` in the order in which they are heard of, each so many seconds late."""
    late = [
        made(
            type(one),
            (one.at - moment(0)).total_seconds(),
            DOOR,
            late=delay,
            **{name: getattr(one, name) for name in ("holder", "way") if hasattr(one, name)},
        )
        for one, delay in zip(events, delays, strict=True)
    ]
    return sorted(late, key=lambda one: one.seen)


def told(events: Sequence[Event], *, ticks: bool = False, cut: int = 10**9) -> list[tuple[str, Any]]:
    """Return what is told of `events` as they come one by one, with a restart after `cut` of them."""
    rule = Passback(GUARDED)
    alerts: list[Alert] = []
    for number, event in enumerate(events):
        if number == cut:
            rule = restarted(rule, Passback(GUARDED))
        alerts += rule.feed([event])
        if ticks:
            alerts += rule.tick(event.seen + timedelta(seconds=1))
    alerts += rule.tick(moment(10**6))
    return sorted((one.id, one.title.key) for one in alerts)


def passages(rows: Sequence[Passage]) -> list[Event]:
    events: list[Event] = []
    for second, holder, way, contact in rows:
        events.append(grant(second, way, holder))
        if contact:
            events += [made(DoorOpened, second + 2, DOOR), made(DoorClosed, second + 6, DOOR)]
    return events


row = st.tuples(
    st.integers(0, 120).map(lambda step: step * 20),
    st.sampled_from(["holder.1", "holder.2"]),
    st.sampled_from(["in", "out"]),
    st.booleans(),
)
days = st.lists(row, min_size=1, max_size=10, unique_by=lambda one: one[0])
LAST_MOMENT = [(0, "holder.1", "in", True), (20, "holder.1", "in", False)]
"""What comes as late as it may, and twice, is told once."""


@example(LAST_MOMENT, [0, 0, 0, LATENESS], 0)
@given(days, st.lists(st.integers(0, LATENESS), min_size=30, max_size=30), st.integers(0, 60))
def test_what_is_told_does_not_hang_on_the_order_of_arrival(rows: list[Passage], delays: list[int], cut: int) -> None:
    events = sorted(passages(rows), key=lambda one: one.at)
    in_order = told(heard(events, [0] * len(events)))
    late = heard(events, delays[: len(events)])
    assert told(late) == in_order
    twice = [again for one in late for again in (one, one)]
    assert told(twice, cut=cut) == in_order


@given(st.lists(st.booleans(), min_size=1, max_size=12), st.data())
def test_who_goes_in_and_out_in_turn_is_never_told(contacts: list[bool], data: st.DataObject) -> None:
    rows = [(300 * at, "holder.1", "in" if at % 2 == 0 else "out", one) for at, one in enumerate(contacts)]
    if any(contacts) and not contacts[0]:
        rows[0] = (*rows[0][:3], True)  # a contact that is heard at all is heard from the start
    rows = [(*one[:3], any(contacts)) for one in rows]
    events = passages(rows)
    delays = data.draw(st.lists(st.integers(0, LATENESS), min_size=len(events), max_size=len(events)))
    assert not told(heard(events, delays), ticks=True)


@given(st.integers(0, LATENESS), st.integers(0, LATENESS))
def test_a_badge_that_goes_in_twice_is_told_however_late_both_are(one: int, other: int) -> None:
    assert len(told(heard([grant(0, "in"), grant(400, "in")], [one, other]))) == 1


def test_an_out_that_a_buffer_held_back_clears_the_next_in() -> None:
    events = [grant(0, "in"), grant(500, "out"), grant(530, "in")]
    assert not told(heard(events, [0, 100, 0]))
    assert len(told(heard([events[0], events[2]], [0, 0]))) == 1


def test_later_than_declared_it_is_judged_as_it_comes() -> None:
    rule = Passback(GUARDED)
    assert not list(rule.feed([grant(0, "in"), grant(530, "in")]))
    assert len(list(rule.tick(moment(531 + LATENESS)))) == 1
    assert not list(rule.feed([grant(500, "out", late=LATENESS + 60), grant(900, "out")]))
    assert not list(rule.tick(moment(2000)))


def test_the_alert_takes_as_long_as_something_may_be_late() -> None:
    rule = Passback(GUARDED)
    assert not list(rule.feed([grant(0, "in"), grant(400, "in")]))
    assert not list(rule.tick(moment(400 + LATENESS)))
    assert len(list(rule.tick(moment(401 + LATENESS)))) == 1


@pytest.mark.parametrize(("gap", "count"), [(3, 0), (5, 0), (6, 1), (30, 1)])
def test_an_impatient_hand_is_no_second_badge(gap: int, count: int) -> None:
    assert len(told([grant(0, "in"), grant(gap, "in")])) == count


def test_a_contact_whose_clock_is_a_second_ahead_belongs_to_its_grant() -> None:
    first = [grant(0, "in"), made(DoorOpened, 2, DOOR), made(DoorClosed, 5, DOOR)]
    ahead = [made(DoorOpened, 299, DOOR), grant(300, "in")]
    assert len(told([*first, *ahead])) == 1


def test_a_clock_that_is_days_off_alerts_nobody() -> None:
    assert not told([grant(0, "in"), grant(-3 * 86_400, "in", late=3 * 86_400 + 60)])
