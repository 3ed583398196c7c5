"""What nobody could read fills no disk: the first and the newest are kept, the rest counted; events never stop."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safecare.app import floods
from safecare.app.floods import BYTES, PIECES, Flood
from safecare.app.health import Doors
from safecare.app.intake import DoorIntake
from safecare.app.replay import Replay
from safecare.exchange.log import Log, LogFullError
from safecare.exchange.sqlite import SqliteLog
from safecare.model.events.panels import PanelSignal
from safecare.model.ids import EventId, SiteId
from safecare.model.topics import Reject, decode, encode
from safecare.store.artifacts import Artifacts
from safecare.store.database import Database
from safecare.store.folder import DataFolder
from safecare.store.project import Arrived, project
from safecare.store.read import Reader
from safecare.testing.clock import START, FakeClock
from safecare.testing.hospital import small_hospital


@given(
    st.lists(st.tuples(st.integers(0, 30_000_000), st.floats(-100, 4000)), max_size=300),
    st.integers(0, 20),
)
def test_what_is_kept_is_bounded_and_what_is_not_is_counted(steps: list[tuple[int, float]], left: int) -> None:
    flood, now, kept, size, told, newest = Flood(START, pieces=left), START, 0, 0, 0, START
    for one, seconds in steps:
        now += timedelta(seconds=seconds)
        newest = max(newest, now)
        if flood.takes(one, now):
            kept, size = kept + 1, size + one
        if missing := flood.due(now):
            told += missing.pieces
            assert missing.first <= missing.last <= newest
    passed = sum(max(0.0, seconds) for _, seconds in steps) / 60
    assert kept <= left + passed * floods.PIECES_A_MINUTE + 1e-6
    assert size <= BYTES + passed * floods.BYTES_A_MINUTE + 30_000_000
    last = flood.due(now, last=True)
    assert kept + told + (last.pieces if last else 0) == len(steps)
    assert (flood.total.pieces if flood.total else 0) == len(steps) - kept
    assert flood.due(now, last=True) is None


def test_of_a_flood_the_first_ones_are_kept_and_one_each_minute_after() -> None:
    flood = Flood(START)
    kept = [second for second in range(PIECES + 3600) if flood.takes(10, START + timedelta(seconds=second / 100))]
    assert kept[:PIECES] == list(range(PIECES))
    assert len(kept) == PIECES + 2  # 136 seconds
    later = START + timedelta(days=1, seconds=136)
    assert sum(flood.takes(10, later) for _ in range(2000)) == 1440


def test_a_piece_larger_than_what_is_left_is_whole_or_not_at_all() -> None:
    flood = Flood(START)
    assert flood.takes(BYTES - 1, START)
    assert flood.takes(5_000_000, START)
    assert not flood.takes(1, START)
    assert not flood.takes(1, START + timedelta(hours=1))
    assert flood.takes(1, START + timedelta(hours=13))


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def log(tmp_path: Path) -> Iterator[SqliteLog]:
    one = SqliteLog(tmp_path / "log.db")
    yield one
    one.close()


@pytest.fixture
def intake(tmp_path: Path, clock: FakeClock, log: SqliteLog, monkeypatch: pytest.MonkeyPatch) -> DoorIntake:
    monkeypatch.setattr(floods, "PIECES", 5)
    doors = Doors(clock)
    doors._floods["dc09"] = Flood(clock.now(), pieces=5)
    store = Artifacts(tmp_path / "artifacts", reserve_mb=0)
    return DoorIntake("dc09", log, store, doors, clock, small_hospital(), b"key")


def rejects(log: Log) -> list[Reject]:
    return [decode("reject", raw) for batch in log.read(["reject"], 0, 1000) for raw in batch.items]


def files(intake: DoorIntake) -> int:
    return sum(1 for _ in intake.artifacts.hashes())


async def test_a_flood_at_a_door_stands_in_the_list_with_its_count_and_events_go_on(
    intake: DoorIntake, clock: FakeClock, log: SqliteLog
) -> None:
    for number in range(100):
        await intake.reject("", b"noise %d" % number, "no message", "byte 0")
        clock.advance(0.1)
    found = rejects(log)
    assert [one.reason for one in found[:5]] == ["no message"] * 5
    assert len(found) == 6
    assert found[5].context == {"not_kept": "1"}  # told at once, before the sender is answered
    assert files(intake) == 6
    clock.advance(60)
    await intake.reject("", b"newest", "no message")
    await intake.reject("", b"and one more", "no message")
    found = rejects(log)
    assert [one.size for one in found[6:]] == [6, 0]
    assert found[7].context == {"not_kept": "95"}
    assert found[7].reason.startswith("95 more that could not be read were not kept: ")
    assert intake.doors.not_kept()["dc09"].pieces == 96
    assert intake.doors.states()[0].rejects == 102
    event = PanelSignal(
        id=EventId("e"), at=clock.now(), seen=clock.now(), source="dc09", site=SiteId("aurore"), what="panic", code="PA"
    )
    await intake.publish([event])
    assert sum(len(batch.items) for batch in log.read(["event"], 0, 10)) == 1


async def test_a_row_that_only_counts_can_be_listed_and_is_not_read_again(tmp_path: Path, intake: DoorIntake) -> None:
    again = Replay(tmp_path / "data")
    for number in range(6):
        await intake.reject("", b"noise %d" % number, "no message")
    database = Database(DataFolder(tmp_path / "data").database)
    database.migrate()
    [*_, last] = rejects(intake.log)
    with database.writing() as connection:
        project(connection, "reject", [Arrived(1, last, encode(last))])
    assert Reader(database).rejects() == [last]
    [outcome] = again.run([last.id])
    again.close()
    assert (outcome.items, outcome.reason) == (0, "these were counted, not kept")


async def test_what_the_end_of_a_flood_did_not_keep_is_told_when_the_platform_stops(
    intake: DoorIntake, log: SqliteLog
) -> None:
    telling = asyncio.create_task(intake.tell_floods())
    for number in range(20):
        await intake.reject("", b"noise %d" % number, "no message")
    telling.cancel()
    await asyncio.gather(telling, return_exceptions=True)
    assert sum(int(one.context.get("not_kept", 0)) for one in rejects(log)) == 15


async def test_without_room_nothing_is_used_up_and_no_count_is_lost(
    intake: DoorIntake, log: SqliteLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise LogFullError(28, "no room")

    with monkeypatch.context() as patch:
        patch.setattr(SqliteLog, "append", full)
        for _ in range(50):
            with pytest.raises(LogFullError):
                await intake.reject("", b"noise", "no message")
    assert not intake.doors.not_kept()
    for number in range(6):
        await intake.reject("", b"noise %d" % number, "no message")
    assert len(rejects(log)) == 6
    with monkeypatch.context() as patch:
        patch.setattr(SqliteLog, "append", full)
        assert not intake.doors.may_keep("dc09", 1)
        with pytest.raises(LogFullError):
            await intake.tell_not_kept(last=True)
    await intake.tell_not_kept(last=True)
    assert sum(int(one.context.get("not_kept", 0)) for one in rejects(log)) == 2
