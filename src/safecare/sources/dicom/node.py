"""DICOM node: takes images by C-STORE, judges each in a confined process, and passes it on to the archive.

The sender hears success only when the event is durable and the archive has said so (``observe``, and clean images of
every policy), or when the image is kept here (``hold``). Images that are refused get status C05A with the reason. An
archive that can't be reached is told as "out of resources": the sender keeps the image and tries again, nothing is
lost. Source: PS3.4 annex B, PS3.7 annex C (statuses), PS3.15 annex B (TLS).
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, ClassVar

from pydicom.dataset import Dataset
from pynetdicom import AE, ALL_TRANSFER_SYNTAXES, AllStoragePresentationContexts, evt
from pynetdicom.sop_class import Verification  # type: ignore[attr-defined]

from safecare.exchange.log import LogFullError
from safecare.model.event import Event
from safecare.sources.api import Intake, UnreadableError, source
from safecare.sources.dicom.forward import FAILED, Onward, Target
from safecare.sources.files.gate import Gate, Policy, Sender

DOOR = "dicom"
REFUSED = 0xC05A
"""Status of a refused image: "cannot understand" (Cxxx, PS3.4 table B.2-1); the two digits are our own."""
BACK_OFF = 5.0
"""Seconds until the address is tried again when it can't be listened on. Chosen."""
MEDIA = "application/dicom"


@source(DOOR, needs=("pynetdicom",))
class DicomNode:
    """Listens for associations. `port` 0 takes a free one, told by `address` once `started` is set."""

    name: ClassVar[str]
    needs: ClassVar[tuple[str, ...]]

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 11112,
        title: str = "SAFECARE",
        callers: tuple[str, ...] = (),
        forward: str = "",
        policy: Policy = "observe",
        associations: int = 16,
        image_mb: float = 1024.0,
        quiet_seconds: float = 60.0,
        certificate: Path | None = None,
        key: Path | None = None,
        door: str = DOOR,
    ) -> None:
        """Take settings: our AE title, titles that may call (none: all), where images go on to (``TITLE@host:port``).

        `associations` at a time, largest image (MB), seconds after which a silent peer is let go, and certificate and
        key (PEM) for TLS. Raises `ValueError` for a target that is none.
        """
        self._host, self._port, self._title = host, port, title
        self._callers, self._target = callers, Target.read(forward) if forward else None
        self._most, self._limit, self._quiet = associations, int(image_mb * 1_000_000), quiet_seconds
        self._tls = _tls(certificate, key) if certificate else None
        self._gate = Gate(door, policy)
        self._door = door
        self.address: tuple[str, int] = (host, port)
        self.started = asyncio.Event()

    async def run(self, intake: Intake) -> None:
        """Listen until cancelled; try again while the address is taken."""
        while True:
            try:
                await self._serve(intake)
            except OSError as error:
                intake.report(self._door, "failed", f"{self._host}:{self._port}: {error}")
                await asyncio.sleep(BACK_OFF)

    def decode(self, raw: bytes, context: Mapping[str, str], intake: Intake) -> Iterable[Event]:
        """Refuse: this door rejects nothing; what it can't read is judged unreadable."""
        raise UnreadableError("the DICOM node keeps no rejects", self._door)

    async def _serve(self, intake: Intake) -> None:
        node = AE(ae_title=self._title)
        for context in AllStoragePresentationContexts:
            node.add_supported_context(context.abstract_syntax or "", [*ALL_TRANSFER_SYNTAXES])
        node.add_supported_context(Verification)
        node.maximum_associations = self._most
        node.require_called_aet = True
        node.require_calling_aet = [*self._callers]
        node.network_timeout = node.dimse_timeout = node.acse_timeout = self._quiet
        links = _Links(self, intake, asyncio.get_running_loop())
        server = await asyncio.to_thread(
            node.start_server, (self._host, self._port), block=False, ssl_context=self._tls, evt_handlers=links.handlers
        )
        assert server is not None and server.socket is not None  # noqa: S101, PT018 - block=False returns it
        assert server is not None and server.socket is not None  # noqa: S101, PT018 - not blocking returns it
        try:
            self.address = server.socket.getsockname()[:2]
            state = f"{self.address[0]}:{self.address[1]} {self._title}"
            intake.report(self._door, "ok", state + ("" if self._target else ", passes nothing on"))
            self.started.set()
            await asyncio.get_running_loop().create_future()
        finally:
            self.started.clear()
            await asyncio.to_thread(server.shutdown)
            await self._gate.close()

    async def admit(self, file: bytes, title: str, host: str, intake: Intake) -> tuple[bool, str]:
        """Judge and record one image; return whether it goes on, and why it is refused (empty: it is held).

        Raises `LogFullError`.
        """
        asset = intake.hospital.at_address("dicom", title) or intake.hospital.at_address("ip", host)
        sender = Sender(f"{host} {title}".strip(), asset)
        decision = await self._gate.admit(file, MEDIA, sender, intake, keep=self._target is None)
        reason = decision.verdict.findings[0].rule if decision.verdict.findings else decision.verdict.verdict.value
        return decision.act == "passed", reason if decision.act == "refused" else ""

    def onward(self, wanted: list[tuple[str, str]]) -> Onward | None:
        """Return what passes images on; None where there is no archive: then they are kept here."""
        return Onward(self._target, self._title, wanted) if self._target else None

    @property
    def limit(self) -> int:
        """Largest image (bytes)."""
        return self._limit


