"""Values of pumps and sensors are published by whom they never were, or under another's topic.

Source: OASIS MQTT 3.1.1, 5.4 (a broker without authentication believes everybody); OWASP IoT Top 10 (2018), I2 and I7;
MITRE ATT&CK for ICS T0856 (Spoof Reporting Message).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from safecare.detect.api import detector
from safecare.detect.cyber.acquaintance import Acquaintance, alert_on
from safecare.detect.cyber.wire_words import end, target_of
from safecare.model.alert import Alert, Domain
from safecare.model.event import Event
from safecare.model.events.network import CommandSeen
from safecare.model.hospital import Hospital
from safecare.model.text import say


@detector("mqtt.unusual-client", wants={CommandSeen}, domain=Domain.CYBER)
@dataclass
class MqttClient:
    """Alert on clients that nobody knows, and on known ones that publish where they never did.

    `learning`: time from `since` (or the first event) in which clients and topics are learned; zero: nothing is told.
    `pause`: time until the same is told again.
    """

    hospital: Hospital
    learning: timedelta = timedelta(hours=24)
    pause: timedelta = timedelta(hours=1)
    since: datetime | None = None
    _past: Acquaintance = field(default_factory=Acquaintance, init=False)

    def feed(self, batch: Iterable[Event]) -> Iterator[Alert]:
        """Judge connections and publications."""
        for event in batch:
            if isinstance(event, CommandSeen) and event.protocol == "mqtt" and event.command in ("connect", "publish"):
                self._past.begin(event, self.since)
                yield from self._judge(event)

    def _judge(self, event: CommandSeen) -> Iterator[Alert]:
        client, source = event.facts.get("client_id", ""), end(self.hospital, event.src_ip)
        target = target_of(self.hospital, event.dst_ip)
        if self._past.is_new(event, f"{client}\x1f{event.src_ip}\x1f{event.dst_ip}", self.learning):
            if self._past.due(event, f"{client}\x1f{event.src_ip}", self.pause):
                title = say("Unknown MQTT client {client} at {target}", client=client or "-", target=target)
                why = say("{source} never connected under this name.", source=source)
                severity = 55 if event.command == "publish" else 45
                yield alert_on(self, self.hospital, event, severity, title, [why], "T0856")
        elif event.command == "publish":
            place = event.target.rpartition("/")[0] or event.target
            if self._past.is_new(event, f"{client}\x1f{place}", self.learning) and self._past.due(
                event, f"{client}\x1f{place}", self.pause
            ):
                title = say("{source} publishes under a topic that is not its own", source=source)
                why = say("{client} never published under {topic}.", client=client or "-", topic=event.target)
                yield alert_on(self, self.hospital, event, 55, title, [why], "T0856")
