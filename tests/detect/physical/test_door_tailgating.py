"""Memory behind `Tailgating`; what is raised and what not stands in the golden cases."""

from __future__ import annotations

from safecare.detect.physical.door_tailgating import Tailgating
from safecare.model.events.doors import BadgeGranted
from safecare.model.events.video import PeopleSeen, Seen
from safecare.testing.hospital_scenes import SIZE, drawn_hospital
from safecare.testing.made import made, restarted


def passing(start: float, track: int) -> list[PeopleSeen]:
    """Somebody who goes through the turnstile's line within two seconds."""
    return [
        made(
            PeopleSeen,
            start + step / 2,
            "camera.entrance",
            people=(Seen(track=track, x=30 + 15.0 * step, y=200, since=1, height=85, width=30),),
            size=SIZE,
        )
        for step in range(5)
    ]


def test_who_follows_late_has_not_slipped_in() -> None:
    rule = Tailgating(drawn_hospital())
    grant = made(BadgeGranted, 0, "door.main", holder="h")
    assert not list(rule.feed([grant, *passing(1, 1), *passing(20, 2)]))


def test_memory_outlives_a_crash() -> None:
    rule = Tailgating(drawn_hospital())
    assert not list(rule.feed([made(BadgeGranted, 0, "door.main", holder="h"), *passing(1, 1)]))
    again = restarted(rule, Tailgating(drawn_hospital()))
    assert len(list(again.feed(passing(4, 2)))) == 1
