"""Somebody interferes with a detector, a reader or a panel: its housing was opened, its cable or lens touched.

Source: EN 50131-1:2006 8.7 (tamper detection of intruder alarm parts), IEC 60839-11-5 (OSDP, reader tamper).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from safecare.detect.api import detector
from safecare.detect.standing import Standing, thing_of
from safecare.model.alert import Alert, Domain
from safecare.model.event import Event
from safecare.model.events.building import PointChanged
from safecare.model.events.panels import PanelSignal
from safecare.model.hospital import Hospital
from safecare.model.text import Ref, say

SEVERITY = {"public": 40, "staff": 45, "restricted": 60, "critical": 70}
"""By the most protected place that the device stands in, guards or opens (chosen)."""


@detector("sensor.tamper", wants={PanelSignal, PointChanged}, domain=Domain.PHYSICAL)
@dataclass
class Tamper:
    """Alert once per tampering. A point ``tamper`` that the site's files have a rule for is left to that rule."""

    hospital: Hospital
    _standing: Standing = field(default_factory=Standing, init=False)

    def feed(self, batch: Iterable[Event]) -> Iterator[Alert]:
        """Follow the devices."""
        for event in batch:
            match event:
                case PanelSignal(what="tamper", on=on):
                    pass
                case PointChanged(point="tamper", on=on) if not self._ruled(event):
                    pass
                case _:
                    continue
            if self._standing.news(thing_of(event), on, event.at):
                yield self._alert(event, event.asset or event.zone or event.site)

    def _ruled(self, event: Event) -> bool:
        asset = self.hospital.asset(event.asset)
        return any(point.name == "tamper" and point.alarm_on is not None for point in (asset.points if asset else ()))

    def _alert(self, event: Event, name: str) -> Alert:
        asset = self.hospital.asset(event.asset)
        places = (event.zone, *(asset.between or ()), *asset.protects, asset.watches) if asset else (event.zone,)
        zones = [zone for zone in map(self.hospital.zone, places) if zone]
        return Alert.of(
            self,
            event,
            severity=max((SEVERITY[zone.security] for zone in zones), default=SEVERITY["staff"]),
            confidence=0.75,
            title=say("{device} is being tampered with", device=Ref(name)),
            why=[say("{device} reports that it was opened, moved or covered.", device=Ref(name))],
        )
