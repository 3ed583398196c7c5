"""A door to a restricted place that stays open.

Source: access-control practice (EN 60839-11-1:2013, "open too long" event); the time is chosen: a bed or a
trolley passes in well under a minute.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from safecare.detect.api import detector
from safecare.model.alert import Alert, Domain
from safecare.model.event import Event
from safecare.model.events.doors import DoorClosed, DoorOpened
from safecare.model.hospital import Hospital
from safecare.model.text import Ref, Span, say

SEVERITY = {"restricted": 40, "critical": 55}
"""Severity by the most protected side of the door; other doors may stand open (chosen)."""


@detector("door.held-open", wants={DoorOpened, DoorClosed}, domain=Domain.PHYSICAL)
@dataclass
class HeldDoor:
    """Alert once when a door to a restricted or critical zone stays open longer than `longest` (time)."""

    hospital: Hospital
    longest: timedelta = timedelta(seconds=60)
    _open: dict[str, DoorOpened] = field(default_factory=dict, init=False)

    def feed(self, batch: Iterable[Event]) -> Iterator[Alert]:
        """Follow openings and closings."""
        for event in batch:
            yield from self.tick(event.at)
            match event:
                case DoorOpened(asset=str(door)):
                    self._open.setdefault(door, event)
                case DoorClosed(asset=str(door)):
                    self._open.pop(door, None)

    def tick(self, now: datetime) -> Iterator[Alert]:
        """Judge the doors that are open at `now`."""
        overdue = [door for door, event in self._open.items() if now - event.at > self.longest]
        for door in overdue:
            event = self._open.pop(door)
            asset = self.hospital.asset(door)
            sides = [zone for zone in map(self.hospital.zone, asset.between or ()) if zone] if asset else []
            severity = max((SEVERITY.get(zone.security, 0) for zone in sides), default=0)
            if severity:
                yield Alert.of(
                    self,
                    event,
                    severity=severity,
                    confidence=0.9,
                    title=say("{door} stays open", door=Ref(door)),
                    why=[
                        say(
                            "It has been open for more than {longest}.",
                            longest=Span(self.longest.total_seconds()),
                        )
                    ],
                    zones=[zone.id for zone in sides],
                )
