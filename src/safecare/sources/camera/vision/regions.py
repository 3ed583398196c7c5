"""Where in the picture a network should look: at what moves, at who is there, and now and then at everything.

A network that takes any size is shown rectangles of just these, at the same scale; one that does not, the whole picture
whenever somebody large enough is there, and squares around the small.

Source: motion regions before the detector, as the recorder Frigate does it; crops at the camera's own scale because
people of 32 pixels in 720p are found with an average precision of 0.05 in the whole picture and 0.88 in crops (measured
on PETS2009 S2.L1 pasted into 720p). Lengths are pixels of the reduced picture unless said otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from safecare.sources.camera.vision.parts import Box, Image
from safecare.sources.camera.vision.windows import MOST, STEP, Grid, around, both, joined

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

WHOLE_EVERY = 2.0
"""Seconds after which the whole picture is looked at again; chosen: somebody who came without motion is found."""
STIR = 10.0
"""Grey levels off the picture's recent mean that count as motion; chosen: above coding noise, below a grey coat."""
RECENT = 1.0
"""Time constant of that mean, seconds; chosen: a walker leaves their place in one."""
LEAST_SHARE = 0.00012
"""Least moving share of the picture; chosen: 7 pixels of 320 x 180, half of a person of 24 pixels in 720p."""
GROWN = 45
"""Pixels that a single moving one becomes when motion is grown by 9 x 5."""
LEGIBLE = 26.0
"""Height of a person in the network's input, in its pixels, from which the whole picture will do; measured: at 43 the
average precision is 0.90 (YOLOX-Nano, PETS2009), at 32 0.89, at 23 0.77, at 16 0.40."""
WANTED = 64.0
"""Height of a person in the network's input that a crop aims at; chosen: well above what is legible."""
LARGE_ENOUGH = 40.0
"""The same for a rectangle in an input of its own size, where more costs more; measured on PETS2009 laid into 720p: the
average precision of 32-pixel people is 0.85 at 40 and 0.87 at 48, for a fifth more work."""
MOST_REACH = 2.0
"""The network's pixels for each of the camera's beyond which nothing more is to be seen; chosen."""
ROOM = 0.8
"""Heights of a person left around them in a rectangle; chosen: a run of 4 m/s between two pictures, and what stands
beside. Measured on PETS2009: at 0.5 the average precision is 0.02 less, at 1.5 the same."""
GROW = 0.5
"""Share of a region's larger side added around it; chosen: a step, and the rest of a person half seen."""
MOST_CROPS = 4
"""Crops of one picture; beyond, they take turns. Chosen: four times the cost of the whole picture."""
NEWS_EVERY = 0.5
"""Seconds after which small motion that nobody known explains is looked at again; by a network of one size all such
motion, and small people beside large ones, too. Chosen: a newcomer is told within two."""
MOST_NEWS = 2
"""Crops for motion that nobody known explains; more of it takes turns. Chosen: leaves in the wind are everywhere."""
NEAR = 0.5
"""Share of a track's box around it in which motion is that person's own."""
FEWEST_PIXELS = 96
"""Smallest crop, pixels of the camera's picture; chosen: below, a network sees blur."""


@dataclass
class Motion:
    """Finds what moves in successive reduced pictures."""

    mask: Image | None = field(default=None, init=False)
    """What moved in the last picture, grown by a little (0: nothing); None where that is not known."""
    _mean: NDArray[np.float32] | None = field(default=None, init=False)
    _at: float = field(default=0.0, init=False)

    def regions(self, small: Image, at: float) -> list[Box] | None:
        """Return boxes of motion; None for the first picture, or after a change of its size."""
        import cv2
        import numpy as np

        grey = cv2.cvtColor(small, cv2.COLOR_BGR2GRAY).astype(np.float32)
        if self._mean is None or self._mean.shape != grey.shape:
            self._mean, self._at, self.mask = grey, at, None
            return None
        moving = (cv2.absdiff(grey, self._mean) > STIR).astype(np.uint8)
        step = max(at - self._at, 0.0)
        cv2.accumulateWeighted(grey, self._mean, min(1.0, max(step, 0.02) / RECENT))
        self._at = at
        opened = cv2.morphologyEx(moving, cv2.MORPH_OPEN, np.ones((2, 2), np.uint8))
        grown = cv2.dilate(opened, np.ones((9, 5), np.uint8))
        self.mask = grown  # type: ignore[assignment]  # 8-bit, as `moving` is
        _, _, stats, _ = cv2.connectedComponentsWithStats(grown)
        least = LEAST_SHARE * grey.size
        return [Box._make((*map(float, row[:4]), 1.0)) for row in stats[1:] if row[4] >= least + GROWN]


class Part(NamedTuple):
    """A part of the picture to look at (None: the whole), at so many of the network's pixels for each of the camera's.

    `reach` is 0 where the network has one input only, whatever is shown to it.
    """

    box: Box | None = None
    reach: float = 0.0


