"""FHIR inspection point: what is written to a FHIR server is judged first, then passed on as it is.

Stands in front of the server as a reverse proxy. Reads pass untouched; every body is judged. One in a coding that can't
be judged gets 415 where something may be held or refused, else it passes and is told as unreadable. A path that climbs
gets 400. The client hears the server's own answer, 202 for what is kept here (``hold``), 503 for what is kept and
proves its sender (nobody else can send it on: `safecare.sources.records.again`), 422 with an OperationOutcome for what
is refused, 502 where the server can't be reached, 507 where there is no room for the record of it. Source: FHIR R4
section 3.1 (RESTful API), RFC 9110.
"""

from __future__ import annotations

import asyncio
import http.client
import re
import socket
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import quote, unquote, urlsplit

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from safecare.exchange.log import LogFullError
from safecare.model.events.acts import HeldDecided
from safecare.model.layout import laid_out
from safecare.sources.api import Intake, source
from safecare.sources.files.gate import Policy, Sender
from safecare.sources.files.inspecting import Inspecting
from safecare.sources.files.judging import Judging
from safecare.sources.files.release import HeldStore, Sent
from safecare.sources.listen import served
from safecare.sources.records.again import Again, Key
from safecare.sources.records.onward import ask_http
from safecare.sources.tls import client_tls, server_tls

DOOR = "fhir-inspect"
WRITES = ("POST", "PUT", "PATCH")
CREDENTIALS = frozenset({"authorization", "proxy-authorization", "cookie"})
"""Headers that are not kept with what is held: a secret of the sender, and soon out of date."""
UNPROVEN = (401, 403, 407)
"""The server did not believe who sends: the release still stands."""
TRY_AGAIN = (429, 503)
"""Not taken, and to be tried again: RFC 6585 section 4, RFC 9110 section 15.6.4."""
RETRY_AFTER = 60
"""Seconds after which a sender is asked to try again (RFC 9110 section 10.2.3). Chosen: a person takes minutes."""
CODINGS = frozenset({"", "identity", "gzip", "x-gzip", "deflate"})
"""Codings of a body that can be judged (RFC 9110 section 8.4.1)."""
CONNECTIONS = 256
"""Requests at a time. Chosen."""


