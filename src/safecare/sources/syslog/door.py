"""Syslog over UDP, TCP and TLS (RFC 5424, 3164; framing of RFC 6587 and 5425).

Syslog knows no acknowledgement. TCP and TLS senders are read only as fast as messages become durable, so that they feel
a full disk and keep what they have; what comes by UDP beyond the queue is lost, counted, and told on the health page.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from itertools import count
from pathlib import Path
from typing import ClassVar

from safecare.exchange.log import LogFullError
from safecare.formats.logs.record import LogRecord
from safecare.formats.logs.syslog import LINE, SyslogError, read_syslog
from safecare.model.event import Event
from safecare.sources.api import Intake, UnreadableError, source
from safecare.sources.logs.events import event_of
from safecare.sources.syslog.decode import events_of, of_cef
from safecare.sources.tls import server_tls

QUEUE = 20_000
"""Messages that wait to become durable (chosen: four seconds of a hospital's 5,000 a second; some 10 MB)."""
BATCH = 1_000
"""Most messages in one batch of the log. Chosen: that of the platform's own batches."""
LINGER = 0.2
"""Seconds for which a batch waits for more (chosen: little against what a person notices)."""
BACK_OFF = 2.0
"""Seconds until what found no room, or no port, is tried again (chosen)."""
QUIET = 3600.0
"""Seconds without a byte after which a connection is closed (chosen: senders write more often, and come again)."""
OFF = -1

_COUNTED = re.compile(rb"(\d{1,6}) ")


@dataclass
class Arrived:
    """One message as it came."""

    raw: bytes
    peer: str
    at: datetime
    number: int


@source("syslog")
@dataclass
class SyslogDoor:
    """Listens on `host`, `port` by TCP and UDP alike, and on `tls`; -1 is off, 0 takes a free one.

    `certificate` and `key`: files (PEM) that TLS needs. `connections`: how many may be open. Where it listens is told
    by `address`, `datagrams` and `secure` once `started` is set.
    """

    name: ClassVar[str]
    needs: ClassVar[tuple[str, ...]]

    door: str
    host: str = "127.0.0.1"
    port: int = 5514
    tls: int = OFF
    certificate: Path | None = None
    key: Path | None = None
    connections: int = 256
    address: tuple[str, int] = field(default=("", 0), init=False)
    datagrams: tuple[str, int] = field(default=("", 0), init=False)
    secure: tuple[str, int] = field(default=("", 0), init=False)
    started: asyncio.Event = field(default_factory=asyncio.Event, init=False)
    lost: int = field(default=0, init=False)
    """Messages by UDP that found no room."""
    _open: int = field(default=0, init=False)

    async def run(self, intake: Intake) -> None:
        """Listen until cancelled; try again while an address is taken."""
        self._waiting: asyncio.Queue[Arrived] = asyncio.Queue(QUEUE)
        self._numbers = count()
        self._run = intake.clock.now().isoformat()
        while True:
            try:
                async with asyncio.TaskGroup() as group:
                    group.create_task(self._write(intake))
                    group.create_task(self._listen(intake))
            except* OSError as error:
                intake.report(self.door, "failed", f"{self.host}: {error.exceptions[0]}")
            await asyncio.sleep(BACK_OFF)

    def decode(self, raw: bytes, context: Mapping[str, str], intake: Intake) -> Iterable[Event]:
        """Return the record, and what its sender calls an alert. `context`: peer (address), at (arrival), ref."""
        seen = datetime.fromisoformat(context["at"]) if "at" in context else intake.clock.now()
        try:
            fields, at = read_syslog(raw, seen, lenient=True)
        except SyslogError as error:
            raise UnreadableError(str(error), "message") from error
        peer = context.get("peer", "")
        record = LogRecord(fields, 0, at=at)
        ref = context.get("ref") or f"{peer}\x1f{raw!r}"
        events: list[Event] = [event_of(record, intake.hospital, self.door, seen, ref, peer)]
        if alert := of_cef(fields):
            alert.at = read_syslog(raw, lenient=True)[1]  # not by a time without year and offset: that may be local
            events += events_of(alert, intake.hospital, self.door, seen, raw)
        return events

    async def _listen(self, intake: Intake) -> None:
        loop = asyncio.get_running_loop()
        servers: list[asyncio.Server] = []
        transport: asyncio.DatagramTransport | None = None

        async def serve(port: int, context: ssl.SSLContext | None = None) -> tuple[str, int]:
            server = await asyncio.start_server(partial(self._stream, intake), self.host, port, ssl=context)
            servers.append(server)
            where: tuple[str, int] = server.sockets[0].getsockname()[:2]
            return where

        try:
            if self.port != OFF:
                self.address = await serve(self.port)
                transport, _ = await loop.create_datagram_endpoint(
                    lambda: _Datagrams(self, intake), local_addr=(self.host, self.port and self.address[1])
                )
                self.datagrams = transport.get_extra_info("sockname")[:2]
            if self.tls != OFF:
                if self.certificate is None:
                    raise OSError("TLS needs the settings certificate and key")
                self.secure = await serve(self.tls, server_tls(self.certificate, self.key))
            places = [f"{host}:{port}" for host, port in (self.address, self.secure) if host]
            intake.report(self.door, "ok", ", ".join(places))
            self.started.set()
            await loop.create_future()
        finally:
            self.started.clear()
            if transport:
                transport.close()
            for server in servers:
                server.close()

    def take(self, raw: bytes, peer: str, intake: Intake) -> None:
        """Take a datagram, or lose and count it when too many wait."""
        try:
            self._waiting.put_nowait(Arrived(raw, peer, intake.clock.now(), next(self._numbers)))
        except asyncio.QueueFull:
            self.lost += 1
            intake.report(self.door, "failed", f"{self.lost} messages by UDP found no room and are lost")

    async def _stream(self, intake: Intake, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._open >= self.connections:
            writer.close()
            return
        self._open += 1
        peer = str(writer.get_extra_info("peername", ("",))[0])
        buffer = b""
        try:
            while data := await asyncio.wait_for(reader.read(LINE), QUIET):
                messages, buffer = split(buffer + data)
                for raw in messages:
                    await self._waiting.put(Arrived(raw, peer, intake.clock.now(), next(self._numbers)))
        except (ConnectionError, TimeoutError, ssl.SSLError):
            pass
        finally:
            self._open -= 1
            writer.close()
        if buffer.strip():
            await self._waiting.put(Arrived(buffer, peer, intake.clock.now(), next(self._numbers)))

    async def _write(self, intake: Intake) -> None:
        """Make what arrived durable, batch by batch; what finds no room is kept and tried again."""
        while True:
            batch = [await self._waiting.get()]
            await asyncio.sleep(LINGER)
            while len(batch) < BATCH and not self._waiting.empty():
                batch.append(self._waiting.get_nowait())
            events: list[Event] = []
            for one in batch:
                context = {"peer": one.peer, "at": one.at.isoformat(), "ref": f"{self._run}\x1f{one.number}"}
                try:
                    events += self.decode(one.raw, context, intake)
                except UnreadableError as error:
                    await self._kept(
                        intake, partial(intake.reject, self.door, one.raw, error.reason, error.place, context)
                    )
            key = f"{self.door}\x1f{self._run}\x1f{batch[0].number}"
            await self._kept(intake, partial(intake.publish, events, key=key))

    async def _kept(self, intake: Intake, act: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await act()
            except LogFullError:
                intake.report(self.door, "failed", "no room: messages wait, and those by UDP will be lost")
                await asyncio.sleep(BACK_OFF)
            else:
                return


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, door: SyslogDoor, intake: Intake) -> None:
        self._door, self._intake = door, intake

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._door.take(data, str(addr[0]), self._intake)


def split(buffer: bytes) -> tuple[list[bytes], bytes]:
    """Return the whole messages of a stream, and what is left: with their length before them, or one on each line.

    A message without an end is cut at the longest length.
    """
    messages: list[bytes] = []
    at = 0
    while at < len(buffer):
        counted = _COUNTED.match(buffer, at)
        if counted:
            end = counted.end() + min(int(counted[1]), LINE)
            if end > len(buffer):
                break
            messages.append(buffer[counted.end() : end])
            at = end
            continue
        end = buffer.find(b"\n", at)
        if end < 0:
            if len(buffer) - at < LINE:
                break
            end = at + LINE - 1
        if buffer[at:end].strip():
            messages.append(buffer[at : end + 1])
        at = end + 1
    return messages, buffer[at:]