@dataclass
class Attention:
    """Chooses the parts of each picture.

    `pliant`: the network takes an input of any size, and a smaller one is less work.
    """

    pliant: bool = False
    _whole_at: float = field(default=float("-inf"), init=False)
    motion: Motion = field(default_factory=Motion, init=False)
    _news_at: float = field(default=float("-inf"), init=False)
    _turn: int = field(default=0, init=False)
    _close_turn: int = field(default=0, init=False)

    def parts(self, small: Image, scale: float, at: float, known: Sequence[Box], reach: float) -> list[Part]:
        """Return what to look at in the picture of `at`: boxes in pixels of `small`.

        `known`: who is there; `scale`: camera's pixels for each of `small`; `reach`: the network's pixels for each of
        the camera's when it looks at the whole.
        """
        moving = self.motion.regions(small, at)
        legible = reach * scale
        stirred = moving or []
        news = [box for box in stirred if not any(_touch(one, box) for one in known)]
        low = [box for box in known if box.height * legible < LEGIBLE]
        high = [box for box in known if box.height * legible >= LEGIBLE]
        heights = sorted(box.height for box in low)
        usual = heights[len(heights) // 2] if heights else None
        whole = moving is None or at - self._whole_at >= WHOLE_EVERY
        turn = at - self._news_at >= NEWS_EVERY
        if self.pliant:
            high += [box for box in news if box.height * legible >= LEGIBLE / 4]
        elif high or (turn and any(box.height * legible >= LEGIBLE / 2 for box in news)):
            whole = True
        grid = Grid(small.shape[1], small.shape[0], STEP / legible)
        windows = [] if whole else self._windows(high, stirred, grid)
        if whole or windows is None:
            self._whole_at = at
            first = [Part()]
        else:
            first = [Part(box, reach) for box in windows]
        if turn:
            self._news_at = at
            self._turn += 1
            small_news = [box for box in news if box.height * legible < LEGIBLE]
            low += [
                small_news[(self._turn * MOST_NEWS + one) % len(small_news)] for one in range(MOST_NEWS) if small_news
            ]
        elif not self.pliant:
            low = [] if first == [Part()] else low  # the whole picture and crops are too much at once
        if not low:
            return first
        tall = usual or max(3.0, sorted(box.height for box in low)[len(low) // 2] * 0.7)
        if self.pliant:
            close = min(max(reach, LARGE_ENOUGH / (tall * scale)), MOST_REACH)
            return [*first, *self._close(low, stirred, grid, close, scale)]
        return [*first, *(Part(box) for box in self._crops(low, small.shape[:2], scale, tall, reach))]

    def _windows(self, high: Sequence[Box], stirred: Sequence[Box], grid: Grid) -> list[Box] | None:
        """Return rectangles around `high`; None if the whole picture costs no more."""
        if len(high) > MOST:
            return None
        found = joined([_roomy(box, stirred) for box in high], grid)
        return found if sum(map(grid.cost, found)) < grid.whole else None

    def _close(self, low: list[Box], stirred: Sequence[Box], grid: Grid, close: float, scale: float) -> Iterator[Part]:
        """Yield rectangles around `low` at the scale `close`, for as much work as `MOST_CROPS` whole pictures."""
        budget = MOST_CROPS * grid.whole
        if len(low) > MOST:
            first = self._close_turn * MOST % len(low)
            low = (low + low)[first : first + MOST]
            self._close_turn += 1
        near = Grid(grid.columns, grid.rows, STEP / (close * scale))
        found = joined([_roomy(box, stirred) for box in low], near)
        first = self._close_turn % max(1, len(found))
        for box in found[first:] + found[:first]:
            budget -= near.cost(box)
            if budget < 0:
                self._close_turn += 1
                return
            yield Part(box, close)

    def _crops(self, low: list[Box], shape: tuple[int, ...], scale: float, tall: float, reach: float) -> list[Box]:
        """Cover `low` with square crops, in which a person of height `tall` is as tall as is wanted."""
        rows, columns = shape
        side_of_input = reach * max(rows, columns) * scale
        side = max(FEWEST_PIXELS / scale, side_of_input * tall / WANTED)
        side = min(side, side_of_input / scale, float(min(rows, columns)))
        crops: list[Box] = []
        for box in sorted(low, key=lambda one: -one.height):
            if not any(_holds(crop, box) for crop in crops):
                crops.append(_square(box, side, rows, columns))
        if len(crops) > MOST_CROPS:
            first = self._turn * MOST_CROPS % len(crops)
            crops = (crops + crops)[first : first + MOST_CROPS]
            self._turn += 1
        return crops


def _square(box: Box, side: float, rows: int, columns: int) -> Box:
    """Return a square around `box`, at least `side` large, inside of the picture as far as it fits."""
    wanted = max(side, (1 + GROW) * max(box.width, box.height))
    wide, high = min(wanted, float(columns)), min(wanted, float(rows))
    x, y = box.centre
    left = min(max(0.0, x - wide / 2), columns - wide)
    top = min(max(0.0, y - high / 2), rows - high)
    return Box(left, top, wide, high)


def _roomy(box: Box, stirred: Sequence[Box]) -> Box:
    """Return `box` with the motion that is its own, and room around."""
    room = ROOM * max(box.width, box.height)
    for one in stirred:
        if _touch(box, one):
            box = both(box, one)
    return around(box, room)


def _touch(one: Box, motion: Box) -> bool:
    """Tell whether the middle of `motion` lies in or near the box `one`."""
    x, y = motion.centre
    near_x, near_y = NEAR * one.width, NEAR * one.height
    return one.x - near_x <= x <= one.x + one.width + near_x and one.y - near_y <= y <= one.y + one.height + near_y


def _holds(crop: Box, box: Box) -> bool:
    """Tell whether `box` lies in `crop` with room to spare."""
    room = 0.25 * box.height
    return (
        crop.x <= box.x - room
        and crop.y <= box.y - room
        and box.x + box.width + room <= crop.x + crop.width
        and box.y + box.height + room <= crop.y + crop.height
    )
