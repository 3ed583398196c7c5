"""A fire detector or call point is in alarm.

Source: EN 54-2 (control and indicating equipment): the panel decides that it burns; we place it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from safecare.detect.api import detector
from safecare.model.alert import Alert, Domain
from safecare.model.event import Event
from safecare.model.events.building import FireSignal
from safecare.model.hospital import Hospital
from safecare.model.text import Ref, say


@detector("fire.alarm", wants={FireSignal}, domain=Domain.PHYSICAL)
@dataclass
class FireAlarm:
    """Alert once per alarm of a detector; a second detector of the same fire compartment makes it surer."""

    hospital: Hospital
    _on: dict[str, str] = field(default_factory=dict, init=False)
    """Fire compartment (or zone) by detector that is in alarm."""

    def feed(self, batch: Iterable[Event]) -> Iterator[Alert]:
        """Follow the detectors."""
        for event in batch:
            if not isinstance(event, FireSignal) or event.asset is None:
                continue
            if event.state == "normal":
                self._on.pop(event.asset, None)
            elif event.state == "alarm" and event.asset not in self._on:
                yield self._alarm(event, event.asset)

    def _alarm(self, event: FireSignal, detector_id: str) -> Alert:
        zone = self.hospital.zone(event.zone)
        compartment = (zone.fire_compartment or zone.id) if zone else detector_id
        others = sum(1 for where in self._on.values() if where == compartment)
        self._on[detector_id] = compartment
        why = [say("{detector} reports fire.", detector=Ref(detector_id))]
        if others:
            why.append(say("{count} more detectors of the same fire compartment are in alarm.", count=others))
        return Alert.of(
            self,
            event,
            severity=85,
            confidence=0.95 if others else 0.8,
            title=say("Fire alarm in {zone}", zone=Ref(event.zone or detector_id)),
            why=why,
        )
