"""A broker that the hospital already has: subscribes, and acknowledges a message after it is stored.

The session is persistent (clean session off) and acknowledgements are sent by hand, so a broker keeps for
us what it sent while we were down.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion

from safecare.exchange.log import LogFullError
from safecare.model.event import Event
from safecare.sources.api import Intake, UnreadableError, source
from safecare.sources.mqtt.decode import events_of

LONGEST_WAIT = 30.0
"""Seconds between attempts to reach a broker that is away (chosen)."""
WAITING = 1000
"""Most messages taken from the broker and not yet stored; beyond that its flow is held back (chosen)."""


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
    _queue: asyncio.Queue[paho.MQTTMessage] = field(init=False)

    async def run(self, intake: Intake) -> None:
        """Follow the broker until cancelled; reconnect with back-off."""
        self._queue = asyncio.Queue()
        loop = asyncio.get_running_loop()
        client = self._client(loop, intake)
        client.connect_async(self.host, self.port, keepalive=30)
        client.loop_start()
        try:
            while True:
                message = await self._queue.get()
                await self._store(message, intake)
                client.ack(message.mid, message.qos)
        finally:
            client.disconnect()
            await asyncio.to_thread(client.loop_stop)

    def decode(self, raw: bytes, context: Mapping[str, str], intake: Intake) -> Iterable[Event]:
        """Read one payload; `context` gives its ``topic``. Raises `UnreadableError`."""
        return list(events_of(context.get("topic", ""), raw, self.door, intake, intake.clock.now()))

    def _client(self, loop: asyncio.AbstractEventLoop, intake: Intake) -> paho.Client:
        client = paho.Client(
            CallbackAPIVersion.VERSION2, client_id=f"safecare-{self.door}", clean_session=False, manual_ack=True
        )
        if self.user:
            client.username_pw_set(self.user, self.password)
        if self.authority:
            client.tls_set(ca_certs=self.authority)
        client.reconnect_delay_set(1, int(LONGEST_WAIT))
        client.max_inflight_messages_set(WAITING)

        def connected(broker: paho.Client, _data: Any, _flags: Any, code: Any, _properties: Any) -> None:
            if code.is_failure:
                loop.call_soon_threadsafe(intake.report, self.door, "failed", str(code))
                return
            broker.subscribe([(topic, 1) for topic in self.topics])
            loop.call_soon_threadsafe(intake.report, self.door, "ok", f"{self.host}:{self.port}")

        def disconnected(_client: paho.Client, _data: Any, _flags: Any, code: Any, _properties: Any) -> None:
            loop.call_soon_threadsafe(intake.report, self.door, "failed", f"broker away: {code}")

        def unreachable(_client: paho.Client, _data: Any) -> None:
            loop.call_soon_threadsafe(intake.report, self.door, "failed", f"no broker at {self.host}:{self.port}")

        def received(_client: paho.Client, _data: Any, message: paho.MQTTMessage) -> None:
            loop.call_soon_threadsafe(self._queue.put_nowait, message)

        client.on_connect = connected
        client.on_disconnect = disconnected
        client.on_connect_fail = unreachable
        client.on_message = received
        return client

    async def _store(self, message: paho.MQTTMessage, intake: Intake) -> None:
        context, payload = {"topic": message.topic}, bytes(message.payload)
        wait = 0.5
        while True:
            try:
                try:
                    events = list(self.decode(payload, context, intake))
                except UnreadableError as error:
                    await intake.reject(self.door, payload, error.reason, error.place, context)
                else:
                    await intake.publish(events)
            except LogFullError:  # not acknowledged: the broker keeps the rest until there is room again
                intake.report(self.door, "failed", "no room: waiting")
                await asyncio.sleep(wait)
                wait = min(wait * 2, LONGEST_WAIT)
            else:
                intake.report(self.door, "ok", f"{self.host}:{self.port}")
                return
