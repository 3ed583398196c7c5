"""A door with a reader opened from outside with no grant shortly before, or its controller says that it was forced.

Source: access-control practice (EN 60839-11-1:2013, "forced open" event); the grace covers slow readers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import msgspec

from safecare.detect.api import detector
from safecare.detect.physical import fires
from safecare.detect.physical.contacts import Contacts
from safecare.model.alert import Alert, Domain
from safecare.model.event import Event
from safecare.model.events.building import FireSignal
from safecare.model.events.doors import BadgeGranted, DoorClosed, DoorOpened
from safecare.model.events.panels import PanelSignal
from safecare.model.hospital import Asset, Hospital
from safecare.model.text import Ref, Span, Text, say

SEVERITY = {"public": 30, "staff": 45, "restricted": 65, "critical": 80}
"""Severity by the most protected side of the door (chosen: the order is what counts)."""
GRANTS = 4
"""Grants remembered for each door, for those that come late or while somebody else holds it open (chosen). So many
openings, too, wait for a grant that may yet come."""
LATEST = 120.0
"""Most seconds that an opening waits for the word of its grant (chosen: tables that are handed over each minute)."""
RELEASED = 0.6
"""Confidence while a fire alarm is on: it releases doors, and who wants in may have set it off (chosen)."""
FORGETS = 0.8
"""What is left of a door's known lateness with each grant that comes in time (chosen: gone after some ten entries)."""


class Late(msgspec.Struct):
    """A door whose grants are heard of after its openings: by how many seconds of late, and the last openings."""

    seconds: float = 0.0
    told: list[DoorOpened] = []
    """Openings that were told as forced."""
    waiting: list[DoorOpened] = []


@detector("door.forced", wants={DoorOpened, DoorClosed, BadgeGranted, PanelSignal, FireSignal}, domain=Domain.PHYSICAL)
@dataclass
class ForcedDoor:
    """Alert when a door with a reader opens with no grant within `grace` (time), and not for leaving.

    One grant is for one opening. A grant whose time is a little after the opening counts as well: two devices
    have two clocks. What contact and controller both say within `grace` is told once.

    A door that stands open when we begin to listen was opened by nobody knows whom: it is not judged.

    Contact and reader may come by two ways. An opening waits `patience` (time, by our clock) for the word of its grant,
    and longer at a door whose grants are known to come late.

    A fire alarm that is on makes it less sure, and is told with it: it releases doors.
    """

    hospital: Hospital
    grace: timedelta = timedelta(seconds=10)
    patience: timedelta = timedelta(seconds=2)
    _granted: dict[str, list[datetime]] = field(default_factory=dict, init=False)
    _contacts: Contacts = field(default_factory=Contacts, init=False)
    _late: dict[str, Late] = field(default_factory=dict, init=False)
    _told: dict[str, tuple[datetime, bool]] = field(default_factory=dict, init=False)
    """By door: when it was last told, and whether its controller said so (else its contact)."""
    _burning: dict[str, FireSignal] = field(default_factory=dict, init=False)

    def feed(self, batch: Iterable[Event]) -> Iterator[Alert]:
        """Remember grants, judge openings."""
        for event in batch:
            yield from self.tick(event.seen)
            asset = self.hospital.asset(event.asset)
            if isinstance(event, FireSignal):
                fires.take(self._burning, event)
            if asset is None:
                continue
            match event:
                case PanelSignal(what="forced", on=True):
                    yield from self._reported(event, asset)
                case _ if "reader" not in asset.addresses:
                    pass
                case BadgeGranted():
                    self._grant(event, asset.id)
                case DoorClosed():
                    self._contacts.closed(asset.id, event.at)
                case DoorOpened(kept=True):
                    self._contacts.stands(asset.id, event.at)
                case DoorOpened(egress=egress):
                    if self._contacts.opened(asset.id, event.at) and not egress and not self._uses(event, asset.id):
                        late = self._late.setdefault(asset.id, Late())
                        late.waiting.append(event)
                        for one in late.waiting[:-GRANTS]:
                            yield from self._forced(one, asset.id, late)
                case _:
                    pass

    def tick(self, now: datetime) -> Iterator[Alert]:
        """Give up waiting for grants whose word has not come by `now`."""
        for door, late in self._late.items():
            wait = max(self.patience, timedelta(seconds=min(2 * late.seconds, LATEST)))
            for event in [one for one in late.waiting if now - one.seen >= wait]:
                yield from self._forced(event, door, late)

    def _reported(self, event: PanelSignal, asset: Asset) -> Iterator[Alert]:
        """Tell what the controller says, and with it the opening that waits."""
        waiting = self._late.get(asset.id, Late()).waiting
        openings = [one for one in waiting if abs(one.at - event.at) <= self.grace]
        for one in openings:
            waiting.remove(one)
            self._told.pop(asset.id, None)
        yield from self._alert(event, asset, say("The door's controller reports it."))
        if openings:
            self._told[asset.id] = (openings[-1].at, False)

    def _grant(self, event: BadgeGranted, door: str) -> None:
        """Take a grant: for an opening that waits for it, else for one that comes."""
        late = self._late.get(door, Late())
        waiting = self._fitting(late.waiting, event)
        before = waiting or self._fitting(late.told, event)
        if before:
            late.seconds = max(late.seconds, (event.seen - before[0].seen).total_seconds())
        else:
            late.seconds *= FORGETS
        if waiting:
            late.waiting.remove(waiting[0])
        else:
            self._granted[door] = [*self._granted.get(door, ()), event.at][-GRANTS:]

    def _fitting(self, openings: list[DoorOpened], grant: BadgeGranted) -> list[DoorOpened]:
        return [one for one in openings if abs(one.at - grant.at) <= self.grace]

    def _uses(self, event: DoorOpened, door: str) -> bool:
        """Tell whether a grant was heard of that fits an opening, and use it up."""
        granted = self._granted.get(door, [])
        fitting = [at for at in granted if abs(event.at - at) <= self.grace]
        if fitting:
            granted.remove(fitting[0])
        return bool(fitting)

    def _forced(self, event: DoorOpened, door: str, late: Late) -> Iterator[Alert]:
        late.waiting.remove(event)
        late.told = [*late.told, event][-GRANTS:]
        asset = self.hospital.asset(door)
        before = [at for at in self._granted.pop(door, ()) if at <= event.at]
        reason = (
            say(
                "The last granted badge at {door} was {ago} earlier.",
                door=Ref(door),
                ago=Span((event.at - max(before)).total_seconds()),
            )
            if before
            else say("No badge was granted at {door} before it opened.", door=Ref(door))
        )
        if asset is not None:  # of a hospital that was changed since
            yield from self._alert(event, asset, reason)

    def _alert(self, event: Event, asset: Asset, reason: Text) -> Iterator[Alert]:
        controller = isinstance(event, PanelSignal)
        told = self._told.get(asset.id)
        if told is not None and told[1] != controller and abs(event.at - told[0]) <= self.grace:
            return
        self._told[asset.id] = (event.at, controller)
        sides = [zone for zone in map(self.hospital.zone, asset.between or ()) if zone]
        burning = fires.explains(self._burning, event)
        released = [say("A fire alarm is on at {site}: people may be leaving because of it.", site=Ref(event.site))]
        yield Alert.of(
            self,
            event,
            severity=max((SEVERITY[zone.security] for zone in sides), default=45),
            confidence=RELEASED if burning else 0.8,
            title=say("{door} opened without a badge", door=Ref(asset.id)),
            why=[reason, *(released if burning else ())],
            zones=[zone.id for zone in sides] or None,
        )
