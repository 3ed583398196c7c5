"""What a special model of the site's own sees: fire, smoke, a helmet that is missing; whatever its labels say.

The whole picture is shown to it once a second. A label is told once it was seen in most of the last looks, so that a
single false box tells nothing. Source: voting over time, as smoke detectors in video do it; how good the model is, the
site must know.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Protocol

from safecare.sources.camera.vision.parts import Box, Image, Picture

EVERY = 1.0
"""Least seconds between two looks; chosen: what it is for lasts, and a look costs as much as one for people."""
LOOKS, ENOUGH = 5, 3
"""Looks that are remembered, and how many of them must have seen a label; chosen: three seconds of delay at least."""


class Labelled(Protocol):
    """A network that finds things by name."""

    def spots(self, image: Image) -> list[tuple[str, Box]]:
        """Return label and box, in pixels of `image` (BGR), of all that counts, best first."""
        ...


@dataclass(frozen=True)
class Known:
    """What is seen: `box` in pixels of the camera's picture, `since` in seconds."""

    label: str
    box: Box
    since: float


@dataclass
class Specials:
    """Asks `network` now and then; nothing is told of a label after `LOOKS` looks without it."""

    network: Labelled
    _at: float = field(default=float("-inf"), init=False)
    _looks: deque[dict[str, Box]] = field(default_factory=lambda: deque(maxlen=LOOKS), init=False)
    _since: dict[str, float] = field(default_factory=dict, init=False)

    def look(self, picture: Picture, at: float) -> list[Known] | None:
        """Return what is there at `at` (seconds, growing); None while it is not yet time to look."""
        if at - self._at < EVERY - 0.001:
            return None
        self._at = at
        best: dict[str, Box] = {}
        for label, box in self.network.spots(picture.colour()):
            best.setdefault(label, box)
        self._looks.append(best)
        seen = {label: box for look in self._looks for label, box in look.items()}
        self._since = {label: since for label, since in self._since.items() if label in seen}
        for label in seen:
            if label not in self._since and sum(label in look for look in self._looks) >= ENOUGH:
                self._since[label] = at
        return [Known(label, seen[label], since) for label, since in sorted(self._since.items())]
