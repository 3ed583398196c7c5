"""Keeping up with a live stream: how far the looks are behind it, and which pictures are left out for that.

When there is too little time for all cameras, each of them looks at as many pictures as its share allows, the newest
first, so that what is told is late by half a second and not by minutes. What is left out is counted and told.
"""

from __future__ import annotations

import time
from collections.abc import Callable

BEHIND = 0.5
"""Seconds behind the stream from which pictures are left out; chosen: half of the second in which an alert is due."""
LEAST_EVERY = 1.0
"""Seconds after which one is looked at all the same; chosen: people are still followed, if badly."""
DRIFT = 0.001
"""Seconds for each second by which the camera's clock may be slower than ours; quartz is off by 0.0001 at most."""
JUMP = 10.0
"""Seconds behind from which it is the camera's clock that has jumped; looks are never so late."""


class Pace:
    """Gives each picture of a stream its time since `began` (seconds of `now`). `plays`: a file, held to its times."""

    def __init__(self, began: float, now: Callable[[], float], *, plays: bool = False) -> None:
        """Begin with the first picture at this moment."""
        self._began, self._now, self._plays = began, now, plays
        self._started = now()
        self._least: float | None = None
        """Least time of a picture less its own time in the stream: that of one that was not late."""
        self._told = 0.0
        self._looked = float("-inf")
        self.behind = 0.0
        """Seconds that the last picture came late."""

    def time(self, at: float) -> float:
        """Take a picture that lies `at` seconds after the first; wait for it if it is to be played."""
        if self._plays:
            time.sleep(max(0.0, self._started + at - self._now()))
        passed = self._now() - self._began
        off = passed - at
        least = off if self._least is None else min(off, self._least + DRIFT * (passed - self._told))
        if self._plays:
            least = self._started - self._began  # a file's own times are right, however late the looks are
        elif off - least > JUMP:
            least = off
        self._least, self._told, self.behind = least, passed, off - least
        return passed

    def late_by(self, at: float) -> float:
        """Return the seconds that have passed since the picture of `at` (as `time` gave it) was due."""
        return max(0.0, self._now() - self._began - at + self.behind)

    def late(self) -> bool:
        """Tell whether the picture at hand is to be left out."""
        if self.behind > BEHIND and self._told - self._looked < LEAST_EVERY:
            return True
        self._looked = self._told
        return False
