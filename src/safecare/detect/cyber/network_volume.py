"""Far more leaves a station than ever, or files on shares are read and written back in bulk.

Source: MITRE ATT&CK T1048 (Exfiltration), T1486 (Data Encrypted for Impact): ransomware reads each file of a share
and writes it
back at about the same size, from one station, within minutes. Volumes by hour against the tail of the station's own.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import msgspec

from safecare.detect.api import detector
from safecare.detect.building.tail import Tail
from safecare.detect.cyber.network_beacon import is_outside
from safecare.detect.cyber.wire_words import concerned, end
from safecare.detect.memory import remember
from safecare.model.alert import Alert, Domain
from safecare.model.event import Event
from safecare.model.events.network import ConnectionSeen
from safecare.model.hospital import Hospital
from safecare.model.text import Text, say

STATIONS = 10_000
"""Most stations followed at the same time (chosen: more than a hospital's; the oldest are forgotten)."""
RARE = 1e-4
"""Chance below which an hour's volume is told (as for readings)."""
LEAST, MEDICAL = 50_000_000, 5_000_000
"""Bytes to the outside in an hour below which nothing is told: in general, and for medical devices (chosen)."""
SMB = 445
BULK, BALANCE = 200_000_000, 3.0
"""Bytes each way within the window, and how unequal they may be (ratio), that look like files written back (chosen)."""
SHARES = 10
"""File servers that one station writes to within the window (chosen: people use two or three)."""


class Hour(msgspec.Struct):
    """Bytes to the outside in the hour that goes on, and the tail of earlier hours (as logarithms)."""

    hour: int = 0
    sent: int = 0
    tail: Tail = msgspec.field(default_factory=Tail)
    told: int = -1


class Shares(msgspec.Struct):
    """What one station moved over file shares in its window: since when, bytes out and back, servers."""

    since: datetime
    out: int = 0
    back: int = 0
    servers: list[str] = []
    told: bool = False


@detector("network.volume", wants={ConnectionSeen}, domain=Domain.CYBER)
@dataclass
class UnusualVolume:
    """Alert when a station sends far more to the outside in an hour than ever, or handles file shares like ransomware.

    `window`: time in which what a station does on file shares is added up.
    """

    hospital: Hospital
    window: timedelta = timedelta(minutes=10)
    _hours: dict[str, Hour] = field(default_factory=dict, init=False)
    _shares: dict[str, Shares] = field(default_factory=dict, init=False)

    def feed(self, batch: Iterable[Event]) -> Iterator[Alert]:
        """Add up bytes."""
        for event in batch:
            if isinstance(event, ConnectionSeen) and event.protocol == "tcp":
                if event.dst_port == SMB and event.outcome == "open":
                    yield from self._files(event)
                elif is_outside(event):
                    yield from self._outward(event)

    def _outward(self, event: ConnectionSeen) -> Iterator[Alert]:
        station = self._hours.get(event.src_ip) or Hour()
        remember(self._hours, event.src_ip, station, STATIONS)
        hour = int(event.at.timestamp() // 3600)
        if hour > station.hour:
            if station.hour:
                station.tail.add(math.log1p(station.sent))
            station.hour, station.sent = hour, 0
        station.sent += event.bytes_out
        asset = self.hospital.at_address("ip", event.src_ip)
        medical = asset is not None and asset.group == "medical"
        if station.sent < (MEDICAL if medical else LEAST) or station.told == hour:
            return
        chance = station.tail.rarity(math.log1p(station.sent))
        if chance < RARE or (medical and station.tail.count < 1000 and chance >= 1.0):
            station.told = hour
            source = end(self.hospital, event.src_ip)
            title = say("{source} sends far more to the outside than ever", source=source)
            why = say("{count} bytes in this hour, the last to {target}.", count=station.sent, target=event.dst_ip)
            yield self._alert(event, 60 if medical else 55, title, why, "T1048")

    def _files(self, event: ConnectionSeen) -> Iterator[Alert]:
        shares = self._shares.get(event.src_ip)
        if shares is None or abs(event.at - shares.since) > self.window:
            shares = Shares(event.at)
            remember(self._shares, event.src_ip, shares, STATIONS)
        shares.out += event.bytes_out
        shares.back += event.bytes_in
        if event.dst_ip not in shares.servers and len(shares.servers) < 100:
            shares.servers.append(event.dst_ip)
        low, high = sorted((shares.out, shares.back))
        bulk = low >= BULK and high <= BALANCE * low
        if shares.told or not (bulk or (len(shares.servers) >= SHARES and shares.out > LEAST)):
            return
        shares.told = True
        title = say("{source} rewrites files on shares in bulk", source=end(self.hospital, event.src_ip))
        why = say(
            "{back} bytes read and {out} written on {servers} servers within minutes, as ransomware does.",
            back=shares.back,
            out=shares.out,
            servers=len(shares.servers),
        )
        yield self._alert(event, 75, title, why, "T1486")

    def _alert(self, event: ConnectionSeen, severity: int, title: Text, why: Text, technique: str) -> Alert:
        assets, zones, peers = concerned(self.hospital, event)
        return Alert.of(
            self,
            event,
            window=title.key,
            severity=severity,
            confidence=0.6,
            title=title,
            why=[why],
            assets=assets,
            zones=zones,
            peers=peers,
            techniques=(technique,),
        )
