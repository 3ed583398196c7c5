"""A medical or technical device that always talks on the network says nothing any more: unplugged, jammed, or off.

Source: MITRE ATT&CK for ICS T0814 (Denial of Service), T0815 (Denial of View); five usual intervals, as for sensors.
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
from safecare.model.events.network import CommandSeen, ConnectionSeen, IdentitySeen
from safecare.model.hospital import Hospital
from safecare.model.text import Ref, Span, say

GROUPS = ("medical", "utility", "cold_chain")
MOST = 20_000
"""Most stations remembered (chosen: more than a hospital's devices)."""
REGULAR = 20
"""Times that a device must have been heard before its silence means something (chosen)."""
INTERVALS = 5
"""Usual intervals of silence that are told (as for sensors)."""


class Heard(msgspec.Struct):
    """When a device was heard last, how often, its longest gap (seconds, slowly forgotten), whether it was told."""

    last: ConnectionSeen | CommandSeen | IdentitySeen
    count: int = 1
    gap: float = 0.0
    told: bool = False


@detector("network.device-silent", wants={CommandSeen, ConnectionSeen, IdentitySeen}, domain=Domain.CYBER)
@dataclass
class DeviceSilent:
    """Alert when a device of medicine or building automation is silent for five of its longest gaps, and for `least`.

    `least`: time below which silence is never told.
    """

    hospital: Hospital
    least: timedelta = timedelta(hours=1)
    _heard: dict[str, Heard] = field(default_factory=dict, init=False)

    def feed(self, batch: Iterable[Event]) -> Iterator[Alert]:
        """Remember who was heard."""
        for event in batch:
            if isinstance(event, CommandSeen | ConnectionSeen | IdentitySeen):
                for ip in self._speakers(event):
                    asset = self.hospital.at_address("ip", ip)
                    if asset is not None and asset.group in GROUPS:
                        self._hear(asset.id, event)
        yield from ()

    @staticmethod
    def _speakers(event: CommandSeen | ConnectionSeen | IdentitySeen) -> tuple[str, ...]:
        """Return the addresses that surely said something."""
        if isinstance(event, IdentitySeen):
            return (event.ip,)
        answered = event.outcome in ("ok", "refused", "open")
        return (event.src_ip, event.dst_ip) if answered else (event.src_ip,)

    def _hear(self, asset: str, event: CommandSeen | ConnectionSeen | IdentitySeen) -> None:
        known = self._heard.get(asset)
        if known is None:
            remember(self._heard, asset, Heard(event), MOST)
            return
        gap = (event.at - known.last.at).total_seconds()
        if gap < 0:
            return
        if not known.told:
            known.gap = max(gap, known.gap * 0.999)
        known.last, known.told, known.count = event, False, known.count + 1

    def tick(self, now: datetime) -> Iterator[Alert]:
        """Tell who has been silent for too long."""
        for asset, known in self._heard.items():
            silent = (now - known.last.at).total_seconds()
            if known.told or known.count < REGULAR:
                continue
            if silent >= max(self.least.total_seconds(), INTERVALS * known.gap):
                known.told = True
                yield self._alert(asset, known, silent)

    def _alert(self, asset: str, known: Heard, silent: float) -> Alert:
        found = self.hospital.asset(asset)
        return Alert.of(
            self,
            known.last,
            window=asset,
            severity=55 if found and found.criticality >= 3 else 40,
            confidence=0.6,
            title=say("{asset} says nothing on the network any more", asset=Ref(asset)),
            why=[
                say(
                    "Silent for {silent}; before, it was never silent for more than {gap}.",
                    silent=Span(silent),
                    gap=Span(known.gap),
                )
            ],
            assets=[found.id] if found else [],
            zones=[found.zone] if found and found.zone else [],
            techniques=("T0814",),
        )
