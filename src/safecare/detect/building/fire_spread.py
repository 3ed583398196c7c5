"""Fire in a second fire compartment, next to one that already burns: the wall, or an open door, did not hold it.

Source: EN 13501-2 (fire resistance of walls and doors, 30 to 120 minutes) and EN 54-14 (alarm of two zones): detectors
of neighbouring compartments in alarm one after the other mean smoke or fire that spreads.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property

import msgspec

from safecare.detect.api import detector
from safecare.detect.physical.contacts import Contacts
from safecare.detect.standing import LONGEST, thing_of
from safecare.model.alert import Alert, Domain
from safecare.model.event import Event
from safecare.model.events.building import FireSignal
from safecare.model.events.doors import DoorClosed, DoorOpened
from safecare.model.hospital import Hospital, Zone
from safecare.model.text import Ref, Span, say

SEVERITY = 95
"""Chosen: above a single alarm; more than one compartment must be left."""


class Fire(msgspec.Struct):
    """A compartment in alarm: its first signal, when it was last said, which detectors say it.

    `spread`: it was told that fire came here from elsewhere.
    """

    first: FireSignal
    last: datetime
    detectors: set[str] = set()
    spread: bool = False


@detector("fire.spread", wants={FireSignal, DoorOpened, DoorClosed}, domain=Domain.PHYSICAL)
@dataclass
class FireSpread:
    """Alert once for each compartment that burns next to one that burned before it, within `within` (time).

    Neighbours are joined by a door, or lie above each other. A compartment burns until all its detectors are back to
    normal. Alarms of both within `together` (time) have one cause (a test, a cut line) and are not a spread.
    """

    hospital: Hospital
    within: timedelta = timedelta(hours=2)
    together: timedelta = timedelta(seconds=5)
    _fires: dict[str, Fire] = field(default_factory=dict, init=False)
    _contacts: Contacts = field(default_factory=Contacts, init=False)

    def feed(self, batch: Iterable[Event]) -> Iterator[Alert]:
        """Follow the detectors, and the doors between compartments."""
        for event in batch:
            match event:
                case FireSignal(state="alarm"):
                    yield from self._alarm(event)
                case FireSignal(state="normal"):
                    self._normal(event)
                case DoorOpened(asset=str(door)) if self.hospital.asset(door):
                    self._contacts.opened(door, event.at)
                case DoorClosed(asset=str(door)) if self.hospital.asset(door):
                    self._contacts.closed(door, event.at)
                case _:
                    pass

    @cached_property
    def _near(self) -> dict[str, set[str]]:
        """Neighbouring compartments, by compartment."""
        near: dict[str, set[str]] = {}
        for zone in self.hospital.zones:
            for other in self.hospital.zones:
                one, two = _compartment(zone), _compartment(other)
                touching = other.id in self.hospital.adjacent(zone.id) or self._above(zone, other)
                if one != two and touching:
                    near.setdefault(one, set()).add(two)
        return near

    @cached_property
    def _levels(self) -> dict[str, tuple[str, int]]:
        return {level.id: (level.building, level.ordinal) for level in self.hospital.levels}

    def _above(self, one: Zone, other: Zone) -> bool:
        here, there = self._levels.get(one.level), self._levels.get(other.level)
        if here is None or there is None or here[0] != there[0] or abs(here[1] - there[1]) != 1:
            return False
        return _overlap(one, other)

    def _alarm(self, event: FireSignal) -> Iterator[Alert]:
        zone = self.hospital.zone(event.zone)
        if zone is None or zone.category == "outdoor":
            return
        here = _compartment(zone)
        known = self._fires.get(here)
        if known and abs(event.at - known.last) <= self.within and event.at - known.first.at <= LONGEST:
            known.last = max(known.last, event.at)
            known.detectors.add(thing_of(event))
            return
        burning = self._fires[here] = Fire(event, event.at, {thing_of(event)})
        near = [(fire, name) for name, fire in self._fires.items() if name in self._near.get(here, ())]
        before = [one for one in near if self._spreads(one[0], burning)]
        if before:
            fire, name = max(before, key=lambda one: one[0].first.at)
            yield self._alert(event, fire, here, name)
        for fire, name in near:
            if (
                self._spreads(burning, fire) and not fire.spread
            ):  # the word of the first fire came after that of the second
                fire.spread = True
                yield self._alert(fire.first, burning, name, here)
        burning.spread = bool(before)

    def _spreads(self, one: Fire, other: Fire) -> bool:
        """Tell whether `other` began after `one`, while that burned."""
        return self.together < other.first.at - one.first.at and other.first.at - one.last <= self.within

    def _normal(self, event: FireSignal) -> None:
        zone = self.hospital.zone(event.zone)
        fire = self._fires.get(_compartment(zone)) if zone else None
        if zone and fire and event.at >= fire.first.at:  # one that comes late is of an alarm before
            fire.detectors.discard(thing_of(event))
            if not fire.detectors:
                del self._fires[_compartment(zone)]

    def _alert(self, event: FireSignal, fire: Fire, here: str, before: str) -> Alert:
        why = [
            say(
                "{one} was in alarm {time} before {other}, in the next fire compartment.",
                one=Ref(fire.first.asset or fire.first.zone or ""),
                other=Ref(event.asset or event.zone or ""),
                time=Span((event.at - fire.first.at).total_seconds()),
            )
        ]
        why += [say("{door} between them is open.", door=Ref(door)) for door in self._open_between(here, before)]
        return Alert.of(
            self,
            fire.first,
            event,
            window=here,
            severity=SEVERITY,
            confidence=0.9,
            title=say(
                "Fire spreads from {one} to {other}", one=Ref(fire.first.zone or ""), other=Ref(event.zone or "")
            ),
            why=why,
            assets=[one for one in (event.asset, fire.first.asset) if one],
            zones=[one for one in (event.zone, fire.first.zone) if one],
        )

    def _open_between(self, one: str, other: str) -> Iterator[str]:
        for asset in self.hospital.assets:
            sides = {_compartment(zone) for zone in map(self.hospital.zone, asset.between or ()) if zone}
            if sides == {one, other} and self._contacts.is_open(asset.id):
                yield asset.id


def _compartment(zone: Zone) -> str:
    """Return a name of the zone's compartment that no other site has; the zone itself where none is told."""
    return f"{zone.site}\x1f{zone.fire_compartment or zone.id}"


def _overlap(one: Zone, other: Zone) -> bool:
    """Tell whether the zones' boxes, seen from above, share more than an edge."""

    def box(zone: Zone, axis: int) -> tuple[float, float]:
        values = [point[axis] for point in zone.outline]
        return (min(values), max(values)) if values else (0.0, 0.0)

    return all(
        min(box(one, axis)[1], box(other, axis)[1]) - max(box(one, axis)[0], box(other, axis)[0]) > 0.1
        for axis in (0, 1)
    )
