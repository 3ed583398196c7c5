"""What moves as it moved before is a recording, whatever else was done to it; what only looks alike is none."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise

import cv2
import numpy as np
import pytest

from safecare.sources.camera.vision.parts import Image
from safecare.sources.camera.vision.recall import Recall

ROWS, COLUMNS, FPS = 90, 160, 5
Move = Callable[[float], tuple[float, float]]


def walkers(seed: int) -> Callable[[float], Image]:
    """Return a place with two people who go their own ways."""
    rng = np.random.default_rng(seed)
    ground: Image = cv2.resize(rng.integers(90, 170, (9, 16, 3)).astype(np.uint8), (COLUMNS, ROWS)).astype(np.uint8)
    speeds, starts, shades = rng.uniform(8, 25, 2), rng.uniform(0, COLUMNS, 2), rng.uniform(10, 240, 2)

    def at(second: float) -> Image:
        found = ground.copy()
        for number, (speed, start, shade) in enumerate(zip(speeds, starts, shades, strict=True)):
            sway = 12 * np.sin(second * (0.7 + 0.31 * number) + start) * np.sin(second * 0.13 + number)
            x, y = round((start + speed * second + sway) % (COLUMNS + 40)) - 20, 30 + 25 * number
            cv2.rectangle(found, (x, y), (x + 14, y + 32), (shade, shade * 0.8, shade * 0.6), -1)
        return found

    return at


def told(pictures: Iterator[Image]) -> list[bool]:
    recall = Recall()
    return [recall.known(picture, number / FPS) for number, picture in enumerate(pictures)]


def played(seconds: int, change: Callable[[Image, int], Image]) -> Iterator[Image]:
    place = walkers(1)
    for number in range(60 * FPS):
        yield place(number / FPS)
    for number in range(60 * FPS):
        yield change(place(60 - seconds + number / FPS % seconds), number)


def test_a_loop_is_known() -> None:
    found = told(played(30, lambda picture, number: picture))
    assert not any(found[: 60 * FPS])
    assert found[90 * FPS]


def test_noise_brightness_and_a_clock_hide_nothing() -> None:
    rng = np.random.default_rng(5)

    def disguised(picture: Image, number: int) -> Image:
        noisy = picture * (1.1 + 0.001 * number) + rng.normal(0, 4, picture.shape)
        found = noisy.clip(0, 255).astype(np.uint8)
        cv2.putText(found, str(number // FPS), (4, 12), cv2.FONT_HERSHEY_SIMPLEX, 0.4, (255, 255, 255), 1)
        return found

    found = told(played(20, disguised))
    assert not any(found[: 60 * FPS])
    assert found[-1]


def test_it_is_over_when_the_place_itself_is_seen_again() -> None:
    place, rest = walkers(1), 60 * FPS
    pictures = [*played(30, lambda picture, number: picture), *(place(60 + n / FPS) for n in range(rest))]
    found = told(iter(pictures))
    assert found[-rest]
    assert not found[-1]


def begun(states: list[bool]) -> int:
    """Return how often it was begun to be told."""
    return sum(later and not earlier for earlier, later in pairwise([False, *states]))


@pytest.mark.parametrize("fps", [1, 2, 5])
def test_one_recording_is_told_once_and_another_after_it_anew(fps: int) -> None:
    """Also where the camera is looked at once a second, and some pictures are left out."""
    place, recall, told = walkers(1), Recall(), []
    for number in range(480 * fps):
        at = number / fps
        if number % 13 == 7:
            continue
        if 120 <= at < 240:
            shown = place(90 + at % 30)
        elif at >= 360:
            shown = place(300 + at % 40)
        else:
            shown = place(at)
        told.append((at, recall.known(shown, at)))
    states = [state for _, state in told]
    assert begun(states) == 2
    assert not any(state for at, state in told if at < 120 or 300 <= at < 360)
    assert all(state for at, state in told if 180 <= at < 240 or at >= 420)


def test_a_recording_goes_on_after_a_gap_and_where_nothing_moves() -> None:
    place, recall, told = walkers(1), Recall(), []
    for number in range(420 * FPS):
        at = number / FPS
        if 200 <= at < 206:
            continue  # no picture reaches us
        moment = 0.0 if 240 <= at < 300 else at if at < 120 else 90 + at % 30
        told.append(recall.known(place(moment), at))
    assert begun(told) == 1
    assert told[-1]


def test_other_ways_through_the_same_place_are_none() -> None:
    place = walkers(1)
    assert not any(told(place(number / FPS) for number in range(180 * FPS)))


def test_a_fan_and_a_still_place_are_none() -> None:
    ground = walkers(2)(0.0)

    def fan(number: int) -> Image:
        found = ground.copy()
        for blade in range(3):
            turn = 2 * np.pi * (number / FPS / 7 + blade / 3)
            end = (round(80 + 60 * np.cos(turn)), round(45 + 40 * np.sin(turn)))
            cv2.line(found, (80, 45), end, (20, 20, 20), 6)
        return found

    assert not any(told(fan(number) for number in range(120 * FPS)))
    assert not any(told(ground for _ in range(60 * FPS)))


def test_a_gap_and_another_size_are_borne() -> None:
    recall, place = Recall(), walkers(3)
    for number in range(40 * FPS):
        at = number / FPS + (30 if number > 100 else 0)
        picture = place(at)
        assert not recall.known(picture if number < 150 else picture[:60, :80], at)
