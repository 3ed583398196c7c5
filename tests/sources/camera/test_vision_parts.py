"""Health, stills, the watched area and the choice of moments; no files."""

from __future__ import annotations

import itertools

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from safecare.sources.camera.messages import View
from safecare.sources.camera.vision.blobs import BlobFinder
from safecare.sources.camera.vision.health import PictureHealth
from safecare.sources.camera.vision.parts import Box, Image, Tracked
from safecare.sources.camera.vision.still import CELLS, Hidden, still
from safecare.sources.camera.vision.watch import StillChooser, inside

SQUARE = ((0.2, 0.2), (0.8, 0.2), (0.8, 0.8), (0.2, 0.8))


def textured(seed: int) -> Image:
    image: Image = np.random.default_rng(seed).integers(60, 200, (90, 160, 3)).astype(np.uint8)
    return image


def scene(seed: int) -> Image:
    """A picture of one place: the noise of the sensor, and somebody at another spot in each."""
    chance = np.random.default_rng(seed)
    image = textured(0) + chance.normal(0, 4, (90, 160, 3))
    left = int(chance.integers(0, 140))
    image[30:70, left : left + 15] = chance.integers(0, 255)
    return image.clip(0, 255).astype(np.uint8)


def test_frozen_picture_is_told_after_its_time_and_not_before() -> None:
    health = PictureHealth()
    same = textured(1)
    states = [health.judge(same, at) for at in range(30)]
    assert states[:21] == ["ok"] * 21
    assert states[21] == "frozen"
    assert health.judge(textured(2), 30) == "ok"


def test_a_recording_that_is_played_again_is_told_and_live_pictures_are_not() -> None:
    health = PictureHealth()
    film = [scene(number) for number in range(1, 41)]
    first = [health.judge(image, number / 5) for number, image in enumerate(film)]
    again = [health.judge(image, 8 + number / 5) for number, image in enumerate(film)]
    live = [health.judge(scene(100 + number), 16 + number / 5) for number in range(100)]
    assert set(first) == {"ok"}
    assert again[:25] == ["ok"] * 25
    assert again[26:] == ["replayed"] * 14
    assert live[:45] == ["replayed"] * 45
    assert set(live[51:]) == {"ok"}


@pytest.mark.parametrize("seconds", [8, 60])
def test_pictures_left_out_and_a_recording_that_begins_anew_do_not_end_it(seconds: int) -> None:
    """Of a picture that was left out the first time nothing is known; the recording is one all the same."""
    health, looked_at = PictureHealth(), [at for at in range(400) if at % 15 != 4]
    states = [health.judge(scene(1 + at % seconds if at < 300 else at), at) for at in looked_at]
    assert "replayed" not in states[-60:]
    shown = "".join("r" if state == "replayed" else "-" for state in states)
    assert len(shown.strip("-").split("-")) == 1
    assert shown.count("r") > 150


def test_covered_lens_is_told() -> None:
    health = PictureHealth()
    noise = np.random.default_rng(1)
    dark = [noise.normal(12, 1.5, (90, 160, 3)).clip(0, 255).astype(np.uint8) for _ in range(10)]
    assert health.judge(textured(1), 0) == "ok"
    assert [health.judge(image, 1 + at) for at, image in enumerate(dark)][-1] == "covered"


def test_head_is_pixelated_and_the_rest_is_not() -> None:
    image = np.zeros((200, 200, 3), np.uint8)
    image[::2] = 255  # a fine pattern that pixelation must wipe out
    raw = still(image, Hidden([Box(60, 40, 60, 120)]))
    read = cv2.imdecode(np.frombuffer(raw, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert read is not None
    assert float(read[45:75, 70:110].std()) < 12
    assert float(read[120:150, 70:110].std()) > 80
    assert CELLS <= 5


def test_still_is_small_and_boxes_outside_do_no_harm() -> None:
    image = np.full((1080, 1920, 3), 128, np.uint8)
    raw = still(image, Hidden([Box(-500, -500, 100, 100), Box(1900, 1000, 300, 300), Box(5, 5, 0, 0)]))
    read = cv2.imdecode(np.frombuffer(raw, np.uint8), cv2.IMREAD_COLOR)
    assert read is not None
    assert read.shape[1] == 640


def people(count: int, since: float = 0.0) -> list[Tracked]:
    return [Tracked(number + 1, Box(0, 0, 10, 30), since, since) for number in range(count)]


def test_stills_are_taken_when_it_may_matter_and_seldom() -> None:
    chooser = StillChooser(View(still_people=3, still_after=60))
    assert not chooser.wanted(people(2), 1)
    assert chooser.wanted(people(3), 2)
    taken = [at for at in range(3, 100) if chooser.wanted(people(3, since=2.0), at)]
    assert len(taken) <= 5
    assert all(later - sooner >= 10 for sooner, later in itertools.pairwise(taken))
    assert 62 in taken or 63 in taken


def test_no_still_without_a_reason_in_the_hospital() -> None:
    chooser = StillChooser(View())
    assert not any(chooser.wanted(people(50, since=0), at) for at in range(0, 1000, 10))


@pytest.mark.parametrize(("x", "y", "expected"), [(0.5, 0.5, True), (0.1, 0.5, False), (0.9, 0.9, False)])
def test_inside(x: float, y: float, expected: bool) -> None:
    assert inside(SQUARE, x, y) is expected


PLACES = st.floats(0, 1).map(lambda place: round(place, 6))
"""Corners as files give them: finer than a thousandth of a pixel means nothing in a picture."""


@given(st.lists(st.tuples(PLACES, PLACES), min_size=3, max_size=8), st.floats(-2, 3), st.floats(-2, 3))
def test_outside_of_the_hull_is_never_inside(area: list[tuple[float, float]], x: float, y: float) -> None:
    within = min(p[0] for p in area) <= x <= max(p[0] for p in area) and min(p[1] for p in area) <= y <= max(
        p[1] for p in area
    )
    assert within or not inside(area, x, y)


def test_calibration_is_linear_between_its_rows() -> None:
    finder = BlobFinder(person=((0.5, 0.1), (1.0, 0.3)))
    assert finder.expected(100, 200) == pytest.approx(20)
    assert finder.expected(150, 200) == pytest.approx(40)
    assert BlobFinder().expected(100, 200) is None
