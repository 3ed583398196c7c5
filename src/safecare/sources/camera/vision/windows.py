"""Rectangles around what matters, so large that a network which takes any size looks at no more than it must.

A network's work grows with the pixels of its input. Six people in a picture of 720p cover a tenth of it: looking at
them alone, at the same scale, finds the same people. Source: motion regions before the detector, as the recorder
Frigate does it, joined as a greedy set cover; what a look costs was measured (see `FIXED`).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from math import ceil
from typing import NamedTuple

from safecare.sources.camera.vision.parts import Box

STEP = 32
"""Pixels of the network's input in a cell: its sizes are whole numbers of cells."""
FIXED = 5
"""What each look costs beside its cells, in cells: measured 0.4 ms, and 0.08 ms for a cell (CenterNet-MobileNetV3)."""
MOST = 12
"""Rectangles that are joined; more of them make the whole picture cheaper, or take turns. Chosen: bounds the work."""


class Grid(NamedTuple):
    """A picture of `columns` x `rows` (pixels) at the scale at which `cell` of its pixels are one cell of the input."""

    columns: int
    rows: int
    cell: float

    @property
    def whole(self) -> int:
        """Cost of the whole picture, in cells."""
        return self.cost(Box(0, 0, self.columns, self.rows))

    def cost(self, box: Box) -> int:
        """Return what a look at `box` costs, in cells."""
        return self._cells(box.width) * self._cells(box.height) + FIXED

    def filled(self, box: Box) -> Box:
        """Return `box` grown to whole cells, moved into the picture; never larger than that."""
        wide = min(float(self.columns), self._cells(box.width) * self.cell)
        high = min(float(self.rows), self._cells(box.height) * self.cell)
        x, y = box.centre
        left = min(max(0.0, x - wide / 2), self.columns - wide)
        top = min(max(0.0, y - high / 2), self.rows - high)
        return Box(left, top, wide, high)

    def _cells(self, length: float) -> int:
        return ceil(length / self.cell - 1e-9)  # what fills whole cells fills no more of them

    def inner(self, box: Box) -> Box:
        """Return the part of `box` that lies in the picture."""
        left, top = max(0.0, box.x), max(0.0, box.y)
        wide = min(float(self.columns), box.x + box.width) - left
        high = min(float(self.rows), box.y + box.height) - top
        return Box(left, top, max(0.0, wide), max(0.0, high))


def around(box: Box, room: float) -> Box:
    """Return `box` with `room` added on each side."""
    return Box(box.x - room, box.y - room, box.width + 2 * room, box.height + 2 * room, box.score)


def both(one: Box, other: Box) -> Box:
    """Return the smallest box that holds `one` and `other`."""
    left, top = min(one.x, other.x), min(one.y, other.y)
    right = max(one.x + one.width, other.x + other.width)
    low = max(one.y + one.height, other.y + other.height)
    return Box(left, top, right - left, low - top)


def joined(wanted: Sequence[Box], grid: Grid) -> list[Box]:
    """Return rectangles that hold all of `wanted`, in whole cells: two are one wherever that costs less."""
    left = [one for one in (grid.inner(box) for box in wanted) if one.width >= 1 and one.height >= 1]
    while len(left) > 1:
        gains = {
            pair: grid.cost(left[pair[0]]) + grid.cost(left[pair[1]]) - grid.cost(both(left[pair[0]], left[pair[1]]))
            for pair in combinations(range(len(left)), 2)
        }
        (one, other), gain = max(gains.items(), key=lambda item: item[1])
        if gain < 0:
            break
        left = [*(box for place, box in enumerate(left) if place not in (one, other)), both(left[one], left[other])]
    return [grid.filled(box) for box in left]
