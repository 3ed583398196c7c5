"""What was stored, as its bytes: for replays that read much and need little of each."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from sqlalchemy import Column, ColumnElement, func, or_, select

from safecare.store import schema
from safecare.store.database import Database

PAGE = 10_000
"""Rows fetched at a time."""


def total(database: Database) -> int:
    """Return how many alerts and events there are."""
    with database.reading() as connection:
        counts = [connection.scalar(select(func.count()).select_from(table)) for table in (schema.alert, schema.event)]
    return sum(count or 0 for count in counts)


def bodies(database: Database, rules: Collection[str], kinds: Collection[str]) -> Iterator[bytes]:
    """Yield the JSON of all alerts whose rule fits one of the patterns `rules` (``*``, ``?``) and events of `kinds`."""
    wanted = []
    if rules:
        wanted.append((schema.alert, fitting(schema.alert.c.rule, rules)))
    if kinds:
        wanted.append((schema.event, schema.event.c.kind.in_(sorted(kinds))))
    for table, condition in wanted:
        with database.reading() as connection:
            query = select(table.c.body).where(condition)
            for row in connection.execution_options(yield_per=PAGE).execute(query).scalars():
                yield row.encode()


def fitting(column: Column[str], patterns: Collection[str]) -> ColumnElement[bool]:
    """Return the condition that `column` fits one of `patterns` (``*``, ``?``)."""
    return or_(False, *(_like(column, pattern) for pattern in patterns))


def _like(column: Column[str], pattern: str) -> ColumnElement[bool]:
    escaped = pattern.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
    return column.like(escaped.replace("*", "%").replace("?", "_"), escape="\\")
