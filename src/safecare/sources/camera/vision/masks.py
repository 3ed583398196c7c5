"""Parts of the picture that nobody may see: blackened before anything looks at it or keeps it.

Source: the project's privacy rules (rooms of patients, windows of neighbours).
"""

from __future__ import annotations

from functools import cache

from safecare.sources.camera.vision.parts import Image, Picture


class Masks:
    """Blackens outlines, given in fractions of the picture."""

    def __init__(self, outlines: tuple[tuple[tuple[float, float], ...], ...]) -> None:
        """Keep `outlines`."""
        self._outlines = outlines

    def applied(self, picture: Picture) -> Picture:
        """Return `picture` without what lies in the outlines, the full picture included."""
        if not self._outlines:
            return picture

        @cache
        def colour() -> Image:
            return self.blacken(picture.colour())

        return Picture(self.blacken(picture.small), picture.scale, colour)

    def blacken(self, image: Image) -> Image:
        """Return `image` without what lies in the outlines."""
        if not self._outlines:
            return image
        import cv2
        import numpy as np

        rows, columns = image.shape[:2]
        corners = [np.round(np.array(one) * (columns, rows)).astype(np.int32) for one in self._outlines]
        masked = image.copy()
        cv2.fillPoly(masked, corners, (0, 0, 0))
        return masked
