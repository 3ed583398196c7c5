"""A part of the lens that is covered, or all of it greased, is told; what stands before the camera is not."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from safecare.sources.camera.messages import PictureState
from safecare.sources.camera.vision.health import PictureHealth
from safecare.sources.camera.vision.parts import Image

ROWS, COLUMNS = 180, 320
Change = Callable[[Image, float], Image]
Y, X = np.mgrid[:ROWS, :COLUMNS].astype(np.float32)


def place() -> Image:
    rng = np.random.default_rng(3)
    total = np.full((ROWS, COLUMNS), 120.0, np.float32)
    for cells in (8, 24, 72, 140):
        coarse = rng.normal(0, 18, (cells, cells)).astype(np.float32)
        total += cv2.resize(coarse, (COLUMNS, ROWS), interpolation=cv2.INTER_CUBIC)
    return np.repeat(total[..., None], 3, axis=2).clip(0, 255).astype(np.uint8)


def states(change: Change, seconds: int = 90) -> list[PictureState]:
    """Return the states of 75 s as it is and `seconds` after `change`, one picture a second, with noise."""
    health, rng, view = PictureHealth(), np.random.default_rng(4), place()
    found: list[PictureState] = []
    for number in range(75 + seconds):
        picture = view if number < 75 else change(view, number - 75.0)
        noisy = picture + rng.normal(0, 2, picture.shape)
        found.append(health.judge(noisy.clip(0, 255).astype(np.uint8), float(number)))
    return found


def mixed(view: Image, mask: Image, colour: float) -> Image:
    share = mask[..., None]
    return (view * (1 - share) + colour * share).astype(np.uint8)


def tape(view: Image, passed: float) -> Image:
    return mixed(view, 1 / (1 + np.exp(-(X - 0.55 * COLUMNS) / 6)), 90)


def paint(view: Image, passed: float) -> Image:
    return mixed(view, 1 / (1 + np.exp((np.hypot(X - 160, Y - 90) - 85) / 6)), 60)


def grease(view: Image, passed: float) -> Image:
    return cv2.GaussianBlur(view, (0, 0), 8).astype(np.uint8)


def lorry(view: Image, passed: float) -> Image:
    found = view.copy()
    cv2.rectangle(found, (20, 20), (230, 150), (190, 190, 190), -1)
    cv2.rectangle(found, (20, 20), (230, 150), (40, 40, 40), 2)
    return found


def fog(view: Image, passed: float) -> Image:
    return (view * 0.2 + 150).astype(np.uint8)


def half_of_the_lamps(view: Image, passed: float) -> Image:
    found: Image = (view * np.clip(1.6 - 2 * X / COLUMNS, 0.1, 1)[..., None]).astype(np.uint8)
    return found


def drops(view: Image, passed: float) -> Image:
    mask = np.zeros((ROWS, COLUMNS), np.float32)
    for x, y in np.random.default_rng(9).uniform((0, 0), (COLUMNS, ROWS), (12, 2)):
        mask = np.maximum(mask, np.exp(-((np.hypot(X - x, Y - y) / 11) ** 4)))
    share = mask[..., None]
    found: Image = (view * (1 - share) + cv2.GaussianBlur(view, (0, 0), 9) * share).astype(np.uint8)
    return found


def stays_a_little(view: Image, passed: float) -> Image:
    return tape(view, passed) if passed < 20 else view


@pytest.mark.parametrize("change", [tape, paint, grease])
def test_what_lies_on_the_lens_is_told(change: Change) -> None:
    found = states(change)
    assert set(found[:75]) == {"ok"}
    assert found[-1] == "veiled"


@pytest.mark.parametrize("change", [lorry, fog, half_of_the_lamps, drops, stays_a_little])
def test_what_stands_or_happens_before_it_is_not(change: Change) -> None:
    assert set(states(change)) == {"ok"}


def test_a_lens_that_is_wiped_is_good_again() -> None:
    found = states(lambda view, passed: tape(view, passed) if passed < 70 else view, 160)
    assert "veiled" in found
    assert found[-1] == "ok"
