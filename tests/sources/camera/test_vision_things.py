"""What was put down or taken away is found; what fades away over many pixels is light, shadow or smoke."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import pytest

from safecare.sources.camera.vision.things import Change, Things

ROWS, COLUMNS = 180, 320
Picture = Any
"""An array of numpy, which OpenCV's own types do not tell."""
Light = Callable[[Picture], Picture]


def found(before: Light, after: Light) -> list[Change]:
    """Return what stays 10 s after a change: 20 s of `before`, then `after`, two pictures a second, with noise."""
    things, rng = Things(), np.random.default_rng(5)
    floor = np.full((ROWS, COLUMNS, 3), 130.0) + cv2.resize(rng.normal(0, 6, (45, 80, 1)), (COLUMNS, ROWS))[..., None]
    last: list[Change] = []
    for number in range(60):
        shown: Picture = (after if number >= 40 else before)(floor.copy()) + rng.normal(0, 1.5, floor.shape)
        last = things.look(shown.clip(0, 255).astype(np.uint8), number / 2, ()) or []
    return last


def as_it_is(floor: Picture) -> Picture:
    return floor


def bag(floor: Picture, dark: float = 1.0) -> Picture:
    """Put a bag with a soft shadow of its own on the floor, a little out of focus, with a share of the light."""
    shadow = np.zeros((ROWS, COLUMNS), np.float32)
    cv2.ellipse(shadow, (168, 118), (16, 5), 0, 0, 360, 0.4, -1)
    floor *= 1 - cv2.GaussianBlur(shadow, (0, 0), 4)[..., None]
    floor[100:118, 150:172] = (45, 40, 60)
    return cv2.GaussianBlur(floor, (0, 0), 1.0) * dark


def half_dark(floor: Picture) -> Picture:
    return floor * 0.4


def veil(floor: Picture, wide: float, depth: float) -> Picture:
    """Lay smoke over a part of the floor, or the shine of a lamp (`depth` below 0)."""
    y, x = np.mgrid[:ROWS, :COLUMNS]
    cover = np.exp(-((np.hypot(x - 160, y - 90) / wide) ** 2))[..., None]
    return floor * (1 - depth * cover) + (110 * depth * cover if depth > 0 else 0)


@pytest.mark.parametrize(
    ("before", "after", "gone"),
    [
        (as_it_is, bag, False),
        (bag, as_it_is, True),
        (half_dark, lambda floor: bag(floor, 0.4), False),
        (lambda floor: bag(floor, 0.4), half_dark, True),
    ],
)
def test_a_bag_with_a_soft_shadow_is_found_and_missed(before: Light, after: Light, gone: bool) -> None:
    (change,) = found(before, after)
    assert change.gone is gone
    assert change.box.x <= 152
    assert change.box.x + change.box.width >= 170


@pytest.mark.parametrize(
    ("wide", "depth"), [(20.0, 0.9), (14.0, -0.5), (20.0, -0.3)], ids=["smoke", "a lamp", "a soft light"]
)
def test_what_fades_away_is_no_thing(wide: float, depth: float) -> None:
    assert found(as_it_is, lambda floor: veil(floor * 1.3 if depth > 0 else floor, wide, depth)) == []
