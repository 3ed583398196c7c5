"""A real small disk that fills up: senders are refused, the road goes on, nothing acknowledged is lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from safecare.testing.disk import NoSmallDiskError, run_on_small_disk

SCENE = """
import os, sys
from pathlib import Path
from safecare.exchange.log import Entry, LogFullError
from safecare.exchange.sqlite import SqliteLog
from safecare.exchange.worker import Worker
from safecare.model.clock import SystemClock
from safecare.testing.road import EveryTenth, badge, entry_of

disk = Path(sys.argv[1])
MB = 1_000_000

def free():
    stat = os.statvfs(disk)
    return stat.f_bavail * stat.f_frsize

def fill_up_to(name, left):
    with (disk / name).open("wb", buffering=0) as file:
        try:
            while free() > left:
                file.write(bytes(max(1, min(65536, free() - left))))
        except OSError:
            pass

log = SqliteLog(disk / "log.db", reserve_mb=4)
stage = EveryTenth()
worker = Worker(log, stage, SystemClock(), snapshot_every=0.0)
sent = 0

def send(count):
    global sent
    log.append([entry_of(*(badge(n, holder=os.urandom(200).hex()) for n in range(sent, sent + count)))])
    sent += count

send(10)
fill_up_to("ballast", 5 * MB)
refused = 0
while refused < 3:
    try:
        send(100)
    except LogFullError as error:
        assert "reserved" in str(error), error
        refused += 1
assert free() < 4.2 * MB, free()
while worker.step(0):
    pass
assert not worker.blocked, worker.blocked
assert stage.count == sent, "the road works on below the reserve"
log.append([Entry("event", ())], reserve=False)

fill_up_to("more", 0)
last = log.last()
full = 0
for _ in range(3):
    try:
        for _ in range(10_000):
            log.append([Entry("notice", (os.urandom(20_000),))], reserve=False)
    except LogFullError:
        full += 1
assert full == 3
stored = log.last()
big = tuple(os.urandom(100_000) for _ in range(20))
for _ in range(3):
    try:
        log.append([Entry("plan", (b"small",)), Entry("plan", big)], reserve=False)
    except LogFullError:
        full += 1
assert full == 6 and log.last() == stored and not log.read({"plan"}, 0), "nothing partial"

(disk / "ballast").unlink()
(disk / "more").unlink()
send(90)
while worker.step(0):
    pass
assert stage.count == sent
alerts = [one for batch in log.read({"alert"}, 0, 10**6) for one in batch.items]
assert len(alerts) == len(set(alerts)) == sent // 10, (len(alerts), sent)
log.close()
log = SqliteLog(disk / "log.db", reserve_mb=4)
cursor = items = 0
while batches := log.read({"event"}, cursor):
    cursor, items = batches[-1].seq, items + sum(len(one.items) for one in batches)
assert items == sent, (items, sent)
print("held", sent)
"""


@pytest.mark.slow
def test_a_disk_that_fills_up_and_is_freed_again(tmp_path: Path) -> None:
    try:
        done = run_on_small_disk(tmp_path, 16, SCENE)
    except NoSmallDiskError as error:
        pytest.skip(str(error))
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("held")
