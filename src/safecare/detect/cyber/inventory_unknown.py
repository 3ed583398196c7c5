"""A station on the network that stands in no list: neither among the hospital's assets, nor in the reviewed baseline.

Source: NIST Cybersecurity Framework 2.0, ID.AM-01 and DE.CM-01; MITRE ATT&CK T1200 (Hardware Additions) and T1557.003
(DHCP Spoofing). Found by what it says of itself; nothing is ever sent to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from safecare.detect.api import detector
from safecare.detect.cyber.acquaintance import Acquaintance, alert_on, network_of
from safecare.detect.cyber.network_identity import NOBODY
from safecare.model.alert import Alert, Domain
from safecare.model.event import Event
from safecare.model.events.network import IdentitySeen
from safecare.model.hospital import Hospital
from safecare.model.text import Ref, say

SEVERITY, SERVER = 40, 65
"""Severity of a stranger, and of one that gives out addresses: all who take one go through it (chosen)."""


@detector("inventory.unknown", wants={IdentitySeen}, domain=Domain.CYBER)
@dataclass
class UnknownStation:
    """Alert once for each station that nobody knows, and for each that begins to give out addresses (DHCP).

    `learning`: time from `since` (or the first event) in which stations are learned and not told; zero without a
    baseline: nobody is told.
    """

    hospital: Hospital
    learning: timedelta = timedelta(hours=24)
    since: datetime | None = None
    _past: Acquaintance = field(default_factory=Acquaintance, init=False)

    def feed(self, batch: Iterable[Event]) -> Iterator[Alert]:
        """Look at who says anything."""
        frozen = {one.ip for one in self.hospital.network.identities} if self.hospital.network else set()
        for event in batch:
            if isinstance(event, IdentitySeen) and event.ip not in NOBODY and event.value:
                self._past.begin(event, self.since)
                yield from self._judge(event, frozen)

    def _judge(self, event: IdentitySeen, frozen: set[str]) -> Iterator[Alert]:
        server = event.system == "dhcp.server"
        key = f"{'dhcp.server' if server else ''}\x1f{event.ip}"
        if not self._past.is_new(event, key, self.learning):
            return
        if not server and (event.ip in frozen or self.hospital.at_address("ip", event.ip)):
            return
        if self.since and event.system in ("mac", "ethernet"):  # in captures, conversations tell them, with frames
            return
        if not self._past.due(event, key, timedelta.max):
            return
        network = network_of(self.hospital, event.ip)
        place = [say("Its address lies in {network}.", network=Ref(network.id))] if network else []
        if server:
            title = say("{ip} gives out addresses (DHCP), and never did", ip=event.ip)
            why = say("Whoever takes one from it may send everything through it.")
            yield alert_on(self, self.hospital, event, SERVER, title, [why, *place], "T1557")
            return
        title = say("A new station: {ip}", ip=event.ip)
        why = say("It says of itself: {system} {value}.", system=event.system, value=event.value)
        yield alert_on(self, self.hospital, event, SEVERITY, title, [why, *place], "T1200")
