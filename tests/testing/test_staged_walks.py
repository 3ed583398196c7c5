"""Staged walks: the same seed gives the same, runners run on the floor, and who slips in does so behind one grant."""

from __future__ import annotations

from itertools import pairwise
from math import hypot

import pytest

from safecare.formats.ground import metres
from safecare.testing.staged_walks import APART, DOOR, made_runs, made_visits
from safecare.testing.walks import ADULT, SIZE, floor, tall


def test_the_same_seed_gives_the_same_and_another_gives_others() -> None:
    assert made_runs(1, seconds=10.0) == made_runs(1, seconds=10.0)
    assert made_runs(1, seconds=10.0) != made_runs(2, seconds=10.0)
    assert made_visits(1, visits=2) == made_visits(1, visits=2)


@pytest.mark.parametrize("row", [120.0, 400.0, 720.0])
def test_the_floor_is_as_wide_as_people_are_high(row: float) -> None:
    left, right = (metres(floor(), x, row) for x in (0.0, float(SIZE[0])))
    assert left is not None
    assert right is not None
    assert right[0] - left[0] == pytest.approx(ADULT * SIZE[0] / tall(row))


def test_runners_run_on_the_floor_and_others_walk() -> None:
    runs = made_runs(3, seconds=60.0)
    assert runs.runners
    for one, feet in runs.walks.feet.items():
        least, most = (2.7, 5.1) if one in runs.runners else (0.0, 2.3)
        places = [metres(floor(), x, y) for _, x, y in feet]
        for before, after in pairwise(places):
            assert before is not None
            assert after is not None
            assert least <= 5 * hypot(after[0] - before[0], after[1] - before[1]) <= most


def test_who_slips_in_enters_behind_one_grant() -> None:
    made = made_visits(5)
    assert {visit.kind for visit in made.visits} >= {"slips in", "alone"}
    for visit in made.visits:
        enters = [
            at
            for feet in made.walks.feet.values()
            for (_, before, _), (at, x, _) in pairwise(feet)
            if before < DOOR[0][0] <= x and abs(at - visit.at) < APART / 2
        ]
        assert len(enters) == len(visit.grants) + (visit.slips_in is not None)
