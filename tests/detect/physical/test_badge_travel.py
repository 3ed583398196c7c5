"""Distances behind `ImpossibleTravel`; what is raised and what not stands in the golden cases."""

from __future__ import annotations

import pytest

from safecare.detect.physical.badge_travel import ImpossibleTravel
from safecare.model.events.doors import BadgeGranted
from safecare.testing.hospital import small_hospital
from safecare.testing.made import made, restarted


@pytest.mark.parametrize(("seconds", "raised"), [(0, 1), (4, 1), (20, 0), (600, 0)])
def test_time_decides(seconds: float, raised: int) -> None:
    events = [made(BadgeGranted, 0, "door.main", holder="h"), made(BadgeGranted, seconds, "door.stairs", holder="h")]
    assert len(list(ImpossibleTravel(small_hospital()).feed(events))) == raised


def test_grants_that_come_in_the_wrong_order_are_judged_the_same() -> None:
    events = [made(BadgeGranted, 4, "door.stairs", holder="h"), made(BadgeGranted, 0, "door.main", holder="h")]
    assert len(list(ImpossibleTravel(small_hospital()).feed(events))) == 1


def test_memory_outlives_a_crash() -> None:
    rule = ImpossibleTravel(small_hospital())
    assert not list(rule.feed([made(BadgeGranted, 0, "door.main", holder="h")]))
    again = restarted(rule, ImpossibleTravel(small_hospital()))
    assert len(list(again.feed([made(BadgeGranted, 3, "door.stairs", holder="h")]))) == 1
