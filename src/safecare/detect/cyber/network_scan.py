"""One station tries many targets or many ports, and most do not answer.

Source: MITRE ATT&CK T1046 (Network Service Discovery); the share of failures as the measure follows threshold
random walk (Jung, Paxson, Berger, Balakrishnan, "Fast Portscan Detection Using Sequential Hypothesis Testing",
IEEE S&P 2004): benign hosts succeed in about 80 % of their first contacts, scanners in about 20 %.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import msgspec

from safecare.detect.api import detector
from safecare.model.alert import Alert, Domain
from safecare.model.event import Event
from safecare.model.events.network import ConnectionSeen
from safecare.model.hospital import Hospital
from safecare.model.text import Ref, Span, say

STATIONS = 5000
"""Most stations followed at the same time (chosen: more than a hospital's hosts; the oldest are forgotten)."""


class Station(msgspec.Struct):
    """First contacts of one source in its window: target and port, when, and whether they failed."""

    first: ConnectionSeen
    contacts: dict[str, bool]
    seen: datetime
    told: datetime | None = None


@detector("network.scan", wants={ConnectionSeen}, domain=Domain.CYBER)
@dataclass
class NetworkScan:
    """Alert when a station makes `many` (number) different first contacts within `window` and most of them fail.

    `failing`: least share (0-1) of failures, half way between the paper's 20 % and 80 %. `pause`: time until the
    same station is told again.
    """

    hospital: Hospital
    many: int = 20
    failing: float = 0.5
    window: timedelta = timedelta(minutes=5)
    pause: timedelta = timedelta(minutes=30)
    _stations: dict[str, Station] = field(default_factory=dict, init=False)

    def feed(self, batch: Iterable[Event]) -> Iterator[Alert]:
        """Count first contacts."""
        for event in batch:
            if isinstance(event, ConnectionSeen) and event.outcome != "unknown":
                yield from self._contact(event)

    def _contact(self, event: ConnectionSeen) -> Iterator[Alert]:
        station = self._stations.get(event.src_ip)
        if station is None or event.at - station.first.at > self.window:
            told = station.told if station else None
            station = Station(event, {}, event.at, told)
            self._make_room()
            self._stations[event.src_ip] = station
        station.seen = event.at
        key = f"{event.dst_ip}\x1f{event.dst_port}\x1f{event.protocol}"
        if key in station.contacts:
            return
        if len(station.contacts) < self.many * 50:  # chosen: enough to count, bounded against a flood
            station.contacts[key] = event.outcome in {"refused", "silent"}
        failed = sum(station.contacts.values())
        if len(station.contacts) < self.many or failed < self.failing * len(station.contacts):
            return
        if station.told is None or event.at - station.told > self.pause:
            station.told = event.at
            yield self._alert(station, event, failed)

    def _make_room(self) -> None:
        if len(self._stations) >= STATIONS:
            oldest = sorted(self._stations, key=lambda ip: self._stations[ip].seen)
            for ip in oldest[: STATIONS // 10]:
                del self._stations[ip]

    def _alert(self, station: Station, event: ConnectionSeen, failed: int) -> Alert:
        targets = {key.split("\x1f")[0] for key in station.contacts}
        ports = {key.split("\x1f")[1] for key in station.contacts}
        asset = self.hospital.at_address("ip", event.src_ip)
        return Alert.of(
            self,
            station.first,
            event,
            window="scan",
            severity=55,
            confidence=0.85,
            title=say("{source} scans the network", source=Ref(asset.id) if asset else event.src_ip),
            why=[
                say(
                    "{contacts} first contacts, {targets} addresses, {ports} ports within {span}; {failed} failed.",
                    contacts=len(station.contacts),
                    targets=len(targets),
                    ports=len(ports),
                    span=Span((event.at - station.first.at).total_seconds()),
                    failed=failed,
                )
            ],
            assets=[asset.id] if asset else [],
            zones=[asset.zone] if asset and asset.zone else [],
            peers=[] if asset else [event.src_ip],
            techniques=("T1046",),
        )
