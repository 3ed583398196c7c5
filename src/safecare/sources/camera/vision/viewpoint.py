"""Whether the camera still looks where it looked: somebody may have turned it away or knocked it.

The picture is cut into tiles; each is compared with the learnt view by its normalised correlation, which neither lamp
nor exposure changes much. Who walks or stands in the picture hides some tiles, a turned camera changes nearly all.
Source: tampering by "redirection" as in Ribnick et al., "Real-time detection of camera tampering" (AVSS 2006).
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

EVERY = 1.0
"""Seconds between two comparisons; chosen: a turn lasts."""
TILES = (8, 6)
"""Tiles across and down; chosen: a person near the camera covers a quarter of them."""
TILE = (20, 15)
"""Pixels of a tile; chosen: a turn of a hundredth of the picture's width moves its texture by 1.6 of them."""
TEXTURE = 4.0
"""Standard deviation (grey levels) below which a tile shows nothing that could be compared; chosen: bare wall."""
SAME = 0.5
"""Correlation from which a tile shows what it showed; chosen: halfway between the same view and another."""
FEWEST = 8
"""Tiles with texture below which nothing is judged; chosen: a sixth of the picture."""
LOST, BACK = 0.25, 0.6
"""Share of tiles that show what they showed, below which the view has moved, and from which it is the old one."""
LASTS = 5.0
"""Seconds for which it must last; chosen: longer than a bed that is pushed past the lens."""
LEARN = 10.0
"""Seconds in which the view is learnt first; chosen: who walks by is gone."""
FOLLOW = 600.0
"""Time constant, seconds, with which the view follows slow changes (daylight) while it is the same; chosen."""


@dataclass
class Viewpoint:
    """Judges successive reduced pictures."""

    _mean: Floats | None = field(default=None, init=False)
    """The last seconds, evened out: who walks by is hardly in it."""
    _view: Floats | None = field(default=None, init=False)
    _began: float = field(default=0.0, init=False)
    _at: float = field(default=float("-inf"), init=False)
    _since: float | None = field(default=None, init=False)
    """Since when the view differs from what is told."""
    _moved: bool = field(default=False, init=False)

    def moved(self, small: Image, at: float) -> bool:
        """Tell whether the camera looks elsewhere than it did, at `at` (seconds, growing)."""
        if at - self._at < EVERY:
            return self._moved
        grey = _tiles_picture(small)
        step, self._at = min(at - self._at, 10.0), at
        if self._mean is None:
            self._mean, self._began = grey, at
            return False
        self._mean += min(1.0, step / 2.0) * (grey - self._mean)  # two seconds: a turned camera shows soon
        if self._view is None:
            if at - self._began >= LEARN:
                self._view = self._mean.copy()
            return False
        share = alike(self._mean, self._view)
        if share is None:
            return self._moved
        differs = share >= BACK if self._moved else share < LOST
        if not differs:
            self._since = None
            if not self._moved and share >= BACK:
                self._view += step / FOLLOW * (self._mean - self._view)
        elif self._since is None:
            self._since = at
        elif at - self._since >= LASTS:
            self._moved, self._since = not self._moved, None
        return self._moved


def alike(one: Floats, view: Floats) -> float | None:
    """Return the share of tiles of `one` that show what they show in `view`; None if too few show anything."""
    import numpy as np

    ours, theirs = _cut(one), _cut(view)
    ours_off, theirs_off = ours - ours.mean(1, keepdims=True), theirs - theirs.mean(1, keepdims=True)
    ours_spread, theirs_spread = ours_off.std(1), theirs_off.std(1)
    told = theirs_spread > TEXTURE
    if int(told.sum()) < FEWEST or float(ours_spread.max()) < TEXTURE:
        return None  # what shows nothing at all is covered, not moved
    both = (ours_off * theirs_off).mean(1) / np.maximum(ours_spread * theirs_spread, 1e-6)
    return float((both[told] >= SAME).mean())


def _tiles_picture(small: Image) -> Floats:
    import cv2
    import numpy as np

    size = (TILES[0] * TILE[0], TILES[1] * TILE[1])
    grey = cv2.cvtColor(cv2.resize(small, size, interpolation=cv2.INTER_AREA), cv2.COLOR_BGR2GRAY)
    found: Floats = grey.astype(np.float32)
    return found


def _cut(picture: Floats) -> Floats:
    """Return the tiles of `picture`, one a row."""
    columns, rows = TILES
    wide, high = TILE
    return picture.reshape(rows, high, columns, wide).swapaxes(1, 2).reshape(rows * columns, high * wide)
