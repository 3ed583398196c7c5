"""The live feed: one follower of the log per process, fanned out to all browsers.

What is new is announced only once the store shows it, so that a browser that reads again finds it. Each
browser has a bounded queue; one that can't keep up is cut off and told to read everything again, it never
misses something without knowing.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

import msgspec
import structlog

from safecare.console.deps import ConsoleDeps
from safecare.console.news import News, Newsroom
from safecare.console.rights import LIVE, NOBODY, Visitor
from safecare.exchange.log import Batch
from safecare.model.topics import decode

TOPICS = frozenset(LIVE)
BEAT = 3.0
"""Seconds between beats: a browser without one for ten seconds says that it is cut off."""
QUEUE = 256
"""Announcements that wait for one browser (chosen: a minute of a flood)."""
CATCH_UP = 2000
"""Batches of the log that a resuming browser is given; beyond that it reads everything again (chosen: minutes)."""
WAIT = 0.5
"""Seconds of one wait for the log; bounds how long a stop takes."""
SHOWN_EVERY = 0.02
"""Seconds between two looks whether the store shows it (chosen: below what a person notices)."""


class Chunk(msgspec.Struct, frozen=True):
    """What one batch of the log brought; `seq` is its sequence number."""

    seq: int
    news: tuple[News, ...]


class Beat(msgspec.Struct, frozen=True):
    """The platform lives."""

    at: datetime
    seq: int
    exercise: str | None


class Lost(msgspec.Struct, frozen=True):
    """The browser could not keep up, or the platform stops: this stream ends here."""

    resync: bool


Message = Chunk | Beat | Lost


class Subscriber:
    """One browser's bounded queue."""

    def __init__(self, visitor: Visitor) -> None:
        """Start empty, for the browser of `visitor`."""
        self.visitor = visitor
        self._queue: asyncio.Queue[Message] = asyncio.Queue(QUEUE)
        self._lost: Lost | None = None

    def put(self, message: Message) -> None:
        """Hand over a message; when the queue is full, everything in it gives way to `Lost`."""
        if self._lost is not None:
            return
        if isinstance(message, Lost) or self._queue.full():
            self._lost = message if isinstance(message, Lost) else Lost(resync=True)
            while not self._queue.empty():
                self._queue.get_nowait()
            message = self._lost
        self._queue.put_nowait(message)

    async def get(self) -> Message:
        """Return the next message."""
        return await self._queue.get()


class Feed:
    """Follows the log and tells all subscribers."""

    def __init__(self, deps: ConsoleDeps, beat: float = BEAT) -> None:
        """Take the platform's parts; `beat` is the time between beats in seconds."""
        self._deps = deps
        self._beat = beat
        self._subscribers: set[Subscriber] = set()
        self._seq = 0
        self._newsroom = Newsroom(deps)
        self._tasks: list[asyncio.Task[None]] = []
        self._exercise: str | None = None
        self.announced = 0
        """Things announced since the start."""
        self.cut_off = 0
        """Browsers that could not keep up since the start."""

    @property
    def seq(self) -> int:
        """How far of the log has been announced: the store shows everything up to there. Negative: not following."""
        return self._seq if self._tasks else -1

    @property
    def browsers(self) -> int:
        """Streams that are open now."""
        return len(self._subscribers)

    async def start(self) -> None:
        """Begin to follow the log at what the store shows now."""
        self._seq = await asyncio.to_thread(self._deps.glance.cursor)
        self._tasks = [
            asyncio.create_task(_forever(self._follow), name="live feed"),
            asyncio.create_task(_forever(self._beats), name="live beats"),
        ]

    async def stop(self) -> None:
        """End all streams and stop following."""
        for subscriber in self._subscribers:
            subscriber.put(Lost(resync=False))
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []

    def sessions(self) -> dict[str, int]:
        """Return how many streams each session has open."""
        return Counter(one.visitor.session for one in self._subscribers)

    def present(self) -> list[Visitor]:
        """Return whose screens are open now."""
        return [one.visitor for one in self._subscribers]

    def end(self, whose: Callable[[Visitor], bool]) -> None:
        """End the streams of those whose access was taken away."""
        for subscriber in tuple(self._subscribers):
            if whose(subscriber.visitor):
                subscriber.put(Lost(resync=False))

    async def subscribe(self, after: int | None, visitor: Visitor = NOBODY) -> tuple[Subscriber, list[Message]]:
        """Return a new subscriber, and what it has to be told first: what came since `after`, or a resync."""
        subscriber = Subscriber(visitor)
        self._subscribers.add(subscriber)
        seq = self._seq  # whatever comes later is in the queue already
        first: list[Message] = []
        if after is not None and after != seq:
            if not 0 <= seq - after <= CATCH_UP:
                first.append(Lost(resync=True))
            else:
                batches = await asyncio.to_thread(self._between, after, seq)
                first += [await self._chunk(batch) for batch in batches]
        first.append(Beat(self._deps.clock.now(), seq, self._exercise))
        return subscriber, first

    def redrawn(self, level: str, site: str) -> None:
        """Tell all screens of `site` that the plan of `level` was drawn anew."""
        self._tell(Chunk(self._seq, (News("level", level, site=site),)))

    def leave(self, subscriber: Subscriber) -> None:
        """Forget a subscriber."""
        self._subscribers.discard(subscriber)

    def _between(self, after: int, until: int) -> list[Batch]:
        """Read all batches of our topics above `after`, up to `until`."""
        found: list[Batch] = []
        while batches := self._deps.log.read(TOPICS, found[-1].seq if found else after):
            found += [batch for batch in batches if batch.seq <= until]
            if batches[-1].seq >= until:
                break
        return found

    async def _follow(self) -> None:
        batches = await asyncio.to_thread(self._next)
        for batch in batches:
            await self._shown(batch.seq)
            chunk = await self._chunk(batch)
            self._seq = batch.seq
            self.announced += len(chunk.news)
            self._tell(chunk)

    def _next(self) -> Sequence[Batch]:
        """Wait in a thread for something of our topics."""
        log = self._deps.log
        log.wait(self._seq, WAIT)
        last = log.last()
        batches = log.read(TOPICS, self._seq)
        if not batches:
            self._seq = max(self._seq, last)  # only topics that are not announced
        return batches

    async def _shown(self, seq: int) -> None:
        """Wait until the store shows everything up to `seq`."""
        wait = SHOWN_EVERY
        while await asyncio.to_thread(self._deps.glance.cursor) < seq:
            await asyncio.sleep(wait)
            wait = min(wait * 1.5, WAIT)

    async def _beats(self) -> None:
        now = self._deps.scenarios.exercise()
        name = now.scenario if now else None
        if name != self._exercise:
            self._exercise = name
            self._tell(Chunk(self._seq, (News("exercise", name or ""),)))
        self._tell(Beat(self._deps.clock.now(), self._seq, name))
        await asyncio.sleep(self._beat)

    def _tell(self, message: Message) -> None:
        for subscriber in tuple(self._subscribers):
            subscriber.put(message)

    async def _chunk(self, batch: Batch) -> Chunk:
        news = [await self._newsroom.news(decode(batch.topic, raw)) for raw in batch.items]
        return Chunk(batch.seq, tuple(one for one in news if one is not None))


async def _forever(step: Callable[[], Awaitable[None]]) -> None:
    """Repeat `step`; an error (log or store away for a moment) is logged, and the step tried again."""
    while True:
        try:
            await step()
        except Exception:  # noqa: BLE001 - whatever it was, screens must go on living; it is logged
            structlog.get_logger(__name__).exception("live feed stumbled, goes on")
            await asyncio.sleep(WAIT)
