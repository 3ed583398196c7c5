"""What a still hides: who is followed, who moves, and who is found by a careful look only, since they do not move."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from safecare.sources.camera.messages import View
from safecare.sources.camera.vision.finder import NetworkFinder
from safecare.sources.camera.vision.parts import Box, Image, Picture, Tracked
from safecare.sources.camera.vision.still import Hidden, still, without
from safecare.sources.camera.vision.watch import Watch

SITTING = Box(100, 60, 40, 100)
HEAD = (slice(62, 82), slice(105, 135))
BESIDE = (slice(62, 82), slice(205, 235))


class Careful:
    """Finds nobody at a glance, and who sits there when it looks carefully."""

    moving: Image | None = np.zeros((180, 320), np.uint8)

    def __init__(self, sitting: list[Box] | None) -> None:
        self._sitting = sitting

    def find(self, picture: Picture, at: float, tracked: Sequence[Tracked]) -> list[Box]:
        return []

    def careful(self, colour: Image) -> list[Box] | None:
        return self._sitting


class Counting:
    """A network that sees somebody in a part of the picture only, as large as it is there."""

    pliant = False

    def __init__(self) -> None:
        self.shapes: list[tuple[int, ...]] = []

    def boxes(self, image: Image, least: float = 0.0, reach: float = 0.0) -> list[Box]:
        self.shapes.append(image.shape[:2])
        return [Box(10, 20, 5, 12, 0.3)] if len(self.shapes) > 1 else []

    def spots(self, image: Image) -> list[tuple[str, Box]]:
        return []

    def reach(self, width: int, height: int) -> float:
        return 1.0


def chequers() -> Image:
    board: Image = (np.indices((180, 320)).sum(0) // 2 % 2 * 255).astype(np.uint8)[..., None].repeat(3, 2)
    return board


def texture(raw: bytes, part: tuple[slice, slice]) -> float:
    shown = cv2.imdecode(np.frombuffer(raw, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert shown is not None
    return float(shown[part].std())


def shown_by(sitting: list[Box] | None) -> bytes:
    watch = Watch(View(fps=5.0), Careful(sitting))
    watch.look(Picture(chequers(), 1.0, chequers), 1.0)
    return still(chequers(), watch.hidden(chequers()))


def test_who_sits_still_is_hidden_after_a_careful_look() -> None:
    assert texture(shown_by([SITTING]), HEAD) < 20
    assert texture(shown_by([SITTING]), BESIDE) > 80  # what is beside stays
    assert texture(shown_by([]), HEAD) > 80


def test_where_who_does_not_move_cannot_be_found_all_is_coarse() -> None:
    assert texture(shown_by(None), HEAD) < 40
    assert texture(shown_by(None), BESIDE) < 40


def test_a_camera_without_a_network_cannot_find_who_does_not_move() -> None:
    watch = Watch(View(fps=5.0))
    watch.look(Picture(chequers(), 1.0, chequers), 1.0)
    assert watch.hidden(chequers()).unknown


def test_a_careful_look_is_one_at_all_and_one_at_each_quarter() -> None:
    network = Counting()
    found = NetworkFinder(network).careful(np.zeros((100, 200, 3), np.uint8))
    assert network.shapes == [(100, 200), *[(60, 120)] * 4]
    assert found is not None
    assert {(box.x, box.y) for box in found} == {(10, 20), (90, 20), (10, 60), (90, 60)}


def test_what_is_hidden_goes_along_with_the_size_of_the_picture() -> None:
    hidden = Hidden([Box(200, 120, 80, 200)]).scaled(0.5)
    assert hidden.heads == [Box(100, 60, 40, 100)]
    assert without(chequers(), hidden)[HEAD].std() < 20
