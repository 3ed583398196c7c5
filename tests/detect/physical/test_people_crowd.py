"""Severity and stills of `Crowd`; what is raised and what not stands in the golden cases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from safecare.detect.physical.people_crowd import Crowd
from safecare.model.events.video import PeopleSeen, Seen
from safecare.model.ids import ArtifactHash, AssetId, EventId, SiteId, ZoneId
from safecare.testing.hospital import small_hospital

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def sighting(second: float, count: int, still: str | None = None, camera: str = "camera.hall") -> PeopleSeen:
    at = START + timedelta(seconds=second)
    return PeopleSeen(
        id=EventId(f"{camera} {second}"),
        at=at,
        seen=at,
        source="test",
        site=SiteId("aurore"),
        asset=AssetId(camera),
        zone=ZoneId("aurore.vaccination.hall"),
        people=tuple(Seen(track=number, x=10.0 * number, y=50, since=9) for number in range(count)),
        still=ArtifactHash(still) if still else None,
    )


def test_severity_grows_with_the_excess_and_is_bounded() -> None:
    found = [
        [alert.severity for alert in Crowd(small_hospital()).feed(sighting(at, count) for at in range(30))]
        for count in (20, 30, 40, 200)
    ]
    assert found == [[40], [60], [80], [80]]


def test_still_of_the_episode_is_on_the_alert() -> None:
    events = [sighting(at, 25, still="aa" if at == 3 else None) for at in range(30)]
    (alert,) = Crowd(small_hospital()).feed(events)
    assert alert.still == "aa"
    assert alert.zones == ("aurore.vaccination.hall",)


def test_second_camera_on_the_same_zone_tells_nothing_new() -> None:
    rule = Crowd(small_hospital())
    events = [one for at in range(40) for one in (sighting(at, 25), sighting(at, 24, camera="camera.second"))]
    assert len(list(rule.feed(events))) == 1


def test_counts_do_not_add_up_over_cameras() -> None:
    rule = Crowd(small_hospital())
    events = [one for at in range(40) for one in (sighting(at, 12), sighting(at, 12, camera="camera.second"))]
    assert not list(rule.feed(events))


def test_few_sightings_far_apart_decide_nothing() -> None:
    assert not list(Crowd(small_hospital()).feed(sighting(at, 50) for at in range(0, 60, 8)))
