from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import insert, inspect, select, text
from sqlalchemy.exc import IntegrityError

from safecare.store import schema
from safecare.store.database import Database, insert_new

pytest_plugins = ["store_fixtures"]


def test_migrations_lead_to_the_schema(empty_database: Database) -> None:
    empty_database.migrate()
    with empty_database.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, schema.metadata) == []
        assert set(inspect(connection).get_table_names()) == {*schema.metadata.tables, "alembic_version"}


def test_migrating_again_changes_nothing(database: Database) -> None:
    with database.writing() as connection:
        connection.execute(insert(schema.cursor).values(name="x", seq=1))
    database.migrate()
    with database.reading() as connection:
        assert connection.scalar(select(schema.cursor.c.seq)) == 1


@pytest.mark.slow
def test_processes_may_migrate_at_once(empty_database: Database) -> None:
    address = empty_database.engine.url.render_as_string(hide_password=False)
    script = "import sys; from safecare.store.database import Database; Database(sys.argv[1]).migrate()"
    children = [subprocess.Popen([sys.executable, "-c", script, address]) for _ in range(3)]
    assert [child.wait(60) for child in children] == [0, 0, 0]


def test_a_failed_transaction_leaves_nothing(database: Database) -> None:
    def write() -> None:
        with database.writing() as connection:
            connection.execute(insert(schema.cursor).values(name="x", seq=1))
            connection.execute(insert(schema.cursor).values(name="x", seq=2))

    with pytest.raises(IntegrityError):
        write()
    with database.reading() as connection:
        assert connection.execute(select(schema.cursor)).all() == []


def test_insert_new_tells_how_many_are_new(database: Database) -> None:
    with database.writing() as connection:
        rows = [{"name": name, "seq": 1} for name in "abc"]
        assert insert_new(connection, schema.cursor, rows[:2]) == 2
        assert insert_new(connection, schema.cursor, rows) == 1
        assert insert_new(connection, schema.cursor, rows) == 0
        assert insert_new(connection, schema.cursor, []) == 0


def test_sqlite_is_set_up_to_be_durable(tmp_path: Path) -> None:
    database = Database(tmp_path / "safecare.db")
    database.migrate()
    with database.reading() as connection:
        modes = {name: connection.scalar(text(f"PRAGMA {name}")) for name in ("journal_mode", "synchronous")}
    assert modes == {"journal_mode": "wal", "synchronous": 2}
    database.close()


def test_shrink_gives_space_back(tmp_path: Path) -> None:
    database = Database(tmp_path / "safecare.db")
    database.migrate()
    with database.writing() as connection:
        rows = [{"id": str(n), "last": 0, "rule": "r", "severity": 1, "body": "x" * 2000} for n in range(2000)]
        insert_new(connection, schema.alert, rows)
    with database.writing() as connection:
        connection.execute(schema.alert.delete())
    database.shrink()
    with database.reading() as connection:
        assert connection.scalar(text("PRAGMA freelist_count")) == 0
        assert connection.scalar(text("PRAGMA page_count")) < 200
    database.close()
