"""The tracker alone, without video."""

from __future__ import annotations

from random import Random

import pytest

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


def swaying(times: int, seed: int) -> list[tuple[float, list[Box]]]:
    """Return two noisy walkers and a flickering sign, 7 pictures a second, each `times` times (seconds, boxes)."""
    chance = Random(seed)
    pictures = []
    for number in range(70):
        boxes = [
            person(4.0 * number + chance.gauss(0, 2), 100 + chance.gauss(0, 2)),
            person(300 - 4.0 * number + chance.gauss(0, 2), 120 + chance.gauss(0, 2)),
        ]
        boxes = [box for box in boxes if chance.random() > 0.1]
        boxes += [person(400.0, score=0.75)] if chance.random() < 0.1 else []
        pictures += [((number + part / times) / 7, boxes) for part in range(times)]
    return pictures


@pytest.mark.parametrize("seed", range(5))
def test_more_pictures_of_the_same_make_no_more_people(seed: int) -> None:
    trackers = {times: PersonTracker() for times in (1, 2, 4)}
    told = {
        times: {one.track for at, boxes in swaying(times, seed) for one in tracker.follow(boxes, at)}
        for times, tracker in trackers.items()
    }
    assert told[1] == told[2] == told[4] == {1, 2}


def test_who_walks_out_at_the_edge_does_not_make_a_sign_there_a_person() -> None:
    out = [[person(x)] for x in (*(104.0 - 6 * step for step in range(17)), 5.0, 4.0, 3.0, 3.0)]
    tracker = PersonTracker()
    pictures = [*out, *[[]] * 12, *[[person(12.0, score=0.6)]] * 40]
    told = [tracker.follow(boxes, number * STEP, size=(400.0, 200.0)) for number, boxes in enumerate(pictures)]
    assert {one.track for people in told for one in people} == {1}
    assert not any(told[len(out) + 12 :])


@pytest.mark.parametrize("halts", [0, 12])
def test_a_sign_that_stood_there_before_takes_no_track_over(halts: int) -> None:
    sign = person(100.0)
    way = [person(20.0 + 4 * step) for step in range(19)] + [person(92.0)] * halts
    pictures = [[sign]] * 40 + [[sign, one] for one in way] + [[sign]] * 60  # who came is never seen again
    told = run(PersonTracker(), 0, pictures)
    assert {one.track for people in told for one in people} == {1}
    assert not any(told[-20:])
