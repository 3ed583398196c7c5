"""Whether a part of the view is gone, or its sharpness: a hand, tape or paint on a part of the lens, or grease on it.

What lies on the lens is out of focus: it takes the detail of what is behind it and brings no sharp edge of its own,
while the rest of the view stays as it was. What stands before the camera (a lorry, a cupboard, a crowd) hides detail,
too, but has edges. Grease takes the fine detail and leaves the coarse; fog, light and noise treat them alike.

Each tile is judged by the share of the learnt view's detail that is still in it (the regression on the view, which
noise does not raise), and by the fine detail in it that is not the view's; by the median of a minute, in which who
walks past is hardly seen. Source: reduced detail against the camera's own history as in Saglam and Temizel,
"Real-time adaptive camera tamper detection for video surveillance" (AVSS 2009).
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Mask = NDArray[np.bool_]
else:
    Floats = Mask = Any

TILES = (8, 6)
"""Tiles across and down, of 20x15 pixels, as `safecare.sources.camera.vision.viewpoint` has them."""
FINE, MIDDLE, COARSE = (0.5, 1.0), (0.8, 4.0), (4.0, 9.0)
"""Deviations, in pixels of the tiles' picture, between which structure counts as fine, middle and coarse; chosen:
edges; what the view is known by; what a blur of a thirtieth of the width leaves."""
DARK = 10.0
"""Grey levels added to the brightness that detail is a share of; chosen: below it there is noise alone."""
TEXTURE = 2.0
"""Hundredths of the brightness: deviation of a tile's middle detail below which it can't be judged; chosen: a bare
wall."""
LOOKS = 60
"""Looks, one a second, by whose median is judged; chosen: who walks past or stops is gone within half a minute."""
GONE = 0.3
"""Share of its detail below which a tile is hidden; chosen: as a covered view has it."""
LEVELS = (15.0, 245.0)
"""Grey levels between which a tile is judged; chosen: in the dark and in the glare there is no detail to lose."""
PART = 1 / 6
"""Share of the tiles with detail that must be hidden in one piece; chosen: drops and insects hide less."""
EDGES = 1.5
"""Hundredths of the brightness: deviation of fine detail that is not the view's, beside as much again as the view has;
chosen: what lies on a lens is blurred over hundredths of the width, an edge of a thing gives 5 and more."""
EDGED = 0.15
"""Share of the hidden tiles and those around them that may have such edges; chosen: a crack, a tape's print."""
FEWEST, REST = 4, 0.6
"""Tiles with detail that must be left away from the hidden ones, and the share of them that must show what they showed;
chosen: some must testify that the view is the same; as a view that is the same has it."""
ALIKE = 0.5
"""Correlation from which a tile shows what it showed; chosen: as `viewpoint` has it."""
LASTS = 5
"""Looks in a row that must say otherwise until another state is told (hysteresis; chosen)."""
DULL, THERE = 0.25, 0.4
"""Share of the middle detail below which, and of the coarse above which, the view has lost its sharpness; chosen: a
blur of a thirtieth of the width leaves 0.17 and 0.63, fog the same of both."""


class Measures(NamedTuple):
    """Of each tile: share of fine, middle and coarse detail left, fine detail that is new, likeness, brightness."""

    fine: Floats
    middle: Floats
    coarse: Floats
    new: Floats
    like: Floats
    level: Floats


