"""A recording that is played again, however it was encoded, brightened or overlaid: what moves, moves as it did before.

Nobody walks twice the same way at the same pace with somebody else behind them. What moves in the picture is kept as a
row of numbers, how much each of its tiles has become brighter or darker within a second, and the last seconds are
looked for in the memory. Light that changes as a whole, noise (hundreds of pixels a tile) and a clock in a corner
hardly count. Where nothing moves there is nothing to know again: a recording of an empty place is not found.

Source: video copy detection by ordinal or temporal signatures of blocks, as Hampapur et al., "Comparison of sequence
matching techniques for video copy detection" (SPIE 4676, 2002); here by normalised correlation.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from safecare.sources.camera.vision.parts import Image

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
else:
    Floats = Any

TILES = (8, 6)
"""Tiles across and down; chosen: a walker changes some of them, a clock four."""
STEP = 0.25
"""Seconds from one row of the memory to the next; chosen: a walker moves by a third of a tile."""
ROWS = 7200
"""Rows remembered: half an hour, 1.4 MB a camera; chosen."""
CHANGE = 4
"""Rows over which a tile's change is taken: a second; chosen: longer than noise, shorter than clouds."""
WINDOW = 48
"""Rows that are looked for: twelve seconds; chosen: longer than one step, gesture or door."""
NEAREST = 32
"""Rows from which on a repetition counts: eight seconds; chosen: fans, beacons and screens repeat faster."""
GAP = 2.5
"""Seconds between two pictures that are bridged evenly; chosen: at one picture a second, one may be left out."""
LOOK = 2.0
"""Seconds between two searches; chosen: each takes some milliseconds."""
DARK = 10.0
"""Grey levels added to a tile's brightness before its logarithm; chosen: below it there is noise alone."""
STIRS = 0.02
"""Change (of the logarithm) of a tile in a second that is no noise; chosen: a hundredth of the brightness is the
encoder's, somebody in a tile changes it by a tenth."""
WIDE, MANY, LONG = 0.5, 6.0, 10.0
"""Share of the picture's width that what moves must span, tiles and rows of the window that must have had part in it;
chosen: a screen in the picture shows the same again and again, too, and a lamp changes all tiles in one row."""
SAME = 0.96
"""Correlation from which the window is one that was seen; chosen between 0.99, as recordings with noise, a clock and
another brightness have it, and 0.82, the most of two recordings of people (0.89 of drawn ones, who walk alike)."""
TURNS = 0.8
"""Correlation with what it was one to eight seconds before, from which it is a machine that goes round, and says
nothing; chosen: a fan has nearly 1, people who walk below a half."""
AS_STRONG = 1.5
"""Factor by which what moves may be stronger or weaker than before; chosen: haze or contrast, not somebody else."""
LASTS = 4.0
"""Seconds for which it must be known again at the same distance; chosen: two searches more."""
WANDERS = 2
"""Rows by which the distance may wander meanwhile; chosen."""
GOES_ON = 0.6
"""Correlation with what was at the recording's distance from which it goes on; chosen between 0.55, the most that drawn
people have with a certain moment before, and 0.7, which 99 of 100 looks at recordings have at one picture a second."""
OVER = WINDOW * STEP + LASTS
"""Seconds in which enough moves, and none of it as in the recording, after which it is none any more; chosen: where one
begins anew, a window of it is strange."""
KEPT = 600.0
"""Seconds without anything to judge by after which a recording is no longer told; chosen."""


