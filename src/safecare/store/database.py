"""The central database: SQLite in a file, or PostgreSQL by its address. SQLAlchemy Core, Alembic."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Table, create_engine, event
from sqlalchemy.dialects import postgresql, sqlite

BUSY_SECONDS = 30.0
"""Longest wait for another writer. Chosen: far above the longest transaction (a batch, some 100 ms)."""

_SHRINK_PAGES = 2000
"""Pages given back per transaction (8 MB), so that the store writer waits for some ms at most."""
_WRITE = "safecare_write"


class Database:
    """A database by path (SQLite) or URL (``postgresql+psycopg://...``). Connections are pooled and thread-safe."""

    def __init__(self, address: Path | str) -> None:
        """Prepare the engine; nothing is opened yet. `address` is a path, or a URL of SQLAlchemy."""
        text = str(address)
        self.engine: Engine = create_engine(text if "://" in text else f"sqlite:///{text}", **_options(text))
        if self.engine.dialect.name == "sqlite":
            event.listen(self.engine, "connect", _prepare)
            event.listen(self.engine, "begin", _begin)

    def migrate(self) -> None:
        """Bring the schema up to date; nothing to do is fine. Raises `sqlalchemy.exc.SQLAlchemyError`."""
        from alembic import command  # only here: every command would pay for its import
        from alembic.config import Config

        config = Config()
        config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
        with self.writing() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Lend a connection for reading; it does not wait for writers."""
        with self.engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Lend a connection in one transaction: all of it is durable at the end, or none of it is kept."""
        with self.engine.connect().execution_options(**{_WRITE: True}) as connection, connection.begin():
            yield connection

    def shrink(self) -> None:
        """Give the space of deleted rows back to the file system (SQLite; PostgreSQL does so by itself)."""
        if self.engine.dialect.name != "sqlite":
            return
        connection = self.engine.raw_connection()
        try:
            cursor = connection.cursor()
            while cursor.execute("PRAGMA freelist_count").fetchone()[0]:
                cursor.executescript(f"PRAGMA incremental_vacuum({_SHRINK_PAGES})")  # `execute` would free one page
        finally:
            connection.close()

    def close(self) -> None:
        """Close all pooled connections."""
        self.engine.dispose()


def insert(connection: Connection, table: Table) -> postgresql.Insert | sqlite.Insert:
    """Return an INSERT of the connection's dialect, which knows ``on_conflict_do_nothing`` and ``_update``."""
    return postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)


def insert_new(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> int:
    """Insert `rows`, leaving out those whose key is there already; return how many are new."""
    if not rows:
        return 0
    statement = insert(connection, table).on_conflict_do_nothing().execution_options(preserve_rowcount=True)
    return connection.execute(statement, rows).rowcount


def _options(address: str) -> dict[str, Any]:
    if address.startswith("postgresql"):
        return {"pool_pre_ping": True}
    return {"connect_args": {"timeout": BUSY_SECONDS, "check_same_thread": False}}


def _prepare(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # transactions begin where `_begin` says, not where the driver guesses
    connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")


def _begin(connection: Connection) -> None:
    """Take the write lock at once where writing is meant: a later upgrade could fail at once as busy."""
    write = connection.get_execution_options().get(_WRITE, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")
