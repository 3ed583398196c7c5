"""Following the log from inside asyncio: batches of one topic after a group's durable position."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, ParamSpec, TypeVar

from safecare.exchange.log import Log, Position
from safecare.model.topics import decode

P = ParamSpec("P")
T = TypeVar("T")
WAIT = 0.5
"""Seconds that one wait for news takes at most: a cancelled follower holds its thread no longer. Chosen."""
COMMIT_EVERY = 2.0
"""Seconds between commits of a position at which nothing was done: pruning waits for the slowest group. Chosen."""


class Follower:
    """Reads `topic` for `group`. Uses a thread of its own, since the log blocks."""

    def __init__(self, log: Log, group: str, topic: str = "event") -> None:
        self._log, self._group, self._topic = log, group, topic
        self._threads = ThreadPoolExecutor(1, thread_name_prefix=f"follow-{group}")
        self._committed = time.monotonic()

    async def batches(self) -> AsyncIterator[tuple[int, list[Any]]]:
        """Yield (sequence number, items) after the durable position, for ever."""
        seq = (await self._call(self._log.position, self._group)).seq
        while True:
            head = await self._call(self._log.last)
            found = await self._call(self._log.read, {self._topic}, seq)
            for batch in found:
                yield batch.seq, [decode(self._topic, raw) for raw in batch.items]
                seq = batch.seq
            if not found:
                seq = max(seq, head)
                if time.monotonic() - self._committed > COMMIT_EVERY:
                    yield seq, []
                await self._call(self._log.wait, seq, WAIT)

    async def commit(self, seq: int) -> None:
        """Make `seq` the durable position. Raises `LogFullError`."""
        await self._call(self._log.commit, self._group, Position(seq))
        self._committed = time.monotonic()

    def close(self) -> None:
        """Let the thread go."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _call(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, partial(work, *args, **kwargs))
