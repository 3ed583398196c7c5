"""What the painters of fires and of their look-alikes share: the place, turbulence, and the size of the picture."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Image = Any
Floats = Any
Painter = Callable[[Image, float], Image]
"""Takes a picture and the seconds since the begin, and gives the picture with what is staged."""

SIZE = (640, 360)
"""Width and height of the pictures, pixels."""
PERSON = 1.7
"""Metres of a standing person, by which sizes in metres become pixels."""


@dataclass(frozen=True)
class Stage:
    """What is staged (`kind`), its seed, where its foot is (pixels), and how many pixels a `metre` has there."""

    kind: str
    seed: int
    foot: tuple[float, float]
    metre: float


def colour(*parts: float) -> Any:
    """Return a colour (BGR) that pictures can be multiplied by."""
    import numpy as np

    return np.array(parts, np.float32)


class Noise:
    """Noise of several scales (mean 0, deviation about 1) that is carried along: turbulence as it looks from afar."""

    SIDE = 256

    def __init__(self, seed: str, first: int = 4) -> None:
        """Draw its scales from `seed`, the coarsest of `first` cells across."""
        import cv2
        import numpy as np

        rng = np.random.default_rng([ord(one) for one in seed])
        total = np.zeros((self.SIDE, self.SIDE), np.float32)
        for octave in range(5):
            cells = first << octave
            coarse = rng.normal(0, 0.6**octave, (cells, cells)).astype(np.float32)
            wide = cv2.resize(np.tile(coarse, (3, 3)), (3 * self.SIDE, 3 * self.SIDE), interpolation=cv2.INTER_CUBIC)
            total += wide[self.SIDE : 2 * self.SIDE, self.SIDE : 2 * self.SIDE]
        self._field: Floats = (total / total.std()).astype(np.float32)

    def at(self, x: Floats, y: Floats) -> Floats:
        """Return the noise at the points (x, y), in sides of its square; it repeats."""
        import cv2
        import numpy as np

        across = np.ascontiguousarray(np.mod(x, 1.0) * (self.SIDE - 1), np.float32)
        down = np.ascontiguousarray(np.mod(y, 1.0) * (self.SIDE - 1), np.float32)
        found: Floats = cv2.remap(self._field, across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)
        return found
