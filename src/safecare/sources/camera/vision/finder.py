"""People found by a network in the parts of the picture that matter, joined into one list of boxes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from safecare.sources.camera.vision.networks import Network
from safecare.sources.camera.vision.parts import Box, Image, Picture, Tracked
from safecare.sources.camera.vision.regions import Attention, Part
from safecare.sources.camera.vision.tracker import BIRTH, FAINT, overlap

EDGE = 2.0
"""Pixels of the camera's picture within which a box touches the edge of its crop: the person goes on beyond."""
INSIDE = 0.7
"""Share of a box that lies in a better one of another part from which they are one person; chosen."""
PIECE = 0.6
"""Height of such a box over that of the better one below which it is a piece of that person; chosen."""
SAME = 0.5
"""Overlap of boxes of different parts from which they are one person."""
QUARTER = 0.6
"""Share of the picture's sides in each of the four parts of a careful look; chosen: they share a fifth, in which who is
cut by one lies whole in another."""


@dataclass
class NetworkFinder:
    """A `Finder` that asks `network`; boxes with scores up to `least` are of no use."""

    network: Network
    least: float = 0.0
    attention: Attention = field(init=False)
    _last: list[Box] = field(default_factory=list, init=False)
    """What was found a moment ago and is not yet, or no more, somebody who is followed."""

    def __post_init__(self) -> None:
        """Look as the network can."""
        self.attention = Attention(self.network.pliant)

    @property
    def moving(self) -> Image | None:
        """What moved in the last picture."""
        return self.attention.motion.mask

    def find(self, picture: Picture, at: float, tracked: Sequence[Tracked]) -> list[Box]:
        """Return boxes of people in pixels of the reduced picture."""
        rows, columns = picture.small.shape[:2]
        reach = self.network.reach(round(columns * picture.scale), round(rows * picture.scale))
        followed = [one.box for one in tracked]
        fresh = [box for box in self._last if not any(overlap(box, other) > SAME for other in followed)]
        parts = self.attention.parts(picture.small, picture.scale, at, [*followed, *fresh], reach)
        found: list[Box] = []
        for part in parts:
            found += self._look(picture, part)
        found = _joined(found) if len(parts) > 1 else found
        self._last = [box for box in found if box.score >= BIRTH]
        return found

    def careful(self, colour: Image) -> list[Box] | None:
        """Return boxes of all who may be in `colour`, in its pixels: in all of it, and in four parts, magnified."""
        rows, columns = colour.shape[:2]
        high, wide = round(QUARTER * rows), round(QUARTER * columns)
        found = self.network.boxes(colour, FAINT)
        for top in (0, rows - high):
            for left in (0, columns - wide):
                part = self.network.boxes(colour[top : top + high, left : left + wide], FAINT)
                found += [_moved(one, left, top, 1.0) for one in part]
        return found

    def _look(self, picture: Picture, part: Part) -> list[Box]:
        colour = picture.colour()
        scale, box = picture.scale, part.box
        if box is None:
            return [_moved(one, 0, 0, scale) for one in self.network.boxes(colour, self.least)]
        left, top = int(box.x * scale), int(box.y * scale)
        image = colour[top : int((box.y + box.height) * scale), left : int((box.x + box.width) * scale)]
        rows, columns = image.shape[:2]
        if rows < 2 or columns < 2:
            return []
        inner = (
            left > 0,
            top > 0,
            left + columns < colour.shape[1] - 1,
            top + rows < colour.shape[0] - 1,
        )
        seen = self.network.boxes(image, self.least, part.reach)
        whole = [one for one in seen if not _cut(one, columns, rows, inner)]
        return [_moved(one, left, top, scale) for one in whole]


def _cut(box: Box, columns: int, rows: int, inner: tuple[bool, bool, bool, bool]) -> bool:
    """Tell whether `box` touches an edge of its crop that is not one of the picture."""
    touches = (
        box.x < EDGE,
        box.y < EDGE,
        box.x + box.width > columns - EDGE,
        box.y + box.height > rows - EDGE,
    )
    return any(one and other for one, other in zip(touches, inner, strict=True))


def _moved(box: Box, left: int, top: int, scale: float) -> Box:
    return Box((box.x + left) / scale, (box.y + top) / scale, box.width / scale, box.height / scale, box.score)


def _joined(found: list[Box]) -> list[Box]:
    """Return the boxes of several parts, best first, without those that are a better one, or a piece of it."""
    import numpy as np

    found = sorted(found, key=lambda one: -one.score)
    rows = np.array(found, np.float32).reshape(-1, 5)
    low, high, area = rows[:, :2], rows[:, :2] + rows[:, 2:4], rows[:, 2] * rows[:, 3]
    left = np.arange(len(rows))
    kept: list[Box] = []
    while len(left):
        best, left = left[0], left[1:]
        kept.append(found[best])
        side = np.minimum(high[best], high[left]) - np.maximum(low[best], low[left])
        shared = np.clip(side, 0, None).prod(1)
        same = shared > SAME * (area[best] + area[left] - shared)
        piece = (shared > INSIDE * area[left]) & (rows[left, 3] < PIECE * rows[best, 3])
        left = left[~(same | piece)]
    return kept
