"""What in the picture is not background: MOG2, kept from learning the people who stand still.

Source: Zivkovic, "Improved adaptive Gaussian mixture model for background subtraction" (ICPR 2004), as in
OpenCV. The model learns everywhere but under live tracks, so a person may stand for minutes without
melting in; a parked trolley or the ghost of a moved chair has no motion of its own, loses its protection
after `STILL_AFTER` and melts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from safecare.sources.camera.vision.parts import Image, Tracked

if TYPE_CHECKING:
    import numpy as np
    from cv2 import BackgroundSubtractorMOG2
    from numpy.typing import NDArray

LEARN_SECONDS = 200.0
"""Time constant of the background; chosen: a new thing melts in about a tenth of it, after 20 s."""
TRAIN_SECONDS = 2.0
"""Chosen: pictures before this only train the model."""
STILL_AFTER = 30.0
"""Seconds without any motion inside a track after which it counts as a thing; chosen: people sway more often."""
STIR_LEVEL = 14
"""Grey levels between two pictures that count as motion; chosen: above coding noise, below a swaying arm."""
STIR_SHARE = 0.01
"""Share of a box that must stir; chosen: a head or a hand of a person is 2 to 10 % of the box."""
FLASH_SHARE = 0.6
"""Share of foreground from which the light, not the scene, has changed; chosen."""
SHADOW = 0.65
"""Darkest shadow as a share of the lit background; chosen: lamps from several sides, darker is cloth."""
LEAST_VARIANCE = 10.0
"""Grey levels squared; chosen: a quiet wall may change by 16 levels (5 deviations) before it counts as new."""
MAX_GAP = 10.0
"""Seconds without pictures after which the background is learnt anew; chosen."""


class Light:
    """Takes out what a lamp, a cloud or the camera's own exposure does to the whole picture."""

    SIZE = (64, 36)
    """Thumbnail that is compared; chosen: a person is a few pixels of it."""
    SLOW = 0.01
    """Share by which the reference follows each picture; chosen: 20 s at 5 pictures per second."""

    def __init__(self) -> None:
        """Begin without a reference."""
        import cv2
        import numpy as np

        self._cv2, self._np = cv2, np
        self._reference: NDArray[np.float32] | None = None

    def even(self, small: Image) -> Image:
        """Return `small` as bright, in each colour, as the reference: by the median ratio, which people don't move."""
        thumb = self._cv2.resize(small, self.SIZE, interpolation=self._cv2.INTER_AREA).astype(self._np.float32) + 1.0
        if self._reference is None:
            self._reference = thumb
        gain = self._np.clip(self._np.median(self._reference / thumb, axis=(0, 1)), 0.5, 2.0)
        self._reference += self.SLOW * (thumb * gain.astype(self._np.float32) - self._reference)
        lit = small * gain.astype(self._np.float32)
        return _image(self._np.minimum(lit, 255).astype(self._np.uint8))


@dataclass
class Background:
    """Gives the foreground mask of each picture (255 or 0)."""

    fps: float = 5.0
    _trained: float = field(default=0.0, init=False)
    _last_at: float = field(default=float("-inf"), init=False)
    _last: Image | None = field(default=None, init=False)
    _stirred: dict[int, float] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        """Build an untrained model."""
        import cv2

        self._cv2 = cv2
        self._light = Light()
        self._model = self._fresh()

    def foreground(self, small: Image, at: float, tracked: Sequence[Tracked]) -> Image | None:
        """Return the mask of what is new in `small` at `at`; None while the model learns the scene."""
        if self._last is None or self._last.shape != small.shape or at - self._last_at > MAX_GAP:
            self._restart()
            self._last_at = at
        small = self._light.even(small)
        step = min(max(at - self._last_at, 0.0), 1.0)
        self._last_at = at
        if self._trained < TRAIN_SECONDS:
            self._trained += step
            self._model.apply(small, learningRate=-1)
            self._last = small
            return None
        mask = self._cv2.threshold(self._model.apply(small, learningRate=0), 200, 255, self._cv2.THRESH_BINARY)[1]
        if self._cv2.countNonZero(mask) > FLASH_SHARE * mask.size:
            self._model.apply(small, learningRate=0.3)
            self._last = small
            return None
        held = self._held(small, at, tracked)
        self._model.apply(small, knownForegroundMask=held, learningRate=max(step, 0.02) / LEARN_SECONDS)
        self._last = small
        return _image(mask)

    def picture(self) -> Image:
        """Return the background as it is known, BGR."""
        return _image(self._model.getBackgroundImage())

    def still(self, track: int, at: float) -> bool:
        """Tell whether `track` has shown no motion of its own for so long that it is a thing, not a person."""
        return at - self._stirred.get(track, at) > STILL_AFTER

    def _fresh(self) -> BackgroundSubtractorMOG2:
        model = self._cv2.createBackgroundSubtractorMOG2(history=500, varThreshold=25, detectShadows=True)
        model.setShadowThreshold(SHADOW)
        model.setVarMin(LEAST_VARIANCE)
        return model

    def _restart(self) -> None:
        self._model = self._fresh()
        self._light = Light()
        self._trained = 0.0
        self._last = None
        self._stirred.clear()

    def _held(self, small: Image, at: float, tracked: Sequence[Tracked]) -> Image:
        held = _image(small[..., 1] * 0)
        stir = self._cv2.absdiff(small[..., 1], self._last[..., 1]) if self._last is not None else held
        self._stirred = {one.track: self._stirred.get(one.track, at) for one in tracked}
        for one in tracked:
            rows, columns = _span(one, small.shape, grow=0.0)
            part = stir[rows, columns]
            alone = not any(_overlap(one, other) for other in tracked if other is not one)
            if (
                alone
                and part.size
                and self._cv2.countNonZero((part > STIR_LEVEL).astype("uint8")) > STIR_SHARE * part.size
            ):
                self._stirred[one.track] = at
            if not self.still(one.track, at):
                rows, columns = _span(one, small.shape, grow=0.15)
                held[rows, columns] = 255
        return held


def _image(array: object) -> Image:
    image: Image = array  # type: ignore[assignment]  # cv2 and numpy give wider types than the 8-bit images they hold
    return image


def _span(one: Tracked, shape: tuple[int, ...], grow: float) -> tuple[slice, slice]:
    box = one.box
    more_x, more_y = box.width * grow, box.height * grow
    top, bottom = max(0, int(box.y - more_y)), min(shape[0], int(box.y + box.height + more_y) + 1)
    left, right = max(0, int(box.x - more_x)), min(shape[1], int(box.x + box.width + more_x) + 1)
    return slice(top, max(top, bottom)), slice(left, max(left, right))


def _overlap(one: Tracked, other: Tracked) -> bool:
    a, b = one.box, other.box
    return a.x < b.x + b.width and b.x < a.x + a.width and a.y < b.y + b.height and b.y < a.y + a.height
