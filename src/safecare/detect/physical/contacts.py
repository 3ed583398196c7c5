"""Which openings of a door are news.

Sensors say again how they stand: when their battery is told, when they come back, each hour. Only a door that
has ever been told to be closed is known to do so; from others each opening counts.
"""

from __future__ import annotations

import msgspec


class Contacts(msgspec.Struct):
    """How the contacts of doors stand. Ask only about doors of the hospital: one entry each is kept."""

    open: dict[str, bool] = {}
    """By door that tells when it closes."""

    def closed(self, door: str) -> None:
        """Take that `door` says that it is closed."""
        self.open[door] = False

    def opened(self, door: str) -> bool:
        """Take that `door` says that it is open; True when that is news."""
        if self.open.get(door, False):
            return False
        if door in self.open:
            self.open[door] = True
        return True
