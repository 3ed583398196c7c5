"""Flames in the picture, by colour and motion alone: something new burns where its foot stays and its tip dances.

A flame shines, red above green above blue, and is fed at its foot: that stays where it is, while the tip is torn off
and grows again 1 to 10 times a second. Vests, curtains, screens and sun on the floor have the colour, but no still foot
below a restless tip; beacons and lamps go on and off as a whole. It is a hint for people, no fire detector: no model,
no heat, and smoke is not seen.

Sources: colour as in Celik and Demirel, "Fire detection in video sequences using a generic color model" (Fire Safety
Journal 2009); restless outlines as in Toreyin et al., "Computer vision based method for real-time fire and flame
detection" (Pattern Recognition Letters 2006); puffing at 1.5/sqrt(D) Hz above a pool of D metres: Pagni (1990).
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from safecare.sources.camera.vision.parts import Box, Image

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
else:
    Floats = Any

EVERY = 0.2
"""Least seconds between two looks; chosen: a flame looks another way each time, more would say the same."""
WINDOW = 5.0
"""Seconds over which foot and tip are judged; chosen: seven puffs of a fire of one metre, and people pass in it."""
FEWEST = 10
"""Looks in the window below which nothing is judged; chosen: 2 a second."""
RED, APART = 180, 70
"""Least level of red, and least difference between red and blue, of a flame; chosen: it outshines what it lights."""
KNOWN = 60.0
"""Time constant, seconds, with which a place that has the colour becomes part of the scene (lamps, signs); chosen."""
TELL_EVERY = 1.0
"""Least seconds between two tellings of flames that go on; chosen: as of special models."""
OFTEN = 0.15
"""Share of the looks in which a pixel must burn to belong to the flame; chosen: its tip is there now and then."""
LEAST, LOW = 6.0, 6
"""Pixels of the flame (median) and of its height, in the reduced picture, below which nothing can be judged; chosen."""
TALL = 1.0
"""Height over width from which it may be a flame: by Heskestad's height of flames a fire of 500 kW a square metre is
taller than it is wide up to three metres; sun on the floor, seen from a wall, is flat."""
THERE = 0.85
"""Share of the looks with at least a third of the usual size; chosen: a beacon is dark for half of them."""
FOOT, SIDE = 0.08, 0.12
"""Deviation of the foot's row over the height, and of the middle over the width, up to which it stays; chosen with made
clips 1 to 3 in sight, where flames have up to 0.04 and 0.09, people in vests from 0.05 and 0.10 up."""
TIP = 0.09
"""Deviation of the tip's row over the height from which it dances; chosen likewise: from 0.12, others to 0.04."""
RESTLESS, MORE = 0.3, 1.6
"""Share of the flame that is another from look to look, and how many times more of its upper half than of its lower;
chosen likewise: flames from 0.40 and 1.8, others to 1.5 where the first holds."""


class Flame(NamedTuple):
    """What burns: its box in pixels of the reduced picture, and since when it has been judged a flame (seconds)."""

    box: Box
    since: float


@dataclass
class Flames:
    """Finds flames in successive reduced pictures."""

    _looks: deque[tuple[float, Image]] = field(default_factory=deque, init=False)
    """Time and mask (0 or 1) of what has the colour and is new."""
    _known: Floats | None = field(default=None, init=False)
    _at: float = field(default=float("-inf"), init=False)
    _burning: list[Flame] = field(default_factory=list, init=False)
    _told: float = field(default=float("-inf"), init=False)

    def look(self, small: Image, at: float) -> list[Flame] | None:
        """Take the picture of `at` (seconds, growing); return what burns, None when it is not time to tell."""
        import numpy as np

        if at - self._at < EVERY - 0.001:
            return None
        step, self._at = min(at - self._at, 1.0), at
        mask = _glows(small)
        if self._known is None or self._known.shape != mask.shape:
            self._known = mask.astype(np.float32)
            self._looks.clear()
        self._looks.append((at, mask & (self._known < 0.5)))
        self._known += step / KNOWN * (mask - self._known)
        while at - self._looks[0][0] > WINDOW:
            self._looks.popleft()
        found = self._judged() if len(self._looks) >= FEWEST and at - self._looks[0][0] > 0.7 * WINDOW else []
        before = self._burning
        self._burning = [Flame(box, next((one.since for one in before if _meet(one.box, box)), at)) for box in found]
        if bool(before) == bool(found) and at - self._told < TELL_EVERY - 0.001:
            return None
        self._told = at
        return self._burning

    def _judged(self) -> list[Box]:
        """Return the boxes of what has glowed as flames do within the window."""
        import cv2
        import numpy as np

        masks = np.stack([mask for _, mask in self._looks])
        often = (masks.mean(0) >= OFTEN).astype(np.uint8)
        if not often.any():
            return []
        joined = cv2.morphologyEx(often, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
        _, labels, stats, _ = cv2.connectedComponentsWithStats(joined)
        found: list[Box] = []
        for label, (x, y, width, height, _size) in enumerate(stats.tolist()):
            if not label or height < max(LOW, TALL * width):
                continue
            here = labels[y : y + height, x : x + width] == label
            if _dances(masks[:, y : y + height, x : x + width] * here):
                found.append(Box(float(x), float(y), float(width), float(height)))
        return found


def _glows(small: Image) -> Any:
    """Return a mask (0 or 1) of the pixels that have the colour of a flame."""
    import numpy as np

    blue, green, red = (small[..., channel].astype(np.int16) for channel in range(3))
    return ((red >= RED) & (red >= green) & (green >= blue) & (red - blue >= APART)).astype(np.uint8)


def _dances(masks: Any) -> bool:
    """Tell whether what glows in `masks` (look, row, column) stays by its foot and dances by its tip."""
    import numpy as np

    _, height, width = masks.shape
    sizes = masks.sum((1, 2)).astype(float)
    usual = float(np.median(sizes))
    if usual < LEAST or float((sizes >= usual / 3).mean()) < THERE:
        return False
    rows, columns = masks.any(2), masks.sum(1)
    lit = rows.any(1)
    tips, feet = rows.argmax(1)[lit], height - 1 - rows[:, ::-1].argmax(1)[lit]
    middles = (columns * np.arange(width)).sum(1)[lit] / sizes[lit]
    if feet.std() > FOOT * height or middles.std() > SIDE * width or tips.std() < TIP * height:
        return False
    others = np.abs(np.diff(masks.astype(np.int8), axis=0))
    upper, lower = (float(others[:, part].sum()) / max(1.0, float(masks[:, part].sum())) for part in _halves(height))
    return float(np.median(others.sum((1, 2)) / np.maximum(1.0, sizes[1:]))) >= RESTLESS and upper >= MORE * lower


def _halves(height: int) -> tuple[slice, slice]:
    return slice(0, height // 2), slice(height // 2, height)


def _meet(one: Box, other: Box) -> bool:
    return (
        one.x < other.x + other.width
        and other.x < one.x + one.width
        and one.y < other.y + other.height
        and other.y < one.y + one.height
    )
