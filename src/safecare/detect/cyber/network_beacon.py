"""A station calls the same outside address at regular intervals: what steers it answers there.

Source: MITRE ATT&CK T1071 and T1029; Shalaginov, Franke and Huang, "Malware Beaconing Detection by Mining
Large-scale DNS Logs"
(2016); the coefficient of variation of the intervals as in RITA (Active Countermeasures): programs are regular,
people not.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from ipaddress import ip_address

import msgspec

from safecare.detect.api import detector
from safecare.detect.cyber.wire_words import concerned, end
from safecare.detect.memory import remember
from safecare.model.alert import Alert, Domain
from safecare.model.event import Event
from safecare.model.events.network import ConnectionSeen
from safecare.model.hospital import Hospital
from safecare.model.text import Span, say

PAIRS = 50_000
"""Most pairs followed at the same time (chosen: a hospital's stations times what they call)."""
SMALL = 20_000
"""Most bytes (mean, both ways) of a beacon (chosen: updates and mirrors carry far more)."""


class Rhythm(msgspec.Struct):
    """Calls of one pair: the last, how many, running mean and square of their intervals (seconds), and mean bytes."""

    last: datetime
    count: int = 1
    mean: float = 0.0
    square: float = 0.0
    size: float = 0.0
    told: datetime | None = None


@detector("network.beaconing", wants={ConnectionSeen}, domain=Domain.CYBER)
@dataclass
class Beaconing:
    """Alert when a station called an outside address `calls` (number) times at intervals varying less than `vary`.

    `vary`: standard deviation over mean (share). `shortest`, `longest`: intervals that count (time); a longer pause
    starts
    anew. `pause`: time until the same pair is told again.
    """

    hospital: Hospital
    calls: int = 12
    vary: float = 0.1
    shortest: timedelta = timedelta(seconds=10)
    longest: timedelta = timedelta(hours=6)
    pause: timedelta = timedelta(days=1)
    _pairs: dict[str, Rhythm] = field(default_factory=dict, init=False)

    def feed(self, batch: Iterable[Event]) -> Iterator[Alert]:
        """Follow calls to the outside."""
        for event in batch:
            if isinstance(event, ConnectionSeen) and event.protocol in ("tcp", "udp") and is_outside(event):
                yield from self._call(event)

    def _call(self, event: ConnectionSeen) -> Iterator[Alert]:
        key = f"{event.src_ip}\x1f{event.dst_ip}\x1f{event.dst_port}"
        rhythm = self._pairs.get(key)
        gap = (event.at - rhythm.last).total_seconds() if rhythm else 0.0
        if rhythm is None or gap > self.longest.total_seconds():
            remember(self._pairs, key, Rhythm(event.at, size=float(event.bytes_out + event.bytes_in)), PAIRS)
            return
        if gap < self.shortest.total_seconds():  # one visit, several connections; or late news
            return
        remember(self._pairs, key, rhythm, PAIRS)
        rhythm.last, rhythm.count = event.at, rhythm.count + 1
        step = gap - rhythm.mean
        rhythm.mean += step / (rhythm.count - 1)
        rhythm.square += step * (gap - rhythm.mean)
        rhythm.size += (event.bytes_out + event.bytes_in - rhythm.size) / rhythm.count
        spread = math.sqrt(rhythm.square / (rhythm.count - 1)) / rhythm.mean
        if rhythm.count < self.calls or spread > self.vary or rhythm.size > SMALL:
            return
        if rhythm.told is None or event.at - rhythm.told >= self.pause:
            rhythm.told = event.at
            yield self._alert(event, rhythm)

    def _alert(self, event: ConnectionSeen, rhythm: Rhythm) -> Alert:
        assets, zones, peers = concerned(self.hospital, event)
        source = self.hospital.at_address("ip", event.src_ip)
        return Alert.of(
            self,
            event,
            severity=55 if source and source.group == "medical" else 45,
            confidence=0.6,
            title=say(
                "{source} calls {target} at regular intervals",
                source=end(self.hospital, event.src_ip),
                target=event.dst_ip,
            ),
            why=[
                say(
                    "{count} calls, each {span} after the other; about {bytes} bytes each.",
                    count=rhythm.count,
                    span=Span(rhythm.mean),
                    bytes=int(rhythm.size),
                )
            ],
            assets=assets,
            zones=zones,
            peers=peers,
            techniques=("T1071",),
        )


def is_outside(event: ConnectionSeen) -> bool:
    """Tell whether a call goes from an inner station to an outer one; addresses for documentation count as outer."""
    source, target = ip_address(event.src_ip), ip_address(event.dst_ip)
    inner = source.is_private and not target.is_multicast
    return inner and (target.is_global or str(target).startswith(("192.0.2.", "198.51.100.", "203.0.113.")))
