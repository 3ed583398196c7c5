"""A door with a reader opened from outside with no grant shortly before.

Source: access-control practice (EN 60839-11-1:2013, "forced open" event); the grace covers slow readers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from safecare.detect.api import detector
from safecare.model.alert import Alert, Domain
from safecare.model.event import Event
from safecare.model.events.doors import BadgeGranted, DoorOpened
from safecare.model.hospital import Hospital
from safecare.model.text import Ref, Span, say

SEVERITY = {"public": 30, "staff": 45, "restricted": 65, "critical": 80}
"""Severity by the most protected side of the door (chosen: the order is what counts)."""


@detector("door.forced", wants={DoorOpened, BadgeGranted}, domain=Domain.PHYSICAL)
@dataclass
class ForcedDoor:
    """Alert when a door with a reader opens more than `grace` (time) after its last grant, and not for leaving."""

    hospital: Hospital
    grace: timedelta = timedelta(seconds=10)
    _granted: dict[str, datetime] = field(default_factory=dict, init=False)

    def feed(self, batch: Iterable[Event]) -> Iterator[Alert]:
        """Remember grants, judge openings."""
        for event in batch:
            match event:
                case BadgeGranted(asset=str(door), at=at):
                    self._granted[door] = at
                case DoorOpened(asset=str(door), egress=False):
                    yield from self._opened(event, door)

    def _opened(self, event: Event, door: str) -> Iterator[Alert]:
        asset = self.hospital.asset(door)
        if asset is None or "reader" not in asset.addresses:
            return
        granted = self._granted.pop(door, None)
        if granted is not None and event.at - granted <= self.grace:
            return
        sides = [zone for zone in map(self.hospital.zone, asset.between or ()) if zone]
        severity = max((SEVERITY[zone.security] for zone in sides), default=45)
        reason = (
            say("The last granted badge at {door} was {ago} earlier.", door=Ref(door), ago=_ago(event, granted))
            if granted is not None
            else say("No badge was granted at {door} before it opened.", door=Ref(door))
        )
        yield Alert.of(
            self,
            event,
            severity=severity,
            confidence=0.8,
            title=say("{door} opened without a badge", door=Ref(door)),
            why=[reason],
            zones=[zone.id for zone in sides] or None,
        )


def _ago(event: Event, granted: datetime) -> Span:
    return Span((event.at - granted).total_seconds())
