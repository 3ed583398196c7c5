"""A workstation opens a remote-administration service on a machine with which it never did so before.

Source: MITRE ATT&CK T1021 (Remote Services); ports from the IANA service registry. Workstations reach file
and application servers all day; what is new, and administrative, is what an intruder needs to go on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from safecare.detect.api import detector
from safecare.detect.memory import remember
from safecare.model.alert import Alert, Domain
from safecare.model.event import Event
from safecare.model.events.network import ConnectionSeen
from safecare.model.hospital import Asset, Hospital
from safecare.model.text import Ref, say

SERVICES = {
    22: "SSH",
    135: "RPC",
    445: "SMB",
    3389: "RDP",
    5900: "VNC",
    5985: "WinRM",
    5986: "WinRM",
}
"""Services by which one machine is run from another."""
ADMINISTRATORS = {"it_operator"}
"""Roles whose workstations administer machines as their work."""
PAIRS = 50_000
"""Most pairs remembered (chosen: a hospital's workstations times their usual servers; the oldest are forgotten)."""


@detector("network.lateral-movement", wants={ConnectionSeen}, domain=Domain.CYBER)
@dataclass
class LateralMovement:
    """Alert on the first remote-administration contact of a workstation with a machine of the hospital.

    `learning`: time after the first connection ever seen in which new pairs are learned and not told; without
    it the first day would be all alerts. `usual`: time after which an unused pair counts as new again.
    """

    hospital: Hospital
    learning: timedelta = timedelta(hours=24)
    usual: timedelta = timedelta(days=30)
    _start: datetime | None = field(default=None, init=False)
    _pairs: dict[str, datetime] = field(default_factory=dict, init=False)
    _probes: dict[str, datetime] = field(default_factory=dict, init=False)
    """Workstations, and when a remote-administration contact of theirs last failed."""

    def feed(self, batch: Iterable[Event]) -> Iterator[Alert]:
        """Follow the workstations' contacts."""
        for event in batch:
            if isinstance(event, ConnectionSeen) and event.dst_port in SERVICES:
                yield from self._contact(event)

    def _contact(self, event: ConnectionSeen) -> Iterator[Alert]:
        source = self.hospital.at_address("ip", event.src_ip)
        target = self.hospital.at_address("ip", event.dst_ip)
        if source is None or source.kind != "workstation":
            return
        # by our own clock: a capture of last year, or a sensor with a wrong time, must not end or stretch the learning
        self._start = min(self._start or event.seen, event.seen)
        if event.outcome != "open":
            self._probes[source.id] = event.at
        elif target is not None:
            yield from self._opened(event, source, target)

    def _opened(self, event: ConnectionSeen, source: Asset, target: Asset) -> Iterator[Alert]:
        key = f"{source.id}\x1f{target.id}\x1f{event.dst_port}"
        last = self._pairs.get(key)
        remember(self._pairs, key, max(last or event.at, event.at), PAIRS)
        new = last is None or event.at - last > self.usual
        learned = self._start is not None and event.seen - self._start >= self.learning
        # While learning, a pair is told only where failed attempts came just before: somebody is searching.
        searching = self._searched(source, event.at)
        if new and (searching or learned):
            yield self._alert(event, source, target, searching=searching)

    def _searched(self, source: Asset, now: datetime) -> bool:
        last = self._probes.get(source.id)
        return last is not None and timedelta(0) <= now - last < timedelta(minutes=10)

    def _alert(self, event: ConnectionSeen, source: Asset, target: Asset, *, searching: bool) -> Alert:
        owner = self.hospital.person("workstation", source.id)
        administrator = owner is not None and owner.role in ADMINISTRATORS
        why = [
            say(
                "{source} never used {service} on {target} before.",
                source=Ref(source.id),
                service=SERVICES[event.dst_port],
                target=Ref(target.id),
            )
        ]
        if searching:
            why.append(
                say(
                    "Attempts of {source} at the same services of other machines failed just before.",
                    source=Ref(source.id),
                )
            )
        if administrator:
            why.append(say("{source} is an administrator's workstation.", source=Ref(source.id)))
        severity = 40 + 15 * searching + 5 * (target.criticality >= 3) - 20 * administrator
        return Alert.of(
            self,
            event,
            severity=severity,
            confidence=0.75 if searching else 0.5,
            title=say(
                "{source} took up remote administration of {target}", source=Ref(source.id), target=Ref(target.id)
            ),
            why=why,
            assets=[source.id, target.id],
            zones=[one.zone for one in (source, target) if one.zone],
            holders=[owner.holder] if owner else [],
            techniques=("T1021",),
        )
