"""MQTT devices that send to us directly: a server that takes in and acknowledges what is stored.

It is no broker: subscriptions are refused. A QoS 1 message is acknowledged (PUBACK) only after its events,
or its reject, are durable; when there is no room the connection is closed without an acknowledgement, so
that the device sends the message again.
"""

from __future__ import annotations

import asyncio
import hmac
import ssl
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import structlog

from safecare.exchange.log import LogFullError
from safecare.formats import mqtt
from safecare.model.event import Event
from safecare.sources.api import Intake, UnreadableError, source
from safecare.sources.mqtt.decode import events_of

FIRST_PACKET = 10.0
"""Seconds in which a client must say CONNECT (chosen; 3.1.4 asks for "a reasonable amount of time")."""


@source("mqtt")
@dataclass
class MqttListener:
    """Listens for devices.

    `host`, `port`: where. `users`: passwords by user name; empty = anyone who can reach the port.
    `certificate`, `key`: PEM files for TLS. `most`: connections at the same time.
    """

    door: str
    host: str = "127.0.0.1"
    port: int = 1883
    users: dict[str, str] = field(default_factory=dict)
    certificate: str = ""
    key: str = ""
    most: int = 500
    _open: int = field(default=0, init=False)

    async def run(self, intake: Intake) -> None:
        """Serve until cancelled."""
        context = None
        if self.certificate:
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(self.certificate, self.key)
        tasks: set[asyncio.Task[None]] = set()

        async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            if task is not None:
                tasks.add(task)
                task.add_done_callback(tasks.discard)
            await self._serve(reader, writer, intake)

        server = await asyncio.start_server(client, self.host, self.port, ssl=context)
        intake.report(self.door, "ok", f"{self.host}:{server.sockets[0].getsockname()[1]}")
        try:
            async with server:
                await server.serve_forever()
        finally:
            for task in tasks:
                task.cancel()

    def decode(self, raw: bytes, context: Mapping[str, str], intake: Intake) -> Iterable[Event]:
        """Read one payload; `context` gives its ``topic``. Raises `UnreadableError`."""
        return list(events_of(context.get("topic", ""), raw, self.door, intake, intake.clock.now()))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, intake: Intake) -> None:
        peer = str((writer.get_extra_info("peername") or ("?",))[0])
        self._open += 1
        try:
            if self._open <= self.most:
                await self._session(reader, writer, intake, peer)
            else:
                structlog.get_logger().warning("too many connections", door=self.door, peer=peer)
        except LogFullError:
            intake.report(self.door, "failed", "no room: senders are refused")
        except (ConnectionError, TimeoutError, asyncio.IncompleteReadError):
            pass  # the device went away; what it had acknowledged is stored
        finally:
            self._open -= 1
            writer.close()

    async def _session(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, intake: Intake, peer: str
    ) -> None:
        decoder = mqtt.Decoder()
        patience: float | None = None  # None = no CONNECT yet
        while patience is None or patience >= 0:
            raw = await asyncio.wait_for(reader.read(65_536), FIRST_PACKET if patience is None else patience or None)
            if not raw:
                return
            try:
                for packet in decoder.feed(raw):
                    if packet.type == mqtt.DISCONNECT:
                        return
                    if patience is None:
                        patience = self._connect(packet, writer)
                    else:
                        writer.write(await self._answer(packet, intake))
            except mqtt.MqttError as error:
                await intake.reject(self.door, raw, str(error), f"connection from {peer}")
                return
            await writer.drain()

    def _connect(self, packet: mqtt.Packet, writer: asyncio.StreamWriter) -> float:
        """Answer a CONNECT; return the seconds of silence to allow (0 = any), below 0 when refused."""
        if packet.type != mqtt.CONNECT:
            raise mqtt.MqttError("the first packet is no CONNECT")
        request = mqtt.read_connect(packet)
        code = 0
        if request.level != 4:
            code = mqtt.REFUSED_PROTOCOL
        elif self.users and not self._known(request):
            code = mqtt.REFUSED_CREDENTIALS
        writer.write(mqtt.connack(code))
        return -1.0 if code else request.keep_alive * 1.5

    def _known(self, request: mqtt.Connect) -> bool:
        expected = self.users.get(request.user or "")
        return expected is not None and hmac.compare_digest(expected.encode(), request.password or b"")

    async def _answer(self, packet: mqtt.Packet, intake: Intake) -> bytes:
        match packet.type:
            case mqtt.PUBLISH:
                message = mqtt.read_publish(packet)
                await self._take(message, intake)
                if message.qos == 1:
                    return mqtt.puback(message.packet)
                return mqtt.pubrec(message.packet) if message.qos == 2 else b""
            case mqtt.PUBREL:
                return mqtt.pubcomp(mqtt.read_number(packet))
            case mqtt.PINGREQ:
                return mqtt.PINGRESP
            case mqtt.SUBSCRIBE:
                return mqtt.suback_refused(packet)
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
