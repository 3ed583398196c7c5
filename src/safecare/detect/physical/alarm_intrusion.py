"""An intruder alarm system, or a camera of its own, reports somebody where nobody may be.

Source: EN 50131-1:2006 (intruder signals) and BS 8243:2021 (sequentially confirmed alarm: a second detector of the same
premises within 30 to 60 minutes makes it a confirmed one; a single one is most often a false alarm).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import msgspec

from safecare.detect.api import detector
from safecare.detect.memory import remember
from safecare.detect.standing import MOST, Standing, part_of, thing_of
from safecare.model.alert import Alert, Domain
from safecare.model.event import Event
from safecare.model.events.panels import PanelSignal
from safecare.model.hospital import Hospital
from safecare.model.text import Ref, say

SEVERITY = {"public": 30, "staff": 45, "restricted": 60, "critical": 70}
"""By how protected the place is (chosen: as areas of cameras have it)."""
AGAIN = timedelta(minutes=10)
"""Time after which a detector's alarm is a new one even without a "normal" (chosen: what stands is repeated each minute
by our doors, and panels that send no restoral must not hide who comes next)."""
CONFIRMED = 15
"""Added to a confirmed alarm (chosen)."""


class Alarm(msgspec.Struct):
    """An alarm of the last time: which detector, where, when."""

    asset: str
    zone: str
    at: datetime


@detector("alarm.intrusion", wants={PanelSignal}, domain=Domain.PHYSICAL)
@dataclass
class IntrusionAlarm:
    """Alert once per alarm of a detector; one in the same or the next zone within `confirm` (time) makes it surer."""

    hospital: Hospital
    confirm: timedelta = timedelta(minutes=45)
    _standing: Standing = field(default_factory=Standing, init=False)
    _last: dict[str, Alarm] = field(default_factory=dict, init=False)

    def feed(self, batch: Iterable[Event]) -> Iterator[Alert]:
        """Follow the detectors."""
        for event in batch:
            if isinstance(event, PanelSignal) and event.what == "intrusion":
                name = event.asset or event.zone or event.site
                if self._standing.news(thing_of(event), event.on, event.at, AGAIN):
                    yield self._alert(event, name)

    def _alert(self, event: PanelSignal, name: str) -> Alert:
        zone = self.hospital.zone(event.zone)
        here = event.zone or ""
        near = {here, *self.hospital.adjacent(here)} - {""}
        others = [
            one
            for thing, one in self._last.items()
            if thing != thing_of(event) and one.zone in near and abs(event.at - one.at) <= self.confirm
        ]
        remember(self._last, thing_of(event), Alarm(name, here, event.at), MOST)
        why = [say("{detector} reports somebody.", detector=Ref(name)), *part_of(event)]
        if others:
            why.append(
                say("{other} reported somebody shortly before: the alarm is confirmed.", other=Ref(others[-1].asset))
            )
        return Alert.of(
            self,
            event,
            severity=SEVERITY[zone.security if zone else "staff"] + (CONFIRMED if others else 0),
            confidence=0.9 if others else 0.5,
            title=say("Intruder alarm in {place}", place=Ref(event.zone or name)),
            why=why,
            holders=[event.holder] if event.holder else [],
        )
