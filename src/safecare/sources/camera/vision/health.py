"""Whether the picture itself can be trusted: frozen, covered in part or whole, moved, or a recording played again."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from safecare.sources.camera.messages import PictureState
from safecare.sources.camera.vision.parts import Image
from safecare.sources.camera.vision.recall import Recall
from safecare.sources.camera.vision.viewpoint import Viewpoint

FROZEN_AFTER = 20.0
"""Seconds of pictures equal to the last grey level; chosen: sensor noise makes two live pictures differ, and
an encoder refreshes its picture at least every ten seconds."""
COVERED_AFTER = 5.0
"""Seconds of a picture that shows nothing; chosen: longer than somebody brushing past the lens."""
COVERED_CONTRAST = 6.0
"""Standard deviation in grey levels, where no view was learnt that the picture could be compared with; chosen: tape or
paint on the lens gives 1 to 4, a dim corridor 15."""
REPLAY_SECONDS = 5.0
"""Seconds for which each picture must have been seen before, to the last grey level and in the same order; chosen:
sensor noise makes no two live pictures equal, let alone a row of them."""
REPLAY_OVER = 10.0
"""Seconds in which no picture was seen before, after which it is no recording any more; chosen: at one picture a second
some may have been left out when they were first shown."""
REPLAY_MEMORY = 20_000
"""Pictures remembered by their hash; chosen: over an hour at 5 a second, in 2 MB."""
SAME_LAG = 0.15
"""Seconds by which the lag of a recording may wander; chosen: less than a picture at 5 a second."""


@dataclass
class PictureHealth:
    """Judges successive reduced pictures. `turns`: the camera turns by itself, so that its view is not judged."""

    turns: bool = False
    _viewpoint: Viewpoint = field(default_factory=Viewpoint, init=False)
    _recall: Recall = field(default_factory=Recall, init=False)
    _last: Image | None = field(default=None, init=False)
    _moved: float = field(default=0.0, init=False)
    _clear: float = field(default=0.0, init=False)

    _seen: dict[bytes, float] = field(default_factory=dict, init=False)
    _lag: float = field(default=0.0, init=False)
    _lagging: float | None = field(default=None, init=False)
    """Since when each picture has been seen before, `_lag` seconds earlier."""
    _played: float = field(default=float("-inf"), init=False)
    """When a picture of a recording was last seen."""
    _shown: bool = field(default=False, init=False)
    """Whether a recording is shown that is known to the last grey level."""

    def judge(self, small: Image, at: float) -> PictureState:
        """Return how the picture is at `at` (seconds, growing)."""
        first = self._last is None
        if self._last is None or self._last.shape != small.shape or bool((self._last != small).any()):
            self._moved = at
        moved = not self.turns and self._viewpoint.moved(small, at)
        blind = self._viewpoint.blind
        if blind is None:
            blind = float(small[..., 1].std()) <= COVERED_CONTRAST
        if first or not blind:
            self._clear = at
        self._last = small
        known = not self.turns and self._recall.known(small, at)  # a tour of a dome repeats itself
        if at - self._clear > COVERED_AFTER:
            return "covered"
        replayed = self._replayed(small, at) or known
        if at - self._moved > FROZEN_AFTER:
            return "frozen"
        if replayed:
            return "replayed"
        if moved:
            return "moved"
        return "veiled" if not self.turns and self._viewpoint.veiled else "ok"

    def _replayed(self, small: Image, at: float) -> bool:
        """Tell whether the pictures are a known row of pictures. Those equal to the last one say nothing."""
        if self._moved == at:
            follows = self._follows(small, at)
            if follows or (self._shown and self._lagging is not None):
                self._played = at
            self._shown = at - self._played <= REPLAY_OVER
        return self._shown

    def _follows(self, small: Image, at: float) -> bool:
        """Tell whether the pictures have been a known row of pictures for long enough."""
        name = hashlib.blake2b(small.tobytes(), digest_size=16).digest()
        before = self._seen.get(name)
        if before is None:
            self._lagging = None
            if len(self._seen) >= REPLAY_MEMORY:
                del self._seen[next(iter(self._seen))]
            self._seen[name] = at
            return False
        if self._lagging is None or abs(at - before - self._lag) > SAME_LAG:
            self._lag, self._lagging = at - before, at
        return at - self._lagging >= REPLAY_SECONDS
