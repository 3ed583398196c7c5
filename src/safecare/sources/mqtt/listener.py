"""MQTT devices that send to us directly: a server that takes in and acknowledges what is stored.

It is no broker: subscriptions are refused. A message of QoS 1 or 2 is acknowledged (PUBACK, PUBREC) only after
its events, or its reject, are durable; when there is no room the connection is closed without an
acknowledgement, so that the device sends the message again.
"""

from __future__ import annotations

import asyncio
import hmac
import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from safecare.exchange.log import LogFullError
from safecare.formats import mqtt
from safecare.model.event import Event
from safecare.sources.api import Intake, UnreadableError, source
from safecare.sources.listen import streams
from safecare.sources.mqtt.again import Session, Sessions
from safecare.sources.mqtt.decode import events_of
from safecare.sources.mqtt.frigate import Frigate
from safecare.sources.tls import server_tls

FIRST_PACKET = 10.0
"""Seconds in which a client must say CONNECT (chosen; 3.1.4 asks for "a reasonable amount of time")."""
FIRST_LIMIT = 1 << 13
"""Largest CONNECT, bytes: who has not signed in yet gets little memory (chosen: names and passwords are short)."""
READ_SIZE = 1 << 16
"""Bytes read from a connection at a time (chosen)."""


@source("mqtt")
@dataclass
class MqttListener:
    """Listens for devices.

    `host`, `port`: where; port 0 takes a free one, told by `address` once `started` is set. `users`: passwords by
    user name; empty = anyone who can reach the port. `certificate`, `key`: PEM files for TLS. `most`: connections
    at the same time. `first_packet`: seconds until a client must have said CONNECT.
    """

    door: str
    host: str = "127.0.0.1"
    port: int = 1883
    users: dict[str, str] = field(default_factory=dict)
    certificate: str = ""
    key: str = ""
    most: int = 500
    first_packet: float = FIRST_PACKET
    address: tuple[str, int] = field(default=("", 0), init=False)
    started: asyncio.Event = field(default_factory=asyncio.Event, init=False)
    _frigate: Frigate = field(default_factory=Frigate, init=False)
    _sessions: Sessions = field(init=False)
    _open: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        """Begin with no session."""
        self._sessions = Sessions(self.most)

    async def run(self, intake: Intake) -> None:
        """Serve until cancelled. Raises `OSError` when the address, the certificate or its key can't be had."""
        context = server_tls(Path(self.certificate) if self.certificate else None, Path(self.key) if self.key else None)

        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await self._serve(reader, writer, intake)

        # with TLS a client that never ends its handshake is dropped as one that never says CONNECT
        async with streams(talk, self.host, self.port, self.most, context, self.first_packet) as self.address:
            intake.report(self.door, "ok", f"{self.address[0]}:{self.address[1]}")
            self.started.set()
            try:
                await asyncio.get_running_loop().create_future()
            finally:
                self.started.clear()

    def decode(self, raw: bytes, context: Mapping[str, str], intake: Intake) -> Iterable[Event]:
        """Read one payload; `context` gives its ``topic``. Raises `UnreadableError`."""
        return list(events_of(context.get("topic", ""), raw, self.door, intake, intake.clock.now(), self._frigate))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, intake: Intake) -> None:
        peer = str((writer.get_extra_info("peername") or ("?",))[0])
        self._open += 1
        try:
            await self._session(reader, writer, intake, peer)
        except LogFullError:
            intake.report(self.door, "failed", "no room: senders are refused")
        finally:
            self._open -= 1

    async def _session(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, intake: Intake, peer: str
    ) -> None:
        connection: socket.socket = writer.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)  # frees the place of a device that vanished
        decoder = mqtt.Decoder(FIRST_LIMIT)
        packet: mqtt.Packet | None = None
        try:
            async with asyncio.timeout(self.first_packet):
                while packet is None:
                    raw = await reader.read(FIRST_LIMIT)
                    if not raw:
                        return
                    packet = next(decoder.feed(raw), None)
            joined = self._connect(packet, writer, peer)
            if joined is None:
                await writer.drain()
                return
            session, patience = joined
            decoder.limit, raw = mqtt.Decoder.limit, b""
            while True:
                for packet in decoder.feed(raw):
                    if packet.type == mqtt.DISCONNECT:
                        return
                    writer.write(await self._answer(packet, session, intake))
                packet = None
                await writer.drain()
                raw = await asyncio.wait_for(reader.read(READ_SIZE), patience or None)
                if not raw:
                    return
        except mqtt.MqttError as error:
            await intake.reject(
                self.door, packet.body if packet else decoder.held, str(error), f"connection from {peer}"
            )

    def _connect(self, packet: mqtt.Packet, writer: asyncio.StreamWriter, peer: str) -> tuple[Session, float] | None:
        """Answer a CONNECT; return the session and the seconds of silence to allow (0 = any), None when refused."""
        if packet.type != mqtt.CONNECT:
            raise mqtt.MqttError("the first packet is no CONNECT")
        request = mqtt.read_connect(packet)
        code = 0
        if request.level != 4:
            code = mqtt.REFUSED_PROTOCOL
        elif self.users and not self._known(request):
            code = mqtt.REFUSED_CREDENTIALS
        elif not request.client and not request.clean:
            code = mqtt.REFUSED_IDENTIFIER  # 3.1.3-8
        if code:
            writer.write(mqtt.connack(code))
            structlog.get_logger().warning("device refused", door=self.door, peer=peer, code=code)
            return None
        session, present = self._sessions.of(request.user or "", request.client, clean=request.clean)
        writer.write(mqtt.connack(present=present))
        return session, request.keep_alive * 1.5

    def _known(self, request: mqtt.Connect) -> bool:
        expected = self.users.get(request.user or "")
        return expected is not None and hmac.compare_digest(expected.encode(), request.password or b"")

    async def _answer(self, packet: mqtt.Packet, session: Session, intake: Intake) -> bytes:
        match packet.type:
            case mqtt.PUBLISH:
                message = mqtt.read_publish(packet)
                told = f"{message.topic}\0".encode() + message.payload
                if not session.knows(message.packet, told, qos=message.qos, again=message.again):
                    await self._take(message, intake)
                    session.keep(message.packet, told, qos=message.qos)
                if message.qos == 1:
                    return mqtt.puback(message.packet)
                return mqtt.pubrec(message.packet) if message.qos == 2 else b""
            case mqtt.PUBREL:
                session.release(mqtt.read_number(packet))
                return mqtt.pubcomp(mqtt.read_number(packet))
            case mqtt.PINGREQ:
                return mqtt.PINGRESP
            case mqtt.SUBSCRIBE:
                return mqtt.suback_refused(packet)
            case mqtt.UNSUBSCRIBE:
                return mqtt.unsuback(mqtt.read_number(packet))
            case _:
                raise mqtt.MqttError(f"packet type {packet.type} is not for a server that takes in")

    async def _take(self, message: mqtt.Publish, intake: Intake) -> None:
        context = {"topic": message.topic}
        try:
            events = list(self.decode(message.payload, context, intake))
        except UnreadableError as error:
            await intake.reject(self.door, message.payload, error.reason, error.place, context)
        else:
            await intake.publish(events)
            intake.report(self.door, "ok", f"{self._open} connected")
