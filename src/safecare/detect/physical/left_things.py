"""Changes of a camera's picture that stay, in the areas that the site has drawn, and which of them have been told."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import msgspec

from safecare.detect.physical.scenes import areas, drawn, within
from safecare.model.events.video import PeopleSeen, Thing, ThingsSeen
from safecare.model.hospital import Hospital
from safecare.model.scene import Area, Kind, Scene

AGAIN = timedelta(minutes=10)
"""Time for which a place that was told is not told again: a thing that somebody hides for a moment is a new change."""
MOST = 64
"""Things and places remembered for each area; chosen: bounds the state."""


class Held(msgspec.Struct):
    """One thing in an area: its first telling, since when it is alone, and since when which tracks are near it."""

    first: ThingsSeen
    since: datetime | None = None
    near: dict[int, datetime] = {}
    told: bool = False


class Place(msgspec.Struct):
    """Where something was told: its box in pixels, and when it was last there."""

    left: float
    top: float
    right: float
    low: float
    at: datetime

    @classmethod
    def of(cls, thing: Thing, at: datetime) -> Place:
        """Return the place of `thing`."""
        half = thing.width / 2
        return cls(thing.x - half, thing.y - thing.height, thing.x + half, thing.y, at)

    def meets(self, other: Place) -> bool:
        """Tell whether the boxes overlap."""
        return self.left < other.right and other.left < self.right and self.top < other.low and other.top < self.low


class Left(msgspec.Struct):
    """The memory of one area."""

    held: dict[int, Held] = {}
    places: list[Place] = []

    def take(self, event: ThingsSeen, here: list[Thing]) -> Iterator[tuple[Thing, Held]]:
        """Take a telling whose things `here` lie in the area; yield those that have not been told yet."""
        self.held = {thing.number: self.held.get(thing.number) or Held(_bare(event)) for thing in here[:MOST]}
        self.places = [place for place in self.places if event.at - place.at <= AGAIN][-MOST:]
        for thing in here[:MOST]:
            held, place = self.held[thing.number], Place.of(thing, event.at)
            known = [one for one in self.places if one.meets(place)]
            for one in known:
                one.at = event.at
            if not held.told and not known:
                yield thing, held

    def tell(self, event: ThingsSeen, thing: Thing) -> None:
        """Remember that `thing` is told."""
        self.held[thing.number].told = True
        self.places.append(Place.of(thing, event.at))


def things_in(
    hospital: Hospital, event: ThingsSeen, kind: Kind, *, gone: bool
) -> Iterator[tuple[Scene, Area, list[Thing]]]:
    """Yield the areas of `kind`, each with what came (or, `gone`, went) in it."""
    for scene, area in areas(hospital, event, kind):
        here = [
            thing
            for thing in event.things
            if thing.gone is gone and within(area, drawn(scene, event, thing.x, thing.y - thing.height / 4))
        ]
        yield scene, area, here


class Feet(msgspec.Struct):
    """Where people stood in one camera's picture at `at`: (track, x, y, height), in pixels."""

    at: datetime
    people: list[tuple[int, float, float, float]]

    @classmethod
    def of(cls, event: PeopleSeen) -> Feet:
        """Return the foot points of `event`, those who are hidden included: they are not far."""
        return cls(event.at, [(one.track, one.x, one.y, max(one.height, 1.0)) for one in event.people])


def _bare(event: ThingsSeen) -> ThingsSeen:
    return msgspec.structs.replace(event, things=())
