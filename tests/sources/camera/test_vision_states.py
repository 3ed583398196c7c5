"""Camera states by what is left of the view's detail: covered lenses and turned cameras are told, lamps are not."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from safecare.sources.camera.messages import PictureState
from safecare.sources.camera.vision.health import PictureHealth
from safecare.sources.camera.vision.parts import Image

Change = Callable[[Image], Image]
ROWS, COLUMNS = 180, 320


def place() -> Image:
    """A place full of detail of all sizes, 8 grey levels and more."""
    rng = np.random.default_rng(3)
    total = np.full((ROWS, COLUMNS), 120.0, np.float32)
    for cells in (8, 24, 72):
        coarse = rng.normal(0, 22, (cells, cells)).astype(np.float32)
        total += cv2.resize(coarse, (COLUMNS, ROWS), interpolation=cv2.INTER_CUBIC)
    return np.repeat(total[..., None], 3, axis=2).clip(0, 255).astype(np.uint8)


def states(change: Change, *, turns: bool = False) -> list[PictureState]:
    """Return the states of 20 s as it is and 20 s after `change`, five pictures a second, with the sensor's noise."""
    health, rng, view = PictureHealth(turns=turns), np.random.default_rng(4), place()
    found: list[PictureState] = []
    for number in range(200):
        picture = view if number < 100 else change(view)
        noisy = picture + rng.normal(0, 2, picture.shape)
        found.append(health.judge(noisy.clip(0, 255).astype(np.uint8), number / 5))
    return found


def foil(view: Image) -> Image:
    return (cv2.GaussianBlur(view, (0, 0), 25) * 0.6 + 50).astype(np.uint8)


def hand(view: Image) -> Image:
    return np.broadcast_to(np.linspace(40, 100, COLUMNS)[None, :, None], view.shape).astype(np.uint8)


def turned(view: Image) -> Image:
    move = np.array([[1, 0, -0.06 * COLUMNS], [0, 1, 0]], np.float32)
    return cv2.warpAffine(view, move, (COLUMNS, ROWS), borderMode=cv2.BORDER_REFLECT).astype(np.uint8)


def lamps_off(view: Image) -> Image:
    return (view * 0.12).astype(np.uint8)


def half_of_the_lamps(view: Image) -> Image:
    dim = view.copy()
    dim[:, : COLUMNS // 2] //= 5
    return dim


def fog(view: Image) -> Image:
    return (view * 0.3 + 130).astype(np.uint8)


@pytest.mark.parametrize(("change", "state"), [(foil, "covered"), (hand, "covered"), (turned, "moved")])
def test_what_was_done_to_a_camera_is_told(change: Change, state: PictureState) -> None:
    found = states(change)
    assert set(found[:100]) == {"ok"}
    assert found[-1] == state


@pytest.mark.parametrize("change", [lamps_off, half_of_the_lamps, fog])
def test_what_light_and_weather_do_is_none(change: Change) -> None:
    assert set(states(change)) == {"ok"}


def test_a_lens_that_is_free_again_is_good_again() -> None:
    health, rng, view = PictureHealth(), np.random.default_rng(4), place()
    found = []
    for number in range(300):
        picture = foil(view) if 100 <= number < 160 else view
        found.append(health.judge((picture + rng.normal(0, 2, view.shape)).clip(0, 255).astype(np.uint8), number / 5))
    assert found[159] == "covered"
    assert set(found[200:]) == {"ok"}


def test_a_dome_that_turns_by_itself_is_not_moved() -> None:
    assert set(states(turned, turns=True)) == {"ok"}


def lorry(at: float, rng: np.random.Generator) -> Image:
    """Stand a smooth side with an outline before three quarters of the view; the rest is as it was."""
    found = place()
    cv2.rectangle(found, (25, 15), (300, 170), (170, 172, 175), -1)
    cv2.rectangle(found, (25, 15), (300, 170), (40, 40, 40), 2)
    return found


def cabin(at: float, rng: np.random.Generator) -> Image:
    """Fill the view with a wall that has two seams."""
    found = np.full((ROWS, COLUMNS, 3), 150, np.uint8)
    for seam in (100, 200):
        cv2.line(found, (seam, 0), (seam, ROWS), (90, 90, 90), 2)
    return found


def crowd(at: float, rng: np.random.Generator) -> Image:
    """Fill the view with details that don't stay where they are."""
    spots = rng.integers(0, 255, (24, 40, 3)).astype(np.uint8)
    return cv2.resize(spots, (COLUMNS, ROWS), interpolation=cv2.INTER_NEAREST).astype(np.uint8)


@pytest.mark.parametrize("stands", [lorry, cabin, crowd])
@pytest.mark.parametrize(("seconds", "told"), [(100, False), (140, True)])
def test_what_stands_before_the_lens_is_told_only_when_it_stays(
    stands: Callable[[float, np.random.Generator], Image], seconds: int, told: bool
) -> None:
    health, rng = PictureHealth(), np.random.default_rng(5)
    found: list[PictureState] = []
    for number in range(20 + seconds + 20):
        picture = stands(number, rng) if 20 <= number < 20 + seconds else place()
        noisy = (picture + rng.normal(0, 2, picture.shape)).clip(0, 255).astype(np.uint8)
        found.append(health.judge(noisy, float(number)))
    assert ("moved" in found) is told
    assert found[-1] == "ok"
    assert set(found[: 20 + 100]) == {"ok"}


def test_a_camera_turned_while_a_lorry_stands_before_it_is_told_once_the_other_view_stands() -> None:
    health, rng = PictureHealth(), np.random.default_rng(5)
    found: list[PictureState] = []
    for number in range(80):
        picture = place() if number < 20 else lorry(number, rng) if number < 50 else turned(place())
        noisy = (picture + rng.normal(0, 2, picture.shape)).clip(0, 255).astype(np.uint8)
        found.append(health.judge(noisy, float(number)))
    assert set(found[:52]) == {"ok"}
    assert "moved" in found[:62]
