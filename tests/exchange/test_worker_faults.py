"""The worker when the stage itself fails: a tick, a state that can't be saved or restored, an item that spoils it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from worker_bench import Bench, numbers

from safecare.exchange.log import Position
from safecare.exchange.memory import MemoryLog
from safecare.exchange.worker import Worker
from safecare.model.topics import Item
from safecare.testing.road import POISON, EveryTenth, badge, entry_of


class _Faulty(EveryTenth):
    """Fails where it is told to."""

    fails: frozenset[str] = frozenset()

    def tick(self, now: Any) -> Iterator[Item]:
        if "tick" in self.fails:
            raise RuntimeError("tick")
        return super().tick(now)

    def snapshot(self) -> bytes:
        if "snapshot" in self.fails:
            raise RuntimeError("snapshot")
        return super().snapshot()


def test_a_failing_tick_is_counted_and_told_once() -> None:
    bench = Bench()
    bench.stage = _Faulty()
    bench.stage.fails = frozenset({"tick"})
    bench.worker = Worker(bench.log, bench.stage, bench.clock, monotonic=bench.clock.monotonic)
    for _ in range(5):
        bench.worker.step(0)
    bench.worker.step(0)
    assert bench.worker.faults >= 5
    assert [one.reason for one in bench.items("reject")] == ["RuntimeError: tick"]


def test_a_state_that_cannot_be_saved_does_not_stop_the_road() -> None:
    bench = Bench()
    bench.stage = _Faulty()
    bench.stage.fails = frozenset({"snapshot"})
    bench.worker = Worker(bench.log, bench.stage, bench.clock, monotonic=bench.clock.monotonic)
    bench.log.append([entry_of(*(badge(n) for n in range(10)))])
    bench.drain()
    bench.clock.advance(3)
    bench.worker.step(0)
    assert numbers(bench) == [10]
    assert bench.worker.faults == 1
    assert bench.log.positions() == {}


class _Swallower(EveryTenth):
    """Takes the poison without a word; then its state can't be saved any more."""

    def feed(self, items: Sequence[Any]) -> Iterator[Item]:
        for event in items:
            self.swallowed = self.swallowed or event.holder == POISON
            if self.swallowed and event.holder != POISON:
                raise OverflowError("what was swallowed can't be calculated with")
            yield from super().feed([]) if event.holder == POISON else super().feed([event])

    def snapshot(self) -> bytes:
        if self.swallowed:
            raise OverflowError("what was swallowed can't be written")
        return super().snapshot()

    def restore(self, state: bytes) -> None:
        self.swallowed = False
        super().restore(state)

    swallowed = False


def test_an_item_that_spoils_the_state_costs_itself_alone() -> None:
    bench = Bench()
    bench.stage = _Swallower()
    bench.worker = Worker(bench.log, bench.stage, bench.clock, monotonic=bench.clock.monotonic)
    bench.log.append(
        [entry_of(*(badge(n) for n in range(5)), badge(5, holder=POISON), *(badge(n) for n in range(6, 11)))]
    )
    bench.drain()
    assert numbers(bench) == [10]
    assert [one.reason for one in bench.items("reject")] == ["OverflowError: what was swallowed can't be written"]


def test_a_saved_state_that_cannot_be_restored_is_a_fresh_start_that_is_told() -> None:
    log = MemoryLog()
    log.commit("tenth", Position(0, b"not what the stage wrote"))
    bench = Bench(log)
    log.append([entry_of(*(badge(n) for n in range(10)))])
    bench.drain()
    assert numbers(bench) == [10]
    assert bench.worker.faults == 1
    assert bench.items("reject")[0].context["part"] == "state"
