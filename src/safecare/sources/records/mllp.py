"""MLLP inspection point: each HL7 v2 message is judged, then passed on as it is, and the receiver's answer handed back.

One connection to the receiver for each that comes in, messages in order. The sender hears an answer only when the
event is durable: the receiver's own (``observe``, and clean messages of every policy), AA for what is kept here
(``hold``), AR with the reason for what is refused. A receiver that can't be reached is told as AE: the sender sends
again, nothing is lost. Source: HL7 v2.5.1 sections 2.9.2 and 2.15, MLLP release 1.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import ClassVar

from safecare.exchange.log import LogFullError
from safecare.formats.hl7 import Hl7Error, acknowledge, read_hl7
from safecare.formats.mllp import MllpDecoder, MllpError, frame
from safecare.model.ids import new_id
from safecare.sources.api import Intake, source
from safecare.sources.files.gate import Policy, Sender
from safecare.sources.files.inspecting import Inspecting
from safecare.sources.files.judging import Judging
from safecare.sources.files.release import MOST_WORDS, NOWHERE, HeldStore, Sent
from safecare.sources.listen import streams
from safecare.sources.records.onward import Address, MllpLink
from safecare.sources.room import Held, Room
from safecare.sources.tls import client_tls, server_tls

DOOR = "hl7-inspect"
MEDIA = "x-application/hl7-v2+er7"
READ_SIZE = 256 * 1024
TAKEN = ("AA", "CA")
"""Accepted (HL7 table 0008)."""
HANDSHAKE = 10.0
"""Seconds for a TLS handshake. Chosen."""
NO_ROOM = "no room, send again"
NOT_REACHED = "the receiver did not answer, send again"


@source(DOOR)
class MllpInspection(Inspecting):
    """Listens for MLLP. `port` 0 takes a free one, told by `address` once `started` is set."""

    name: ClassVar[str]
    needs: ClassVar[tuple[str, ...]]

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 2576,
        forward: str = "",
        policy: Policy = "observe",
        message_mb: float = 32.0,
        quiet_seconds: float = 300.0,
        connections: int = 64,
        held_mb: float = 128.0,
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
        """Take settings: the receiver (``host:port``), the policy, largest message (MB), seconds of silence allowed.

        `held_mb` is what all connections together may hold. Without a receiver messages are kept here and answered AA.
        TLS (PEM files): `certificate` and `key` for who calls, `authority` asks callers for a certificate of its own;
        `forward_authority` turns it on for the way on, where `forward_certificate` and `forward_key` are ours.
        Raises `ValueError` for an address that is none.
        """
        super().__init__(door, (host, port), policy, judging, held)
        self._target = Address.read(forward) if forward else None
        self._tls = server_tls(certificate, key, authority)
        self._onward = client_tls(forward_authority, forward_certificate, forward_key)
        self._limit, self._quiet = int(message_mb * 1_000_000), quiet_seconds
        self._most = connections
        self._room = Room(int(held_mb * 1024 * 1024))

    async def _serve(self, intake: Intake) -> None:
        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await self._accept(reader, writer, intake)

        try:
            async with streams(talk, self._host, self._port, self._most, self._tls, HANDSHAKE) as self.address:
                here = f"{self.address[0]}:{self.address[1]}"
                to = self._target
                intake.report(self._door, "ok", f"{here}, passes on to {to}" if to else f"{here}, passes nothing on")
                self.started.set()
                await asyncio.get_running_loop().create_future()
        finally:
            self.started.clear()
            await self._gate.close()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, intake: Intake) -> None:
        held, link = Held(self._room), MllpLink(self._target, self._onward) if self._target else None
        peer = str(writer.get_extra_info("peername", ("",))[0])
        decoder = MllpDecoder(self._limit)
        try:
            while True:
                data = await asyncio.wait_for(reader.read(READ_SIZE), self._quiet)
                if not data:
                    return
                for message in decoder.feed(data):
                    writer.write(frame(await self._answer(message, peer, link, intake)))
                    await writer.drain()
                if not held.hold(decoder.size):
                    return
        except MllpError:
            pass  # what has no answer, its sender sends again
        finally:
            held.hold(0)
            if link:
                link.close()

    async def _send(self, raw: bytes, call: bytes) -> Sent:
        """Pass on what was held and is released, on a connection of its own."""
        del call
        if self._target is None:
            return NOWHERE
        link = MllpLink(self._target, self._onward)
        try:
            answer = await link.ask(raw)
        finally:
            link.close()
        if answer is None:
            return Sent("waiting", "the receiver did not answer")
        try:
            told = read_hl7(answer)
        except Hl7Error:
            return Sent("refused", "the receiver's answer can't be read")
        code, words = told.get("MSA", 1), told.get("MSA", 3)
        return Sent("sent" if code in TAKEN else "refused", " ".join(filter(None, (code, words)))[:MOST_WORDS])

    async def _answer(self, message: bytes, peer: str, link: MllpLink | None, intake: Intake) -> bytes:
        """Judge and pass on one message; return what its sender is to hear."""
        application = _application(message)
        asset = intake.hospital.at_address("hl7", application) or intake.hospital.at_address("ip", peer)
        now = intake.clock.now()
        try:
            sender = Sender(f"{peer} {application}".strip(), asset)
            decision = await self._gate.admit(message, MEDIA, sender, intake, keep=link is None)
        except LogFullError:
            return acknowledge(message, "AE", now, new_id(now), NO_ROOM)
        if decision.act == "refused":
            rule = decision.verdict.findings[0].rule if decision.verdict.findings else decision.verdict.verdict.value
            return acknowledge(message, "AR", now, new_id(now), f"refused: {rule}", error="207")
        if decision.act == "held" or link is None:
            return acknowledge(message, "AA", now, new_id(now))
        answer = await link.ask(message)
        return answer if answer is not None else acknowledge(message, "AE", now, new_id(now), NOT_REACHED)


def _application(message: bytes) -> str:
    """Return who sent it by its own words (MSH-3); empty where that can't be read."""
    try:
        return read_hl7(message.split(b"\r", 1)[0][:4096]).get("MSH", 3)[:60]
    except Hl7Error:
        return ""
