"""The road's floor: how fast and how small the log and the store are, every figure with all fsyncs on.

The limit beside a latency is the disk itself: one 1 KiB write with fdatasync, measured in the same run.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterable
from datetime import timedelta
from pathlib import Path

from safecare.exchange.log import Entry
from safecare.exchange.sqlite import SqliteLog
from safecare.exchange.worker import Worker
from safecare.model.clock import SystemClock
from safecare.model.events import encode_event
from safecare.store.database import Database
from safecare.store.read import Reader
from safecare.store.write import StoreWriter
from safecare.testing.bench import Row, rate
from safecare.testing.clock import START
from safecare.testing.road import EveryTenth, badge

SINGLES = 2000
THREADS = 16
EVENTS = 100_000
BATCH = 1000
TARGET = 20_000
"""Events per second and core: four times the 5,000/s that a hospital is planned for."""


def rows() -> Iterable[Row]:
    """Measure log, worker and store in a folder of the system's temporary disk."""
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR", "/var/tmp")) as folder:
        yield from _latency(Path(folder))
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR", "/var/tmp")) as folder:
        yield from _throughput(Path(folder))


def _latency(folder: Path) -> Iterable[Row]:
    log = SqliteLog(folder / "log.db", reserve_mb=0)
    item = encode_event(badge(0))
    disk = _times(_disk_write(folder / "probe"), SINGLES)
    single = _times(lambda: log.append([Entry("event", (item,))]), SINGLES)
    for name, share in (("p50", 0.5), ("p99", 0.99)):
        limit = _quantile(disk, share)
        yield Row(
            what=f"append of one event, {name}",
            figure=_quantile(single, share),
            unit="ms",
            better="less",
            peer=limit,
            peer_name="fdatasync",
        )
    yield Row(what="single appends, one thread", figure=1000 / statistics.mean(single), unit="/s")
    yield Row(what=f"single appends, {THREADS} threads", figure=_together(log, item), unit="/s", note="group commit")
    log.close()


def _throughput(folder: Path) -> Iterable[Row]:
    log = SqliteLog(folder / "log.db", reserve_mb=0)
    database = Database(folder / "safecare.db")
    database.migrate()
    writer = StoreWriter(log, database)
    events = [
        encode_event(badge(n, at=START + timedelta(milliseconds=n), holder=f"holder-{n % 3000}")) for n in range(EVENTS)
    ]
    batches = [Entry("event", tuple(events[start : start + BATCH])) for start in range(0, EVENTS, BATCH)]
    started = time.process_time()
    for entry in batches:
        log.append([entry])
    logged = time.process_time()
    while writer.step(0):
        pass
    stored = time.process_time()
    worker = Worker(log, EveryTenth(), SystemClock())
    yield Row(what=f"log: events in batches of {BATCH}", figure=EVENTS / (logged - started), unit="/s")
    yield Row(
        what="log and store writer together",
        figure=EVENTS / (stored - started),
        unit="/s",
        target=TARGET,
        note="one core",
    )
    yield Row(what="worker: decode, feed a trivial stage, append", figure=rate(lambda: worker.step(0), 0.5), unit="/s")
    if Reader(database).counts()["events"] != EVENTS:
        raise RuntimeError("the store is not complete")
    database.close()
    log.close()
    plain = len(events[0])
    for name, file in (("log", "log.db"), ("store", "safecare.db")):
        size = (folder / file).stat().st_size / EVENTS
        yield Row(
            what=f"{name}: bytes per event", figure=size, unit="B", better="less", peer=plain, peer_name="its JSON"
        )


def _together(log: SqliteLog, item: bytes) -> float:
    each = SINGLES // 4

    def send() -> None:
        for _ in range(each):
            log.append([Entry("event", (item,))])

    threads = [threading.Thread(target=send) for _ in range(THREADS)]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return THREADS * each / (time.perf_counter() - started)


def _disk_write(path: Path) -> Callable[[], object]:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
    block = bytes(1024)

    def write() -> None:
        os.write(descriptor, block)
        os.fdatasync(descriptor)

    return write


def _times(act: Callable[[], object], count: int) -> list[float]:
    """Return the milliseconds that each of `count` calls took."""
    times = []
    for _ in range(count):
        started = time.perf_counter()
        act()
        times.append((time.perf_counter() - started) * 1000)
    return times


def _quantile(times: list[float], share: float) -> float:
    return sorted(times)[int(share * (len(times) - 1))]
