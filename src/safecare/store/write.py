"""Brings the log into the central database, each item exactly once.

The writer's cursor stands in the database and moves in the same transaction as the rows, so a crash at
any moment repeats nothing and leaves nothing out. One writer per database.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Sequence

import structlog
from sqlalchemy import Connection, select
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, SQLAlchemyError, StatementError

from safecare.exchange.isolate import Failed, reason_of, unpack
from safecare.exchange.log import Batch, Log, Position
from safecare.exchange.rejects import Keep, Rejects
from safecare.model.clock import Clock, SystemClock
from safecare.model.topics import TOPICS, encode
from safecare.store import schema
from safecare.store.database import Database, insert
from safecare.store.project import Arrived, project

GROUP = "store"
"""The writer's name in the log, and of its cursor in the database."""
COMMIT_SECONDS = 2.0
"""How often the log is told how far the store is (for lag and pruning). Chosen: as the workers' snapshots."""
STOP_SECONDS = 0.25
RETRY_SECONDS = 0.5

_ORDER = ("event", "alert", "incident", "forecast", "plan", "notice", "receipt", "reject")
_log = structlog.get_logger(__name__)


class StoreWriter:
    """Projects all topics of `log` to `database`. Counters are for the health page.

    `batch` is the most log batches per transaction; `keep` stores the bytes of items that can't be laid
    down (`Artifacts.keep`); without it a reject carries them in its context.
    """

    def __init__(
        self,
        log: Log,
        database: Database,
        *,
        batch: int = 64,
        keep: Keep | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._log = log
        self._database = database
        self._batch = batch
        self._rejects = Rejects(f"stage:{GROUP}", keep)
        self._clock = clock or SystemClock()
        self._cursor: int | None = None
        self._told = -1
        self._tell_at = 0.0
        self.handled = 0
        """Items read since the start."""
        self.rejected = 0
        """Items put to the rejects since the start."""
        self.blocked = ""
        """Why the writer can't go on at present; empty when it can."""

    def step(self, timeout: float) -> int:
        """Wait up to `timeout` seconds for something new, store it, return the number of items.

        A failed database or a full disk loses nothing: the cursor stays, `blocked` says why, the next step retries.
        """
        try:
            handled = self._step(timeout)
        except (SQLAlchemyError, OSError) as error:
            if not self.blocked:
                _log.error("the store can't be written", exc_info=error)
            self.blocked = str(error)[:500]
            self._cursor = None  # read it again: the transaction may have been kept though the answer was lost
            self._log.wait(self._log.last(), min(timeout, RETRY_SECONDS))
            return 0
        self.blocked = ""
        return handled

    def run(self, stop: threading.Event) -> None:
        """Step until `stop` is set. Never ends by a fault."""
        while not stop.is_set():
            try:
                self.step(STOP_SECONDS)
            except Exception as error:  # noqa: BLE001  the road must go on; the fault is shown
                self.blocked = repr(error)[:500]
                _log.error("the store writer failed", exc_info=error)
                stop.wait(RETRY_SECONDS)
            if self.blocked:
                stop.wait(RETRY_SECONDS)
        with contextlib.suppress(OSError):  # only for lag and pruning: our own cursor stands in the database
            self._tell(now=True)

    def _step(self, timeout: float) -> int:
        cursor = self._cursor if self._cursor is not None else self._start()
        if not self._log.wait(cursor, timeout):
            self._tell()
            return 0
        grown = self._log.last()  # before reading: what is appended afterwards is for the next step
        batches = self._log.read(TOPICS, cursor, self._batch)
        if not batches:  # what grew was of no topic of ours
            self._cursor = grown
            return 0
        reached = batches[-1].seq
        try:
            with self._database.writing() as connection:
                rejected = self._store(connection, batches)
                _move(connection, reached)
        except (StatementError, ValueError, OverflowError) as error:
            if not _spares_the_rest(error):
                raise
            with self._database.writing() as connection:
                rejected = self._store_singly(connection, batches)
                _move(connection, reached)
        self._cursor = reached
        self._tell()
        handled = sum(len(batch.items) for batch in batches)
        self.handled += handled
        self.rejected += rejected
        return handled

    def _start(self) -> int:
        """Return where the database stands; 0 when the log is another one than before (shorter than our cursor)."""
        with self._database.reading() as connection:
            cursor = connection.scalar(select(schema.cursor.c.seq).where(schema.cursor.c.name == GROUP)) or 0
        self._cursor = cursor if cursor <= self._log.last() else 0
        self._tell(now=True)
        return self._cursor

    def _store(self, connection: Connection, batches: Sequence[Batch]) -> int:
        """Lay down all batches, topic by topic; return how many items were rejected."""
        by_topic: dict[str, list[Arrived]] = {}
        rejected = 0
        for batch in batches:
            parcels, failed = unpack(batch)
            by_topic.setdefault(batch.topic, []).extend(Arrived(batch.seq, one.item, one.raw) for one in parcels)
            rejected += self._reject(connection, batch, failed)
        for topic in _ORDER:
            if topic in by_topic:
                project(connection, topic, by_topic[topic])
        return rejected

    def _store_singly(self, connection: Connection, batches: Sequence[Batch]) -> int:
        """Lay down item by item, and put to the rejects those that the database refuses."""
        rejected = 0
        for batch in batches:
            parcels, failed = unpack(batch)
            for one in parcels:
                try:
                    with connection.begin_nested():
                        project(connection, batch.topic, [Arrived(batch.seq, one.item, one.raw)])
                except (StatementError, ValueError, OverflowError) as error:
                    if not _spares_the_rest(error):
                        raise
                    failed.append(Failed(one.index, one.raw, reason_of(error)))
            rejected += self._reject(connection, batch, failed)
        return rejected

    def _reject(self, connection: Connection, batch: Batch, failed: Sequence[Failed]) -> int:
        for one in failed:
            context = {"topic": batch.topic, "seq": str(batch.seq), "index": str(one.index)}
            reject = self._rejects.make(f"{batch.seq}:{one.index}", one.raw, one.reason, self._clock.now(), context)
            project(connection, "reject", [Arrived(batch.seq, reject, encode(reject))])
        return len(failed)

    def _tell(self, *, now: bool = False) -> None:
        """Tell the log how far the store is."""
        due = now or time.monotonic() >= self._tell_at
        if due and self._cursor is not None and self._cursor != self._told:
            self._log.commit(GROUP, Position(self._cursor))
            self._told = self._cursor
            self._tell_at = time.monotonic() + COMMIT_SECONDS


def _spares_the_rest(error: Exception) -> bool:
    """Tell whether `error` is about a value (that item is rejected), not about the database (all is tried again)."""
    return not isinstance(error, DBAPIError) or isinstance(error, DataError | IntegrityError)


def _move(connection: Connection, seq: int) -> None:
    statement = insert(connection, schema.cursor).values(name=GROUP, seq=seq)
    connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_={"seq": seq}))
