"""The log in memory, for tests: the same behaviour as `SqliteLog`, gone with the process."""

from __future__ import annotations

import errno
import threading
from collections.abc import Collection, Sequence

from safecare.exchange.log import READ_ITEMS, Batch, Entry, LogFullError, Position


class MemoryLog:
    """A log that holds up to `room` bytes of items (None: no bound), the last `reserve` of them not for senders."""

    def __init__(self, room: int | None = None, reserve: int = 0) -> None:
        self._room = room
        self._reserve = reserve
        self._used = 0
        self._last = 0
        self._batches: dict[int, Batch] = {}
        self._keys: dict[str, int] = {}
        self._positions: dict[str, Position] = {}
        self._changed = threading.Condition()

    def append(self, entries: Sequence[Entry], *, reserve: bool = True) -> list[int]:
        """See `Log.append`."""
        with self._changed:
            size = sum(len(item) for entry in entries if entry.key not in self._keys for item in entry.items)
            self._check_room(size, self._reserve if reserve else 0)
            seqs = [self._put(entry) for entry in entries]
            self._changed.notify_all()
        return seqs

    def read(self, topics: Collection[str], after: int, limit: int = 64) -> list[Batch]:
        """See `Log.read`."""
        found: list[Batch] = []
        items = 0
        with self._changed:
            for seq, batch in self._batches.items():
                if seq <= after or batch.topic not in topics:
                    continue
                if len(found) == limit or (found and items + len(batch.items) > READ_ITEMS):
                    break
                found.append(batch)
                items += len(batch.items)
        return found

    def wait(self, after: int, timeout: float) -> bool:
        """See `Log.wait`."""
        with self._changed:
            return self._changed.wait_for(lambda: self._last > after, timeout)

    def last(self) -> int:
        """See `Log.last`."""
        with self._changed:
            return self._last

    def position(self, group: str) -> Position:
        """See `Log.position`."""
        with self._changed:
            return self._positions.get(group, Position())

    def positions(self) -> dict[str, int]:
        """See `Log.positions`."""
        with self._changed:
            return {group: position.seq for group, position in self._positions.items()}

    def commit(self, group: str, position: Position, entries: Sequence[Entry] = ()) -> None:
        """See `Log.commit`."""
        with self._changed:
            self.append(entries, reserve=False)
            self._positions[group] = position

    def prune(self, below: int) -> int:
        """See `Log.prune`."""
        with self._changed:
            bound = min([below, *(position.seq + 1 for position in self._positions.values())])
            gone = [seq for seq in self._batches if seq < bound]
            for seq in gone:
                self._used -= sum(len(item) for item in self._batches.pop(seq).items)
            self._keys = {key: seq for key, seq in self._keys.items() if seq in self._batches}
        return len(gone)

    def close(self) -> None:
        """See `Log.close`."""

    def _check_room(self, size: int, reserve: int) -> None:
        if self._room is not None and self._used + size > self._room - reserve:
            raise LogFullError(errno.ENOSPC, "no room in memory log")

    def _put(self, entry: Entry) -> int:
        if entry.key is not None and entry.key in self._keys:
            return self._keys[entry.key]
        self._last += 1
        self._batches[self._last] = Batch(self._last, entry.topic, tuple(entry.items))
        self._used += sum(len(item) for item in entry.items)
        if entry.key is not None:
            self._keys[entry.key] = self._last
        return self._last
