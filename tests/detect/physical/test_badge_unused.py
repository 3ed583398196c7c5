"""Waiting behind `Unused`; what is raised and what not stands in the golden cases."""

from __future__ import annotations

from safecare.detect.physical.badge_unused import Unused
from safecare.model.events.doors import BadgeGranted, DoorOpened
from safecare.testing.hospital import small_hospital
from safecare.testing.made import made, moment

DOOR = "door.pharmacy"


def grants(*seconds: float) -> list[BadgeGranted]:
    return [made(BadgeGranted, second, DOOR, holder="h") for second in seconds]


def test_the_last_grant_is_given_up_after_the_grace() -> None:
    rule = Unused(small_hospital())
    assert not list(rule.feed([made(DoorOpened, 0, DOOR), *grants(60, 120, 180)]))
    assert not list(rule.tick(moment(190)))
    assert len(list(rule.tick(moment(200)))) == 1


def test_grants_far_apart_do_not_add_up() -> None:
    rule = Unused(small_hospital())
    assert not list(rule.feed([made(DoorOpened, 0, DOOR), *grants(60, 120, 1800)]))
    assert not list(rule.tick(moment(2000)))
