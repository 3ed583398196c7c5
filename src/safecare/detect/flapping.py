"""Things that fail and come back again and again, each time too short for the rule that waits for a lasting failure."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from safecare.detect.memory import remember
from safecare.detect.standing import MOST, Standing

TIMES = 4
"""Failures within `WITHIN` from which it flaps; chosen: a restart with a new programme in it takes two or three."""
FEW = 1
"""Failures within `WITHIN` from which on it no longer flaps (hysteresis; chosen)."""
WITHIN = timedelta(minutes=10)
"""Time in which failures are counted; chosen: cables and radio links about to fail do so every minute or two."""


class Flaps(msgspec.Struct):
    """Which things flap, by a key that the rule chooses."""

    failed: dict[str, list[datetime]] = {}
    """By key: when it failed, the last `TIMES`, in their order."""
    standing: Standing = msgspec.field(default_factory=Standing)

    def news(self, key: str, at: datetime) -> bool:
        """Take a failure of `key` at `at` (event time); True when it begins to flap, once until it is over.

        It is over when `WITHIN` has passed with `FEW` failures, or as `Standing` has it.
        """
        before = self.failed.get(key, [])
        if before and at <= before[-1]:
            return False  # late, or told again
        times = [*(one for one in before if at - one < WITHIN), at][-TIMES:]
        remember(self.failed, key, times, MOST)
        if len(times) >= TIMES:
            return self.standing.news(key, True, at)
        if len(times) <= FEW:
            self.standing.news(key, False, at)
        return False
