"""The engine over a data folder, and what it does with too little room."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from platform_harness import until

from safecare.app.engine import run
from safecare.app.replay import Replay
from safecare.demo import HOSPITAL
from safecare.exchange.log import Entry
from safecare.exchange.sqlite import SqliteLog
from safecare.model.clock import SystemClock
from safecare.store.artifacts import Artifacts
from safecare.store.database import Database
from safecare.store.folder import DataFolder
from safecare.store.read import Reader

pytestmark = pytest.mark.slow


def test_below_the_reserve_what_cannot_be_taken_is_put_to_the_rejects_and_the_road_goes_on(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path / "data")
    (folder.path / "safecare.toml").write_text("[limits]\ndisk_reserve_mb = 1_000_000_000\n")
    log = SqliteLog(folder.log, reserve_mb=0)
    log.append([Entry("event", (b'{"kind": "no such thing"}',))])
    stop = threading.Event()
    engine = threading.Thread(target=run, args=(folder, HOSPITAL, SystemClock(), stop))
    engine.start()
    try:
        database = Database(folder.database)
        database.migrate()
        until(lambda: len(Reader(database).rejects()) > 1)
        until(lambda: set(log.positions().values()) == {log.last()})
    finally:
        stop.set()
        engine.join()
    rejects = Reader(database).rejects()
    assert {one.door for one in rejects} >= {"stage:detect", "stage:store"}
    assert Artifacts(folder.artifacts, reserve_mb=0).read(rejects[0].artifact) == b'{"kind": "no such thing"}'
    log.close()
    database.close()


def test_settings_of_the_examiner_do_not_keep_rejects_from_being_read_again(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path / "data")
    (folder.path / "safecare.toml").write_text("[doors.files]\n")
    Database(folder.database).migrate()
    replay = Replay(folder.path)
    assert [one.reason for one in replay.run(["nothing"])] == ["no reject is called so"]
    replay.close()
