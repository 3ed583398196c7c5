"""The embedded log: one append-only SQLite file that several processes may use at once.

WAL with ``synchronous=FULL``: a commit returns after its fsync. A row is a batch: MessagePack list of
the items' bytes, compressed (zstd, with checksum). Threads that append at the same time share one
transaction, and so one fsync. Why SQLite: measured, it beats every broker in durable throughput on one machine,
and has no port to secure.
"""

from __future__ import annotations

import errno
import heapq
import sqlite3
import threading
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path

import msgspec
import zstandard

from safecare.exchange.disk import check_room
from safecare.exchange.log import READ_ITEMS, Batch, Entry, LogFullError, Position

BUSY_SECONDS = 30.0
"""Longest wait for another process's write. Chosen: far above the longest transaction seen (some 100 ms)."""
POLL_SECONDS = 0.03
"""How often `wait` looks for what other processes appended. Chosen: below what a person notices."""
PRUNE_ROWS = 500
"""Batches deleted per transaction, so that senders wait for some ms at most."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS batch (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, topic TEXT NOT NULL, n INTEGER NOT NULL, key TEXT, body BLOB NOT NULL);
CREATE UNIQUE INDEX IF NOT EXISTS batch_key ON batch (key) WHERE key IS NOT NULL;
CREATE INDEX IF NOT EXISTS batch_topic ON batch (topic, seq, n);
CREATE TABLE IF NOT EXISTS position (grp TEXT PRIMARY KEY, seq INTEGER NOT NULL, state BLOB NOT NULL);
"""

_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder(tuple[bytes, ...]).decode


class _Row(msgspec.Struct, frozen=True):
    topic: str
    n: int
    key: str | None
    body: bytes


class _Ticket:
    """One caller's part of a shared transaction."""

    def __init__(self, rows: list[_Row]) -> None:
        self.rows = rows
        self.seqs: list[int] = []
        self.failure: OSError | None = None
        self.done = False


