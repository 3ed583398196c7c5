"""Answers that many browsers ask for in the same moment: made once, and packed once, for all who may see the same."""

from __future__ import annotations

import asyncio
import gzip
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from safecare.console.feed import Feed
from safecare.console.rights import Visitor
from safecare.model.roles import LIAISON

FRESH = 1.0
"""Seconds for which an answer is good where the log has not moved (chosen: counts and ages on it are that old)."""
KEPT = 64
"""Answers that are kept (chosen: languages times sites times storeys of a large house; the oldest give way)."""
LEVEL = 5
"""Strength of the compression (chosen: as for all other answers)."""

_encoder = msgspec.json.Encoder()


class Shared:
    """Keeps the latest answers, each for one state of the log."""

    def __init__(self, feed: Feed) -> None:
        """`feed` knows how far the store is."""
        self._feed = feed
        self._made: OrderedDict[Hashable, tuple[int, float, asyncio.Task[tuple[bytes, bytes]]]] = OrderedDict()

    async def answer(self, request: Request, key: Hashable, make: Callable[[], Any]) -> Response:
        """Return what `make` (blocking) gives, as JSON, perhaps from a moment ago.

        `key` must name everything that `make` depends on beside the store. A change that was announced is in every
        answer that is asked for afterwards.
        """
        seq, now = self._feed.seq, time.monotonic()
        known = self._made.get(key)
        if known is None or seq < 0 or known[0] != seq or now - known[1] > FRESH or _failed(known[2]):
            known = (seq, now, asyncio.create_task(asyncio.to_thread(_pack, make)))
            self._made[key] = known
            self._made.move_to_end(key)
            while len(self._made) > KEPT:
                self._made.popitem(last=False)
        plain, packed = await asyncio.shield(known[2])
        headers = {"Cache-Control": "no-store", "Vary": "Accept-Encoding"}
        if "gzip" not in request.headers.get("accept-encoding", ""):
            return Response(plain, 200, headers, "application/json")
        return Response(packed, 200, {**headers, "Content-Encoding": "gzip"}, "application/json")


def view_of(visitor: Visitor, language: str) -> Hashable:
    """Return what decides what a visitor sees: language, site and places; the person too where not of this house."""
    outside = visitor.user if visitor.role == LIAISON else ""
    return (language, visitor.site, visitor.places, outside)


def _pack(make: Callable[[], Any]) -> tuple[bytes, bytes]:
    plain = _encoder.encode(make())
    return plain, gzip.compress(plain, LEVEL)


def _failed(task: asyncio.Task[tuple[bytes, bytes]]) -> bool:
    return task.done() and (task.cancelled() or task.exception() is not None)
