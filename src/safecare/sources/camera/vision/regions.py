"""Where in the picture a network should look: at what moves, at who is there, and now and then at everything.

Source: motion regions before the detector, as the recorder Frigate does it; crops at the camera's own scale because
people of 32 pixels in 720p are found with an average precision of 0.05 in the whole picture and 0.88 in crops (measured
on PETS2009 S2.L1 pasted into 720p). Lengths are pixels of the reduced picture unless said otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from safecare.sources.camera.vision.parts import Box, Image

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
GROW = 0.5
"""Share of a region's larger side added around it; chosen: a step, and the rest of a person half seen."""
MOST_CROPS = 4
"""Crops of one picture; beyond, they take turns. Chosen: four times the cost of the whole picture."""
NEWS_EVERY = 0.5
"""Seconds after which motion that nobody known explains is looked at again, and small people who stand still or are
beside large ones; chosen: a newcomer is told within two."""
MOST_NEWS = 2
"""Crops for motion that nobody known explains; more of it takes turns. Chosen: leaves in the wind are everywhere."""
NEAR = 0.5
"""Share of a track's box around it in which motion is that person's own."""
FEWEST_PIXELS = 96
"""Smallest crop, pixels of the camera's picture; chosen: below, a network sees blur."""


@dataclass
class Motion:
    """Finds what moves in successive reduced pictures."""

    _mean: NDArray[np.float32] | None = field(default=None, init=False)
    _at: float = field(default=0.0, init=False)

    def regions(self, small: Image, at: float) -> list[Box] | None:
        """Return boxes of motion; None for the first picture, or after a change of its size."""
        import cv2
        import numpy as np

        grey = cv2.cvtColor(small, cv2.COLOR_BGR2GRAY).astype(np.float32)
        if self._mean is None or self._mean.shape != grey.shape:
            self._mean, self._at = grey, at
            return None
        moving = (cv2.absdiff(grey, self._mean) > STIR).astype(np.uint8)
        step = max(at - self._at, 0.0)
        cv2.accumulateWeighted(grey, self._mean, min(1.0, max(step, 0.02) / RECENT))
        self._at = at
        opened = cv2.morphologyEx(moving, cv2.MORPH_OPEN, np.ones((2, 2), np.uint8))
        grown = cv2.dilate(opened, np.ones((9, 5), np.uint8))
        _, _, stats, _ = cv2.connectedComponentsWithStats(grown)
        least = LEAST_SHARE * grey.size
        return [Box._make((*map(float, row[:4]), 1.0)) for row in stats[1:] if row[4] >= least + GROWN]


@dataclass
class Attention:
    """Chooses the parts of each picture; None stands for the whole."""

    _whole_at: float = field(default=float("-inf"), init=False)
    _motion: Motion = field(default_factory=Motion, init=False)
    _news_at: float = field(default=float("-inf"), init=False)
    _turn: int = field(default=0, init=False)

    def parts(self, small: Image, scale: float, at: float, known: Sequence[Box], reach: float) -> list[Box | None]:
        """Return what to look at in the picture of `at`: boxes in pixels of `small`.

        `known`: who is there; `scale`: camera's pixels for each of `small`; `reach`: the network's pixels for each of
        the camera's when it looks at the whole.
        """
        moving = self._motion.regions(small, at)
        legible = reach * scale
        news = [box for box in moving or () if not any(_touch(one, box) for one in known)]
        low = [box for box in known if box.height * legible < LEGIBLE]
        heights = sorted(box.height for box in low)
        usual = heights[len(heights) // 2] if heights else None
        whole = moving is None or len(low) < len(known) or at - self._whole_at >= WHOLE_EVERY
        if at - self._news_at >= NEWS_EVERY:
            self._news_at = at
            whole = whole or any(box.height * legible >= LEGIBLE / 2 for box in news)
            self._turn += 1
            small_news = [box for box in news if box.height * legible < LEGIBLE]
            low += [
                small_news[(self._turn * MOST_NEWS + one) % len(small_news)] for one in range(MOST_NEWS) if small_news
            ]
        else:
            low = [box for box in low if not whole and any(_touch(box, one) for one in moving or ())]
        if whole:
            self._whole_at = at
        return [*([None] if whole else []), *self._crops(low, small.shape[:2], scale, usual, reach)]

    def _crops(
        self, low: list[Box], shape: tuple[int, ...], scale: float, usual: float | None, reach: float
    ) -> list[Box]:
        """Cover `low` with square crops, in which a person of height `usual` is as tall as is wanted."""
        if not low:
            return []
        rows, columns = shape
        side_of_input = reach * max(rows, columns) * scale
        tall = usual or max(3.0, sorted(box.height for box in low)[len(low) // 2] * 0.7)
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
