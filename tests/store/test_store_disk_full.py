"""Log, database and artifacts on one real small disk that fills up and is freed again."""

from __future__ import annotations

from pathlib import Path

import pytest

from safecare.testing.disk import NoSmallDiskError, run_on_small_disk

SCENE = """
import os, sys
from pathlib import Path
from safecare.exchange.log import LogFullError
from safecare.exchange.sqlite import SqliteLog
from safecare.store.artifacts import Artifacts
from safecare.store.database import Database
from safecare.store.read import Reader
from safecare.store.write import StoreWriter
from safecare.testing.road import badge, entry_of

disk = Path(sys.argv[1])
log = SqliteLog(disk / "log.db", reserve_mb=0)
database = Database(disk / "safecare.db")
database.migrate()
artifacts = Artifacts(disk / "artifacts", reserve_mb=0)
writer = StoreWriter(log, database)
sent = 0

def fill_up():
    with (disk / "ballast").open("ab", buffering=0) as file:
        for size in (65536, 4096, 1):
            try:
                while True:
                    file.write(bytes(size))
            except OSError:
                pass

for n in range(20):
    log.append([entry_of(*(badge(n * 100 + m, holder=os.urandom(100).hex()) for m in range(100)))])
    sent += 100
assert writer.step(0) and not writer.blocked
while writer.step(0):
    pass
before = Reader(database).counts()["events"]
assert before == sent
fill_up()
refused = 0
for n in range(1000):
    try:
        log.append([entry_of(*(badge(sent + m, holder=os.urandom(100).hex()) for m in range(100)))])
        sent += 100
    except LogFullError:
        refused += 1
        if refused == 3:
            break
    if n % 5 == 0:
        writer.step(0)  # may be stored or refused, must not raise
for n in range(5):
    writer.step(0)
try:
    artifacts.keep(os.urandom(1_000_000), "x/y")
    raise SystemExit("an artifact was kept on a full disk")
except LogFullError:
    pass
assert refused == 3
assert Reader(database).counts()["events"] <= sent
(disk / "ballast").unlink()
for _ in range(100):
    writer.step(0)
assert not writer.blocked, writer.blocked
assert Reader(database).counts()["events"] == sent, (Reader(database).counts(), sent)
assert Reader(database).rejects() == []
artifacts.keep(b"again", "x/y")
log.append([entry_of(badge(10**6))])
writer.step(0)
assert Reader(database).counts()["events"] == sent + 1
print("held", sent)
"""


@pytest.mark.slow
def test_a_full_disk_costs_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    try:
        done = run_on_small_disk(tmp_path, 24, SCENE)
    except NoSmallDiskError as error:
        pytest.skip(str(error))
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1].startswith("held")
