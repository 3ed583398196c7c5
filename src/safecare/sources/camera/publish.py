"""Publishing with patience: a full log holds the cameras back, it does not lose what they saw."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import TypeVar

from safecare.exchange.log import LogFullError
from safecare.model.event import Event
from safecare.model.ids import ArtifactHash
from safecare.sources.api import Intake

T = TypeVar("T")


def waits(first: float = 1.0, longest: float = 30.0) -> Iterator[float]:
    """Yield seconds to wait before each new attempt: doubling from `first` up to `longest`."""
    wait = first
    while True:
        yield wait
        wait = min(2 * wait, longest)


class Outlet:
    """An intake that is asked again while it is full. The worker meanwhile blocks on its pipe."""

    def __init__(self, intake: Intake, door: str) -> None:
        """Give to `intake` in the name of `door`."""
        self._intake = intake
        self._door = door

    async def publish(self, events: Sequence[Event]) -> None:
        """Publish `events`; durable when it returns. The same events again are stored once."""
        if events:
            key = f"{self._door} {events[0].id} {len(events)}"
            await self._patiently(lambda: self._intake.publish(events, key=key))

    async def keep(self, raw: bytes, media: str = "image/jpeg") -> ArtifactHash | None:
        """Keep a still, or something else of type `media`; None if there is none."""
        return await self._patiently(lambda: self._intake.keep(raw, media)) if raw else None

    async def reject(self, raw: bytes, reason: str, place: str, context: dict[str, str]) -> None:
        """Keep what could not be read."""
        await self._patiently(lambda: self._intake.reject(self._door, raw, reason, place, context))

    async def _patiently(self, act: Callable[[], Awaitable[T]]) -> T:
        for wait in waits():
            try:
                return await act()
            except LogFullError:
                self._intake.report(self._door, "failed", "no room to store; the cameras are held back")
                await asyncio.sleep(wait)
        raise AssertionError("waits never end")
