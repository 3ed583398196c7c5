"""Kill worker and store writer again and again while events come in: each is stored, and each alert made, once."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from safecare.exchange.log import Batch
from safecare.exchange.sqlite import SqliteLog
from safecare.model.events.doors import BadgeGranted
from safecare.model.topics import decode
from safecare.store.audit import verify
from safecare.store.database import Database
from safecare.store.read import Reader
from safecare.testing.road import badge, entry_of

WORKER = """
import sys, threading
from pathlib import Path
from safecare.exchange.sqlite import SqliteLog
from safecare.exchange.worker import Worker
from safecare.model.clock import SystemClock
from safecare.testing.road import EveryTenth
log = SqliteLog(Path(sys.argv[1]), reserve_mb=0)
print("up", flush=True)
Worker(log, EveryTenth(), SystemClock(), snapshot_every=0.1).run(threading.Event())
"""
WRITER = """
import sys, threading
from pathlib import Path
from safecare.exchange.sqlite import SqliteLog
from safecare.store.database import Database
from safecare.store.write import StoreWriter
log = SqliteLog(Path(sys.argv[1]), reserve_mb=0)
print("up", flush=True)
StoreWriter(log, Database(sys.argv[2]), batch=8).run(threading.Event())
"""
ROUNDS = 5
PER_APPEND = 20
PAUSE = 0.02
"""Seconds between two appends: 1,000 events a second."""


class Sender(threading.Thread):
    """Sends 1,000 events a second and notes what was acknowledged."""

    def __init__(self, log: SqliteLog) -> None:
        super().__init__()
        self.log = log
        self.stop = threading.Event()
        self.sent: list[BadgeGranted] = []

    def run(self) -> None:
        due = time.monotonic()
        while not self.stop.is_set():
            events = [badge(len(self.sent) + n) for n in range(PER_APPEND)]
            self.log.append([entry_of(*events)])
            self.sent += events
            due += PAUSE
            self.stop.wait(max(0.0, due - time.monotonic()))


def start(script: str, *arguments: Path) -> subprocess.Popen[bytes]:
    child = subprocess.Popen([sys.executable, "-c", script, *map(str, arguments)], stdout=subprocess.PIPE)
    assert child.stdout is not None
    assert child.stdout.readline() == b"up\n"
    return child


def kill(child: subprocess.Popen[bytes]) -> None:
    child.kill()
    assert child.wait(30) == -9
    assert child.stdout is not None
    child.stdout.close()


def wait_for_store(log: SqliteLog, child: subprocess.Popen[bytes]) -> None:
    """Wait until worker and writer have gone through all that is in the log."""
    deadline = time.monotonic() + 60
    while any(log.positions().get(group, 0) < log.last() for group in ("tenth", "store")):
        assert time.monotonic() < deadline, (log.positions(), log.last())
        assert child.poll() is None
        log.wait(log.last(), 0.05)


@pytest.mark.slow
def test_kills_lose_nothing_and_double_nothing(tmp_path: Path) -> None:
    path, store = tmp_path / "log.db", tmp_path / "safecare.db"
    database = Database(store)
    database.migrate()
    log = SqliteLog(path, reserve_mb=0)
    sender = Sender(log)
    sender.start()
    for _ in range(ROUNDS):
        worker, writer = start(WORKER, path), start(WRITER, path, store)
        sender.stop.wait(random.uniform(0.1, 0.8))
        for child in random.sample([worker, writer], 2):
            kill(child)
    worker, writer = start(WORKER, path), start(WRITER, path, store)
    sender.stop.set()
    sender.join()
    wait_for_store(log, writer)
    kill(worker)
    kill(writer)

    reader = Reader(database)
    assert len(sender.sent) > 1000
    assert reader.events([one.id for one in sender.sent]) == sender.sent
    assert reader.counts()["events"] == len(sender.sent)
    tenth = sender.sent[9::10]
    assert [one.because for one in reader.alerts(limit=10**6)] == [(one.id,) for one in tenth]
    assert reader.counts()["alerts"] == len(tenth)
    assert reader.rejects() == []
    batches: list[Batch] = []
    while more := log.read({"alert"}, batches[-1].seq if batches else 0):
        batches += more
    raised = [decode("alert", item).id for batch in batches for item in batch.items]
    assert len(raised) == len(set(raised)) == len(tenth)
    assert verify(database).ok
    log.close()
    database.close()
