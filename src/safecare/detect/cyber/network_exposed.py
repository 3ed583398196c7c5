"""A medical or technical device is reached from where it should not be, by a service it never offered, or by too many.

Source: NIST SP 1800-8 (securing wireless infusion pumps: pumps talk to their server only); FDA, "Cybersecurity in
Medical Devices" (2023), A.4; MITRE ATT&CK for ICS T0886 (Remote Services), T0814 (Denial of Service).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import msgspec

from safecare.detect.api import detector
from safecare.detect.cyber.acquaintance import Acquaintance, alert_on
from safecare.detect.cyber.wire_words import end, target_of
from safecare.detect.memory import remember
from safecare.model.alert import Alert, Domain
from safecare.model.event import Event
from safecare.model.events.network import ConnectionSeen
from safecare.model.hospital import Asset, Hospital
from safecare.model.text import Text, say

GUARDED = frozenset({"medical", "utility", "cold_chain"})
"""Groups of assets that people do not connect to in their daily work."""
PEOPLE = frozenset({"workstation", "pc", "laptop", "tablet", "phone"})
"""Kinds of assets that people sit at."""
SERVICES = {
    21: "FTP", 22: "SSH", 23: "Telnet", 69: "TFTP", 80: "HTTP", 443: "HTTPS", 445: "SMB", 512: "rexec", 513: "rlogin",
    514: "rsh", 2323: "Telnet", 3389: "RDP", 4840: "OPC UA", 5555: "ADB", 5800: "VNC", 5900: "VNC", 8080: "HTTP",
    8443: "HTTPS",
}  # fmt: skip
"""Ports by which devices are configured and given firmware (IANA; FDA recalls name Telnet, FTP and web pages)."""
SPAN = 10.0
"""Seconds in which connections to one device are counted (chosen)."""
LEAST, TIMES = 200, 10
"""Connections in that time, and times the most of the learning time, from which it is a flood (chosen)."""
DEVICES = 10_000
"""Most devices counted (chosen: more than a hospital's)."""


class Load(msgspec.Struct):
    """Connections to a device in this span, the most of a span so far, and whether it was told."""

    span: int = 0
    count: int = 0
    most: int = 0
    told: bool = False


@detector("network.device-exposed", wants={ConnectionSeen}, domain=Domain.CYBER)
@dataclass
class DeviceExposed:
    """Alert on new answered services of a device, on people's stations that reach it for the first time, and on floods.

    `learning`: time from `since` (or the first event) in which services and visitors are learned; zero: floods only.
    `pause`: time until the same is told again.
    """

    hospital: Hospital
    learning: timedelta = timedelta(hours=24)
    pause: timedelta = timedelta(hours=12)
    since: datetime | None = None
    _past: Acquaintance = field(default_factory=Acquaintance, init=False)
    _loads: dict[str, Load] = field(default_factory=dict, init=False)

    def feed(self, batch: Iterable[Event]) -> Iterator[Alert]:
        """Judge connections to devices."""
        for event in batch:
            if isinstance(event, ConnectionSeen):
                device = self.hospital.at_address("ip", event.dst_ip)
                if device is not None and device.group in GUARDED:
                    self._past.begin(event, self.since)
                    yield from self._reached(event, device)
                    yield from self._flooded(event, device)

    def _reached(self, event: ConnectionSeen, device: Asset) -> Iterator[Alert]:
        target = target_of(self.hospital, event.dst_ip)
        service = SERVICES.get(event.dst_port)
        if service and event.outcome == "open":
            key = f"{device.id}\x1f{event.dst_port}"
            if self._past.is_new(event, key, self.learning) and self._past.due(event, key, self.pause):
                title = say("{target} offers a service that it never did: {service}", target=target, service=service)
                why = say("By this service devices are configured, or given other software.")
                yield from self._told(event, device, 50, title, why, "T0886")
        visitor = self.hospital.at_address("ip", event.src_ip)
        if visitor is not None and visitor.kind in PEOPLE:
            key = f"{event.src_ip}\x1f{device.id}"
            if self._past.is_new(event, key, self.learning) and self._past.due(event, key, self.pause):
                source = end(self.hospital, event.src_ip)
                title = say("{source}, at which people work, reaches {target}", source=source, target=target)
                yield from self._told(event, device, 45, title, say("It never did before."), "T0886")

    def _flooded(self, event: ConnectionSeen, device: Asset) -> Iterator[Alert]:
        load = self._loads.get(device.id)
        if load is None:
            load = Load()
            remember(self._loads, device.id, load, DEVICES)
        span = int(event.at.timestamp() // SPAN)
        if span != load.span:
            load.most = max(load.most, load.count) if self._past.learns(event, self.learning) else load.most
            load.span, load.count, load.told = span, 0, False
        load.count += 1
        if load.count >= max(LEAST, TIMES * load.most) and not load.told:
            load.told = True
            if self._past.due(event, f"flood\x1f{device.id}", self.pause):
                title = say("{target} is flooded with connections", target=target_of(self.hospital, event.dst_ip))
                why = say("{count} within {seconds} seconds.", count=load.count, seconds=int(SPAN))
                yield from self._told(event, device, 60, title, why, "T0814")

    def _told(
        self, event: ConnectionSeen, device: Asset, severity: int, title: Text, why: Text, technique: str
    ) -> Iterator[Alert]:
        extra = 10 if device.criticality >= 3 else 0
        yield alert_on(self, self.hospital, event, severity + extra, title, [why], technique)
