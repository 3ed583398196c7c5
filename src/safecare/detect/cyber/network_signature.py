"""A network sensor's signature matched.

Source: Suricata rules carry a priority, 1 (highest) to 4; informational ones (3 and 4) describe policy and
noise (Suricata documentation, "classification.config"), so that they alert nobody by themselves.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from safecare.detect.api import detector
from safecare.detect.memory import remember
from safecare.model.alert import Alert, Domain
from safecare.model.event import Event
from safecare.model.events.network import SignatureMatched
from safecare.model.hospital import Hospital
from safecare.model.text import Ref, Text, say

SEVERITY = {1: 65, 2: 45}
"""Severity by Suricata's priority (chosen: one signature alone proves little, the highest ones a lot)."""
CRITICAL_ASSET = 10
"""Added to the severity when the inner end is an asset of criticality 3 or 4 (chosen)."""
TOLD = 10_000
"""Most pairs of asset and signature remembered (chosen: a day of a noisy sensor)."""


@detector("network.signature", wants={SignatureMatched}, domain=Domain.CYBER)
@dataclass
class SignatureAlert:
    """Alert when a signature of priority 1 or 2 matches; once per `pause` (time) for an asset and a signature."""

    hospital: Hospital
    pause: timedelta = timedelta(minutes=10)
    _told: dict[str, datetime] = field(default_factory=dict, init=False)

    def feed(self, batch: Iterable[Event]) -> Iterator[Alert]:
        """Judge matches."""
        for event in batch:
            if isinstance(event, SignatureMatched) and event.priority in SEVERITY:
                key = f"{event.asset or event.src_ip}\x1f{event.signature}"
                last = self._told.get(key)
                if last is None or abs(event.at - last) >= self.pause:
                    remember(self._told, key, event.at, TOLD)
                    yield self._alert(event)

    def _alert(self, event: SignatureMatched) -> Alert:
        asset = self.hospital.asset(event.asset)
        severity = SEVERITY[event.priority] + (CRITICAL_ASSET if asset and asset.criticality >= 3 else 0)
        ends = [self.hospital.at_address("ip", ip) for ip in (event.src_ip, event.dst_ip)]
        return Alert.of(
            self,
            event,
            severity=severity,
            confidence=0.7 if event.priority == 1 else 0.5,
            title=say("Network sensor: {signature}", signature=event.signature),
            why=[
                say(
                    "{source} spoke to {target}, port {port}; the sensor calls it {category}.",
                    source=_end(self.hospital, event.src_ip),
                    target=_end(self.hospital, event.dst_ip),
                    port=str(event.dst_port),
                    category=event.category or event.signature,
                )
            ],
            assets=[end.id for end in ends if end],
            zones=[end.zone for end in ends if end and end.zone],
            peers=[ip for ip, end in zip((event.src_ip, event.dst_ip), ends, strict=True) if not end],
        )


def _end(hospital: Hospital, ip: str) -> Ref | str | Text:
    asset = hospital.at_address("ip", ip)
    return Ref(asset.id) if asset else ip
