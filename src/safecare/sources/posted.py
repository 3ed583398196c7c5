"""What doors share that take HTTP posts: who posts, how much, and 202 only after all of it is stored."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import os
import secrets
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from safecare.exchange.log import LogFullError
from safecare.model.event import Event
from safecare.sources.alive import Alive
from safecare.sources.api import Intake
from safecare.sources.listen import keep_listening, served
from safecare.sources.tls import server_tls
from safecare.sources.upload import open_regular

CONNECTIONS = 128
"""Requests at a time. Chosen."""
LEAST = 16
"""Shortest token or key, characters. Chosen: shorter ones can be guessed."""
TOKEN = 4096
"""Longest file of a token, bytes. Chosen."""
APART = 65_536
"""Bytes from which a body is read in a thread. Chosen: a millisecond of reading."""
KEPT = 100
"""Most rejects of one request that are kept one by one. Chosen: whoever posts noise does not fill the store."""


class Unread(msgspec.Struct, frozen=True):
    """A row that can't be read: its line or number (1 = first), why, and its bytes."""

    line: int
    reason: str
    raw: bytes


@dataclass(frozen=True)
class Tls:
    """PEM files for HTTPS, see `safecare.sources.tls.server_tls`; none: plain HTTP."""

    certificate: Path | None = None
    key: Path | None = None
    authority: Path | None = None

    def context(self) -> ssl.SSLContext | None:
        """Read the files. Raises `OSError` for one that can't be used."""
        return server_tls(self.certificate, self.key, self.authority)


Read = Callable[[bytes, Intake], tuple[Sequence[Event], Sequence[Unread]]]


@dataclass(frozen=True)
class Guard:
    """What whoever posts must show: a token (``Authorization: Bearer``, RFC 6750), a signature of the body, or both.

    The signature is HMAC-SHA-256 in hexadecimal (RFC 2104), in the header `header`.
    """

    token: str = ""
    key: str = ""
    header: str = "x-hub-signature-256"

    @classmethod
    def of(cls, token: str, token_file: Path | None, key: str, header: str) -> Guard:
        """Return the guard; without `token` it is what stands in `token_file`, which is made if it is not there.

        Raises `ValueError` as the guard does, `OSError` for a file that can't be read or made.
        """
        if token_file is not None and not token:
            token = _token_in(token_file)
        return cls(token, key, header)

    def __post_init__(self) -> None:
        """Raise `ValueError` where nobody must show who they are, or a secret can be guessed."""
        if not (self.token or self.key) or any(0 < len(one) < LEAST for one in (self.token, self.key)):
            raise ValueError(f"needs a token or a key of at least {LEAST} characters")

    def holds_token(self, request: Request) -> bool:
        """Tell whether the token is there, where one is asked for."""
        scheme, _, told = request.headers.get("authorization", "").partition(" ")
        return not self.token or (scheme.lower() == "bearer" and _same(told.strip(), self.token))

    def holds_signature(self, request: Request, raw: bytes) -> bool:
        """Tell whether the body is signed, where that is asked for."""
        if not self.key:
            return True
        signed = request.headers.get(self.header, "").removeprefix("sha256=").lower()
        return _same(signed, hmac.new(self.key.encode(), raw, hashlib.sha256).hexdigest())


@dataclass
class Posts:
    """Serves posts for one door: `read` makes events and unreadable rows of a body."""

    door: str
    guard: Guard
    limit: int
    """Largest body, bytes."""
    read: Read
    started: asyncio.Event
    tls: Tls = field(default_factory=Tls)
    alive: Alive | None = None
    """The system that posts, where its silence is to be told."""
    address: tuple[str, int] = field(default=("", 0), init=False)

    async def serve(self, host: str, port: int, intake: Intake) -> None:
        """Serve until cancelled. Raises `OSError` when the address can't be had."""

        async def answer(request: Request) -> Response:
            return await self._answer(request, intake)

        app = Starlette(routes=[Route("/{path:path}", answer, methods=["POST"])])
        try:
            async with served(app, host, port, CONNECTIONS, self.tls.context()) as (self.address, running):
                intake.report(self.door, "ok", f"{self.address[0]}:{self.address[1]}")
                self.started.set()
                await asyncio.shield(running)
        finally:
            self.started.clear()

    async def _answer(self, request: Request, intake: Intake) -> Response:
        if not self.guard.holds_token(request):
            return _told(401, error="the token is missing or wrong")
        body = bytearray()
        async for block in request.stream():
            body += block
            if len(body) > self.limit:
                return _told(413, error=f"larger than {self.limit} bytes")
        raw = bytes(body)
        if not self.guard.holds_signature(request, raw):
            return _told(401, error="the signature is missing or wrong")
        # many rows take long, and the other doors go on meanwhile
        apart = len(raw) > APART
        events, unread = await asyncio.to_thread(self.read, raw, intake) if apart else self.read(raw, intake)
        try:
            for one in unread[:KEPT]:
                await intake.reject(self.door, one.raw, one.reason, f"row {one.line}")
            heard = self.alive.heard(intake) if self.alive else []
            await intake.publish([*events, *heard])
        except LogFullError:
            intake.report(self.door, "failed", "no room: senders are refused")
            return _told(507, error="no room, send again")
        if self.alive:
            self.alive.told(heard)
        lost = max(0, len(unread) - KEPT)
        beyond = f"; {lost} unreadable rows of one post not kept" if lost else ""
        intake.report(self.door, "ok", f"{self.address[0]}:{self.address[1]}{beyond}")
        return _told(202, events=len(events), rejected=len(unread), reasons=[one.reason for one in unread[:3]])


def _token_in(path: Path) -> str:
    """Return the token in the file `path`; where there is none, one is drawn, for its owner's eyes only."""
    with contextlib.suppress(FileExistsError):
        path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(32) + "\n")
    with open_regular(path, follow=True) as file:
        return file.read(TOKEN).decode("ascii", "replace").strip()


def _same(told: str, expected: str) -> bool:
    return hmac.compare_digest(told.encode("utf-8", "replace"), expected.encode())


def _told(status: int, **told: object) -> Response:
    return Response(msgspec.json.encode(told), status, media_type="application/json")


@dataclass
class PostDoor:
    """The settings and the life of a door to which somebody posts; what is posted, its subclass reads (`listens`)."""

    door: str
    host: str = "127.0.0.1"
    port: int = 0
    token: str = ""
    token_file: Path | None = None
    key: str = ""
    signature: str = "x-hub-signature-256"
    certificate: Path | None = None
    certificate_key: Path | None = None
    clients: Path | None = None
    system: str = ""
    every: float = 60.0
    started: asyncio.Event = field(default_factory=asyncio.Event, init=False)

    def listens(self, largest: int, read: Read) -> None:
        """Take posts of up to `largest` bytes. Raises `ValueError` where nobody must show who they are."""
        guard = Guard.of(self.token, self.token_file, self.key, self.signature)
        tls = Tls(self.certificate, self.certificate_key, self.clients)
        alive = Alive(self.door, self.system, self.every)
        self._posts = Posts(self.door, guard, largest, read, self.started, tls, alive)

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens."""
        return self._posts.address

    async def run(self, intake: Intake) -> None:
        """Listen until cancelled; try again while the address is taken."""

        async def serve(intake: Intake) -> None:
            await self._posts.serve(self.host, self.port, intake)

        await keep_listening(serve, intake, self.door, self.host, self.port)
