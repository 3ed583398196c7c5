"""Door for files that other programs hand in (record systems, portals, file shares): judged meanwhile, asked for later.

``POST /files?name=report.pdf`` with the bytes as body answers 202 and an id at once, when the bytes are on disk;
``GET /files/{id}`` tells the state, and the verdict once there is one. Asynchronous, because a scan that blocks breaks
the program that waits. What the caller should do with the file stands in `act`, by the door's policy: ``observe``
always says ``passed``. After a restart unanswered ids are unknown (404): hand the file in again.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import ipaddress
from collections import OrderedDict
from typing import Any, ClassVar

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from safecare.examine.api import Verdict
from safecare.exchange.log import LogFullError
from safecare.locale.catalogue import LANGUAGES, Catalogue
from safecare.model.hospital import Hospital
from safecare.sources.api import Intake, source
from safecare.sources.files.gate import Decision, Policy, Sender
from safecare.sources.files.inspecting import Inspecting
from safecare.sources.files.judging import Judging
from safecare.sources.files.release import HeldStore, Sent
from safecare.sources.listen import served

DOOR = "file-scan"
REMEMBERED = 10_000
"""Answers that are kept to be asked for. Chosen: about 20 MB."""
WAITING = 200
"""Files that wait to be judged; more are refused with 503. Chosen: at 32 MB each, what a small machine can hold."""
CONNECTIONS = 256
"""Requests at a time. Chosen."""
LEAST_TOKEN = 16
"""Letters of a token. Chosen: as other machine tokens of the platform."""


@source(DOOR)
class FileScan(Inspecting):
    """Listens for HTTP. `port` 0 takes a free one, told by `address` once `started` is set."""

    name: ClassVar[str]
    needs: ClassVar[tuple[str, ...]]

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 8091,
        token: str = "",
        policy: Policy = "observe",
        file_mb: float = 32.0,
        door: str = DOOR,
        judging: Judging | None = None,
        held: HeldStore | None = None,
    ) -> None:
        """Take settings: address, the token that callers send (``Authorization: Bearer``), policy, largest file (MB).

        Raises `ValueError` for a short token, and for none where others than this machine can call.
        """
        if token and len(token) < LEAST_TOKEN:
            raise ValueError(f"a token has at least {LEAST_TOKEN} letters")
        if not token and not _local(host):
            raise ValueError("a token is needed where other machines can call")
        super().__init__(door, (host, port), policy, judging, held)
        self._token = token
        self._limit = int(file_mb * 1_000_000)
        self._answers: OrderedDict[str, Decision | str | None] = OrderedDict()
        self._tasks: set[asyncio.Task[None]] = set()
        self._catalogue = Catalogue.load()

    async def _serve(self, intake: Intake) -> None:
        async def take(request: Request) -> Response:
            return await self._take(request, intake)

        routes = [Route("/files", take, methods=["POST"]), Route("/files/{id}", self._tell, methods=["GET"])]
        try:
            async with served(Starlette(routes=routes), self._host, self._port, CONNECTIONS) as (self.address, running):
                intake.report(self._door, "ok", f"{self.address[0]}:{self.address[1]}")
                self.started.set()
                await asyncio.shield(running)
        finally:
            self.started.clear()
            for task in list(self._tasks):
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            await self._gate.close()

    async def _send(self, raw: bytes, call: bytes) -> Sent:
        """Leave it to the caller."""
        del raw, call
        return Sent("refused", "the program that handed the file in has it, and decides")

    async def _take(self, request: Request, intake: Intake) -> Response:
        if not self._allowed(request):
            return _told(401, {"error": "a token is needed"})
        body = bytearray()
        async for block in request.stream():
            body += block
            if len(body) > self._limit:
                return _told(413, {"error": f"larger than {self._limit} bytes"})
        raw, id = bytes(body), hashlib.sha256(body).hexdigest()
        if id not in self._answers or isinstance(self._answers[id], str):
            if len(self._tasks) >= WAITING:
                return _told(503, {"error": "too many files wait, send again"})
            try:
                await intake.keep(raw, "application/octet-stream")
            except LogFullError:
                return _told(507, {"error": "no room, send again"})
            self._answers[id] = None
            task = asyncio.create_task(self._judge(id, raw, request, intake))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return _told(202, self._answer(id))

    async def _judge(self, id: str, raw: bytes, request: Request, intake: Intake) -> None:
        peer = request.client.host if request.client else ""
        media = request.headers.get("content-type", "").partition(";")[0]
        try:
            sender = Sender(peer, intake.hospital.at_address("ip", peer))
            name = request.query_params.get("name", "")[:255]
            self._answers[id] = await self._gate.admit(raw, media, sender, intake, keep=True, name=name)
        except LogFullError:
            self._answers[id] = "no room, send again"
        while len(self._answers) > REMEMBERED:
            self._answers.popitem(last=False)

    async def _tell(self, request: Request) -> Response:
        if not self._allowed(request):
            return _told(401, {"error": "a token is needed"})
        id = request.path_params["id"]
        if id not in self._answers:
            return _told(404, {"error": "no file of this id was handed in since the start"})
        return _told(200, self._answer(id))

    def _answer(self, id: str) -> dict[str, Any]:
        found = self._answers[id]
        if isinstance(found, str):
            return {"id": id, "state": "failed", "error": found}
        if found is None:
            return {"id": id, "state": "waiting"}
        return {"id": id, "state": "judged", "act": found.act, **self._words(found.verdict)}

    def _words(self, verdict: Verdict) -> dict[str, Any]:
        nobody = Hospital.empty()
        findings = [
            {
                "rule": one.rule,
                "why": {language: self._catalogue.render(one.why, language, nobody) for language in LANGUAGES},
                "where": one.where,
                "weight": one.weight,
            }
            for one in verdict.findings
        ]
        told = {"sha256": verdict.sha256, "type": verdict.type, "verdict": verdict.verdict, "score": verdict.score}
        return {**told, "findings": findings}

    def _allowed(self, request: Request) -> bool:
        given = request.headers.get("authorization", "").removeprefix("Bearer ").encode()
        return not self._token or hmac.compare_digest(given, self._token.encode())


def _local(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _told(status: int, body: dict[str, Any]) -> Response:
    return Response(msgspec.json.encode(body), status, media_type="application/json")
