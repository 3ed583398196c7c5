"""Somebody has left a thing behind: it stays, and nobody is near it.

Source: PETS 2006 (Ferryman, benchmark data of abandoned luggage): a thing is unattended when its owner is more than 3 m
away, and abandoned when that has lasted for 30 s. Distances are in heights of people (1.7 m), without a calibration.
Whoever stays near counts as the owner, for tracks break; who only walks past does not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from math import hypot

from safecare.detect.api import detector
from safecare.detect.physical.left_things import Feet, Held, Left, things_in
from safecare.detect.physical.scenes import camera_of, severity_of, zone_of
from safecare.model.alert import Alert, Domain
from safecare.model.event import Event
from safecare.model.events.video import PeopleSeen, Thing, ThingsSeen
from safecare.model.hospital import Hospital
from safecare.model.scene import Area
from safecare.model.text import Ref, Span, say

SECONDS = 30.0
"""Seconds without anybody near where the area names no others: PETS 2006."""
NEAR = 1.8
"""Heights of a person around the thing within which they attend it: 3 m, PETS 2006."""
STAYS = timedelta(seconds=5)
"""Time near the thing from which somebody attends it; chosen: a passer-by is gone."""
ITSELF = 1.6
"""Height of somebody over that of a thing at the same place below which they are one; chosen: a bag is a third."""
FRESH = timedelta(seconds=3)
"""Time for which people last told still count as there; they are told twice a second while anybody is there."""
CONFIDENCE = 0.6
"""Chosen: found on made clips only; a parked trolley is a thing, too."""


@detector("object.abandoned", wants={PeopleSeen, ThingsSeen}, domain=Domain.PHYSICAL)
@dataclass
class Abandoned:
    """Alert once for each thing that stays in an area of kind ``abandoned`` with nobody near for its `seconds`."""

    hospital: Hospital
    _left: dict[str, Left] = field(default_factory=dict, init=False)
    _people: dict[str, Feet] = field(default_factory=dict, init=False)

    def feed(self, batch: Iterable[Event]) -> Iterator[Alert]:
        """Follow things, and who is near them."""
        for event in batch:
            if isinstance(event, PeopleSeen) and event.asset:
                self._people[event.asset] = Feet.of(event)
            elif isinstance(event, ThingsSeen):
                for _, area, here in things_in(self.hospital, event, "abandoned", gone=False):
                    left = self._left.setdefault(f"{event.asset} {area.id}", Left())
                    for thing, held in left.take(event, here):
                        if self._alone(event, area, thing, held):
                            left.tell(event, thing)
                            yield self._alert(event, area, held)

    def _alone(self, event: ThingsSeen, area: Area, thing: Thing, held: Held) -> bool:
        """Tell whether nobody has stayed near `thing` for long enough."""
        near = self._near(event, thing)
        held.near = {track: held.near.get(track, event.at) for track in near}
        if any(event.at - since >= STAYS for since in held.near.values()):
            held.since = None
            return False
        held.since = held.since or event.at
        return (event.at - held.since).total_seconds() >= (area.seconds or SECONDS)

    def _near(self, event: ThingsSeen, thing: Thing) -> set[int]:
        """Return the tracks of those within reach of `thing`."""
        feet = self._people.get(event.asset or "")
        if feet is None or event.at - feet.at > FRESH:
            return set()
        return {
            track
            for track, x, y, height in feet.people
            if hypot(x - thing.x, y - thing.y) <= NEAR * height and not _is_itself(thing, x, y, height)
        }

    def _alert(self, event: ThingsSeen, area: Area, held: Held) -> Alert:
        zone = zone_of(self.hospital, event, area)
        since = held.since or event.at
        return Alert.of(
            self,
            held.first,
            event,
            severity=severity_of(self.hospital, event, area),
            confidence=CONFIDENCE,
            title=say("Something was left behind: {zone}", zone=Ref(zone) if zone else area.id),
            why=[
                say(
                    "It lies in {area}, and nobody has stayed near it for {time}.",
                    area=area.id,
                    time=Span((event.at - since).total_seconds()),
                )
            ],
            window=f"{area.id} {held.first.at.isoformat()}",
            assets=camera_of(event),
            zones=[zone] if zone else None,
            still=event.still or held.first.still,
        )


def _is_itself(thing: Thing, x: float, y: float, height: float) -> bool:
    """Tell whether who stands at (x, y) is the thing, which blobs of motion take for somebody."""
    return height < ITSELF * thing.height and hypot(x - thing.x, y - thing.y) <= 0.5 * max(thing.width, thing.height)
