"""A door with a reader opened from outside with no grant shortly before.

Source: access-control practice (EN 60839-11-1:2013, "forced open" event); the grace covers slow readers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from safecare.detect.api import detector
from safecare.detect.physical.contacts import Contacts
from safecare.model.alert import Alert, Domain
from safecare.model.event import Event
from safecare.model.events.doors import BadgeGranted, DoorClosed, DoorOpened
from safecare.model.hospital import Asset, Hospital
from safecare.model.text import Ref, Span, say

SEVERITY = {"public": 30, "staff": 45, "restricted": 65, "critical": 80}
"""Severity by the most protected side of the door (chosen: the order is what counts)."""
GRANTS = 4
"""Grants remembered for each door, for those that come late or while somebody else holds it open (chosen)."""


@detector("door.forced", wants={DoorOpened, DoorClosed, BadgeGranted}, domain=Domain.PHYSICAL)
@dataclass
class ForcedDoor:
    """Alert when a door with a reader opens with no grant within `grace` (time), and not for leaving.

    One grant is for one opening. A grant whose time is a little after the opening counts as well: two devices
    have two clocks.
    """

    hospital: Hospital
    grace: timedelta = timedelta(seconds=10)
    _granted: dict[str, list[datetime]] = field(default_factory=dict, init=False)
    _contacts: Contacts = field(default_factory=Contacts, init=False)

    def feed(self, batch: Iterable[Event]) -> Iterator[Alert]:
        """Remember grants, judge openings."""
        for event in batch:
            asset = self.hospital.asset(event.asset)
            if asset is None or "reader" not in asset.addresses:
                continue
            match event:
                case BadgeGranted():
                    self._granted[asset.id] = [*self._granted.get(asset.id, ()), event.at][-GRANTS:]
                case DoorClosed():
                    self._contacts.closed(asset.id)
                case DoorOpened(egress=egress):
                    if self._contacts.opened(asset.id) and not egress:
                        yield from self._opened(event, asset)
                case _:
                    pass

    def _opened(self, event: Event, asset: Asset) -> Iterator[Alert]:
        door, granted = asset.id, self._granted.pop(asset.id, [])
        fitting = [at for at in granted if abs(event.at - at) <= self.grace]
        if fitting:
            granted.remove(fitting[0])
            self._granted[door] = granted
            return
        before = [at for at in granted if at <= event.at]
        sides = [zone for zone in map(self.hospital.zone, asset.between or ()) if zone]
        severity = max((SEVERITY[zone.security] for zone in sides), default=45)
        reason = (
            say(
                "The last granted badge at {door} was {ago} earlier.",
                door=Ref(door),
                ago=Span((event.at - max(before)).total_seconds()),
            )
            if before
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
