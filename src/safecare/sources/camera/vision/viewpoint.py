"""Whether the camera still looks where it looked, and sees anything: it may have been turned, knocked or covered.

The picture's detail, as a share of how bright it is there, is cut into tiles; each is compared with the learnt view by
its normalised correlation, which neither lamp nor exposure changes much. Who walks or stands in the picture hides some
tiles, a turned camera changes nearly all, and what lies on the lens leaves no detail at all. Slow gradients are left
out: floors and walls have them everywhere, and a hand or a foil before the lens, too.

What stands close before the lens for a while (a lorry, the wall of a lift's cabin, a crowd) takes the view, too. It is
smoother than the view was, or it stirs; a camera that was turned shows as much detail as before, elsewhere, and stands.
Source: tampering by "redirection" and "covering" as in Ribnick et al., "Real-time detection of camera tampering"
(AVSS 2006).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from safecare.sources.camera.vision.parts import Image
from safecare.sources.camera.vision.veil import Veil, cut

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
FINE, COARSE = 0.8, 4.0
"""Deviations, in pixels of the tiles' picture, between which structure counts as detail; chosen: above the noise of
single pixels, below a fifth of a tile."""
DARK = 10.0
"""Grey levels added to the brightness that detail is a share of; chosen: below it there is noise alone."""
TEXTURE = 2.0
"""Standard deviation (hundredths of the brightness) of a tile's detail below which it shows nothing that could be
compared; chosen: bare wall."""
BARE, FADED = 0.1, 0.3
"""Share of the view's detail that is left, below which the lens is covered whatever is left, and below which it is
where that is not the view's; chosen: dense fog leaves 0.17, a room with a tenth of its light nearly all, foil none."""
BEST = 0.9
"""Share of the tiles that have no more left than what is judged; chosen: a stamp or a lamp may stay."""
SAME = 0.5
"""Correlation from which a tile shows what it showed; chosen: halfway between the same view and another."""
FEWEST = 8
"""Tiles with texture below which nothing is judged; chosen: a sixth of the picture."""
LOST, BACK = 0.25, 0.6
"""Share of tiles that show what they showed, below which the view has moved, and from which it is the old one."""
LASTS = 5.0
"""Seconds for which it must last; chosen: longer than a bed that is pushed past the lens."""
SMOOTH = 0.75
"""Of the tiles that show something else: share of those with detail, as a share of the view's, below which something
smooth may stand before the lens; chosen: a lorry's side gives
0.65, another part of the same photograph more in 98 of 100."""
STANDS = 120.0
"""Seconds for which it must last if what is seen is smooth or stirs; chosen: longer than a lift or a crowd stays. What
stands before the lens longer takes the view as a turn does."""
LEARN = 10.0
"""Seconds in which the view is learnt first; chosen: who walks by is gone."""
FOLLOW = 600.0
"""Time constant, seconds, with which the view follows slow changes (daylight) while it is the same; chosen."""


class Likeness(NamedTuple):
    """Of a picture beside another, over the tiles in which the other shows something."""

    share: float | None
    """Share of them that show what they show there; None if they are too few."""
    left: float
    """How much of the detail there is left."""
    rich: float
    """Share of the rest that show anything, as a share of what all tiles of the other do."""


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
    _other: Floats | None = field(default=None, init=False)
    """What is seen instead of the view."""
    _stood: float = field(default=0.0, init=False)
    """Since when that has stood, with as much detail as the view."""
    _moved: bool = field(default=False, init=False)
    _veil: Veil = field(default_factory=Veil, init=False)
    blind: bool | None = field(default=None, init=False)
    """Whether nothing of the view's detail is left; None while there is no view to compare with."""

    @property
    def veiled(self) -> bool:
        """Whether a part of the view, or its sharpness, is gone."""
        return self._veil.veiled

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
        share, left, rich = alike(self._mean, self._view)
        self.blind = None if share is None else left < BARE or (left < FADED and share < LOST)
        if share is None or self.blind:
            self._since = None
            self._veil.forget()
            return self._moved
        self._veil.look(self._mean, self._view)
        differs = share >= BACK if self._moved else share < LOST
        if not differs or self._veil.suspect:
            self._since = None
            if not self._moved and share >= BACK and not self._veil.suspect:
                self._view += step / FOLLOW * (self._mean - self._view)
        elif self._since is None:
            self._since = at
            self._instead(self._mean, at)
        else:
            if not self._moved and (rich < SMOOTH or not self._stands(self._mean)):
                self._instead(self._mean, at)
            if at - self._stood >= LASTS or at - self._since >= STANDS:
                self._moved, self._since = not self._moved, None
                self._veil.forget()
        return self._moved

    def _instead(self, picture: Floats, at: float) -> None:
        """Take `picture` for what is seen instead of the view from `at` on."""
        self._other, self._stood = picture.copy(), at

    def _stands(self, picture: Floats) -> bool:
        """Tell whether `picture` shows what is seen instead of the view still."""
        share = None if self._other is None else alike(picture, self._other).share
        return share is not None and share >= BACK


def alike(one: Floats, view: Floats) -> Likeness:
    """Return what of `view` the picture `one` shows."""
    import numpy as np

    ours, theirs = cut(_detail(one)), cut(_detail(view))
    ours_off, theirs_off = ours - ours.mean(1, keepdims=True), theirs - theirs.mean(1, keepdims=True)
    ours_spread, theirs_spread = ours_off.std(1), theirs_off.std(1)
    told = theirs_spread > TEXTURE
    if int(told.sum()) < FEWEST:
        return Likeness(None, 0.0, 1.0)
    both = (ours_off * theirs_off).mean(1) / np.maximum(ours_spread * theirs_spread, 1e-6)
    same, shows = both >= SAME, ours_spread > TEXTURE
    rest = shows[told & ~same]
    return Likeness(
        share=float(same[told].mean()),
        left=float(np.quantile(ours_spread[told] / theirs_spread[told], BEST)),
        rich=float(rest.mean() / told.mean()) if rest.size else 1.0,
    )


def _detail(picture: Floats) -> Floats:
    """Return the detail of `picture` in hundredths of how bright it is there."""
    import cv2

    around = cv2.GaussianBlur(picture, (0, 0), COARSE)
    found: Floats = (cv2.GaussianBlur(picture, (0, 0), FINE) - around) * (100.0 / (around + DARK))
    return found


def _tiles_picture(small: Image) -> Floats:
    import cv2
    import numpy as np

    size = (TILES[0] * TILE[0], TILES[1] * TILE[1])
    grey = cv2.cvtColor(cv2.resize(small, size, interpolation=cv2.INTER_AREA), cv2.COLOR_BGR2GRAY)
    found: Floats = grey.astype(np.float32)
    return found
