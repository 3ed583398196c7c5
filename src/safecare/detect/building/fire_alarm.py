"""A fire detector or call point is in alarm.

Source: EN 54-2 (control and indicating equipment): the panel decides that it burns; we place it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import msgspec

from safecare.detect.api import detector
from safecare.detect.memory import remember
from safecare.detect.standing import LONGEST, part_of, thing_of
from safecare.model.alert import Alert, Domain
from safecare.model.event import Event
from safecare.model.events.building import FireSignal
from safecare.model.hospital import Hospital
from safecare.model.text import Ref, say

MOST = 1000
"""Most detectors in alarm that are remembered (chosen: more than a site has in alarm)."""


class Burning(msgspec.Struct):
    """A detector in alarm: its fire compartment (or zone), when it last said so, and when that was told."""

    compartment: str
    at: datetime
    told: datetime


@detector("fire.alarm", wants={FireSignal}, domain=Domain.PHYSICAL)
@dataclass
class FireAlarm:
    """Alert once per alarm of a detector; a second detector of the same fire compartment makes it surer.

    An alarm ends when the detector is back to normal, or has not repeated it for `again` (time): a "normal" that
    was lost must not hide the next fire. One that stands is told again after a day.
    """

    hospital: Hospital
    again: timedelta = timedelta(hours=1)
    _on: dict[str, Burning] = field(default_factory=dict, init=False)
    """Detectors that are in alarm."""

    def feed(self, batch: Iterable[Event]) -> Iterator[Alert]:
        """Follow the detectors."""
        for event in batch:
            if not isinstance(event, FireSignal):
                continue
            name = thing_of(event)
            known = self._on.get(name)
            if event.state == "normal" and known and event.at >= known.at:  # one that came late is of an alarm before
                del self._on[name]
            elif event.state == "alarm":
                yield from self._alarm(event, name)

    def _alarm(self, event: FireSignal, name: str) -> Iterator[Alert]:
        zone = self.hospital.zone(event.zone)
        compartment = (zone.fire_compartment or zone.id) if zone else name
        known = self._on.pop(name, None)
        others = sum(1 for one in self._on.values() if one.compartment == compartment and self._lasts(one, event))
        begins = known is None or not self._lasts(known, event) or event.at - known.told >= LONGEST
        told = event.at if known is None or begins else known.told
        remember(self._on, name, Burning(compartment, max(event.at, known.at if known else event.at), told), MOST)
        if begins:
            yield self._alert(event, event.asset or event.zone or event.site, others)

    def _lasts(self, known: Burning, event: FireSignal) -> bool:
        return abs(event.at - known.at) < self.again

    def _alert(self, event: FireSignal, name: str, others: int) -> Alert:
        why = [say("{detector} reports fire.", detector=Ref(name)), *part_of(event)]
        if others:
            why.append(say("{count} more detectors of the same fire compartment are in alarm.", count=others))
        return Alert.of(
            self,
            event,
            severity=85,
            confidence=0.95 if others else 0.8,
            title=say("Fire alarm in {zone}", zone=Ref(event.zone or name)),
            why=why,
        )
