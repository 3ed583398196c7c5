"""Patients' data cross from one network into another without encryption, or leave the house.

Source: DICOM PS3.15, B.1 (TLS profiles); IHE ITI-19 (Node Authentication): what leaves its own network goes through
TLS.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from ipaddress import ip_address

from safecare.detect.api import detector
from safecare.detect.cyber.wire_words import PROTOCOLS, concerned, end, target_of
from safecare.detect.memory import remember
from safecare.model.alert import Alert, Domain
from safecare.model.event import Event
from safecare.model.events.network import CommandSeen
from safecare.model.hospital import Hospital
from safecare.model.text import Text, say

CLINICAL = frozenset({"dicom", "hl7"})
"""Protocols that carry patients' data; we see them only where they are not encrypted."""
MOST = 10_000
"""Most pairs remembered (chosen: more than a hospital's interfaces)."""


@detector("network.clear-text", wants={CommandSeen}, domain=Domain.CYBER)
@dataclass
class ClearText:
    """Alert when DICOM or HL7 is spoken in clear text between two networks, once per `pause` (time) and pair."""

    hospital: Hospital
    pause: timedelta = timedelta(days=1)
    _told: dict[str, datetime] = field(default_factory=dict, init=False)

    def feed(self, batch: Iterable[Event]) -> Iterator[Alert]:
        """Judge who speaks to whom."""
        for event in batch:
            if isinstance(event, CommandSeen) and event.protocol in CLINICAL:
                outside = any(_is_outside(ip) for ip in (event.src_ip, event.dst_ip))
                networks = [self._network(ip) for ip in (event.src_ip, event.dst_ip)]
                crosses = "" not in networks and networks[0] != networks[1]
                pair = f"{event.src_ip}\x1f{event.dst_ip}\x1f{event.protocol}"
                last = self._told.get(pair)
                if (outside or crosses) and (last is None or abs(event.at - last) >= self.pause):
                    remember(self._told, pair, event.at, MOST)
                    yield self._alert(event, outside=outside)

    def _network(self, ip: str) -> str:
        """Return the network that connects the station with this address; empty if nobody knows."""
        asset = self.hospital.at_address("ip", ip)
        if asset is None:
            return ""
        edges = self.hospital.dependencies_at(asset.id)
        return next((one.of for one in edges if one.kind == "connects" and asset.id in one.on), "")

    def _alert(self, event: CommandSeen, *, outside: bool) -> Alert:
        assets, zones, peers = concerned(self.hospital, event)
        protocol = PROTOCOLS[event.protocol]
        source, target = end(self.hospital, event.src_ip), target_of(self.hospital, event.dst_ip)
        why: Text = say("One end is outside of the house.") if outside else say("The two stand in different networks.")
        return Alert.of(
            self,
            event,
            severity=75 if outside else 35,
            confidence=0.8,
            title=say(
                "{protocol} in clear text from {source} to {target}", protocol=protocol, source=source, target=target
            ),
            why=[why],
            assets=assets,
            zones=zones,
            peers=peers,
            techniques=("T1040",),
        )


def _is_outside(ip: str) -> bool:
    return ip_address(ip).is_global
