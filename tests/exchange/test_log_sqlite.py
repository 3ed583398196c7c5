"""What only the log in a file must do: other processes, a full or broken disk, a damaged row."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from safecare.exchange.log import Entry, LogFullError, Position
from safecare.exchange.sqlite import SqliteLog

SENDER = """
import sys
from pathlib import Path
from safecare.exchange.log import Entry
from safecare.exchange.sqlite import SqliteLog
log = SqliteLog(Path(sys.argv[1]), reserve_mb=0)
for n in range(int(sys.argv[3])):
    log.append([Entry("event", (f"{sys.argv[2]}:{n}".encode(),))])
log.close()
"""


def event(*items: bytes, key: str | None = None) -> Entry:
    return Entry("event", items, key)


def fill(log: SqliteLog) -> None:
    """Let SQLite find no room for another page, as on a full disk."""
    pages = log._writer.execute("PRAGMA page_count").fetchone()[0]
    log._writer.execute(f"PRAGMA max_page_count = {pages}")


def sender(path: Path, name: str, count: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", SENDER, str(path), name, str(count)])


@pytest.mark.slow
def test_processes_open_and_append_at_once(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    children = [sender(path, name, 100) for name in ("a", "b", "c")]
    assert [child.wait(60) for child in children] == [0, 0, 0]
    log = SqliteLog(path, reserve_mb=0)
    read = [one.items[0].decode() for one in log.read({"event"}, 0, 1000)]
    log.close()
    for name in ("a", "b", "c"):
        assert [one for one in read if one.startswith(name)] == [f"{name}:{n}" for n in range(100)]


@pytest.mark.slow
def test_wait_sees_what_another_process_appends(tmp_path: Path) -> None:
    log = SqliteLog(tmp_path / "log.db", reserve_mb=0)
    child = sender(tmp_path / "log.db", "a", 1)
    assert log.wait(0, 60)
    assert log.last() == 1
    assert child.wait(60) == 0
    log.close()


def test_two_handles_see_each_other(tmp_path: Path) -> None:
    one, two = (SqliteLog(tmp_path / "log.db", reserve_mb=0) for _ in range(2))
    one.append([event(b"a")])
    assert two.wait(0, 5)
    assert two.append([event(b"b")]) == [2]
    assert one.last() == 2
    one.close()
    two.close()


def test_a_full_disk_refuses_all_and_keeps_nothing_of_it(tmp_path: Path) -> None:
    log = SqliteLog(tmp_path / "log.db", reserve_mb=0)
    log.append([event(b"before", key="before")])
    fill(log)
    large = tuple(bytes([n]) * 3000 + str(n).encode() * 1000 for n in range(200))
    with pytest.raises(LogFullError):
        log.append([event(b"small"), *(event(one) for one in large)], reserve=False)
    with pytest.raises(LogFullError):
        log.commit("group", Position(1, b""), [event(one) for one in large])
    assert [one.items for one in log.read({"event"}, 0)] == [(b"before",)]
    assert log.positions() == {}
    log._writer.execute("PRAGMA max_page_count = 1000000")
    log.append([event(*large)])
    assert [one.items for one in log.read({"event"}, 0)] == [(b"before",), large]
    log.close()


def test_all_who_share_a_failed_transaction_are_refused(tmp_path: Path) -> None:
    log = SqliteLog(tmp_path / "log.db", reserve_mb=0)
    fill(log)
    refused: list[BaseException] = []

    def send(name: int) -> None:
        try:
            log.append([event(*(bytes([name, n]) * 5000 for n in range(100)))])
        except LogFullError as error:
            refused.append(error)

    with log._writing:  # they queue up meanwhile
        threads = [threading.Thread(target=send, args=(name,)) for name in range(5)]
        for thread in threads:
            thread.start()
        while len(log._queue) < 5:
            pass
    for thread in threads:
        thread.join()
    assert len({id(one) for one in refused}) == 5
    assert log.last() == 0
    log.close()


def test_a_damaged_row_is_told_and_the_rest_is_read(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    log = SqliteLog(path, reserve_mb=0)
    log.append([event(b"a"), event(b"b" * 500), event(b"c")])
    raw = sqlite3.connect(path)
    (body,) = raw.execute("SELECT body FROM batch WHERE seq = 2").fetchone()
    raw.execute("UPDATE batch SET body = ? WHERE seq = 2", (body[:-1] + bytes([body[-1] ^ 1]),))
    raw.execute("UPDATE batch SET body = ? WHERE seq = 3", (b"no zstd at all",))
    raw.commit()
    raw.close()
    read = log.read({"event"}, 0)
    assert [one.items for one in read] == [(b"a",), (), ()]
    assert [bool(one.damage) for one in read] == [False, True, True]
    log.close()


def test_a_file_that_is_no_log_is_named(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    path.write_bytes(b"this is no database, but long enough to be taken for one" * 100)
    with pytest.raises(OSError, match=r"log\.db"):
        SqliteLog(path)


def test_pruned_space_goes_back_to_the_disk(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    log = SqliteLog(path, reserve_mb=0)
    for _ in range(50):
        log.append([event(os.urandom(50_000))])
    log._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    before = path.stat().st_size
    assert log.prune(51) == 50
    log._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert path.stat().st_size < before / 4
    log.close()


def test_a_closed_log_says_so(tmp_path: Path) -> None:
    log = SqliteLog(tmp_path / "log.db", reserve_mb=0)
    log.close()
    with pytest.raises(OSError, match="closed"):
        log.append([event(b"a")])
    with pytest.raises(OSError, match="closed"):
        log.last()
    assert log.wait(0, 5) is False


def test_a_writer_that_holds_on_too_long_is_a_time_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("safecare.exchange.sqlite.BUSY_SECONDS", 0.05)
    log = SqliteLog(tmp_path / "log.db", reserve_mb=0)
    other = sqlite3.connect(tmp_path / "log.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(TimeoutError):
        log.append([event(b"a")])
    other.execute("ROLLBACK")
    assert log.append([event(b"a")]) == [1]
    other.close()
    log.close()
