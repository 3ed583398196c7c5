"""MLLP server for HL7 v2 scheduling messages (SIU): answers AA only after the event is durable.

A message that can't be read goes to the rejects and is answered AE (wrong content) or AR (not taken here, not
HL7), with the reason in ERR; sent again it would fail again. When there is no room the answer is AE
"no room, send again", and nothing was kept. Patient and appointment ids are replaced by pseudonyms at once.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from typing import ClassVar
from zoneinfo import ZoneInfo

from safecare.exchange.log import LogFullError
from safecare.formats.hl7 import Hl7Error, acknowledge, read_hl7
from safecare.formats.hl7_schedule import read_booking
from safecare.formats.mllp import MllpDecoder, MllpError, frame
from safecare.model.event import Event
from safecare.model.events.clinical import AppointmentChanged
from safecare.model.ids import new_id
from safecare.sources.api import Intake, UnreadableError, source
from safecare.sources.listen import Quiet, keep_listening, streams
from safecare.sources.room import QUIET, Held, Room

DOOR = "hl7"
NO_ROOM = "no room, send again"
CLOCK_SKEW = timedelta(minutes=5)
"""How far a sender's own time may be off before the time of arrival is used instead. Chosen: servers drift less."""
READ_SIZE = 64 * 1024
HALF_KEPT = 1 << 20
"""Bytes of a broken message that the reject store gets. Chosen: it was never acknowledged, its sender has the whole;
kept whole, anyone who connects could fill the disk."""
NOT_TAKEN = frozenset({"200", "201", "202", "203"})
"""Error codes (table 0357) that are answered AR: type, event, processing id or version is not taken here."""