@dataclass
class Veil:
    """Judges successive evened pictures against the learnt view, one a second."""

    _looks: deque[Measures] = field(default_factory=lambda: deque(maxlen=LOOKS), init=False)
    veiled: bool = field(default=False, init=False)
    _against: int = field(default=0, init=False)
    """Looks in a row that say otherwise than what is told."""
    suspect: bool = field(default=False, init=False)
    """Whether the last look alone would say so: the view is not to be learnt anew now."""

    def forget(self) -> None:
        """Begin anew: the view is another."""
        self._looks.clear()
        self.veiled, self.suspect, self._against = False, False, 0

    def look(self, now: Floats, view: Floats) -> bool:
        """Take the evened picture `now` beside `view` (pictures of tiles); tell whether the view is veiled."""
        import numpy as np

        ours, theirs = _bands(now), _bands(view)
        shares = [_regress(one, other) for one, other in zip(ours, theirs, strict=True)]
        (fine, new, _, own), (middle, _, like, detail), (coarse, *_) = shares
        told = detail > TEXTURE
        found = Measures(fine, middle, coarse, new / (EDGES + own), like, cut(now).mean(1))
        self._looks.append(found)
        self.suspect = _hidden(found, told) or _dull(found, told)
        if len(self._looks) == LOOKS:
            usual = Measures(*np.median(np.stack([np.stack(one) for one in self._looks]), axis=0))
            self._against = self._against + 1 if self.veiled != (_hidden(usual, told) or _dull(usual, told)) else 0
            if self._against >= LASTS:
                self.veiled, self._against = not self.veiled, 0
        return self.veiled


def _hidden(usual: Measures, told: Mask) -> bool:
    """Tell whether a part of the tiles that can be judged (`told`) is hidden by something on the lens."""
    import cv2
    import numpy as np

    lit = (usual.level >= LEVELS[0]) & (usual.level <= LEVELS[1])
    lost = told & lit & (usual.middle < GONE) & (usual.fine < GONE)
    if lost.sum() < PART * max(told.sum(), 1):
        return False
    bare = ~told & (usual.like < ALIKE)  # tells nothing, and may lie between
    grid = (lost | bare).reshape(TILES[1], TILES[0]).astype(np.uint8)
    _, labels = cv2.connectedComponents(grid, connectivity=4)
    names = labels.ravel()
    largest = int(np.bincount(names[lost]).argmax())
    part = lost & (names == largest)
    if part.sum() < PART * told.sum():
        return False
    around = cv2.dilate(part.reshape(TILES[1], TILES[0]).astype(np.uint8), np.ones((3, 3), np.uint8)).ravel() > 0
    if float((usual.new[around] > 1.0).mean()) > EDGED:
        return False
    rest = told & ~around
    if rest.sum() < FEWEST:
        return False  # fog, steam or a bag take all of it alike
    return bool((usual.like[rest] >= ALIKE).mean() >= REST)


def _dull(usual: Measures, told: Mask) -> bool:
    """Tell whether the whole view is there, but its sharpness is gone."""
    import numpy as np

    if told.sum() < PART * told.size:
        return False
    middle, coarse = float(np.median(usual.middle[told])), float(np.median(usual.coarse[told]))
    return middle < DULL and coarse > THERE and float((usual.new[told] > 1.0).mean()) <= EDGED


def _bands(picture: Floats) -> list[Floats]:
    """Return fine, middle and coarse detail of `picture` in hundredths of how bright it is there, cut into tiles."""
    import cv2

    share = 100.0 / (cv2.GaussianBlur(picture, (0, 0), MIDDLE[1]) + DARK)
    blurred = {one: cv2.GaussianBlur(picture, (0, 0), one) for one in {*FINE, *MIDDLE, *COARSE}}
    return [cut((blurred[low] - blurred[high]) * share) for low, high in (FINE, MIDDLE, COARSE)]


def _regress(ours: Floats, theirs: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Return per tile the share of `theirs` in `ours`, deviation of the rest, correlation, deviation of `theirs`."""
    import numpy as np

    ours, theirs = ours - ours.mean(1, keepdims=True), theirs - theirs.mean(1, keepdims=True)
    power, own, both = (ours**2).mean(1), (theirs**2).mean(1), (ours * theirs).mean(1)
    share = both / np.maximum(own, 1e-6)
    rest = np.sqrt(np.maximum(power - share * both, 0.0))
    return share, rest, both / np.sqrt(np.maximum(power * own, 1e-9)), np.sqrt(own)


def cut(picture: Floats) -> Floats:
    """Return the tiles of `picture`, one a row."""
    columns, rows = TILES
    high, wide = picture.shape[0] // rows, picture.shape[1] // columns
    return picture.reshape(rows, high, columns, wide).swapaxes(1, 2).reshape(rows * columns, high * wide)