@dataclass
class Recall:
    """Judges successive reduced pictures by what it remembers of them."""

    _memory: Floats | None = field(default=None, init=False)
    """Rows, the newest last; twice as long as it must be, so that it is seldom moved."""
    _filled: int = field(default=0, init=False)
    _before: tuple[float, Floats] | None = field(default=None, init=False)
    _lately: list[Floats] = field(default_factory=list, init=False)
    _due: float = field(default=0.0, init=False)
    _looked: float = field(default=float("-inf"), init=False)
    _lag: int = field(default=0, init=False)
    _since: float | None = field(default=None, init=False)
    _judged: float = field(default=float("-inf"), init=False)
    _strange: float = field(default=0.0, init=False)
    """Seconds of which it could be told that they are no recording, since one was last seen."""
    _whole: int = field(default=0, init=False)
    """Rows since the last gap."""
    _told: bool = field(default=False, init=False)

    def known(self, small: Image, at: float) -> bool:
        """Tell whether what moves is a recording of what moved before, at `at` (seconds, growing)."""
        now = _tiles(small)
        if self._before is None or not 0 < at - self._before[0] <= GAP:
            self._pause(at)
        else:
            then, old = self._before
            while self._due <= at:
                part = (self._due - then) / (at - then)
                self._take(old + max(0.0, part) * (now - old))
                self._due += STEP
        self._before = (at, now)
        if at - self._looked >= LOOK:
            self._looked = at
            self._judge(at)
        return self._told

    def _pause(self, at: float) -> None:
        """Begin anew after a gap, of which nothing is known; what is remembered stays as long ago as it is."""
        missing = round((at - self._due) / STEP) + CHANGE + 1
        for _ in range(max(0, min(ROWS, missing)) if self._filled else 0):
            self._put(None)
        self._lately, self._due, self._whole = [], at + STEP, 0

    def _take(self, tiles: Floats) -> None:
        self._lately.append(tiles)
        if len(self._lately) > CHANGE:
            self._put(tiles - self._lately.pop(0))

    def _put(self, row: Floats | None) -> None:
        """Add a row of changes (None: nothing is known)."""
        import numpy as np

        if self._memory is None:
            self._memory = np.zeros((2 * ROWS, TILES[0] * TILES[1]), np.float32)
        if self._filled == len(self._memory):
            self._memory[:ROWS] = self._memory[ROWS:]
            self._filled = ROWS
        if row is None:
            self._memory[self._filled] = 0.0
        else:
            even = row - np.median(row)
            self._memory[self._filled] = np.where(np.abs(even) > STIRS, even, 0.0)
            self._whole += 1
        self._filled += 1

    def _judge(self, at: float) -> None:
        """Look for the last seconds in the memory, if enough has moved."""
        likeness = self._likeness()
        if likeness is None:
            if at - self._judged > KEPT:
                self._told = False
            return
        self._judged = at
        lag = int(likeness.argmax())
        if likeness[lag] < SAME:
            self._since = None
            there = likeness[max(0, self._lag - WANDERS) : self._lag + WANDERS + 1]
            goes_on = there.size > 0 and float(there.max()) >= GOES_ON
            self._strange = 0.0 if goes_on else self._strange + LOOK
            self._told = self._told and self._strange < OVER
            return
        self._strange = 0.0
        if self._since is None or abs(lag - self._lag) > WANDERS:
            self._since, self._lag = at, lag
        elif at - self._since >= LASTS:
            self._told = True

    def _likeness(self) -> Floats | None:
        """Return how like the last seconds are to those so many rows earlier; None: too little has moved to tell."""
        import numpy as np

        if self._memory is None or self._whole < WINDOW or self._filled < WINDOW + NEAREST:
            return None
        rows = self._memory[max(0, self._filled - ROWS) : self._filled]
        window = rows[-WINDOW:]
        power = window**2
        ours = float(power.sum())
        if not _tells(power):
            return None
        before = rows[:-CHANGE]
        each = before @ window.T
        starts = len(before) - WINDOW + 1
        step = each.strides
        together = np.lib.stride_tricks.as_strided(each, (starts, WINDOW), (step[0], step[0] + step[1])).sum(1)
        total = np.concatenate(([0.0], np.cumsum((before**2).sum(1, dtype=np.float64))))
        theirs = total[WINDOW:] - total[:-WINDOW]
        strong = (theirs * AS_STRONG**2 >= ours) & (theirs <= ours * AS_STRONG**2)
        likeness = np.where(strong, together / np.sqrt(np.maximum(theirs * ours, 1e-12)), 0.0)
        far = starts - (NEAREST - CHANGE)
        if float(likeness[far:].max()) >= TURNS:
            return None
        by_lag: Floats = np.zeros(len(rows) - WINDOW + 1, np.float32)
        by_lag[len(rows) - WINDOW - np.arange(far)] = likeness[:far]
        return by_lag


def _tells(power: Floats) -> bool:
    """Tell whether what moved (`power`, rows by tiles) is wide and manifold enough to be known again."""
    by_tile, by_row = power.sum(0), power.sum(1)
    total = float(by_tile.sum())
    if total <= 0.0:
        return False
    across = by_tile.reshape(TILES[1], TILES[0]).sum(0) > 0.03 * total
    span = float(across.nonzero()[0].max() - across.nonzero()[0].min() + 1) / TILES[0]
    tiles, rows = total**2 / float((by_tile**2).sum()), total**2 / float((by_row**2).sum())
    return span >= WIDE and tiles >= MANY and rows >= LONG


def _tiles(small: Image) -> Floats:
    """Return the logarithm of each tile's brightness."""
    import cv2
    import numpy as np

    grey = cv2.resize(small, TILES, interpolation=cv2.INTER_AREA).astype(np.float32).mean(2)
    found: Floats = np.log(grey + DARK).ravel()
    return found
