"""Takes syslog messages (RFC 5424, RFC 3164, CEF within them) over TCP and UDP.

Source: RFC 6587 (framing over TCP: octet counting, or a line end), RFC 5426 (one message in a datagram). Syslog has no
acknowledgement: over TCP we stop reading when there is no room, so that the sender waits; over UDP what does not fit is
counted as lost.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass, field

from safecare.exchange.log import LogFullError
from safecare.formats.syslog import LIMIT, SyslogError, read_syslog
from safecare.model.event import Event
from safecare.sources.api import Intake, UnreadableError, source
from safecare.sources.syslog.decode import events_of

WAITING = 10_000
"""Messages that wait (chosen: some seconds of a busy firewall); over UDP more are lost and counted."""
TOGETHER = 1000
IDLE = 3600.0
"""Seconds without a byte after which a connection is closed (chosen)."""


@source("syslog")
@dataclass
class SyslogDoor:
    """Listens for senders.

    `host`, `port`: where, TCP and UDP alike; port 0 takes free ones, told by `address` and `datagrams` once
    `started` is set.
    """

    door: str
    host: str = "127.0.0.1"
    port: int = 5514
    address: tuple[str, int] = field(default=("", 0), init=False)
    datagrams: tuple[str, int] = field(default=("", 0), init=False)
    started: asyncio.Event = field(default_factory=asyncio.Event, init=False)
    _waiting: asyncio.Queue[bytes] = field(default_factory=lambda: asyncio.Queue(WAITING), init=False)
    _lost: int = field(default=0, init=False)

    async def run(self, intake: Intake) -> None:
        """Serve until cancelled. Raises `OSError` when an address can't be had."""
        server = await asyncio.start_server(self._connected, self.host, self.port, limit=2 * LIMIT)
        self.address = server.sockets[0].getsockname()[:2]
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(
            lambda: _Receiver(self), local_addr=(self.host, self.port and self.address[1])
        )
        self.datagrams = transport.get_extra_info("sockname")[:2]
        self.started.set()
        intake.report(self.door, "waiting", f"{self.address[0]}:{self.address[1]}")
        try:
            while True:
                await self._take(intake)
        finally:
            transport.close()
            server.close()

    def decode(self, raw: bytes, context: Mapping[str, str], intake: Intake) -> Iterable[Event]:
        """Read one message. Raises `UnreadableError`."""
        try:
            line = read_syslog(raw)
        except SyslogError as error:
            raise UnreadableError(str(error), "message") from error
        return list(events_of(line, intake.hospital, self.door, intake.clock.now(), raw))

    def received(self, message: bytes) -> None:
        """Put a datagram's message among those that wait."""
        try:
            self._waiting.put_nowait(message)
        except asyncio.QueueFull:
            self._lost += 1

    async def _take(self, intake: Intake) -> None:
        batch = [await self._waiting.get()]
        while len(batch) < TOGETHER and not self._waiting.empty():
            batch.append(self._waiting.get_nowait())
        while True:
            try:
                events: list[Event] = []
                for raw in batch:
                    try:
                        events += self.decode(raw, {}, intake)
                    except UnreadableError as error:
                        await intake.reject(self.door, raw, error.reason, error.place)
                await intake.publish(events)
                break
            except LogFullError:
                intake.report(self.door, "failed", "no room: senders wait")
                await asyncio.sleep(1.0)
        lost = f", {self._lost} lost" if self._lost else ""
        intake.report(self.door, "ok", f"{len(batch)} messages{lost}")

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async for message in _messages(reader):
                await self._waiting.put(message)
        except (OSError, TimeoutError, ValueError, asyncio.IncompleteReadError):
            pass  # the sender went away, or sends what is no syslog
        finally:
            writer.close()


class _Receiver(asyncio.DatagramProtocol):
    def __init__(self, door: SyslogDoor) -> None:
        self._door = door

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Hand a datagram over."""
        self._door.received(data)


async def _messages(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    """Yield the messages of a connection, framed in either way. Raises `ValueError` for a frame that is none."""
    while True:
        async with asyncio.timeout(IDLE):
            first = await reader.read(1)
            if not first:
                return
            if first.isdigit():
                length = first + await reader.readuntil(b" ")
                size = int(length)
                if size > LIMIT:
                    raise ValueError("message too long")
                yield await reader.readexactly(size)
            elif first.strip():
                try:
                    yield first + (await reader.readuntil(b"\n")).rstrip(b"\r\n")
                except asyncio.IncompleteReadError as error:
                    yield first + error.partial
                    return
                except asyncio.LimitOverrunError as error:
                    raise ValueError("message too long") from error
