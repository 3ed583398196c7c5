"""Deletes what is older than its class, or its camera, allows. Alerts, incidents, plans, notices, the audit chain stay.

What an open incident rests on (its alerts' events and their artifacts) stays until it is closed, a held
file until it is sent or discarded, and the bytes of a reject as long as the reject.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection
from datetime import datetime, timedelta

import msgspec
import structlog
from sqlalchemy import ColumnElement, and_, delete, or_, select, tuple_
from sqlalchemy.exc import SQLAlchemyError

from safecare.exchange.log import Log
from safecare.settings import Retention as Days
from safecare.store import schema
from safecare.store.artifacts import Artifacts
from safecare.store.clips import KIND as CLIP_KEPT
from safecare.store.clips import clips, sweep
from safecare.store.database import Database, insert_new
from safecare.store.held import OPEN
from safecare.store.project import count
from safecare.store.read import Reader
from safecare.store.schema import micros
from safecare.store.stations import forget

_CHUNK = 900
"""Rows per transaction: the store writer waits some 10 ms at most, and old SQLite builds take 999 variables."""
_EVERY = 1_000_000
"""More open incidents than there will ever be."""
_SKEW = timedelta(days=1)
"""How far ahead a sender's clock may be before its events are judged by our own time. Chosen: any wrong time zone."""
_SPENT = timedelta(days=1)
"""How long expired sessions and links are kept. Chosen: long enough to explain a failed sign-in."""

_log = structlog.get_logger(__name__)


class _Needed(msgspec.Struct, frozen=True):
    """What open incidents rest on, and files that are held."""

    alerts: frozenset[str]
    events: frozenset[str]
    artifacts: frozenset[str]