class SqliteLog:
    """The log in the file `path`; senders are refused when less than `reserve_mb` (10^6 bytes) are free.

    Connections must not cross a fork: each process opens its own `SqliteLog`.
    """

    def __init__(self, path: Path, reserve_mb: int = 256) -> None:
        """Open or create the log. Raises `LogFullError`, `OSError` (naming the file) when it can't be used."""
        self._path = path
        self._reserve = reserve_mb * 1_000_000
        self._codec = threading.local()
        self._queue: list[_Ticket] = []
        self._queue_lock = threading.Lock()
        self._writing = threading.Lock()
        self._idle: list[sqlite3.Connection] = []
        self._idle_lock = threading.Lock()
        self._grown = threading.Condition()
        self._closed = False
        try:
            self._writer = _create(path)
            self._probe = _connect(path)
            self._version = -1
            self._last = 0
            self._look()
        except sqlite3.Error as error:
            raise _explain(error, path) from error

    def append(self, entries: Sequence[Entry], *, reserve: bool = True) -> list[int]:
        """See `Log.append`."""
        rows = [self._row(entry) for entry in entries]
        if reserve:
            check_room(self._path, sum(len(row.body) for row in rows), self._reserve)
        ticket = _Ticket(rows)
        with self._queue_lock:
            self._queue.append(ticket)
        with self._writing:
            if not ticket.done:  # nobody wrote it while this thread waited: write it, and all that wait too
                with self._queue_lock:
                    tickets, self._queue = self._queue, []
                self._write(tickets)
        if ticket.failure is not None:
            raise ticket.failure
        return ticket.seqs

    def read(self, topics: Collection[str], after: int, limit: int = 64) -> list[Batch]:
        """See `Log.read`."""
        with self._reading() as connection:
            wanted = (
                connection.execute(
                    "SELECT seq, n FROM batch WHERE topic = ? AND seq > ? ORDER BY seq LIMIT ?", (topic, after, limit)
                ).fetchall()
                for topic in set(topics)
            )
            rows: list[tuple[int, str, bytes]] = []
            items = 0
            for seq, n in heapq.nsmallest(limit, chain.from_iterable(wanted)):
                if rows and items + n > READ_ITEMS:
                    break
                items += n
                rows.append(connection.execute("SELECT seq, topic, body FROM batch WHERE seq = ?", (seq,)).fetchone())
        return [self._batch(*row) for row in rows]

    def wait(self, after: int, timeout: float) -> bool:
        """See `Log.wait`."""
        deadline = time.monotonic() + timeout
        with self._grown:
            while not self._closed:
                self._look()
                if self._last > after:
                    return True
                remaining = deadline - time.monotonic()
                if remaining <= 0:
                    return False
                self._grown.wait(min(remaining, POLL_SECONDS))
        return False

    def last(self) -> int:
        """See `Log.last`."""
        with self._grown:
            self._look()
            return self._last

    def position(self, group: str) -> Position:
        """See `Log.position`."""
        with self._reading() as connection:
            row = connection.execute("SELECT seq, state FROM position WHERE grp = ?", (group,)).fetchone()
        return Position(row[0], self._decompress(row[1])) if row else Position()

    def positions(self) -> dict[str, int]:
        """See `Log.positions`."""
        with self._reading() as connection:
            return dict(connection.execute("SELECT grp, seq FROM position").fetchall())

    def commit(self, group: str, position: Position, entries: Sequence[Entry] = ()) -> None:
        """See `Log.commit`."""
        state = self._compress(position.state)
        rows = [self._row(entry) for entry in entries]
        with self._writing, self._transaction() as connection:
            seqs = [_insert(connection, row) for row in rows]
            connection.execute("REPLACE INTO position VALUES (?, ?, ?)", (group, position.seq, state))
        self._tell(seqs)

    def prune(self, below: int) -> int:
        """See `Log.prune`. The freed space goes back to the file system."""
        pruned = 0
        while True:
            with self._writing, self._transaction() as connection:
                slowest = connection.execute("SELECT min(seq) FROM position").fetchone()[0]
                bound = below if slowest is None else min(below, slowest + 1)
                deleted = connection.execute(
                    "DELETE FROM batch WHERE seq IN (SELECT seq FROM batch WHERE seq < ? ORDER BY seq LIMIT ?)",
                    (bound, PRUNE_ROWS),
                ).rowcount
            pruned += deleted
            if deleted:
                with self._writing, self._explained():
                    self._writer.executescript("PRAGMA incremental_vacuum")  # `execute` would free one page only
            if deleted < PRUNE_ROWS:
                return pruned

    def close(self) -> None:
        """See `Log.close`."""
        with self._writing, self._grown, self._idle_lock:
            self._closed = True
            self._grown.notify_all()
            for connection in (self._writer, self._probe, *self._idle):
                connection.close()
            self._idle.clear()

    def _write(self, tickets: list[_Ticket]) -> None:
        """Write all `tickets` in one transaction: all are kept, or none. Caller holds `_writing`."""
        try:
            with self._transaction() as connection:
                for ticket in tickets:
                    ticket.seqs = [_insert(connection, row) for row in ticket.rows]
        except BaseException as error:
            for ticket in tickets:
                ticket.failure = _copy(error)
            if not isinstance(error, OSError):
                raise
        else:
            self._tell([seq for ticket in tickets for seq in ticket.seqs])
        finally:
            for ticket in tickets:
                ticket.done = True

    def _tell(self, seqs: Sequence[int]) -> None:
        """Wake those of this process who wait; other processes look by themselves."""
        with self._grown:
            self._last = max(self._last, *seqs, 0)
            self._grown.notify_all()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """Run one write transaction; SQLite's errors become `OSError`. Caller holds `_writing`."""
        with self._explained():
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                yield self._writer
                self._writer.execute("COMMIT")
            except BaseException:
                if self._writer.in_transaction:
                    self._writer.execute("ROLLBACK")
                raise

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        """Lend a connection that sees one state of the file."""
        with self._explained():
            with self._idle_lock:
                connection = self._idle.pop() if self._idle else None
            connection = connection or _connect(self._path)
            try:
                connection.execute("BEGIN")
                yield connection
            finally:
                if connection.in_transaction:
                    connection.execute("COMMIT")
                with self._idle_lock:
                    if self._closed:
                        connection.close()
                    else:
                        self._idle.append(connection)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise _explain(error, self._path) from error

    def _look(self) -> None:
        """Learn the highest sequence number when the file has changed. Caller holds `_grown`."""
        with self._explained():
            version = self._probe.execute("PRAGMA data_version").fetchone()[0]
            if version != self._version:
                row = self._probe.execute("SELECT seq FROM sqlite_sequence WHERE name = 'batch'").fetchone()
                self._last = max(self._last, row[0] if row else 0)
                self._version = version

    def _row(self, entry: Entry) -> _Row:
        return _Row(entry.topic, len(entry.items), entry.key, self._compress(_pack(entry.items)))

    def _batch(self, seq: int, topic: str, body: bytes) -> Batch:
        try:
            return Batch(seq, topic, _unpack(self._decompress(body)))
        except (zstandard.ZstdError, msgspec.DecodeError) as error:
            return Batch(seq, topic, (), damage=f"{type(error).__name__}: {error}")

    def _compress(self, raw: bytes) -> bytes:
        """Compress in this thread's own context: zstd's contexts must not be shared."""
        if not hasattr(self._codec, "compressor"):
            self._codec.compressor = zstandard.ZstdCompressor(level=1, write_checksum=True)
        packed: bytes = self._codec.compressor.compress(raw)
        return packed

    def _decompress(self, packed: bytes) -> bytes:
        if not hasattr(self._codec, "decompressor"):
            self._codec.decompressor = zstandard.ZstdDecompressor()
        raw: bytes = self._codec.decompressor.decompress(packed)
        return raw


