"""An `Intake` in memory for tests of sources: what was published, kept and rejected can be read back.

`room` is how many more things it takes before it raises `LogFullError`; None takes everything. With `log`
what is published is appended to it as well, so that a source that follows the log sees it.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import msgspec

from safecare.exchange.log import Entry, Log, LogFullError
from safecare.model.clock import Clock
from safecare.model.event import Event
from safecare.model.events import encode_event
from safecare.model.hospital import Hospital
from safecare.model.ids import ArtifactHash
from safecare.testing.clock import FakeClock
from safecare.testing.hospital import small_hospital

LISTENING = 20.0
"""Seconds in which a door must listen. Chosen: it takes some milliseconds; other tests run beside."""


class Rejected(msgspec.Struct, frozen=True):
    """What a door could not read."""

    door: str
    raw: bytes
    reason: str
    place: str = ""
    context: dict[str, str] = {}


class MemoryArtifacts:
    """An artifact store in memory."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    def keep(self, raw: bytes, media: str) -> ArtifactHash:
        """Keep `raw` and return its hash; `media` is not needed here."""
        del media
        digest = ArtifactHash(hashlib.sha256(raw).hexdigest())
        self.kept[digest] = raw
        return digest

    def read(self, digest: ArtifactHash) -> bytes:
        """Return the bytes. Raises `FileNotFoundError`."""
        if digest not in self.kept:
            raise FileNotFoundError(digest)
        return self.kept[digest]


class MemoryIntake:
    """Takes in for tests. `states` holds what each door last reported."""

    clock: Clock
    hospital: Hospital

    def __init__(
        self,
        *,
        clock: Clock | None = None,
        hospital: Hospital | None = None,
        log: Log | None = None,
        artifacts: MemoryArtifacts | None = None,
    ) -> None:
        self.clock = clock or FakeClock()
        self.hospital = hospital or small_hospital()
        self.artifacts = artifacts or MemoryArtifacts()
        self.log = log
        self.room: int | None = None
        self.events: list[Event] = []
        self.rejects: list[Rejected] = []
        self.states: dict[str, tuple[str, str]] = {}
        self._keys: set[str] = set()
        self._changed = asyncio.Event()

    async def publish(self, events: Sequence[Event], *, key: str | None = None) -> None:
        """See `Intake.publish`."""
        if key is not None and key in self._keys:
            return
        self._take(len(events))
        if key is not None:
            self._keys.add(key)
        if self.log is not None and events:
            entry = Entry("event", tuple(encode_event(event) for event in events))
            await asyncio.to_thread(self.log.append, [entry])
        self.events += events
        self._changed.set()

    async def keep(self, raw: bytes, media: str) -> ArtifactHash:
        """See `Intake.keep`."""
        self._take(1)
        return self.artifacts.keep(raw, media)

    async def reject(
        self, door: str, raw: bytes, reason: str, place: str = "", context: Mapping[str, str] | None = None
    ) -> None:
        """See `Intake.reject`."""
        self._take(1)
        self.rejects.append(Rejected(door, raw, reason, place, dict(context or {})))
        self._changed.set()

    def pseudonym(self, kind: str, value: str) -> str:
        """See `Intake.pseudonym`; the key is fixed here."""
        return hashlib.sha256(f"test\x1f{kind}\x1f{value}".encode()).hexdigest()[:16]

    def report(self, door: str, state: str, detail: str = "") -> None:
        """See `Intake.report`."""
        self.states[door] = (state, detail)
        self._changed.set()

    async def until(self, condition: Callable[[MemoryIntake], bool], seconds: float = 60.0) -> None:
        """Wait until `condition` of this intake holds; looked at after each change. Raises `TimeoutError`."""
        async with asyncio.timeout(seconds):
            while not condition(self):
                self._changed.clear()
                await self._changed.wait()

    def _take(self, count: int) -> None:
        if self.room is None:
            return
        if self.room < count:
            raise LogFullError(28, "no room (set by the test)")
        self.room -= count


@asynccontextmanager
async def running(
    door: Any, intake: MemoryIntake | None = None, *, listens: bool = True
) -> AsyncIterator[MemoryIntake]:
    """Run `door` meanwhile, from when it `listens` (where it tells that, by `started`); give what it hands over to.

    Raises what the door failed with, `TimeoutError` when it does not listen.
    """
    intake = intake or MemoryIntake()
    task = asyncio.create_task(door.run(intake))
    try:
        if listens and hasattr(door, "started"):
            started = asyncio.create_task(door.started.wait())
            await asyncio.wait([task, started], timeout=LISTENING, return_when=asyncio.FIRST_COMPLETED)
            if started.cancel() and not task.done():
                raise TimeoutError
        yield intake
    finally:
        task.cancel()
        await asyncio.wait([task])
        if not task.cancelled():
            task.result()
