"""Who is near a line is told in each picture, others now and then with the way in between."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from safecare.model.scene import Area, Scene
from safecare.sources.camera.messages import View
from safecare.sources.camera.places import lines_of
from safecare.sources.camera.vision.parts import Box, Clothes, Image, Picture, Tracked
from safecare.sources.camera.vision.watch import Watch

LINE = ((0.5, 0.2), (0.5, 1.0))


class Nobody:
    """A finder that finds nobody."""

    moving: Image | None = None

    def find(self, picture: Picture, at: float, tracked: Sequence[Tracked]) -> list[Box]:
        return []

    def careful(self, colour: Image) -> list[Box] | None:
        return []


class Walker:
    """A tracker that follows one person, 60 pixels tall, 40 pixels a second to the right along the row 150."""

    def follow(
        self,
        boxes: Sequence[Box],
        at: float,
        looks: Sequence[Clothes] = (),
        size: tuple[float, float] | None = None,
    ) -> list[Tracked]:
        return [Tracked(1, Box(40 * at - 10, 90, 20, 60, 0.9), 0.0, at)]


def tellings(view: View) -> list[tuple[int, int]]:
    """Return for each telling of eight seconds the picture, 5 a second, and how many points lie before it."""
    watch, found = Watch(view, Nobody(), Walker()), []
    image: Image = np.zeros((180, 320, 3), np.uint8)
    for number in range(41):
        look = watch.look(Picture(image, 1.0, lambda: image), number / 5)
        if look.people:
            found.append((number, len(look.people[0].path)))
    return found


@pytest.mark.parametrize(("lines", "first", "last"), [((LINE,), 13, 27), (None, 0, 40), ((), 41, 0)])
def test_each_picture_is_told_while_somebody_is_near_a_line(
    lines: tuple[tuple[tuple[float, float], tuple[float, float]], ...] | None, first: int, last: int
) -> None:
    told = tellings(View(lines=lines))
    at_once = [number for number, before in told if not before]
    assert [number for number in at_once if first < number <= last] == list(range(first + 1, last + 1))
    assert all(number % 3 == 0 or number >= first for number, _ in told)
    assert sum(1 + before for _, before in told) >= 39  # no point is lost but those not told at the end


def test_lines_are_sent_in_fractions_and_those_on_the_floor_are_anywhere() -> None:
    line = Area(id="gate", kind="line", line=((320.0, 96.0), (320.0, 480.0)))
    other = Area(id="desk", kind="loitering", polygon=((0.0, 0.0), (9.0, 0.0), (9.0, 9.0)))
    assert lines_of(Scene(areas=(line, other), size=(640, 480))) == (LINE,)
    assert lines_of(Scene(areas=(line,), size=(640, 480), metres=True)) is None
    assert lines_of(Scene(areas=(other,), size=(0, 0))) == ()
