"""The audit chain: nothing changes it unseen."""

from __future__ import annotations

from pathlib import Path

import pytest
from made_items import decided, judged
from made_road import Road
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from safecare.model.events import decode_event
from safecare.store.audit import verify
from safecare.store.database import Database
from safecare.testing.road import badge, entry_of

pytest_plugins = ["store_fixtures"]


def fill(road: Road, count: int = 5) -> None:
    road.log.append([entry_of(judged(n), badge(n)) for n in range(count)])
    road.drain()


def execute(database: Database, statement: str) -> None:
    with database.writing() as connection:
        connection.execute(text(statement))


def without_guards(database: Database) -> None:
    """What somebody with full rights on the database could do."""
    if database.engine.dialect.name == "postgresql":
        execute(database, "ALTER TABLE audit DISABLE TRIGGER ALL")
    else:
        for name in ("update", "delete", "replace"):
            execute(database, f"DROP TRIGGER audit_no_{name}")


def test_an_empty_chain_is_whole(road: Road) -> None:
    check = verify(road.database)
    assert (check.ok, check.count, check.broken_at) == (True, 0, None)


def test_only_acts_are_sealed_in_the_order_in_which_they_came(road: Road) -> None:
    road.log.append([entry_of(judged(9), badge(0), decided(3))])
    road.drain()
    entries = road.reader.audit()
    assert [one.act for one in entries] == ["act.incident", "act.plan"]
    assert [decode_event(one.detail.encode()) for one in entries] == [judged(9), decided(3)]
    check = verify(road.database)
    assert (check.ok, check.count, check.head) == (True, 2, entries[-1].hash)


def test_the_chain_goes_on_over_batches_and_restarts(road: Road) -> None:
    fill(road)
    road.writer = type(road.writer)(road.log, road.database)
    road.log.append([entry_of(decided(7), judged(2))])  # one of them is known
    road.drain()
    assert verify(road.database).count == 6
    assert verify(road.database).ok


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET actor = 'somebody else' WHERE seq = 2",
        "UPDATE audit SET seq = 99 WHERE seq = 5",
        "DELETE FROM audit WHERE seq = 5",
        "DELETE FROM audit",
    ],
)
def test_the_database_refuses_to_change_the_chain(road: Road, statement: str) -> None:
    fill(road)
    with pytest.raises(DBAPIError, match="append-only"):
        execute(road.database, statement)
    assert verify(road.database).ok


def test_the_other_ways_to_delete_are_refused_too(road: Road) -> None:
    fill(road)
    if road.database.engine.dialect.name == "postgresql":
        statement = "TRUNCATE audit"
    else:
        statement = "INSERT OR REPLACE INTO audit SELECT 2, 'x', at, actor, act, detail, hash FROM audit WHERE seq = 3"
    with pytest.raises(DBAPIError, match="append-only"):
        execute(road.database, statement)
    assert verify(road.database).ok


@pytest.mark.parametrize(
    ("statement", "broken_at"),
    [
        ("UPDATE audit SET actor = 'somebody else' WHERE seq = 2", 2),
        ("UPDATE audit SET at = at + 1 WHERE seq = 4", 4),
        ("UPDATE audit SET detail = replace(detail, 'validated', 'closed') WHERE seq = 3", 3),
        ("UPDATE audit SET hash = (SELECT hash FROM audit WHERE seq = 1) WHERE seq = 5", 5),
        ("DELETE FROM audit WHERE seq = 3", 3),
        ("UPDATE audit SET detail = 'no json' WHERE seq = 1", 1),
    ],
)
def test_a_change_around_the_guards_is_found(road: Road, statement: str, broken_at: int) -> None:
    fill(road)
    without_guards(road.database)
    execute(road.database, statement)
    check = verify(road.database)
    assert (check.ok, check.broken_at, check.count) == (False, broken_at, broken_at - 1)


def test_rows_cut_off_at_the_end_show_in_the_head(road: Road) -> None:
    fill(road)
    head = verify(road.database).head
    without_guards(road.database)
    execute(road.database, "DELETE FROM audit WHERE seq = 5")
    assert verify(road.database).head != head


@pytest.mark.slow
def test_a_long_chain_is_verified_in_pages(tmp_path: Path) -> None:
    database = Database(tmp_path / "safecare.db")
    database.migrate()
    road = Road(database)
    road.log.append([entry_of(*(judged(n) for n in range(2500)))])
    road.drain()
    assert verify(database).count == 2500
    database.close()
