"""What `Loitering` says; what is raised and what not stands in the golden cases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from safecare.detect.physical.people_loitering import Loitering
from safecare.detect.physical.visits import MOST
from safecare.model.alert import Alert
from safecare.model.events.video import PeopleSeen, Seen
from safecare.model.ids import ArtifactHash, AssetId, EventId, SiteId, ZoneId
from safecare.testing.hospital import small_hospital

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def sighting(second: float, *people: Seen, still: str | None = None) -> PeopleSeen:
    at = START + timedelta(seconds=second)
    return PeopleSeen(
        id=EventId(f"seen {second}"),
        at=at,
        seen=at,
        source="test",
        site=SiteId("aurore"),
        asset=AssetId("camera.corridor"),
        zone=ZoneId("aurore.corridor.pharmacy"),
        people=people,
        still=ArtifactHash(still) if still else None,
    )


def standing(track: int, x: float = 100.0) -> Seen:
    return Seen(track=track, x=x, y=200, since=1, width=30, height=80)


def judge(events: list[PeopleSeen]) -> list[Alert]:
    return list(Loitering(small_hospital()).feed(events))


def test_one_unbroken_stay_names_door_zone_and_still() -> None:
    (alert,) = judge([sighting(at, standing(1), still="ab" if at == 100 else None) for at in range(200)])
    assert alert.assets == ("door.pharmacy", "camera.corridor")
    assert alert.zones == ("aurore.corridor.pharmacy",)
    assert alert.still == "ab"
    assert alert.confidence == 0.75
    assert (alert.last - alert.first).total_seconds() == 120
    assert len(alert.why) == 1


def test_taken_up_stay_is_less_sure_and_says_so() -> None:
    (alert,) = judge([sighting(at, standing(1 if at < 60 else 2)) for at in range(200)])
    assert alert.confidence == 0.6
    assert len(alert.why) == 2


def test_somebody_mostly_unseen_is_not_told() -> None:
    assert not judge([sighting(at, standing(1)) if at % 12 == 0 else sighting(at) for at in range(240)])


def test_two_people_at_two_places_are_two_alerts() -> None:
    alerts = judge([sighting(at, standing(1), standing(2, x=400)) for at in range(200)])
    assert len(alerts) == 2
    assert len({alert.id for alert in alerts}) == 2


def test_state_is_bounded() -> None:
    rule = Loitering(small_hospital())
    for at in range(5):
        crowd = [standing(track, x=10_000.0 * track) for track in range(1000)]
        assert not list(rule.feed([sighting(at, *crowd)]))
    assert len(rule._visits["camera.corridor"].visits) == MOST


@settings(max_examples=40)
@given(
    st.lists(
        st.lists(st.tuples(st.integers(1, 6), st.floats(-1e4, 1e4), st.floats(0, 500)), max_size=5),
        max_size=60,
    )
)
def test_any_sightings_are_borne(pictures: list[list[tuple[int, float, float]]]) -> None:
    events = [
        sighting(at, *(Seen(track=track, x=x, y=x / 2, since=0, height=height) for track, x, height in people))
        for at, people in enumerate(pictures)
    ]
    assert not judge(events)  # under a minute in all
