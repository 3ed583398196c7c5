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
from safecare.detect.memory import remember
from safecare.model.alert import Alert, Domain
from safecare.model.event import Event
from safecare.model.events.network import ConnectionSeen
from safecare.model.hospital import Hospital
from safecare.model.text import Ref, Span, say

STATIONS = 5000
"""Most stations followed at the same time (chosen: more than a hospital's hosts; the oldest windows are forgotten)."""
WINDOW_FULL = 10
"""Times `many` contacts after which a window ends early (chosen: bounds the memory, and what went well before a
scan does not water it down for long)."""


class Station(msgspec.Struct):
    """First contacts of one source in its window: target and port, when, and whether they failed."""

    first: ConnectionSeen
    contacts: dict[str, bool]
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
        station = self._station(event)
        if station.told is not None and abs(event.at - station.told) <= self.pause:
            return
        key = f"{event.dst_ip}\x1f{event.dst_port}\x1f{event.protocol}"
        station.contacts.setdefault(key, event.outcome in {"refused", "silent"})
        failed = sum(station.contacts.values())
        if len(station.contacts) >= self.many and failed >= self.failing * len(station.contacts):
            yield self._alert(station, event, failed)
            station.told = event.at
            station.contacts.clear()

    def _station(self, event: ConnectionSeen) -> Station:
        """Return the source's window; a new one when it is over, or full of contacts that went well."""
        station = self._stations.get(event.src_ip)
        if (
            station is None
            or abs(event.at - station.first.at) > self.window
            or len(station.contacts) >= self.many * WINDOW_FULL
        ):
            station = Station(event, {}, station.told if station else None)
            remember(self._stations, event.src_ip, station, STATIONS)
        return station

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
