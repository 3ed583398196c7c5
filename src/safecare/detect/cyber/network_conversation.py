"""Two stations talk that never did: in a network of machines, who talks to whom hardly ever changes.

Source: Barbosa, Sadre and Pras, "Flow whitelisting in SCADA networks" (International Journal of Critical Infrastructure
Protection, 2013): conversations of a process network are known after hours and stay the same for months.
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
from safecare.model.events.network import ConnectionSeen
from safecare.model.hospital import Hospital
from safecare.model.network import KnownConversation
from safecare.model.text import Text, say

MOST = 100_000
"""Most conversations remembered (chosen: a hospital's process and medical networks have some thousands)."""
NEW_STATION, NEW_PAIR, NEW_SERVICE, HOUSEKEEPING = 55, 45, 40, 10
"""Severity: by who is new (chosen: a station that nobody knows counts most; broadcasts of known ones are noise)."""
CHATTER = frozenset({67, 68, 137, 138, 1900, 3702, 5353, 5355})
"""Ports at which stations call to all by themselves: DHCP, NetBIOS, SSDP, WS-Discovery, multicast DNS, LLMNR (IANA)."""
CONTROL = 10
"""Added where a control or medical protocol is spoken (chosen)."""


@detector("network.new-conversation", wants={ConnectionSeen}, domain=Domain.CYBER)
@dataclass
class NewConversation:
    """Alert on conversations (client, server, transport, service port) that the baseline does not hold.

    `learning`: time from `since` (or the first event) in which all are learned; zero without a baseline: nothing is
    told. Nor is what known stations call to all by themselves (`CHATTER`): some do so seldom.
    Live, only conversations in which one end is a device of building automation or medicine are judged, unless
    `everything`: office traffic changes daily. `pause`: time until the same is told again.
    """

    hospital: Hospital
    learning: timedelta = timedelta(hours=24)
    pause: timedelta = timedelta(hours=1)
    since: datetime | None = None
    everything: bool = False
    _start: datetime | None = field(default=None, init=False)
    _known: dict[str, datetime] = field(default_factory=dict, init=False)
    _stations: dict[str, datetime] = field(default_factory=dict, init=False)
    _told: dict[str, datetime] = field(default_factory=dict, init=False)

    def feed(self, batch: Iterable[Event]) -> Iterator[Alert]:
        """Judge conversations."""
        baseline = self.hospital.network
        frozen = {one.key for one in baseline.conversations} if baseline else set()
        stations = {ip for one in baseline.conversations for ip in (one.client, one.server)} if baseline else set()
        for event in batch:
            if isinstance(event, ConnectionSeen) and event.protocol != "other":
                yield from self._judge(event, frozen, stations)

    def _judge(self, event: ConnectionSeen, frozen: set[str], stations: set[str]) -> Iterator[Alert]:
        self._start = self.since or min(self._start or event.seen, event.seen)
        key = KnownConversation(event.src_ip, event.dst_ip, event.protocol, event.dst_port).key
        if event.seen - self._start < self.learning:
            remember(self._known, key, event.at, MOST)
            for ip in (event.src_ip, event.dst_ip):
                remember(self._stations, ip, event.at, MOST)
            return
        if (not self.learning and not frozen) or key in frozen or key in self._known:
            return
        if event.src_port == event.dst_port:  # ends of one rank, as of BACnet: who asks whom is chance
            turned = KnownConversation(event.dst_ip, event.src_ip, event.protocol, event.dst_port).key
            if turned in frozen or turned in self._known:
                return
        known = event.src_ip in stations or event.src_ip in self._stations
        if known and event.dst_port in CHATTER and _is_for_all(event.dst_ip):
            return
        if not self.everything and not self._guarded(event):
            return
        last = self._told.get(key)
        if last is None or abs(event.at - last) >= self.pause:
            remember(self._told, key, event.at, MOST)
            yield self._alert(event, stations | set(self._stations))

    def _guarded(self, event: ConnectionSeen) -> bool:
        ends = (self.hospital.at_address("ip", ip) for ip in (event.src_ip, event.dst_ip))
        return event.service in PROTOCOLS or any(
            one and one.group in ("medical", "utility", "cold_chain") for one in ends
        )

    def _alert(self, event: ConnectionSeen, stations: set[str]) -> Alert:
        assets, zones, peers = concerned(self.hospital, event)
        new = [ip for ip in (event.src_ip, event.dst_ip) if ip not in stations]
        source, target = end(self.hospital, event.src_ip), target_of(self.hospital, event.dst_ip)
        spoken: str | Text = PROTOCOLS.get(event.service, event.service) or say(
            "{protocol} port {port}", protocol=event.protocol.upper(), port=str(event.dst_port)
        )
        if event.src_ip not in new and _is_for_all(event.dst_ip):
            severity, why = HOUSEKEEPING, say("{source} is known, but never called to all before.", source=source)
        elif event.src_ip in new:
            severity, why = NEW_STATION, say("{source} was never seen before.", source=source)
        elif new:
            severity, why = NEW_PAIR, say("{source} never talked to {target} before.", source=source, target=new[0])
        else:
            severity = NEW_SERVICE
            why = say("Both are known, but {source} never used this service there.", source=source)
        control = CONTROL if event.service in PROTOCOLS else 0
        return Alert.of(
            self,
            event,
            severity=severity + control,
            confidence=0.5 if severity == HOUSEKEEPING else 0.75,
            title=say("{source} talks to {target}: {service}", source=source, target=target, service=spoken),
            why=[why, self._how(event)],
            assets=assets,
            zones=zones,
            peers=peers,
        )

    @staticmethod
    def _how(event: ConnectionSeen) -> Text:
        outcome = {
            "open": say("It was answered."),
            "refused": say("It was refused."),
            "silent": say("Nobody answered."),
        }.get(event.outcome, say("Its beginning was not seen."))
        return say(
            "{outcome} {out} bytes out, {back} bytes back.", outcome=outcome, out=event.bytes_out, back=event.bytes_in
        )


def _is_for_all(ip: str) -> bool:
    """Tell whether an address is a broadcast or multicast one (broadcast of a network: last byte 255)."""
    return ip_address(ip).is_multicast or ip == "255.255.255.255" or ip.endswith(".255")
