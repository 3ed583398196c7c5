"""Fixtures of the store's tests: every one of them runs on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from made_road import Road

from safecare.store.database import Database
from safecare.testing.postgres import Postgres, PostgresMissingError


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    try:
        server = Postgres().__enter__()
    except PostgresMissingError as error:
        pytest.skip(str(error))
    yield server
    server.__exit__(None, None, None)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
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


@pytest.fixture
def road(database: Database) -> Road:
    return Road(database)
