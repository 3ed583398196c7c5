"""How much of what a door can't read is kept: a stranger who floods it fills no disk, and what is not kept is counted.

The first ones are kept, and then as many as time allows: so the newest of a flood are there too. Events know no such
bound, and neither does the road itself: only what nobody could read.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import msgspec

PIECES, PIECES_A_MINUTE = 10_000, 1.0
"""Rejects of one door that are kept at once, and how many more each minute (chosen). A device that nobody put down and
that speaks every ten seconds is kept whole for a day and longer; in the 90 days for which rejects are kept (setting
`retention.rejects`) a flood leaves at most 139,600, of two files and two rows each: about 1.5 GB."""
BYTES, BYTES_A_MINUTE = 100_000_000, 7_000.0
"""Bytes of rejects of one door that are kept at once, and how many more each minute (chosen: ten kB for each of the
first ones, then 10 MB a day); at most 1 GB in 90 days, and what the last one is larger."""
TELL = 60.0
"""Least seconds between two words of one door about what was not kept (chosen: as often as one more is kept)."""


class NotKept(msgspec.Struct, frozen=True):
    """What a door could not read and did not keep: how many, their bytes, when the first and the last one came."""

    pieces: int
    size: int
    first: datetime
    last: datetime

    def state_of(self) -> str:
        """Return it in words."""
        first, last = f"{self.first:%Y-%m-%d %H:%M:%S}", f"{self.last:%Y-%m-%d %H:%M:%S}"
        return f"{self.pieces} more that could not be read were not kept: {self.size} bytes, {first} to {last} UTC"


@dataclass
class Flood:
    """What one door may still keep; full at the start, and at most full."""

    at: datetime
    pieces: float = PIECES
    size: float = BYTES
    total: NotKept | None = None
    """All that was not kept since the start."""
    _untold: NotKept | None = None
    _told: datetime | None = None

    def takes(self, size: int, now: datetime) -> bool:
        """Tell whether a piece of `size` bytes is kept at `now`; one that is not is counted.

        The last one that is kept may be larger than what is left: a large piece is kept whole or not at all.
        """
        minutes = max(0.0, (now - self.at).total_seconds() / 60)
        self.at = now
        self.pieces = min(PIECES, self.pieces + minutes * PIECES_A_MINUTE)
        self.size = min(BYTES, self.size + minutes * BYTES_A_MINUTE)
        if self.pieces >= 1 and self.size > 0:
            self.pieces -= 1
            self.size -= size
            return True
        self._add(NotKept(1, size, now, now))
        return False

    def back(self, size: int) -> None:
        """Take back that a piece is kept: there was no room, and its sender still has it."""
        self.pieces += 1
        self.size += size

    def due(self, now: datetime, *, last: bool = False) -> NotKept | None:
        """Return what was not kept and not told yet, when it is time for it or the `last` time: now it is told."""
        found = self._untold
        early = not last and self._told is not None and abs((now - self._told).total_seconds()) < TELL
        if found is None or early:
            return None
        self._untold, self._told = None, now
        return found

    def again(self, missing: NotKept) -> None:
        """Take back what could not be told: there was no room."""
        self._untold, self._told = _both(self._untold, missing), None

    def _add(self, one: NotKept) -> None:
        self._untold, self.total = _both(self._untold, one), _both(self.total, one)


def _both(one: NotKept | None, other: NotKept) -> NotKept:
    if one is None:
        return other
    first, last = min(one.first, other.first), max(one.last, other.last)
    return NotKept(one.pieces + other.pieces, one.size + other.size, first, last)