def _insert(connection: sqlite3.Connection, row: _Row) -> int:
    if row.key is not None:
        known = connection.execute("SELECT seq FROM batch WHERE key = ?", (row.key,)).fetchone()
        if known:
            return int(known[0])
    cursor = connection.execute(
        "INSERT INTO batch (topic, n, key, body) VALUES (?, ?, ?, ?)", (row.topic, row.n, row.key, row.body)
    )
    return int(cursor.lastrowid or 0)


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA synchronous = FULL")
    return connection


def _create(path: Path) -> sqlite3.Connection:
    """Open `path`, made if absent. Two processes may do so at once: switching to WAL ignores the busy wait."""
    connection = _connect(path)
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA journal_size_limit = 67108864")
            connection.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} COMMIT;")
        except sqlite3.OperationalError as error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                connection.close()
                raise
            time.sleep(POLL_SECONDS)
        except sqlite3.DatabaseError:
            connection.close()
            raise
        else:
            return connection


def _copy(error: BaseException) -> OSError:
    """Return an error of its own for each thread that shared a failed transaction."""
    return type(error)(*error.args) if isinstance(error, OSError) else OSError(errno.EIO, repr(error))


def _explain(error: sqlite3.Error, path: Path) -> OSError:
    """Turn SQLite's error into the log's: full, busy for too long, or a failed disk or file."""
    code = getattr(error, "sqlite_errorcode", 0)
    # SQLite says FULL for ENOSPC, and IOERR_WRITE for a quota (EDQUOT) or a full disk under its shared memory
    if code & 0xFF == sqlite3.SQLITE_FULL or code in {sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_SHMSIZE}:
        return LogFullError(errno.ENOSPC, str(error), str(path))
    if code & 0xFF in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
        return TimeoutError(errno.ETIMEDOUT, str(error), str(path))
    return OSError(errno.EIO, str(error), str(path))
