"""Flames by colour and motion: a still foot and a dancing tip; nothing that only has the colour, or only moves."""

from __future__ import annotations

from collections.abc import Callable
from math import sin

import numpy as np
import pytest

from safecare.sources.camera.messages import View
from safecare.sources.camera.vision.flames import Flames
from safecare.sources.camera.vision.parts import Image, Picture
from safecare.sources.camera.vision.watch import Watch

FLAME = (40, 150, 250)
FOOT, MIDDLE = 140, 160
Painter = Callable[[Image, int, np.random.Generator], None]


def flame(image: Image, number: int, rng: np.random.Generator) -> None:
    """Draw a torn triangle whose height and tip are others in each picture."""
    tall = int(20 + 20 * rng.random())
    for up in range(tall):
        half = max(1, int((10 - 8 * up / tall) * (1 - 0.8 * up / tall * rng.random())))
        shift = int(5 * up / tall * sin(2 * number + up / 6))
        image[FOOT - up, MIDDLE + shift - half : MIDDLE + shift + half] = FLAME


def vest(image: Image, number: int, rng: np.random.Generator) -> None:
    left = MIDDLE + number % 40
    image[FOOT - 40 : FOOT, left : left + 20] = FLAME


def beacon(image: Image, number: int, rng: np.random.Generator) -> None:
    if rng.random() < 0.5:
        image[FOOT - 20 : FOOT, MIDDLE : MIDDLE + 20] = FLAME


def sign(image: Image, number: int, rng: np.random.Generator) -> None:
    image[FOOT - 30 : FOOT, MIDDLE : MIDDLE + 20] = FLAME


def pictures(paint: Painter, count: int = 60, begin: int = 10) -> list[Image]:
    rng = np.random.default_rng(5)
    found: list[Image] = []
    for number in range(count):
        image: Image = np.full((180, 320, 3), 110, np.uint8)
        if number >= begin:
            paint(image, number, rng)
        found.append(image)
    return found


def test_a_flame_is_found_with_its_place_and_since_when() -> None:
    flames = Flames()
    told = [found for number, one in enumerate(pictures(flame)) if (found := flames.look(one, number / 5))]
    box, since = told[-1][0]
    assert box.x < MIDDLE < box.x + box.width
    assert box.y + box.height == pytest.approx(FOOT + 1, abs=2)
    assert 2.0 <= since <= 8.0
    assert len(told) <= 8  # once a second


@pytest.mark.parametrize("paint", [vest, beacon, sign])
def test_what_has_the_colour_alone_is_none(paint: Painter) -> None:
    flames = Flames()
    assert not any(flames.look(one, number / 5) for number, one in enumerate(pictures(paint)))


def test_what_burnt_from_the_start_is_the_scene() -> None:
    flames = Flames()
    assert not any(flames.look(one, number / 5) for number, one in enumerate(pictures(sign, begin=0)))


def test_a_flame_that_is_out_is_told_as_nothing_and_another_size_begins_anew() -> None:
    flames = Flames()
    burning = pictures(flame)
    dark: Image = np.full((180, 320, 3), 110, np.uint8)
    for number, one in enumerate(burning):
        flames.look(one, number / 5)
    after = [flames.look(dark, 12 + number / 5) for number in range(30)]
    assert [] in after
    assert flames.look(np.full((90, 160, 3), 110, np.uint8), 30.0) == []


@pytest.mark.parametrize(("asked", "labels"), [(True, {("flames", True)}), (False, set())])
def test_a_watch_tells_flames_where_they_are_asked_for(asked: bool, labels: set[tuple[str, bool]]) -> None:
    watch = Watch(View(fire=asked))
    seen = set()
    for number, one in enumerate(pictures(flame)):
        look = watch.look(Picture(one, 2.0, lambda one=one: one), number / 5)  # type: ignore[misc]
        seen |= {(spot.label, spot.plain) for spot in look.spots or ()}
    assert seen == labels
