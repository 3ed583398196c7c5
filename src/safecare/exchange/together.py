"""Group commit for coroutines: what is appended while the disk is busy shares the next transaction.

Nobody waits for company: the first append starts at once, and what comes meanwhile waits for at most that commit and
its own. Without this each caller would take a thread of the pool, and a row of the log, for one event.
"""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Iterable, Iterator, Sequence

from safecare.exchange.log import Entry, Log

MOST = 10_000
"""Most items in one transaction (chosen: ten full batches, some tens of milliseconds of writing)."""


class Together:
    """Appends to `log` for callers of one event loop, each told when its own entries are durable.

    Entries of one topic without a key share rows of at most `batch` items.
    """

    def __init__(self, log: Log, batch: int = 1000) -> None:
        """Keep the log; nothing runs while nobody appends."""
        self._log = log
        self._batch = batch
        self._waiting: list[tuple[Sequence[Entry], asyncio.Future[None]]] = []
        self._writer: asyncio.Task[None] | None = None

    async def append(self, entries: Sequence[Entry]) -> None:
        """Append; durable when it returns. Raises `LogFullError`, `OSError`: then nothing of `entries` is stored.

        A caller that is cancelled does not take its entries back: they may be stored, as with any write under way.
        """
        loop = asyncio.get_running_loop()
        done: asyncio.Future[None] = loop.create_future()
        self._waiting.append((entries, done))
        if self._writer is None or self._writer.done():
            self._writer = loop.create_task(self._write())
        await done

    async def _write(self) -> None:
        taken: list[tuple[Sequence[Entry], asyncio.Future[None]]] = []
        try:
            while self._waiting:
                taken = self._next()
                failure: OSError | None = None
                entries = list(merged((one for own, _ in taken for one in own), self._batch))
                try:
                    await asyncio.to_thread(self._log.append, entries)
                except OSError as error:
                    failure = error
                except Exception as error:  # noqa: BLE001 - whatever it is, the callers must learn that nothing is stored
                    failure = OSError(errno.EIO, repr(error))
                for _, done in taken:
                    _settle(done, failure)
                taken = []
        finally:  # cancelled: the loop ends
            for _, done in (*taken, *self._waiting):
                done.cancel()
            self._waiting = []

    def _next(self) -> list[tuple[Sequence[Entry], asyncio.Future[None]]]:
        """Take the callers whose turn it is: at least one, and as many as fit into `MOST` items."""
        items = count = 0
        for entries, _ in self._waiting:
            items += sum(len(one.items) for one in entries)
            if count and items > MOST:
                break
            count += 1
        taken, self._waiting = self._waiting[:count], self._waiting[count:]
        return taken


def _settle(done: asyncio.Future[None], failure: OSError | None) -> None:
    if done.done():
        return  # its caller was cancelled
    if failure is None:
        done.set_result(None)
    else:
        done.set_exception(type(failure)(*failure.args))  # an error of its own for each, with its own trace


def merged(entries: Iterable[Entry], batch: int) -> Iterator[Entry]:
    """Yield `entries` with neighbours of one topic and without a key put together, up to `batch` items each."""
    topic, items = "", list[bytes]()
    for one in entries:
        if items and (one.key is not None or one.topic != topic or len(items) + len(one.items) > batch):
            yield Entry(topic, tuple(items))
            items = []
        if one.key is not None:
            yield one
            continue
        topic = one.topic
        items += one.items
    if items:
        yield Entry(topic, tuple(items))
