"""A worker on a bench: a log in memory, a clock, and a stage that can be thrown away and made again."""

from __future__ import annotations

from typing import Any

from safecare.exchange.log import Batch
from safecare.exchange.memory import MemoryLog
from safecare.exchange.worker import Worker
from safecare.model.topics import decode
from safecare.testing.clock import FakeClock
from safecare.testing.road import EveryTenth


class Bench:
    """A log, a clock, and a worker that can be thrown away and made again."""

    def __init__(self, log: MemoryLog | None = None, quiet: float | None = None) -> None:
        self.log = log or MemoryLog()
        self.clock = FakeClock()
        self.quiet = quiet
        self.restart()

    def restart(self) -> None:
        """As after a kill: what was only in memory is gone."""
        self.stage = EveryTenth(self.quiet)
        self.worker = Worker(self.log, self.stage, self.clock, monotonic=self.clock.monotonic)

    def drain(self) -> int:
        return sum(iter(lambda: self.worker.step(0), 0))

    def items(self, topic: str) -> list[Any]:
        read: list[Batch] = []
        while batches := self.log.read({topic}, read[-1].seq if read else 0):
            read += batches
        return [decode(topic, item) for batch in read for item in batch.items]


def numbers(bench: Bench) -> list[int]:
    return [int(alert.title.args["count"]) for alert in bench.items("alert")]
