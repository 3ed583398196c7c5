"""Which openings of a door are news.

Sensors say again how they stand: when their battery is told, when they come back, each hour. Only a door that
has ever been told to be closed is known to do so; from others each opening counts. The word that a door was closed may
be lost: an "open" that comes after a longer silence than sensors keep is an opening again, and so is one after a day.

A word that was kept for us (a broker's retained message, a state at subscription) says how the contact stands: it is no
opening, and an "open" that follows it within that time repeats it.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from safecare.detect.standing import LONGEST

REPEATED = timedelta(minutes=75)
"""Time within which an "open" that is said again is a repetition (chosen: sensors say how they stand each hour)."""


LATE = timedelta(minutes=10)
"""How much older than what is known a word may be and count as late; one that is older is of a clock that was put back
(chosen: what comes by two ways, or in a table, is minutes apart)."""


class Contact(msgspec.Struct):
    """How a door's contact stands: when it last said so; since when it counts as opened (None: it is closed)."""

    said: datetime
    since: datetime | None = None
    stood: bool = False
    """True where it stood open when we began to listen: it opened at `since`, or before."""


class Contacts(msgspec.Struct):
    """How the contacts of doors stand. Ask only about doors of the hospital: one entry each is kept."""

    doors: dict[str, Contact] = {}
    """By door."""
    closing: set[str] = set()
    """Doors that have been told to be closed: only of them an "open" may be a repetition."""

    def closed(self, door: str, at: datetime) -> None:
        """Take that `door` says at `at` that it is closed."""
        self.closing.add(door)
        known = self.doors.get(door)
        if known is None or known.since is None or not timedelta(0) < known.since - at < LATE:
            self.doors[door] = Contact(at)

    def opened(self, door: str, at: datetime) -> bool:
        """Take that `door` says at `at` that it is open; True when that is news."""
        known = self.doors.get(door)
        if known is None or not (known.stood or door in self.closing):
            self.doors[door] = Contact(at, at)
            return True
        if known.since is None and timedelta(0) < known.said - at < LATE:
            return True  # it came late: an opening whose end is known already
        if known.since is None or at - known.said > REPEATED or at - known.since >= LONGEST:
            self.doors[door] = Contact(at, at)
            return True
        known.said = max(known.said, at)
        return False

    def stands(self, door: str, at: datetime) -> bool:
        """Take a kept word of `at` that `door` stands open; True when that was not known."""
        known = self.doors.get(door)
        if known is not None and (known.since is not None or at < known.said):
            return False
        self.doors[door] = Contact(at, at, stood=True)
        return True

    def is_open(self, door: str) -> bool:
        """Tell whether `door` was last said to be open."""
        known = self.doors.get(door)
        return known is not None and known.since is not None
