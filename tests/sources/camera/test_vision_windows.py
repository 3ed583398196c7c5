"""Rectangles around what matters: they hold it, lie in the picture, and never cost more than the whole."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from safecare.sources.camera.vision.parts import Box, Image
from safecare.sources.camera.vision.regions import WHOLE_EVERY, Attention, Part
from safecare.sources.camera.vision.windows import Grid, joined

GRID = Grid(320, 180, 24.6)
"""A reduced picture of 720p for an input of 416 x 224."""
REACH = 0.325
places = st.builds(Box, st.floats(-40, 330), st.floats(-40, 190), st.floats(1, 200), st.floats(1, 200))


@given(st.lists(places, max_size=12))
def test_what_is_wanted_is_held_and_the_picture_is_not_left(wanted: list[Box]) -> None:
    found = joined(wanted, GRID)
    for one in found:
        assert one.x >= 0
        assert one.y >= 0
        assert one.x + one.width <= GRID.columns + 1e-6
        assert one.y + one.height <= GRID.rows + 1e-6
    for box in (GRID.inner(one) for one in wanted):
        if box.width >= 1 and box.height >= 1:
            assert any(_holds(one, box) for one in found)


@given(st.lists(places, max_size=12))
def test_joining_never_costs_more(wanted: list[Box]) -> None:
    apart = [box for box in (GRID.inner(one) for one in wanted) if box.width >= 1 and box.height >= 1]
    assert sum(map(GRID.cost, joined(wanted, GRID))) <= sum(map(GRID.cost, apart))


def test_two_who_stand_close_are_one_rectangle_and_two_who_do_not_are_two() -> None:
    assert len(joined([Box(100, 80, 20, 40), Box(125, 80, 20, 40)], GRID)) == 1
    assert len(joined([Box(10, 80, 20, 40), Box(280, 80, 20, 40)], GRID)) == 2


def _attention(*, pliant: bool) -> tuple[Attention, Image]:
    """Return one that has seen an empty picture, and the picture."""
    small: Image = np.full((180, 320, 3), 90, np.uint8)
    attention = Attention(pliant)
    assert attention.parts(small, 4.0, 0.0, [], REACH) == [Part()]
    return attention, small


def test_one_large_person_is_looked_at_alone_by_a_network_that_takes_any_size() -> None:
    attention, small = _attention(pliant=True)
    [part] = attention.parts(small, 4.0, 0.2, [Box(100, 60, 16, 40)], REACH)
    assert part.box is not None
    assert part.box.width * part.box.height < 0.3 * 320 * 180
    assert part.reach == REACH


def test_one_large_person_is_looked_at_in_the_whole_picture_by_a_network_of_one_size() -> None:
    attention, small = _attention(pliant=False)
    assert attention.parts(small, 4.0, 0.2, [Box(100, 60, 16, 40)], REACH) == [Part()]


def test_a_crowd_is_looked_at_as_a_whole() -> None:
    attention, small = _attention(pliant=True)
    crowd = [Box(20.0 + 20 * number, 40.0 + 5 * number, 16, 45) for number in range(14)]
    assert attention.parts(small, 4.0, 0.2, crowd, REACH) == [Part()]


def test_nobody_gives_nothing_to_look_at_until_it_is_time_for_the_whole() -> None:
    attention, small = _attention(pliant=True)
    assert attention.parts(small, 4.0, 0.2, [], REACH) == []
    assert attention.parts(small, 4.0, WHOLE_EVERY, [], REACH) == [Part()]


def test_motion_that_nobody_explains_is_looked_at_at_once() -> None:
    attention, small = _attention(pliant=True)
    moved = small.copy()
    moved[60:100, 200:216] = 200
    [part] = attention.parts(moved, 4.0, 0.2, [], REACH)
    assert part.box is not None
    assert _holds(part.box, Box(200, 60, 16, 40))


def test_many_small_people_are_bounded_by_work_and_take_turns() -> None:
    attention, small = _attention(pliant=True)
    far = [Box(5.0 + 10 * (number % 30), 20.0 + 40 * (number // 30), 3, 6) for number in range(90)]
    looked = [attention.parts(small, 4.0, 0.2 + 0.2 * turn, far, REACH) for turn in range(8)]
    assert all(len(parts) <= 13 for parts in looked)
    windows = [one.box for parts in looked for one in parts if one.box is not None]
    assert all(any(_holds(one, box) for one in windows) for box in far)


def _holds(one: Box, box: Box) -> bool:
    return (
        one.x <= box.x + 1e-6
        and one.y <= box.y + 1e-6
        and box.x + box.width <= one.x + one.width + 1e-6
        and box.y + box.height <= one.y + one.height + 1e-6
    )
