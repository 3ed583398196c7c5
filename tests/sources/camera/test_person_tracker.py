"""The tracker alone, without video."""

from __future__ import annotations

from safecare.sources.camera.vision.parts import Box, Tracked
from safecare.sources.camera.vision.tracker import PersonTracker

STEP = 0.2


def person(x: float, y: float = 100.0, height: float = 50.0, score: float = 0.6) -> Box:
    """A box whose foot point is (x, y)."""
    return Box(x - 10, y - height, 20, height, score)


def run(tracker: PersonTracker, first: int, pictures: list[list[Box]]) -> list[list[Tracked]]:
    return [tracker.follow(boxes, (first + number) * STEP) for number, boxes in enumerate(pictures)]


def arrive(to: float) -> list[list[Box]]:
    return [[person(to - 4.0 * (15 - step))] for step in range(16)]


def test_walker_keeps_the_number_and_is_told_after_moving() -> None:
    told = run(PersonTracker(), 0, [[person(6.0 * step)] for step in range(30)])
    assert told[2] == []
    assert {one.track for people in told[6:] for one in people} == {1}


def test_what_never_moved_is_not_told() -> None:
    told = run(PersonTracker(), 0, [[person(50 + step % 2)] for step in range(100)])
    assert not any(told)


def test_flicker_that_hops_about_is_not_told() -> None:
    hops = [[person(50.0 + 8 * (step % 5))] if step % 2 else [] for step in range(100)]
    assert not any(run(PersonTracker(), 0, hops))


def test_standing_person_hidden_for_four_seconds_stays_there() -> None:
    tracker = PersonTracker()
    pictures = arrive(100) + [[person(100)]] * 20 + [[]] * 20 + [[person(101)]] * 5
    told = run(tracker, 0, pictures)
    assert all([one.track for one in people] == [1] for people in told[16:])
    assert told[50][0].box.score < 1.0


def test_lost_track_is_taken_up_at_its_place_with_its_age() -> None:
    tracker = PersonTracker()
    told = run(tracker, 0, arrive(100) + [[person(100)]] * 20 + [[]] * 40 + [[person(110)]] * 5)
    assert told[70] == []
    assert [(one.track, one.since) for one in told[-1]] == [(1, 0.0)]


def test_lost_track_is_not_taken_up_elsewhere() -> None:
    told = run(PersonTracker(), 0, [*arrive(100), *[[person(100)]] * 20, *[[]] * 40, *[[person(200)]] * 5])
    assert told[-1] == []


def test_two_people_who_pass_each_other_at_a_distance_keep_their_numbers() -> None:
    pictures = [[person(5.0 * step), person(300 - 5.0 * step, y=160)] for step in range(60)]
    told = run(PersonTracker(), 0, pictures)
    assert {(one.track, one.box.foot[1]) for people in told[10:] for one in people} == {(1, 100.0), (2, 160.0)}


def test_same_boxes_give_the_same_tracks() -> None:
    pictures = [[person(5.0 * step), person(200 - 5.0 * step)] for step in range(50)]
    assert run(PersonTracker(), 0, pictures) == run(PersonTracker(), 0, pictures)
