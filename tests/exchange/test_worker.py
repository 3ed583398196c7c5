"""The worker: exactly once over crashes, one bad item costs one item, a full log costs nothing, clocks may jump."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from worker_bench import Bench, numbers

from safecare.exchange.log import Batch, Entry, Position
from safecare.exchange.memory import MemoryLog
from safecare.exchange.sqlite import SqliteLog
from safecare.exchange.worker import Worker
from safecare.model.ids import ArtifactHash
from safecare.model.topics import Item, Reject, decode
from safecare.testing.clock import START, FakeClock
from safecare.testing.road import POISON, EveryTenth, badge, entry_of


def test_what_a_stage_gives_is_appended() -> None:
    bench = Bench()
    bench.log.append([entry_of(*(badge(n) for n in range(25)))])
    assert bench.drain() == 25
    assert numbers(bench) == [10, 20]
    assert bench.worker.handled == 25
    assert bench.worker.cursor == bench.log.last()


def test_a_replay_after_a_crash_stores_nothing_twice_and_forgets_nothing() -> None:
    bench = Bench()
    for n in range(0, 45, 3):
        bench.log.append([entry_of(badge(n), badge(n + 1), badge(n + 2))])
        bench.drain()
        if n % 9 == 0:
            bench.clock.advance(3)
        if n % 6 == 0:
            bench.restart()
    bench.drain()
    assert numbers(bench) == [10, 20, 30, 40]
    assert bench.stage.count == 45


@pytest.mark.slow
@settings(max_examples=40, deadline=None, database=None)
@given(st.lists(st.sampled_from(["one", "three", "poison", "drain", "step", "save", "crash", "prune"]), max_size=40))
def test_any_story_of_crashes_raises_each_alert_once(story: list[str]) -> None:
    bench = Bench()
    sent = poisoned = 0
    for act in story:
        match act:
            case "one" | "three":
                count = 1 if act == "one" else 3
                bench.log.append([entry_of(*(badge(sent + n) for n in range(count)))])
                sent += count
            case "poison":
                bench.log.append([entry_of(badge(sent), badge(10_000 + sent, holder=POISON), badge(sent + 1))])
                sent += 2
                poisoned += 1
            case "drain":
                bench.drain()
            case "step":
                bench.worker.step(0)
            case "save":
                bench.worker.save()
            case "crash":
                bench.restart()
            case "prune":
                bench.log.commit("reader", Position(0))  # somebody who still needs all: only what nobody needs goes
                bench.log.prune(bench.log.last())
    bench.drain()
    assert bench.stage.count == sent
    assert numbers(bench) == list(range(10, sent + 1, 10))
    assert len(bench.items("reject")) == poisoned


def test_an_item_that_cannot_be_read_is_rejected_and_the_rest_goes_on() -> None:
    bench = Bench()
    sound = entry_of(*(badge(n) for n in range(10)))
    bench.log.append([Entry("event", (*sound.items[:4], b'{"kind": "no such"}', b"\xff", *sound.items[4:]))])
    bench.drain()
    assert numbers(bench) == [10]
    rejects: list[Reject] = bench.items("reject")
    assert [one.door for one in rejects] == ["stage:tenth"] * 2
    assert [one.context["index"] for one in rejects] == ["4", "5"]
    assert rejects[0].context["item"] == '{"kind": "no such"}'
    assert "ValidationError" in rejects[0].reason
    assert bench.worker.rejected == 2


def test_an_item_at_which_the_stage_fails_is_rejected_and_leaves_no_trace_in_its_state() -> None:
    bench = Bench()
    bench.log.append([entry_of(badge(0), badge(1))])
    bench.drain()
    bench.worker.save()
    bench.log.append([entry_of(badge(2))])
    bad = {5, 11, 12}
    bench.log.append([entry_of(*(badge(n, holder=POISON if n in bad else "holder-1") for n in range(3, 23)))])
    bench.drain()
    assert bench.stage.count == 20
    assert numbers(bench) == [10, 20]
    rejects: list[Reject] = bench.items("reject")
    assert sorted(int(one.context["index"]) + 3 for one in rejects) == sorted(bad)
    assert all(one.reason.startswith("RuntimeError: poison") for one in rejects)


def test_a_batch_of_nothing_but_bad_items_passes() -> None:
    bench = Bench()
    bench.log.append([entry_of(*(badge(n, holder=POISON) for n in range(64)))])
    bench.log.append([entry_of(badge(100))])
    bench.drain()
    assert bench.worker.rejected == 64
    assert bench.stage.count == 1


def test_rejected_bytes_are_kept_where_the_platform_says() -> None:
    kept: list[tuple[bytes, str]] = []

    def keep(raw: bytes, media: str) -> ArtifactHash:
        kept.append((raw, media))
        return ArtifactHash("0" * 64)

    log = MemoryLog()
    log.append([Entry("event", (b"{}",))])
    Worker(log, EveryTenth(), FakeClock(), keep=keep).step(0)
    (batch,) = log.read({"reject"}, 0)
    reject = decode("reject", batch.items[0])
    assert kept == [(b"{}", "application/json")]
    assert reject.artifact == "0" * 64
    assert "item" not in reject.context


def test_a_damaged_batch_is_rejected(tmp_path: Path) -> None:
    log = SqliteLog(tmp_path / "log.db", reserve_mb=0)
    log.append([entry_of(badge(0)), entry_of(badge(1))])
    log._writer.execute("UPDATE batch SET body = x'00' WHERE seq = 1")
    stage = EveryTenth()
    worker = Worker(log, stage, FakeClock())
    assert worker.step(0) == 1
    (batch,) = log.read({"reject"}, 0)
    assert "can't be read back" in decode("reject", batch.items[0]).reason
    assert stage.count == 1
    log.close()


def test_a_full_log_loses_nothing() -> None:
    log = MemoryLog(room=20_000)
    bench = Bench(log)
    log.append([entry_of(*(badge(n) for n in range(10)))])
    log._room = log._used
    for _ in range(3):
        bench.worker.step(0)
    assert bench.worker.blocked
    assert numbers(bench) == []
    log._room = 20_000
    bench.drain()
    bench.worker.step(0)
    assert bench.worker.blocked == ""
    assert numbers(bench) == [10]
    assert bench.stage.count == 10


def test_a_full_log_and_then_a_crash_lose_nothing() -> None:
    log = MemoryLog(room=20_000)
    bench = Bench(log)
    log.append([entry_of(*(badge(n) for n in range(10)))])
    log._room = log._used
    bench.worker.step(0)
    bench.restart()
    log._room = 20_000
    bench.drain()
    bench.worker.step(0)
    assert numbers(bench) == [10]


def test_the_cursor_follows_topics_of_others_and_is_told_to_the_log() -> None:
    bench = Bench()
    bench.log.append([Entry("plan", (b"{}",))] * 3)
    bench.worker.step(0)
    bench.clock.advance(3)
    bench.worker.step(0)
    assert bench.log.positions() == {"tenth": 3}


def test_ticks_come_when_idle_with_the_clocks_time_and_not_to_a_stage_that_lags() -> None:
    bench = Bench()
    bench.worker.step(0)
    assert bench.stage.ticks == [START]
    for _ in range(100):
        bench.log.append([entry_of(badge(0))])
    bench.clock.advance(10)
    bench.worker.step(0)  # 64 of 100: it lags
    assert bench.stage.ticks == [START]
    bench.worker.step(0)
    assert bench.stage.ticks == [START, START + timedelta(seconds=10)]


def test_what_a_tick_gives_is_stored_once_over_crashes() -> None:
    bench = Bench(quiet=60)
    bench.log.append([entry_of(badge(0))])
    bench.drain()
    bench.clock.advance(61)
    bench.worker.step(0)
    bench.worker.step(0)
    bench.restart()
    bench.drain()
    assert [alert.title.args["count"] for alert in bench.items("alert")] == ["quiet"]
    bench.log.append([entry_of(badge(0))])  # the same event again: the same alert again
    bench.drain()
    bench.worker.step(0)
    bench.worker.step(0)
    assert len(bench.items("alert")) == 1


def test_a_clock_put_back_disturbs_neither_ticks_nor_saves() -> None:
    bench = Bench()
    bench.log.append([entry_of(badge(0))])
    bench.drain()
    bench.clock.set(START - timedelta(days=2))
    bench.clock.advance(3)
    bench.log.append([entry_of(badge(1))])
    bench.drain()
    assert bench.log.position("tenth").seq == 2
    assert bench.stage.ticks[-1] == START - timedelta(days=2) + timedelta(seconds=3)


@pytest.mark.slow
def test_run_survives_a_failing_log_and_stops_cleanly() -> None:
    log = _Flaky()
    stage = EveryTenth()
    worker = Worker(log, stage, FakeClock())
    stop = threading.Event()
    thread = threading.Thread(target=worker.run, args=(stop,))
    thread.start()
    log.append([entry_of(*(badge(n) for n in range(10)))])
    assert log.wait(1, 30)
    stop.set()
    thread.join(30)
    assert not thread.is_alive()
    assert worker.faults >= 1
    assert log.position("tenth").seq >= 1
    assert msgspec.json.decode(log.position("tenth").state) == {"count": 10}


class _Flaky(MemoryLog):
    """The first two reads fail, as with a disk that is away for a moment."""

    left = 2

    def read(self, topics: Any, after: int, limit: int = 64) -> list[Batch]:
        if self.left:
            self.left -= 1
            raise OSError(5, "Input/output error")
        return super().read(topics, after, limit)


class _Between(MemoryLog):
    """Another process appends just after `wait` found nothing, before anything else is asked."""

    late = 0

    def wait(self, after: int, timeout: float) -> bool:
        found = super().wait(after, 0)
        if self.late:
            self.late -= 1
            self.append([entry_of(*(badge(n) for n in range(10)))])
        return found


def test_what_comes_between_a_wait_and_the_next_question_is_read() -> None:
    bench = Bench(_Between())
    bench.log.late = 1  # type: ignore[attr-defined]
    bench.worker.step(0)
    bench.drain()
    assert bench.stage.count == 10
    assert numbers(bench) == [10]


class _TwoTopics(EveryTenth):
    """Follows alerts too, and keeps the order in which things came."""

    group = "both"
    topics = frozenset({"event", "alert"})

    def __init__(self) -> None:
        super().__init__()
        self.came: list[str] = []

    def feed(self, items: Sequence[Any]) -> Iterable[Item]:
        self.came += [one.id for one in items]
        return ()


@pytest.mark.parametrize("size", [1, 3])
def test_a_stage_of_several_topics_sees_them_in_the_order_of_the_log(size: int) -> None:
    bench = Bench()
    for n in range(0, 30, size):
        bench.log.append([entry_of(*(badge(m) for m in range(n, n + size)))])
        bench.drain()
    both = _TwoTopics()
    Worker(bench.log, both, bench.clock).step(0)
    alerts = {alert.because[0]: alert.id for alert in bench.items("alert")}
    assert len(alerts) == 3
    for event, alert in alerts.items():
        assert both.came.index(event) < both.came.index(alert)


def test_a_step_that_was_broken_off_is_made_good_by_the_next() -> None:
    bench = Bench()
    bench.log.append([entry_of(*(badge(n) for n in range(7)))])
    bench.drain()
    bench.worker.save()
    left = [2]

    def keep(raw: bytes, _media: str) -> ArtifactHash:
        if left[0]:
            left[0] -= 1
            raise OSError(28, "No space left on device")
        return ArtifactHash("0" * 64)

    bench.stage = EveryTenth()
    bench.worker = Worker(bench.log, bench.stage, bench.clock, keep=keep, monotonic=bench.clock.monotonic)
    bench.log.append([entry_of(badge(7)), Entry("event", (b"{}", *entry_of(badge(8), badge(9)).items))])
    for _ in range(2):
        with pytest.raises(OSError, match="No space"):
            bench.worker.step(0)
    bench.drain()
    assert bench.stage.count == 10
    assert numbers(bench) == [10]
    assert len(bench.items("reject")) == 1