@source(DOOR)
class FhirInspection(Inspecting):
    """Listens for HTTP. `port` 0 takes a free one, told by `address` once `started` is set."""

    name: ClassVar[str]
    needs: ClassVar[tuple[str, ...]]

    def __init__(
        self,
        *,
        forward: str,
        host: str = "127.0.0.1",
        port: int = 8090,
        policy: Policy = "observe",
        message_mb: float = 32.0,
        certificate: Path | None = None,
        key: Path | None = None,
        authority: Path | None = None,
        forward_authority: Path | None = None,
        forward_certificate: Path | None = None,
        forward_key: Path | None = None,
        door: str = DOOR,
        judging: Judging | None = None,
        held: HeldStore | None = None,
    ) -> None:
        """Take settings: the FHIR server's base address (``https://host/fhir``), policy, largest body (MB).

        TLS (PEM files): `certificate` and `key` for who calls, `authority` asks callers for a certificate of its own;
        `forward_authority` turns it on for the way on, where `forward_certificate` and `forward_key` are ours.
        Raises `ValueError` for an address that is none.
        """
        place = urlsplit(forward)
        if place.scheme not in ("http", "https") or not place.hostname:
            raise ValueError(f"not an address like https://host/fhir: {forward}")
        super().__init__(door, (host, port), policy, judging, held, once=True)
        self._forward, self._policy = forward, policy
        self._tls = server_tls(certificate, key, authority)
        self._onward = client_tls(forward_authority, forward_certificate, forward_key)
        self._limit = int(message_mb * 1_000_000)
        self._again = Again()

    async def _serve(self, intake: Intake) -> None:
        async def answer(request: Request) -> Response:
            return await self._answer(request, intake)

        methods = ["GET", "HEAD", "OPTIONS", "DELETE", *WRITES]
        app = Starlette(routes=[Route("/{path:path}", answer, methods=methods)])
        try:
            async with served(app, self._host, self._port, CONNECTIONS, self._tls) as (self.address, running):
                intake.report(self._door, "ok", f"{self.address[0]}:{self.address[1]}, passes on to {self._forward}")
                self.started.set()
                await asyncio.shield(running)
        finally:
            self.started.clear()
            await self._gate.close()

    async def _send(self, raw: bytes, call: bytes) -> Sent:
        """Pass on what was held and is released; whether it arrived is not always known."""
        try:
            said = msgspec.json.decode(call, type=laid_out(_Call))
        except msgspec.DecodeError:
            return Sent("refused", "how it was asked is not known: held by an older version")
        if said.proven:
            return self._by_its_sender(Key.of(said.method, said.path, raw))
        try:
            told = await asyncio.to_thread(
                ask_http, self._forward, said.method, said.path, said.headers, raw, self._onward
            )
        except (ConnectionRefusedError, socket.gaierror) as error:
            return Sent("waiting", f"the server does not answer: {type(error).__name__}")
        except (OSError, http.client.HTTPException) as error:
            return Sent("unclear", f"the server did not answer: {type(error).__name__}")
        if told.status in TRY_AGAIN:
            return Sent("waiting", f"status {told.status}")
        return Sent("sent" if told.status < 300 else "refused", f"status {told.status}")

    def _by_its_sender(self, key: Key) -> Sent:
        """Let the next same request of the sender pass; tell what the server said once it came."""
        status = self._again.answer(key)
        if status is not None:
            return Sent("sent" if status < 300 else "refused", f"status {status}")
        if self._again.state(key) != "passing":
            self._again.put(key, "released")
        return Sent("waiting", "passes when its sender sends it again: only the sender can prove who sends it")

    def _discarded(self, act: HeldDecided) -> None:
        self._again.discard(act.artifact)

    async def _answer(self, request: Request, intake: Intake) -> Response:
        body = bytearray()
        async for block in request.stream():
            body += block
            if len(body) > self._limit:
                return _outcome(413, "too-long", "larger than a resource may be")
        raw = bytes(body)
        if _leaves(_path(request)):
            return _outcome(400, "invalid", "a path that leaves what the server serves")
        key = Key.of(request.method, _path(request), raw)
        released = self._again.state(key) == "released"
        if raw and not released:  # of whatever method: servers take a body where there should be none
            stopped = await self._stopped(request, raw, key, intake)
            if stopped is not None:
                return stopped
        if released:
            self._again.put(key, "passing")
        try:
            told = await asyncio.to_thread(
                ask_http,
                self._forward,
                request.method,
                _path(request),
                list(request.headers.items()),
                raw,
                self._onward,
            )
        except (OSError, http.client.HTTPException) as error:
            if released:
                self._again.put(key, "released")
            intake.report(self._door, "waiting", f"the server does not answer: {type(error).__name__}")
            return _outcome(502, "transient", "the server did not answer, send again")
        if released and told.status in (*TRY_AGAIN, *UNPROVEN):
            self._again.put(key, "released")
        elif released:
            self._again.passed(key, told.status)
            if self._release:
                self._release.hurry()
        intake.report(self._door, "ok")
        made = Response(told.body, told.status)
        made.raw_headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in told.headers]
        if request.method != "HEAD":
            made.raw_headers.append((b"content-length", str(len(told.body)).encode()))
        return made

    async def _stopped(self, request: Request, raw: bytes, key: Key, intake: Intake) -> Response | None:
        """Judge what is to be written; return the answer if it does not pass."""
        match self._again.state(key):
            case "asked" | "passing":
                return _come_again()
            case "discarded":
                return _outcome(422, "security", "refused by a person")
        peer = request.client.host if request.client else ""
        call = _call(request)
        if self._policy != "observe" and not _judged(raw, request.headers.get("content-encoding", "")):
            told = _outcome(415, "not-supported", "a coding of the body that can't be judged")
            told.headers["Accept-Encoding"] = "gzip, deflate"
            return told
        try:
            media = request.headers.get("content-type", "application/fhir+json").partition(";")[0]
            sender = Sender(peer, intake.hospital.at_address("ip", peer))
            decision = await self._gate.admit(raw, media, sender, intake, call=msgspec.json.encode(call))
        except LogFullError:
            return _outcome(507, "no-store", "no room, send again")
        if decision.act == "refused":
            rules = ", ".join(one.rule for one in decision.verdict.findings[:3])
            return _outcome(422, "security", f"refused: {rules}")
        if decision.act == "held" and call.proven:
            self._again.put(key, "asked")
            return _come_again()
        return _outcome(202, "informational", "kept for a person to look at") if decision.act == "held" else None


class _Call(msgspec.Struct, frozen=True):
    """How a held request was made."""

    method: str
    path: str
    headers: list[tuple[str, str]]
    proven: bool = False
    """True when it proved who sent it: that is not kept, and only its sender can send it again."""


def _call(request: Request) -> _Call:
    """Return how `request` is made, without what proves who made it."""
    headers = [(name, value) for name, value in request.headers.items() if name.lower() not in CREDENTIALS]
    return _Call(request.method, _path(request), headers, proven=len(headers) < len(request.headers.items()))


def _come_again() -> Response:
    """Ask the sender to try again."""
    told = _outcome(503, "transient", "kept for a person to look at: send it again, it passes once it is released")
    told.headers["Retry-After"] = str(RETRY_AFTER)
    return told


def _path(request: Request) -> str:
    """Return path and query as they were sent: what is resolved on the way is another address."""
    path = bytes(request.scope.get("raw_path") or quote(request.scope["path"]).encode())
    query = bytes(request.scope["query_string"])
    return (path.partition(b"?")[0] + (b"?" + query if query else b"")).decode("latin-1")


def _leaves(path: str) -> bool:
    """Tell whether a path climbs: no client sends such steps (RFC 3986 section 5.2.4), servers go up by them."""
    return ".." in re.split(r"[/\\]", unquote(unquote(path.partition("?")[0])))


def _judged(raw: bytes, coding: str) -> bool:
    """Tell whether a body in that coding can be judged; ``deflate`` only as the standard has it: a stream of zlib."""
    names = {one.strip().lower() for one in coding.split(",")}
    return names <= CODINGS and ("deflate" not in names or raw[:1] == b"\x78")


def _outcome(status: int, code: str, text: str) -> Response:
    """Return an OperationOutcome (FHIR R4 section 2.28)."""
    severity = "information" if status < 400 else "error"
    issue: list[dict[str, Any]] = [{"severity": severity, "code": code, "diagnostics": text}]
    told = {"resourceType": "OperationOutcome", "issue": issue}
    return Response(msgspec.json.encode(told), status, media_type="application/fhir+json")
