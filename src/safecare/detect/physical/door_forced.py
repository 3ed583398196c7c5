"""A door with a reader opened from outside with no grant shortly before, or its controller says that it was forced.

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
from safecare.model.events.panels import PanelSignal
from safecare.model.hospital import Asset, Hospital
from safecare.model.text import Ref, Span, Text, say

SEVERITY = {"public": 30, "staff": 45, "restricted": 65, "critical": 80}
"""Severity by the most protected side of the door (chosen: the order is what counts)."""
GRANTS = 4
"""Grants remembered for each door, for those that come late or while somebody else holds it open (chosen)."""


@detector("door.forced", wants={DoorOpened, DoorClosed, BadgeGranted, PanelSignal}, domain=Domain.PHYSICAL)
@dataclass
class ForcedDoor:
    """Alert when a door with a reader opens with no grant within `grace` (time), and not for leaving.

    One grant is for one opening. A grant whose time is a little after the opening counts as well: two devices
    have two clocks. What contact and controller both say within `grace` is told once.
    """

    hospital: Hospital
    grace: timedelta = timedelta(seconds=10)
    _granted: dict[str, list[datetime]] = field(default_factory=dict, init=False)
    _contacts: Contacts = field(default_factory=Contacts, init=False)
    _told: dict[str, tuple[datetime, bool]] = field(default_factory=dict, init=False)
    """By door: when it was last told, and whether its controller said so (else its contact)."""

    def feed(self, batch: Iterable[Event]) -> Iterator[Alert]:
        """Remember grants, judge openings."""
        for event in batch:
            asset = self.hospital.asset(event.asset)
            if asset is None:
                continue
            match event:
                case PanelSignal(what="forced", on=True):
                    yield from self._alert(event, asset, say("The door's controller reports it."))
                case _ if "reader" not in asset.addresses:
                    pass
                case BadgeGranted():
                    self._granted[asset.id] = [*self._granted.get(asset.id, ()), event.at][-GRANTS:]
                case DoorClosed():
                    self._contacts.closed(asset.id)
                case DoorOpened(egress=egress):
                    if self._contacts.opened(asset.id, event.at) and not egress:
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
        reason = (
            say(
                "The last granted badge at {door} was {ago} earlier.",
                door=Ref(door),
                ago=Span((event.at - max(before)).total_seconds()),
            )
            if before
            else say("No badge was granted at {door} before it opened.", door=Ref(door))
        )
        yield from self._alert(event, asset, reason)

    def _alert(self, event: Event, asset: Asset, reason: Text) -> Iterator[Alert]:
        controller = isinstance(event, PanelSignal)
        told = self._told.get(asset.id)
        if told is not None and told[1] != controller and abs(event.at - told[0]) <= self.grace:
            return
        self._told[asset.id] = (event.at, controller)
        sides = [zone for zone in map(self.hospital.zone, asset.between or ()) if zone]
        yield Alert.of(
            self,
            event,
            severity=max((SEVERITY[zone.security] for zone in sides), default=45),
            confidence=0.8,
            title=say("{door} opened without a badge", door=Ref(asset.id)),
            why=[reason],
            zones=[zone.id for zone in sides] or None,
        )
