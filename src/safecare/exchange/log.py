"""The log's Protocol: append a batch durably, read after a cursor, keep a group's cursor and state.

Sequence numbers are global over all topics of a log and only grow, so a group that follows several
topics sees them in the order in which they became durable.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol

import msgspec

READ_ITEMS = 4096
"""Items after which a read stops adding batches. Chosen: about 10 MB of decoded events, bounds a reader's memory."""


class LogFullError(OSError):
    """There is no room to store more. Nothing of the batch was kept; the sender must keep it and try again."""


class Entry(msgspec.Struct, frozen=True):
    """What is to be appended: items (JSON bytes) of one topic.

    `key` makes a repeat harmless: a second entry with the same key is not stored again.
    """

    topic: str
    items: tuple[bytes, ...]
    key: str | None = None


class Batch(msgspec.Struct, frozen=True):
    """What was appended at once, with its sequence number."""

    seq: int
    topic: str
    items: tuple[bytes, ...]
    damage: str = ""
    """Why the batch can't be read back (then without items); empty for a sound one. Readers report it and go on."""


class Position(msgspec.Struct, frozen=True):
    """Where a group stands: all batches up to `seq` are done, and `state` is what it remembered then."""

    seq: int = 0
    state: bytes = b""


class Log(Protocol):
    """An append-only log. All methods may be called from any thread."""

    def append(self, entries: Sequence[Entry], *, reserve: bool = True) -> list[int]:
        """Store `entries` in one step and return their sequence numbers; durable when it returns.

        An entry whose key is known already gives the sequence number of the first one. Raises `LogFullError`;
        for senders (`reserve`) already when the reserve of free space is touched. The road's own workers pass
        ``reserve=False``: what was accepted is worked on until the disk is truly full.
        """
        ...

    def read(self, topics: Collection[str], after: int, limit: int = 64) -> list[Batch]:
        """Return up to `limit` batches of `topics` with a sequence number above `after`, in order.

        May return fewer than there are (see `READ_ITEMS`), but none only when there is none.
        """
        ...

    def wait(self, after: int, timeout: float) -> bool:
        """Return True as soon as the log holds something above `after`, False after `timeout` seconds."""
        ...

    def last(self) -> int:
        """Return the highest sequence number, 0 when empty."""
        ...

    def position(self, group: str) -> Position:
        """Return where `group` stands."""
        ...

    def positions(self) -> dict[str, int]:
        """Return the cursor of every group: the lag of a group is `last()` minus its cursor."""
        ...

    def commit(self, group: str, position: Position, entries: Sequence[Entry] = ()) -> None:
        """Store where `group` stands, and `entries` with it in one step; durable when it returns.

        Raises `LogFullError` (truly full only); then neither is stored.
        """
        ...

    def prune(self, below: int) -> int:
        """Delete batches below `below` that every group has passed; return how many. Raises `LogFullError`."""
        ...

    def close(self) -> None:
        """Release the log. It can't be used afterwards."""
        ...
