"""Where owners are known to be, in any order, and a bounded state."""

from __future__ import annotations

from typing import Any

import pytest

from safecare.detect.physical.badge_owner_absent import HOLDERS, OwnerAbsent
from safecare.model.alert import Alert
from safecare.model.event import Event
from safecare.model.events.doors import BadgeGranted, HolderPlaced
from safecare.model.text import Ref
from safecare.testing.hospital_guarded import guarded_hospital
from safecare.testing.made import HOSPITAL, made, restarted

DOOR, ELSEWHERE = "door.pharmacy", {"site": "tilleuls", "zone": "tilleuls.ward"}
HOUR = 3600.0


def rule() -> OwnerAbsent:
    return OwnerAbsent(HOSPITAL)


def feed(one: OwnerAbsent, *events: Event) -> list[Alert]:
    return list(one.feed(events))


def grant(second: float, holder: str = "h", **more: Any) -> Event:
    return made(BadgeGranted, second, DOOR, holder=holder, **more)


def placed(second: float, holder: str = "h", by: str = "roster", **where: Any) -> Event:
    return made(HolderPlaced, second, holder=holder, by=by, **where)


@pytest.mark.parametrize(
    ("event", "after", "alerts"),
    [
        (placed(0), HOUR, 1),  # off duty
        (placed(0), 14 * HOUR, 1),  # still off duty, as far as is known
        (placed(0), 31 * 24 * HOUR, 0),  # the roster's word is old
        (placed(0, **ELSEWHERE), 14 * HOUR, 0),  # so is this one: a shift is over
        (placed(0, **ELSEWHERE), HOUR, 1),
        (placed(0, zone="aurore.ward.a"), HOUR, 0),  # on this site
        (placed(0, by="tag", **ELSEWHERE), 600, 1),
        (placed(0, by="tag", **ELSEWHERE), 1500, 0),  # time enough to come here
        (placed(0, by="tag"), 60, 0),  # a tag that is switched off proves nothing
        (placed(0, by="logon", zone="aurore.ward.a"), 60, 0),
        (grant(0, **ELSEWHERE), 480, 1),
    ],
)
def test_evidence(event: Event, after: float, alerts: int) -> None:
    assert len(feed(rule(), event, grant(after))) == alerts


def test_evidence_and_surety() -> None:
    (by_roster,) = feed(rule(), placed(0), grant(60))
    (by_tag,) = feed(rule(), placed(0, by="tag", **ELSEWHERE), grant(60))
    assert by_tag.confidence > by_roster.confidence
    assert len(by_tag.because) == 2
    assert by_tag.holders == ("h",)


def test_a_stolen_code_does_not_move_its_owner() -> None:
    assert len(feed(rule(), placed(0, **ELSEWHERE), grant(60), grant(120), grant(180))) == 3


def test_what_comes_late_proves_nothing() -> None:
    assert not feed(rule(), placed(300), grant(0))  # went off duty after the grant
    assert not feed(rule(), placed(300, **ELSEWHERE), placed(0, zone="aurore.ward.a"), grant(100))
    assert len(feed(rule(), placed(300, **ELSEWHERE), placed(0, zone="aurore.ward.a"), grant(400))) == 1


def test_nobody_knows_the_owner() -> None:
    assert not feed(rule(), grant(0), made(BadgeGranted, 1, DOOR))


@pytest.mark.slow
def test_unknown_holders_are_not_remembered_without_bound() -> None:
    one = rule()
    for start in range(0, HOLDERS * 2, 1000):
        feed(one, *(grant(n, f"stranger-{n}") for n in range(start, start + 1000)))
    assert len(one._places) <= HOLDERS


def test_state_survives_a_crash() -> None:
    one = rule()
    feed(one, placed(0, **ELSEWHERE))
    assert len(feed(restarted(one, rule()), grant(60))) == 1


def test_a_long_leave_is_told_once_in_a_shift_and_weighs_less() -> None:
    on_leave = rule()
    grants = [grant(14 * HOUR + number * HOUR) for number in range(40)]
    told = feed(on_leave, placed(0), grant(HOUR), *grants)
    assert [one.severity for one in told] == [75, 45, 45, 45, 45]
    assert {one.confidence for one in told[1:]} == {0.5}
    assert not feed(on_leave, placed(60 * HOUR, zone="aurore.ward.a"), grant(61 * HOUR))


WING = {"zone": "aurore.wing"}
"""176 m from the pharmacy's door: 33 s at a run, for what the tag may be wrong by is left out."""


def guarded() -> OwnerAbsent:
    return OwnerAbsent(guarded_hospital())


def tag(second: float, holder: str = "h", **where: Any) -> Event:
    return made(HolderPlaced, second, holder=holder, by="tag", **(where or WING))


@pytest.mark.parametrize(
    ("zone", "gap", "alerts"),
    [
        ("aurore.wing", 0.0, 1),
        ("aurore.wing", 20.0, 1),
        ("aurore.wing", -20.0, 1),
        ("aurore.wing", 22.0, 0),
        ("aurore.wing", -22.0, 0),
        ("aurore.entrance", 0.0, 0),  # near enough for what radio and clocks may be wrong by
        ("aurore.pharmacy", 0.0, 0),
    ],
)
def test_a_tag_against_a_badge_in_one_building(zone: str, gap: float, alerts: int) -> None:
    events = [tag(0, zone=zone), grant(gap)]
    assert len(feed(guarded(), *events)) == alerts
    assert len(feed(guarded(), *reversed(events))) == alerts


def test_it_says_where_the_tag_was_and_only_once_in_a_shift() -> None:
    one = guarded()
    (alert,) = feed(one, tag(0), grant(1))
    assert alert.title.key == "Badge or code used at {door} while its owner's tag is elsewhere"
    assert (alert.why[0].args["place"], alert.because) == (Ref("aurore.wing"), (tag(0).id, grant(1).id))
    assert not feed(restarted(one, guarded()), tag(600), grant(601))
    assert len(feed(one, tag(14 * HOUR), grant(14 * HOUR + 1))) == 1


def test_other_people_s_tags_tags_in_other_buildings_and_rosters_prove_nothing() -> None:
    assert not feed(guarded(), tag(0, holder="other"), grant(1))
    assert not feed(guarded(), placed(0, zone="aurore.wing"), grant(1))
    assert not feed(guarded(), tag(0, zone="nowhere"), grant(1))
    assert not feed(guarded(), made(HolderPlaced, 0, holder="h", by="tag"), grant(1))
