"""The writer: each item once whatever happens, bad ones told apart, a failed database costs nothing."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from made_items import alert, forecast, incident, judged, notice, plan, receipt, reject
from made_road import Road
from sqlalchemy import Connection, func, select
from sqlalchemy.exc import OperationalError

from safecare.exchange.log import Batch, Entry
from safecare.exchange.memory import MemoryLog
from safecare.exchange.sqlite import SqliteLog
from safecare.model.ids import IncidentId
from safecare.model.topics import Reject, encode
from safecare.store import project, schema
from safecare.store.database import Database
from safecare.store.read import Reader
from safecare.store.write import StoreWriter
from safecare.testing.road import badge, entry_of

pytest_plugins = ["store_fixtures"]


def test_all_topics_are_laid_down(road: Road) -> None:
    first = alert("a", badge(0))
    told = notice("n", "i")
    items: Sequence[Any] = [
        badge(0),
        first,
        incident("i", 1, first),
        forecast("i", 1),
        plan("p", "i", 1),
        told,
        receipt("r", told, "sent"),
        reject("x"),
    ]
    road.log.append([entry_of(item) for item in items])
    assert road.drain() == 8
    reader = road.reader
    assert [
        reader.event(badge(0).id),
        reader.alerts()[0],
        reader.incident(IncidentId("i")),
        reader.forecast(IncidentId("i")),
        reader.plan(IncidentId("i")),
        reader.notice(told.id),
        reader.receipts()[0],
        reader.reject("x"),
    ] == items


def test_what_comes_twice_is_there_once(road: Road) -> None:
    entry = entry_of(badge(0), badge(1), badge(0))
    road.log.append([entry, entry, entry_of(alert("a")), entry_of(alert("a")), entry_of(judged(1), judged(1))])
    road.drain()
    road.log.append([entry, entry_of(judged(1))])
    road.drain()
    counts = road.reader.counts()
    assert (counts["events"], counts["alerts"], counts["audit"]) == (3, 1, 1)
    with road.database.reading() as connection:
        assert connection.scalar(select(func.count()).select_from(schema.event)) == 3


def test_a_new_writer_goes_on_where_the_database_stands(road: Road) -> None:
    road.log.append([entry_of(badge(0))])
    road.drain()
    road.writer = StoreWriter(road.log, road.database)
    assert road.drain() == 0
    road.log.append([entry_of(badge(1))])
    assert road.drain() == 1


def test_a_crash_between_rows_and_commit_repeats_nothing(road: Road, monkeypatch: pytest.MonkeyPatch) -> None:
    road.log.append([entry_of(badge(0), judged(1)), entry_of(alert("a"))])

    def broken(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("safecare.store.write._move", broken)
    with pytest.raises(KeyboardInterrupt):
        road.writer.step(0)
    monkeypatch.undo()
    assert road.reader.counts()["events"] == 0
    road.writer = StoreWriter(road.log, road.database)
    assert road.drain() == 3
    counts = road.reader.counts()
    assert (counts["events"], counts["alerts"], counts["audit"]) == (2, 1, 1)


def test_items_that_cannot_be_read_go_to_the_rejects(road: Road) -> None:
    good = encode(badge(0))
    road.log.append([Entry("event", (b"{}", good, b"\xff\x00")), Entry("alert", (b"[]",))])
    assert road.drain() == 4
    rejects = road.reader.rejects()
    assert {one.door for one in rejects} == {"stage:store"}
    assert sorted(one.context["topic"] + one.context["index"] for one in rejects) == ["alert0", "event0", "event2"]
    assert road.reader.counts()["events"] == 1
    assert road.writer.rejected == 3


def test_values_that_a_column_cannot_hold_cost_one_item(road: Road) -> None:
    huge = msgspec.structs.replace(incident("i", 1), revision=2**63)
    nul = msgspec.structs.replace(badge(1), asset="door\0")
    road.log.append([entry_of(badge(0), nul, badge(2)), entry_of(incident("j", 1), huge, incident("k", 1))])
    assert road.drain() == 6
    assert road.reader.counts()["events"] == 3
    assert {one.id for one in road.reader.incidents()} == {"j", "k"}
    (told,) = road.reader.rejects()
    assert told.context["topic"] == "incident"


def test_a_failing_database_is_tried_again(road: Road, monkeypatch: pytest.MonkeyPatch) -> None:
    road.log.append([entry_of(badge(0))])
    real = project.project

    def away(_connection: Connection, _topic: str, _arrived: Any) -> None:
        raise OperationalError("insert", {}, Exception("disk is full"))

    monkeypatch.setattr("safecare.store.write.project", away)
    assert road.writer.step(0) == 0
    assert "disk is full" in road.writer.blocked
    monkeypatch.setattr("safecare.store.write.project", real)
    assert road.drain() == 1
    assert road.reader.counts()["events"] == 1
    assert road.reader.rejects() == []


def test_the_log_is_told_how_far_the_store_is(road: Road) -> None:
    road.log.append([entry_of(badge(0))])
    stop = threading.Event()
    thread = threading.Thread(target=road.writer.run, args=(stop,))
    thread.start()
    stop.set()
    thread.join(30)
    road.drain()
    StoreWriter(road.log, road.database).step(0)
    assert road.log.positions() == {"store": 1}


def test_another_log_is_read_from_its_start(road: Road) -> None:
    road.log.append([entry_of(badge(n)) for n in range(5)])
    road.drain()
    fresh = MemoryLog()
    fresh.append([entry_of(badge(7))])
    assert StoreWriter(fresh, road.database).step(0) == 1
    assert road.reader.counts()["events"] == 6


def test_unknown_topics_are_passed_over(road: Road) -> None:
    road.log.append([Entry("other", (b"x",))])
    assert road.writer.step(0) == 0
    road.log.append([entry_of(badge(0))])
    assert road.writer.step(0) == 1


def test_what_comes_while_others_topics_are_passed_over_is_stored(road: Road, monkeypatch: pytest.MonkeyPatch) -> None:
    road.log.append([Entry("other", (b"x",))])
    real = road.log.read

    def read(*asked: Any) -> list[Batch]:
        found = real(*asked)
        monkeypatch.undo()
        road.log.append([entry_of(badge(0))])
        return found

    monkeypatch.setattr(road.log, "read", read)
    assert road.writer.step(0) == 0
    assert road.drain() == 1
    assert road.reader.counts()["events"] == 1


def test_a_damaged_batch_of_the_log_is_told(tmp_path: Path) -> None:
    log = SqliteLog(tmp_path / "log.db", reserve_mb=0)
    log.append([entry_of(badge(0)), entry_of(badge(1))])
    log._writer.execute("UPDATE batch SET body = x'00' WHERE seq = 1")
    database = Database(tmp_path / "safecare.db")
    database.migrate()
    StoreWriter(log, database).step(0)
    (told,) = Reader(database).rejects()
    assert isinstance(told, Reject)
    assert "can't be read back" in told.reason
    assert Reader(database).counts()["events"] == 1
    log.close()
    database.close()


def test_a_clock_put_back_changes_neither_order_nor_completeness(road: Road) -> None:
    forward = [badge(n) for n in range(5)]
    back = [badge(100 + n, at=badge(n).at - timedelta(hours=1)) for n in range(5)]
    road.log.append([entry_of(*forward)])
    road.clock.set(back[0].at)
    road.log.append([entry_of(*back)])
    road.drain()
    found = road.reader.events_about(zone=badge(0).zone)
    assert found == [*back, *forward]
