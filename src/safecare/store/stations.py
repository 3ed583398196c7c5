"""What stations said of themselves, laid down and read: by address, system and name the first time and the last."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, case, delete, select

from safecare.model.events.network import IdentitySeen
from safecare.model.network import Said
from safecare.store import schema
from safecare.store.database import Database, insert
from safecare.store.schema import micros, moment

KEPT = timedelta(days=400)
"""How long what was said once is remembered (chosen: a device that is used once a year is still known)."""
MOST = 100_000
"""Rows that stay at most (chosen: twenty for each of 5,000 stations); those heard longest ago go first."""
CHUNK = 300
"""Rows in one statement: old SQLite builds take 999 variables."""


def remember(connection: Connection, events: Iterable[IdentitySeen]) -> None:
    """Lay down what was said; said again, it changes nothing."""
    rows: dict[tuple[str, str, str], dict[str, Any]] = {}
    for event in events:
        key, at = (event.ip, event.system, event.value.replace("\0", "?")), micros(event.at)
        row = rows.setdefault(
            key, {"ip": key[0], "system": key[1], "value": key[2], "site": event.site, "first": at, "last": at}
        )
        row["first"], row["last"] = min(row["first"], at), max(row["last"], at)
    listed, table = list(rows.values()), schema.identity
    for start in range(0, len(listed), CHUNK):
        statement = insert(connection, table).values(listed[start : start + CHUNK])
        new = statement.excluded
        connection.execute(
            statement.on_conflict_do_update(
                index_elements=["ip", "system", "value"],
                set_={
                    "first": case((new.first < table.c.first, new.first), else_=table.c.first),
                    "last": case((new.last > table.c.last, new.last), else_=table.c.last),
                },
            )
        )


def said(database: Database, limit: int = MOST) -> list[Said]:
    """Return what stations said, newest first, `limit` rows at most."""
    table = schema.identity
    with database.reading() as connection:
        rows = connection.execute(select(table).order_by(table.c.last.desc()).limit(limit)).all()
    return [Said(row.ip, row.system, row.value, moment(row.first), moment(row.last), row.site) for row in rows]


def forget(database: Database, now: datetime) -> int:
    """Delete what was not said for `KEPT`, and what is over `MOST`; return how many rows went."""
    table = schema.identity
    with database.writing() as connection:
        over = connection.scalar(select(table.c.last).order_by(table.c.last.desc()).offset(MOST).limit(1))
        before = max(micros(now - KEPT), over if over is not None else 0)
        return connection.execute(delete(table).where(table.c.last < before)).rowcount