class _Links:
    """The library's handlers: each association has a thread of its own, and its own way on."""

    def __init__(self, node: DicomNode, intake: Intake, loop: asyncio.AbstractEventLoop) -> None:
        self._node, self._intake, self._loop = node, intake, loop
        self._onward: dict[int, Onward | None] = {}
        self._received: dict[int, int] = {}
        self.handlers: list[Any] = [
            (evt.EVT_C_STORE, self._store),
            (evt.EVT_C_ECHO, lambda _: 0x0000),
            (evt.EVT_DATA_RECV, self._count),
            (evt.EVT_CONN_CLOSE, self._closed),
        ]

    def _store(self, event: evt.Event) -> int | Dataset:
        link = event.assoc
        self._received.pop(id(link), None)
        file = event.encoded_dataset()
        if len(file) > self._node.limit:
            return _status(FAILED, "larger than an image may be")
        title, host = str(link.requestor.ae_title).strip(), str(link.requestor.address)
        asked = asyncio.run_coroutine_threadsafe(self._node.admit(file, title, host, self._intake), self._loop)
        try:
            passes, refused = asked.result()
        except LogFullError:
            return _status(FAILED, "no room, send again")
        if refused:
            return _status(REFUSED, f"refused: {refused}")
        if not passes:
            return 0x0000
        if id(link) not in self._onward:
            wanted = [(str(one.abstract_syntax), str(one.transfer_syntax[0])) for one in link.accepted_contexts]
            self._onward[id(link)] = self._node.onward([one for one in wanted if one[0] != Verification])
        onward = self._onward[id(link)]
        status = onward.store(file) if onward else 0x0000
        if status:
            return _status(status, "the archive did not take it")
        return 0x0000

    def _count(self, event: evt.Event) -> None:
        """End an association that sends more than one image may have."""
        link = id(event.assoc)
        self._received[link] = self._received.get(link, 0) + len(event.data)
        if self._received[link] > self._node.limit:
            event.assoc.abort()

    def _closed(self, event: evt.Event) -> None:
        self._received.pop(id(event.assoc), None)
        onward = self._onward.pop(id(event.assoc), None)
        if onward is not None:
            onward.close()


def _status(code: int, comment: str) -> Dataset:
    told = Dataset()
    told.Status = code
    told.ErrorComment = comment[:64]
    return told


def _tls(certificate: Path, key: Path | None) -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    made.load_cert_chain(certificate, key)
    return made
