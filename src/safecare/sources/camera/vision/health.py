"""Whether the picture itself can be trusted: frozen, or covered."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from safecare.sources.camera.vision.parts import Image

FROZEN_AFTER = 20.0
"""Seconds of pictures equal to the last grey level; chosen: sensor noise makes two live pictures differ, and
an encoder refreshes its picture at least every ten seconds."""
COVERED_AFTER = 5.0
"""Seconds of a picture without contrast; chosen: longer than somebody brushing past the lens."""
COVERED_CONTRAST = 6.0
"""Standard deviation in grey levels; chosen: a hand, tape or paint on the lens gives 1 to 4, a dim corridor 15."""


@dataclass
class PictureHealth:
    """Judges successive reduced pictures."""

    _last: Image | None = field(default=None, init=False)
    _moved: float = field(default=0.0, init=False)
    _clear: float = field(default=0.0, init=False)

    def judge(self, small: Image, at: float) -> Literal["ok", "frozen", "covered"]:
        """Return how the picture is at `at` (seconds, growing)."""
        first = self._last is None
        if self._last is None or self._last.shape != small.shape or bool((self._last != small).any()):
            self._moved = at
        if first or float(small[..., 1].std()) > COVERED_CONTRAST:
            self._clear = at
        self._last = small
        if at - self._clear > COVERED_AFTER:
            return "covered"
        return "frozen" if at - self._moved > FROZEN_AFTER else "ok"
