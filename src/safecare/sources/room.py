"""Memory that the connections of a door may hold together, so that many large halves can't use up the machine's."""

from __future__ import annotations

from dataclasses import dataclass

OWN = 1 << 20
"""Bytes that every connection may hold whatever the others do. Chosen: nearly all messages and mails are smaller."""
QUIET = 10.0
"""Seconds without a byte after which a connection gives way to a new one when all places are taken. Chosen: whoever
only holds places loses them, whoever works keeps them, and real senders connect again."""


@dataclass
class Room:
    """What is left of the bytes that connections share beyond `OWN` each."""

    free: int


@dataclass
class Held:
    """What one connection holds of `room`."""

    room: Room
    size: int = 0

    def hold(self, size: int) -> bool:
        """Book that it holds `size` bytes from now on; False, and nothing booked, when there is no room for that."""
        more = max(0, size - OWN) - max(0, self.size - OWN)
        if more > max(0, self.room.free):
            return False
        self.room.free -= more
        self.size = size
        return True
