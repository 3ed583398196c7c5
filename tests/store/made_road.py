"""A log with the store behind it, for the store's tests."""

from __future__ import annotations

from safecare.exchange.memory import MemoryLog
from safecare.store.database import Database
from safecare.store.read import Reader
from safecare.store.write import StoreWriter
from safecare.testing.clock import FakeClock


class Road:
    """A log, the writer behind it, and a reader of what it wrote."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.log = MemoryLog()
        self.clock = FakeClock()
        self.writer = StoreWriter(self.log, database, clock=self.clock)
        self.reader = Reader(database)

    def drain(self) -> int:
        handled = sum(iter(lambda: self.writer.step(0), 0))
        assert not self.writer.blocked, self.writer.blocked
        return handled
