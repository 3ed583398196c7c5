"""A broker that the hospital already has: subscribes, and acknowledges a message after it is stored.

The session is persistent (clean session off) and acknowledgements are sent by hand, so a broker keeps for
us what it sent while we were down. What it sends again because an acknowledgement was lost is stored once
as long as we are not started anew; after that, where the device tells its time.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion

from safecare.exchange.log import LogFullError
from safecare.model.event import Event
from safecare.sources.api import Intake, UnreadableError, source
from safecare.sources.mqtt.again import Session
from safecare.sources.mqtt.decode import events_of
from safecare.sources.mqtt.frigate import Frigate
from safecare.sources.tls import trusting

LONGEST_WAIT = 30.0
"""Seconds between attempts to reach a broker that is away (chosen)."""
FIRST_WAIT = 0.5
"""Seconds until storing is tried again when there was no room (chosen)."""
WAITING = 1000
"""Most messages taken from the broker and not yet stored; beyond that we stop reading, so that TCP holds the broker
back (chosen: a second of a busy broker)."""
BATCH = 256
"""Most messages that are stored at once (chosen: the disk is waited for once, and memory stays small)."""
CLOSING = 0.2
"""Seconds after which a held back reader notices that we are closing (chosen)."""


class Message(NamedTuple):
    """What the broker sent, when, and in which of our connections: only there it can be acknowledged."""

    topic: str
    payload: bytes
    seen: datetime
    number: int
    qos: int
    connection: int
    again: bool
    session: Session
    kept: bool
    """Whether the broker had it before we asked."""

    def context(self) -> dict[str, str]:
        """Return what reading it again needs."""
        return {"topic": self.topic} | ({"kept": "yes"} if self.kept else {})


@source("mqtt-broker")
@dataclass
class MqttClient:
    """Subscribes at a broker.

    `host`, `port`: the broker. `topics`: what to subscribe to (QoS 1). `user`, `password`: if it asks for them.
    `authority`: PEM file of its certificate's authority; given, TLS is used.
    """

    door: str
    host: str
    topics: list[str]
    port: int = 1883
    user: str = ""
    password: str = ""
    authority: str = ""
    _frigate: Frigate = field(default_factory=Frigate, init=False)

    async def run(self, intake: Intake) -> None:
        """Follow the broker until cancelled; reconnect with back-off."""
        line = _Line(self, intake, asyncio.get_running_loop())
        line.start()
        try:
            while True:
                messages = await line.take()
                await self._store(messages, intake)
                line.done(messages)
        finally:
            await asyncio.shield(asyncio.to_thread(line.close))

    def decode(self, raw: bytes, context: Mapping[str, str], intake: Intake) -> Iterable[Event]:
        """Read one payload; `context` gives its ``topic``, and if it was ``kept``. Raises `UnreadableError`."""
        now, kept = intake.clock.now(), "kept" in context
        return list(events_of(context.get("topic", ""), raw, self.door, intake, now, self._frigate, kept=kept))

    async def _store(self, messages: Sequence[Message], intake: Intake) -> None:
        """Store all of `messages`, or wait until there is room: not acknowledged, the broker keeps the rest."""
        events: list[Event] = []
        unreadable: list[tuple[Message, UnreadableError]] = []
        for message in messages:
            told = f"{message.topic}\0".encode() + message.payload
            if message.session.knows(message.number, told, qos=message.qos, again=message.again):
                continue
            message.session.keep(message.number, told, qos=message.qos)
            try:
                events += events_of(
                    message.topic,
                    message.payload,
                    self.door,
                    intake,
                    message.seen,
                    self._frigate,
                    kept=message.kept,
                )
            except UnreadableError as error:
                unreadable.append((message, error))
        wait = FIRST_WAIT
        while True:
            try:
                while unreadable:
                    message, why = unreadable[0]
                    await intake.reject(self.door, message.payload, why.reason, why.place, message.context())
                    unreadable.pop(0)
                await intake.publish(events)
            except LogFullError:
                intake.report(self.door, "failed", "no room: waiting")
                await asyncio.sleep(wait)
                wait = min(wait * 2, LONGEST_WAIT)
            else:
                intake.report(self.door, "ok", f"{self.host}:{self.port}")
                return


class _Line:
    """The broker's side: paho and its thread, which hands over to the event loop and waits when we are slow."""

    def __init__(self, settings: MqttClient, intake: Intake, loop: asyncio.AbstractEventLoop) -> None:
        self._settings = settings
        self._intake = intake
        self._loop = loop
        self._queue: asyncio.Queue[Message] = asyncio.Queue()
        self._room = threading.BoundedSemaphore(WAITING)
        self._closing = threading.Event()
        self._connection = 0
        self._session = Session()
        self._refused = ""
        self._client = paho.Client(
            CallbackAPIVersion.VERSION2, client_id=f"safecare-{settings.door}", clean_session=False, manual_ack=True
        )
        if settings.user:
            self._client.username_pw_set(settings.user, settings.password)
        self._trust = trusting(Path(settings.authority)) if settings.authority else None
        if self._trust:
            self._client.tls_set_context(self._trust)
        self._client.reconnect_delay_set(1, int(LONGEST_WAIT))
        self._client.on_connect = self._connected
        self._client.on_subscribe = self._subscribed
        self._client.on_disconnect = self._disconnected
        self._client.on_connect_fail = self._unreachable
        self._client.on_message = self._received

    def start(self) -> None:
        """Begin to connect, and go on trying."""
        self._client.connect_async(self._settings.host, self._settings.port, keepalive=30)
        self._client.loop_start()

    async def take(self) -> list[Message]:
        """Wait for messages and return those that are there, in order."""
        messages = [await self._queue.get()]
        while len(messages) < BATCH and not self._queue.empty():
            messages.append(self._queue.get_nowait())
        return messages

    def done(self, messages: Sequence[Message]) -> None:
        """Acknowledge stored messages. Those of an earlier connection the broker sends again: numbers start anew."""
        for message in messages:
            if message.connection == self._connection:
                self._client.ack(message.number, message.qos)
            self._room.release()

    def close(self) -> None:
        """Disconnect and wait for paho's thread."""
        self._closing.set()
        self._client.disconnect()
        self._client.loop_stop()
        if left := self._client.socket():  # paho's thread ends without it
            left.close()
        self._client.on_connect = self._client.on_subscribe = self._client.on_disconnect = None
        self._client.on_connect_fail = self._client.on_message = None  # nothing holds it any more: paho frees the rest

    def _works(self) -> None:
        self._report("ok", f"{self._settings.host}:{self._settings.port}")

    def _report(self, state: str, detail: str) -> None:
        self._loop.call_soon_threadsafe(self._intake.report, self._settings.door, state, detail)

    def _connected(self, client: paho.Client, _data: Any, flags: Any, code: Any, _properties: Any) -> None:
        if code.is_failure:
            self._refused = f"the broker refuses us: {code}"
            return
        if not flags.session_present:
            self._session = Session()
        if self._connection == 0 or not flags.session_present:
            # asked for again, it would send all retained messages again
            client.subscribe([(topic, 1) for topic in self._settings.topics])
        else:
            self._works()
        self._connection += 1

    def _subscribed(self, _client: paho.Client, _data: Any, _number: int, codes: Any, _properties: Any) -> None:
        refused = [topic for topic, code in zip(self._settings.topics, codes, strict=False) if code.is_failure]
        if refused:
            self._report("failed", f"the broker refuses {', '.join(refused)}")
        else:
            self._works()

    def _disconnected(self, _client: paho.Client, _data: Any, _flags: Any, code: Any, _properties: Any) -> None:
        if code.is_failure:
            self._report("failed", self._refused or f"broker away: {code}")
            self._refused = ""
            self._renew()

    def _unreachable(self, _client: paho.Client, _data: Any) -> None:
        self._report("failed", f"no broker at {self._settings.host}:{self._settings.port}")
        self._renew()

    def _renew(self) -> None:
        """Trust the authority of now as well, which the broker may have got a new certificate of."""
        if self._trust:
            with contextlib.suppress(OSError):
                self._trust.load_verify_locations(self._settings.authority)

    def _received(self, _client: paho.Client, _data: Any, message: paho.MQTTMessage) -> None:
        while not self._room.acquire(timeout=CLOSING):
            if self._closing.is_set():
                return
        try:
            topic = message.topic
        except UnicodeDecodeError:  # nothing is called so: it goes to the rejects
            topic = ""
        taken = Message(
            topic,
            bytes(message.payload),
            self._intake.clock.now(),
            message.mid,
            message.qos,
            self._connection,
            message.dup,
            self._session,
            message.retain,
        )
        self._loop.call_soon_threadsafe(self._queue.put_nowait, taken)
