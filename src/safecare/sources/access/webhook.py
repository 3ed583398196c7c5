"""Events that an access-control or alarm system posts as JSON (or CSV): answered 202 only after they are stored.

Rows that can't be read are stored as rejects, and counted in the answer; they do not hold up the others. Who posts must
show a token (``Authorization: Bearer``, RFC 6750) or sign the body (HMAC-SHA-256 in hexadecimal, RFC 2104).
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from safecare.exchange.log import LogFullError
from safecare.model.event import Event
from safecare.sources.access.rows import Rows, Unread, mapping_of
from safecare.sources.api import Intake, source
from safecare.sources.listen import keep_listening, served

CONNECTIONS = 128
"""Requests at a time. Chosen."""
LEAST = 16
"""Shortest token or key, characters. Chosen: shorter ones can be guessed."""
KEPT = 100
"""Most rejects of one request that are kept one by one. Chosen: whoever posts noise does not fill the store."""
BODY_MB = 4.0
"""Largest request, MB. Chosen: some 20,000 rows."""


@source("access-webhook")
@dataclass
class AccessWebhook:
    """Listens for HTTP POST.

    `mapping`: a file (relative to the data folder), or the name of one that comes with the platform. `token`: what
    senders show; `key`: what they sign the body with, in the header `signature`; at least one is needed, and each that
    is given must be met. `port` 0 takes a free one, told by `address` once `started` is set. `message_mb`: largest
    request, MB.
    """

    door: str
    mapping: str = "generic-json"
    host: str = "127.0.0.1"
    port: int = 8091
    token: str = ""
    key: str = ""
    signature: str = "x-hub-signature-256"
    message_mb: float = BODY_MB
    data: Path = Path()
    address: tuple[str, int] = field(default=("", 0), init=False)
    started: asyncio.Event = field(default_factory=asyncio.Event, init=False)

    def __post_init__(self) -> None:
        """Read the mapping. Raises `ValueError` for one that can't be used, and where nobody must show who they are."""
        if not (self.token or self.key) or any(0 < len(one) < LEAST for one in (self.token, self.key)):
            raise ValueError(f"needs a token or a key of at least {LEAST} characters")
        self._rows = Rows(mapping_of(self.mapping, self.data), self.door)

    async def run(self, intake: Intake) -> None:
        """Listen until cancelled; try again while the address is taken."""
        await keep_listening(self._serve, intake, self.door, self.host, self.port)

    def decode(self, raw: bytes, context: Mapping[str, str], intake: Intake) -> Iterable[Event]:
        """Read a rejected row again. Raises `UnreadableError`."""
        return self._rows.one(raw, context, intake)

    async def _serve(self, intake: Intake) -> None:
        async def answer(request: Request) -> Response:
            return await self._answer(request, intake)

        app = Starlette(routes=[Route("/{path:path}", answer, methods=["POST"])])
        try:
            async with served(app, self.host, self.port, CONNECTIONS) as (self.address, running):
                intake.report(self.door, "ok", f"{self.address[0]}:{self.address[1]}")
                self.started.set()
                await asyncio.shield(running)
        finally:
            self.started.clear()

    async def _answer(self, request: Request, intake: Intake) -> Response:
        if self.token and not _same(request.headers.get("authorization", ""), f"Bearer {self.token}"):
            return _told(401, error="the token is missing or wrong")
        body = bytearray()
        async for block in request.stream():
            body += block
            if len(body) > self.message_mb * 1_000_000:
                return _told(413, error=f"larger than {self.message_mb:g} MB")
        raw = bytes(body)
        if self.key:
            signed = request.headers.get(self.signature, "").removeprefix("sha256=").lower()
            if not _same(signed, hmac.new(self.key.encode(), raw, hashlib.sha256).hexdigest()):
                return _told(401, error="the signature is missing or wrong")
        events, unread = self._rows.read(raw, intake)
        try:
            for one in unread[:KEPT]:
                await intake.reject(self.door, one.raw, one.reason, f"row {one.line}")
            await intake.publish(events)
        except LogFullError:
            intake.report(self.door, "failed", "no room: senders are refused")
            return _told(507, error="no room, send again")
        intake.report(self.door, "ok", f"{self.address[0]}:{self.address[1]}{_beyond(unread)}")
        return _told(202, events=len(events), rejected=len(unread), reasons=[one.reason for one in unread[:3]])


def _same(told: str, expected: str) -> bool:
    return hmac.compare_digest(told.encode("utf-8", "replace"), expected.encode())


def _beyond(unread: list[Unread]) -> str:
    return f"; {len(unread) - KEPT} unreadable rows of one post not kept" if len(unread) > KEPT else ""


def _told(status: int, **told: object) -> Response:
    return Response(msgspec.json.encode(told), status, media_type="application/json")
