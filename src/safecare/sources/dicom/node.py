"""DICOM node: takes images by C-STORE, judges each in a confined process, and passes it on to the archive.

The sender hears success only when the event is durable and the archive has said so (``observe``, and clean images of
every policy), or when the image is kept here (``hold``). Images that are refused get status C05A with the reason. An
archive that can't be reached is told as "out of resources": the sender keeps the image and tries again, nothing is
lost. Source: PS3.4 annex B, PS3.7 annex C (statuses), PS3.15 annex B (TLS).
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

from safecare.sources.api import Intake, source
from safecare.sources.dicom.forward import onward_of
from safecare.sources.dicom.server import start
from safecare.sources.dicom.target import Bounds, Target
from safecare.sources.files.gate import Policy, Sender
from safecare.sources.files.inspecting import Inspecting
from safecare.sources.files.judging import Judging
from safecare.sources.files.release import NOWHERE, HeldStore, Sent
from safecare.sources.tls import client_tls, server_tls

DOOR = "dicom"
MEDIA = "application/dicom"


@source(DOOR, needs=("pynetdicom",))
class DicomNode(Inspecting):
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
        authority: Path | None = None,
        forward_authority: Path | None = None,
        forward_certificate: Path | None = None,
        forward_key: Path | None = None,
        door: str = DOOR,
        judging: Judging | None = None,
        held: HeldStore | None = None,
    ) -> None:
        """Take settings: our AE title, titles that may call (none: all), where images go on to (``TITLE@host:port``).

        `associations` of one host at a time (of all: four times as many), largest image (MB),
        seconds after which a silent peer is let go. TLS (PEM
        files): `certificate` and `key` for who calls, `authority` asks callers for a certificate of its own;
        `forward_authority` turns it on for the way on, where `forward_certificate` and `forward_key` are ours.
        Raises `ValueError` for a target that is none.
        """
        super().__init__(door, (host, port), policy, judging, held)
        self._title = title
        onward = client_tls(forward_authority, forward_certificate, forward_key)
        self._callers, self._target = callers, replace(Target.read(forward), tls=onward) if forward else None
        self._most, self._limit, self._quiet = associations, int(image_mb * 1_000_000), quiet_seconds
        self._tls = server_tls(certificate, key, authority)

    async def _serve(self, intake: Intake) -> None:
        bounds = Bounds(self._most, self._limit, self._quiet)

        async def admit(file: bytes, title: str, host: str) -> tuple[bool, str]:
            return await self._admit(file, title, host, intake)

        listen = (self._host, self._port)
        server = await asyncio.to_thread(
            start,
            listen,
            self._title,
            self._callers,
            self._target,
            bounds,
            self._tls,
            admit,
            asyncio.get_running_loop(),
        )
        try:
            self.address = server.address
            state = f"{self.address[0]}:{self.address[1]} {self._title}"
            intake.report(self._door, "ok", state if self._target else f"{state}, passes nothing on")
            self.started.set()
            await asyncio.get_running_loop().create_future()
        finally:
            self.started.clear()
            await asyncio.to_thread(server.stop)
            await self._gate.close()

    async def _send(self, raw: bytes, call: bytes) -> Sent:
        """Pass on what was held and is released."""
        del call
        if self._target is None:
            return NOWHERE
        return await asyncio.to_thread(onward_of, raw, self._target, self._title)

    async def _admit(self, file: bytes, title: str, host: str, intake: Intake) -> tuple[bool, str]:
        """Judge and record one image; return whether it goes on, and why it is refused (empty: it is held).

        Raises `LogFullError`.
        """
        asset = intake.hospital.at_address("dicom", title) or intake.hospital.at_address("ip", host)
        sender = Sender(f"{host} {title}".strip(), asset)
        decision = await self._gate.admit(file, MEDIA, sender, intake, keep=self._target is None)
        reason = decision.verdict.findings[0].rule if decision.verdict.findings else decision.verdict.verdict.value
        return decision.act == "passed", reason if decision.act == "refused" else ""
