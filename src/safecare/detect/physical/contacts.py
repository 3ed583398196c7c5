"""Which openings of a door are news.

Sensors say again how they stand: when their battery is told, when they come back, each hour. Only a door that
has ever been told to be closed is known to do so; from others each opening counts. The word that a door was closed may
be lost: an "open" that comes after a longer silence than sensors keep is an opening again, and so is one after a day.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from safecare.detect.standing import LONGEST

REPEATED = timedelta(minutes=75)
"""Time within which an "open" that is said again is a repetition (chosen: sensors say how they stand each hour)."""


class Open(msgspec.Struct):
    """A door that is open: when it last said so, and since when it counts as opened."""

    said: datetime
    since: datetime


class Contacts(msgspec.Struct):
    """How the contacts of doors stand. Ask only about doors of the hospital: one entry each is kept."""

    doors: dict[str, Open | None] = {}
    """By door that tells when it closes; None: it is closed."""

    def closed(self, door: str) -> None:
        """Take that `door` says that it is closed."""
        self.doors[door] = None

    def opened(self, door: str, at: datetime) -> bool:
        """Take that `door` says at `at` that it is open; True when that is news."""
        if door not in self.doors:
            return True
        before = self.doors[door]
        if before is None or at - before.said > REPEATED or at - before.since >= LONGEST:
            self.doors[door] = Open(at, at)
            return True
        before.said = max(before.said, at)
        return False

    def is_open(self, door: str) -> bool:
        """Tell whether `door` was last said to be open."""
        return self.doors.get(door) is not None