@source(DOOR)
class Hl7Door:
    """Listens for MLLP. `port` 0 takes a free one, told by `address` once `started` is set."""

    name: ClassVar[str]
    needs: ClassVar[tuple[str, ...]]

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 2575,
        message_mb: float = 32.0,
        half_message_seconds: float = 30.0,
        connections: int = 256,
        held_mb: float = 128.0,
    ) -> None:
        """Take settings: largest message (MB), how long (s) one may take once begun, and what all may hold (MB)."""
        self._host, self._port = host, port
        self._limit = int(message_mb * 1_000_000)
        self._half = half_message_seconds
        self._connections = connections
        self._room = Room(int(held_mb * 1024 * 1024))
        self._quiet = Quiet(QUIET)
        self.address: tuple[str, int] = (host, port)
        self.started = asyncio.Event()

    async def run(self, intake: Intake) -> None:
        """Listen until cancelled; try again while the address is taken."""
        await keep_listening(self._serve, intake, DOOR, self._host, self._port)

    def decode(self, raw: bytes, context: Mapping[str, str], intake: Intake) -> Iterable[Event]:
        """Return the event of one message. `context`: peer (address), at (arrival, ISO 8601)."""
        arrived = datetime.fromisoformat(context["at"]) if "at" in context else intake.clock.now()
        try:
            yield self._event(raw, arrived, context.get("peer", ""), intake)
        except Hl7Error as error:
            raise UnreadableError(error.reason, error.place) from error

    async def _serve(self, intake: Intake) -> None:
        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await self._accept(reader, writer, intake)

        where = streams(talk, self._host, self._port, self._connections, make_way=self._quiet.make_way)
        try:
            async with where as self.address:
                intake.report(DOOR, "ok", f"{self.address[0]}:{self.address[1]}")
                self.started.set()
                await asyncio.get_running_loop().create_future()
        finally:
            self.started.clear()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, intake: Intake) -> None:
        decoder = MllpDecoder(self._limit)
        booked = Held(self._room)
        try:
            await self._talk(reader, writer, decoder, booked, intake)
        finally:
            booked.hold(0)
            self._quiet.gone(writer)

    async def _talk(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        decoder: MllpDecoder,
        booked: Held,
        intake: Intake,
    ) -> None:
        peer = str(writer.get_extra_info("peername", ("",))[0])
        loop = asyncio.get_running_loop()
        begun: float | None = None
        while True:
            self._quiet.heard(writer)
            try:
                left = None if begun is None else max(0.0, begun + self._half - loop.time())
                data = await asyncio.wait_for(reader.read(READ_SIZE), left)
                messages = decoder.feed(data) if data else []
            except TimeoutError:
                await self._broken(decoder.pending, "half a message, and no more came", peer, writer, intake)
                return
            except MllpError as error:
                await self._broken(bytes(decoder.junk) or decoder.pending, str(error), peer, writer, intake)
                return
            if messages:
                writer.write(b"".join(map(frame, await self._answers(messages, peer, intake))))
                await writer.drain()
            await self._junk(decoder.take_junk(), peer, intake)
            if not booked.hold(decoder.size):
                now = intake.clock.now()
                writer.write(frame(acknowledge(decoder.pending[:HALF_KEPT], "AE", now, new_id(now), NO_ROOM)))
                await writer.drain()
                return
            if not data:
                if decoder.waiting:
                    await self._broken(decoder.pending, "half a message at the end", peer, writer, intake)
                return
            begun = (begun if begun is not None and not messages else loop.time()) if decoder.waiting else None

    async def _answers(self, messages: list[bytes], peer: str, intake: Intake) -> list[bytes]:
        """Judge what has come at once, store it in one step, and return the answers in order."""
        now = intake.clock.now()
        read: list[Event | Hl7Error] = []
        for raw in messages:
            try:
                read.append(self._event(raw, now, peer, intake))
            except Hl7Error as error:
                read.append(error)
        try:
            await intake.publish([one for one in read if isinstance(one, Event)])
            full = False
        except LogFullError:
            full = True
            intake.report(DOOR, "waiting", NO_ROOM)
        code, text = ("AE", NO_ROOM) if full else ("AA", "")
        answers = [
            await self._refuse(raw, one, peer, now, intake)
            if isinstance(one, Hl7Error)
            else acknowledge(raw, code, now, new_id(now), text)
            for raw, one in zip(messages, read, strict=True)
        ]
        if not full:
            intake.report(DOOR, "ok")
        return answers

    @staticmethod
    async def _refuse(raw: bytes, error: Hl7Error, peer: str, now: datetime, intake: Intake) -> bytes:
        try:
            await intake.reject(DOOR, raw, error.reason, error.place, {"peer": peer, "at": now.isoformat()})
        except LogFullError:
            return acknowledge(raw, "AE", now, new_id(now), NO_ROOM)
        code = "AR" if error.code in NOT_TAKEN or not raw.startswith(b"MSH") else "AE"
        return acknowledge(raw, code, now, new_id(now), error.reason, error.place, error.code)

    @staticmethod
    async def _broken(raw: bytes, reason: str, peer: str, writer: asyncio.StreamWriter, intake: Intake) -> None:
        """Keep what is left of a connection that can't go on, and say so to its sender if it still listens."""
        now, raw, size = intake.clock.now(), raw[:HALF_KEPT], len(raw)
        try:
            await intake.reject(DOOR, raw, reason, f"byte {size}", {"peer": peer, "at": now.isoformat()})
        except LogFullError:
            intake.report(DOOR, "waiting", NO_ROOM)
        writer.write(frame(acknowledge(raw, "AR", now, new_id(now), reason, error="207")))
        await writer.drain()

    @staticmethod
    async def _junk(junk: bytes, peer: str, intake: Intake) -> None:
        if not junk:
            return
        context = {"peer": peer, "at": intake.clock.now().isoformat()}
        try:
            await intake.reject(DOOR, junk, "bytes outside of any MLLP frame", "byte 0", context)
        except LogFullError:
            intake.report(DOOR, "waiting", NO_ROOM)

    @staticmethod
    def _event(raw: bytes, arrived: datetime, peer: str, intake: Intake) -> AppointmentChanged:
        """Read a message. Raises `Hl7Error`."""
        site = intake.hospital.sites[0]
        booking = read_booking(read_hl7(raw), _zone(site.timezone))
        application = intake.hospital.at_address("hl7", booking.application)
        place = intake.hospital.at_address("hl7", booking.resource)
        # The same message sent again, since its answer was lost, must be the same event: id by its own time and bytes.
        stamp = booking.sent or arrived
        at = booking.sent if booking.sent and abs(booking.sent - arrived) <= CLOCK_SKEW else arrived
        return AppointmentChanged(
            id=Event.id_for(stamp, DOOR, hashlib.sha256(raw).hexdigest()),
            at=at,
            seen=arrived,
            source=DOOR,
            site=application.site if application else site.id,
            asset=application.id if application else None,
            zone=place.zone if place else None,
            change=booking.change,
            appointment=intake.pseudonym("appointment", booking.appointment),
            patient=intake.pseudonym("patient", booking.patient) if booking.patient else None,
            start=booking.start,
            resource=booking.resource,
            peer=peer,
        )


def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return UTC
