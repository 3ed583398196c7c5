"""Fixtures of the store's tests: every one of them runs on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from safecare.exchange.memory import MemoryLog
from safecare.store.database import Database
from safecare.store.read import Reader
from safecare.store.write import StoreWriter
from safecare.testing.clock import FakeClock
from safecare.testing.postgres import Postgres, PostgresMissingError


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    try:
        server = Postgres().__enter__()
    except PostgresMissingError as error:
        pytest.skip(str(error))
    yield server
    server.__exit__(None, None, None)


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database without tables."""
    sqlite = request.param == "sqlite"
    made = Database(tmp_path / "safecare.db" if sqlite else request.getfixturevalue("postgres").database())
    yield made
    made.close()


@pytest.fixture
def database(empty_database: Database) -> Database:
    empty_database.migrate()
    return empty_database


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


@pytest.fixture
def road(database: Database) -> Road:
    return Road(database)