class Retention:
    """Applies `days` to `database`, `artifacts` and `log`."""

    def __init__(self, database: Database, artifacts: Artifacts, log: Log, days: Days) -> None:
        self._database = database
        self._artifacts = artifacts
        self._log = log
        self._days = days

    def apply(self, now: datetime) -> dict[str, int]:
        """Delete what is too old at `now`; return how many events, rejects, artifacts and log batches went.

        Meant to be called about once an hour: the log is pruned by the mark that such a call left days ago.
        A class that can't be deleted now (its disk is full, its database away) is left for the next time: it is
        logged, absent from the counts, and the other classes go on.
        """
        counts: dict[str, int] = {}
        try:
            needed = self._needed()
        except (SQLAlchemyError, OSError, msgspec.DecodeError) as error:  # a row that another version wrote
            _log.error("retention could not start", exc_info=error)
            return counts
        classes: dict[str, Callable[[], int]] = {
            "clips": lambda: sweep(self._database, self._artifacts, now, needed.alerts),
            "events": lambda: self._events(now, needed.events),
            "rejects": lambda: self._rejects(micros(now - timedelta(days=self._days.rejects))),
            "artifacts": lambda: self._files(now, needed.artifacts),
            "log": lambda: self._prune(now),
            "stations": lambda: forget(self._database, now),
            "sessions": lambda: self._spent(micros(now - _SPENT)),
        }
        for name, delete_old in classes.items():
            try:
                counts[name] = delete_old()
            except (SQLAlchemyError, OSError) as error:
                _log.error("retention failed", of=name, exc_info=error)
        self._shrink()
        return counts

    def _shrink(self) -> None:
        try:
            self._database.shrink()
        except sqlite3.Error as error:
            _log.error("the database could not give space back", exc_info=error)

    def _needed(self) -> _Needed:
        reader = Reader(self._database)
        links = [link for one in reader.incidents(open_only=True, limit=_EVERY) for link in one.links]
        alerts = reader.alerts(ids=[link.alert for link in links])
        events = {event for alert in alerts for event in alert.because}
        with self._database.reading() as connection:
            events.update(connection.scalars(select(schema.held.c.id).where(schema.held.c.state.in_(OPEN))))
        kept = frozenset(alert.id for alert in alerts)
        events.update(clip.id for clip in clips(self._database, kept))
        needed = {alert.still for alert in alerts if alert.still} | self._artifacts_of(events)
        for clip in clips(self._database):  # each goes at its own time, with its event
            needed |= {clip.artifact, *([clip.clear] if clip.clear else [])}
        return _Needed(kept, frozenset(events), frozenset(needed))

    def _artifacts_of(self, events: Collection[str]) -> set[str]:
        owners = list(events)
        found: set[str] = set()
        with self._database.reading() as connection:
            for start in range(0, len(owners), _CHUNK):
                some = schema.artifact.c.owner.in_(owners[start : start + _CHUNK])
                found.update(connection.scalars(select(schema.artifact.c.hash).where(some)))
        return found

    def _events(self, now: datetime, needed: frozenset[str]) -> int:
        table = schema.event
        before = micros(now - timedelta(days=self._days.events))
        # an event from the future would stay for ever: then the time at which we got it counts
        old = or_(table.c.at < before, and_(table.c.at > micros(now + _SKEW), table.c.seen < before))
        old = and_(old, table.c.kind != CLIP_KEPT)  # clips go by their own time, with all that is theirs
        place = tuple_(table.c.at, table.c.id)
        after: ColumnElement[bool] | None = None
        deleted = 0
        while True:
            query = select(table.c.at, table.c.id).where(old).order_by(table.c.at, table.c.id).limit(_CHUNK)
            with self._database.writing() as connection:
                rows = connection.execute(query if after is None else query.where(after)).all()
                ids = [row.id for row in rows if row.id not in needed]
                connection.execute(delete(schema.artifact).where(schema.artifact.c.owner.in_(ids)))
                connection.execute(delete(schema.held).where(schema.held.c.id.in_(ids)))
                gone = connection.execute(delete(table).where(table.c.id.in_(ids))).rowcount
                count(connection, table, -gone)
            deleted += gone
            if len(rows) < _CHUNK:
                return deleted
            after = place > (rows[-1].at, rows[-1].id)

    def _rejects(self, before: int) -> int:
        table = schema.reject
        deleted = 0
        while True:
            with self._database.writing() as connection:
                ids = connection.scalars(select(table.c.id).where(table.c.at < before).limit(_CHUNK)).all()
                gone = connection.execute(delete(table).where(table.c.id.in_(ids))).rowcount
                count(connection, table, -gone)
            deleted += gone
            if len(ids) < _CHUNK:
                return deleted

    def _files(self, now: datetime, needed: frozenset[str]) -> int:
        with self._database.reading() as connection:
            replayable = set(connection.scalars(select(schema.reject.c.artifact)))
        deleted = 0
        for hash, kept in self._artifacts.hashes():
            still = self._artifacts.media(hash).startswith(("image/", "video/"))
            days = self._days.stills if still else self._days.artifacts
            before = (now - timedelta(days=days)).timestamp()
            if kept < before and hash not in needed and hash not in replayable:
                deleted += self._artifacts.delete(hash, before=before)
        self._artifacts.sweep((now - _SPENT).timestamp())
        return deleted

    def _prune(self, now: datetime) -> int:
        """Prune the log below what it held `days.log` days ago, and note what it holds now."""
        table = schema.log_mark
        old = table.c.at <= micros(now - timedelta(days=self._days.log))
        with self._database.writing() as connection:
            below = connection.scalar(select(table.c.seq).where(old).order_by(table.c.seq.desc()).limit(1))
            connection.execute(delete(table).where(old, table.c.seq < (below or 0)))
            insert_new(connection, table, [{"at": micros(now), "seq": self._log.last()}])
        return 0 if below is None else self._log.prune(below + 1)

    def _spent(self, before: int) -> int:
        with self._database.writing() as connection:
            old = [delete(table).where(table.c.expires < before) for table in (schema.session, schema.invitation)]
            return sum(connection.execute(statement).rowcount for statement in old)
