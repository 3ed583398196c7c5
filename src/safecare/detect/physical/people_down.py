"""Somebody who stood or walked lies on the floor, and stays there.

Source: fall detection by the shape of the body's box and by what follows (Rougier et al., "Fall detection from human
shape and motion history", AINA 2007): a standing body's box is tall, a lying one's is wide, and who lies does not get
up. Evidence is either a person's own wide box, or a wide change of the picture that stays where a person was lost: some
networks do not see those who lie. Where there is a pose network it is asked about these candidates alone: a trunk that
lies is stronger evidence, a trunk that stands is evidence against. Who lies from the start (a bed) is nobody who fell.
Somebody who falls towards the camera or away from it gives no wide box, and is missed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import hypot

import msgspec

from safecare.detect.api import detector
from safecare.detect.memory import remember
from safecare.detect.physical.scenes import areas, camera_of, drawn, severity_of, within, zone_of
from safecare.model.alert import Alert, Domain
from safecare.model.event import Event
from safecare.model.events.video import PeopleSeen, ThingsSeen
from safecare.model.hospital import Hospital
from safecare.model.scene import Area, Scene
from safecare.model.text import Ref, Span, say

SECONDS = 10.0
"""Seconds on the floor where the area names no others; chosen: who stumbles is up before."""
WIDE = 1.1
"""Width over height from which a box is that of somebody who lies; standing it is 0.4, kneeling below 1."""
TALL = 0.75
"""Width over height below which somebody stands."""
LONG = (0.5, 1.5)
"""Length of a lying body over the height that it had standing; foreshortened and with arms stretched out."""
NEAR = 1.0
"""Heights between where somebody was last seen standing and where they lie: a fall moves nobody further."""
JUST = timedelta(seconds=10)
"""Time between the two; chosen: a change of the picture is told after a few seconds."""
PATIENCE = timedelta(seconds=5)
"""Time without evidence after which somebody no longer lies there; chosen: helpers stand in front."""
LYING, UPRIGHT = 55.0, 35.0
"""Degrees of the trunk from upright from which a pose says that somebody lies, and up to which that they do not;
measured on 160 people of PETS2009 and the same turned to both sides: 100 of 100 right, none wrong."""
EDGE = 0.02
"""Share of the picture at its edges in which a box is cut off."""
MOST = 200
"""People remembered for each camera; chosen: bounds the state."""
SEVERE = 65
"""Least severity: somebody may be dying."""
CONFIDENCE_POSE, CONFIDENCE, CONFIDENCE_THING = 0.8, 0.6, 0.5
"""By the pose, by the person's own box, and by a change of the picture; chosen: measured on made clips only."""


class Stood(msgspec.Struct):
    """Somebody seen standing: foot point and height in pixels, when last."""

    x: float
    y: float
    height: float
    at: datetime


class Body(msgspec.Struct):
    """Somebody who lies: the telling that began it, place, length when standing, track, and by what it is known."""

    first: PeopleSeen | ThingsSeen
    x: float
    y: float
    height: float
    track: int
    since: datetime
    seen: datetime
    thing: bool
    posed: bool = False
    """Whether a pose network has seen the body lie."""
    told: bool = False


class Floor(msgspec.Struct):
    """The memory of one area of one camera's picture."""

    stood: dict[str, Stood] = {}
    bodies: list[Body] = []


@detector("people.down", wants={PeopleSeen, ThingsSeen}, domain=Domain.PHYSICAL)
@dataclass
class PersonDown:
    """Alert once for each person who lies in an area of kind ``down`` for its `seconds` after having stood."""

    hospital: Hospital
    _floors: dict[str, Floor] = field(default_factory=dict, init=False)

    def feed(self, batch: Iterable[Event]) -> Iterator[Alert]:
        """Follow who stands and who lies."""
        for event in batch:
            if not isinstance(event, PeopleSeen | ThingsSeen):
                continue
            for scene, area in areas(self.hospital, event, "down"):
                floor = self._floors.setdefault(f"{event.asset} {area.id}", Floor())
                if isinstance(event, PeopleSeen):
                    _people(floor, event, scene, area)
                else:
                    _things(floor, event, scene, area)
                floor.bodies = [one for one in floor.bodies if event.at - one.seen <= PATIENCE][-MOST:]
                for body in floor.bodies:
                    lasted = (body.seen - body.since).total_seconds()
                    if not body.told and lasted >= (area.seconds or SECONDS):
                        body.told = True
                        yield self._alert(event, area, body, lasted)

    def _alert(self, event: PeopleSeen | ThingsSeen, area: Area, body: Body, lasted: float) -> Alert:
        zone = zone_of(self.hospital, event, area)
        how = say("A body's shape lies where person {track} was last seen.", track=body.track)
        if not body.thing:
            how = say("Person {track} stood before.", track=body.track)
        return Alert.of(
            self,
            body.first,
            event,
            severity=max(SEVERE, severity_of(self.hospital, event, area)),
            confidence=CONFIDENCE_POSE if body.posed else CONFIDENCE_THING if body.thing else CONFIDENCE,
            title=say("Somebody lies on the floor: {zone}", zone=Ref(zone) if zone else area.id),
            why=[say("Somebody has lain in {area} for {time}.", area=area.id, time=Span(lasted)), how],
            window=f"{area.id} {body.track} {body.since.isoformat()}",
            assets=camera_of(event),
            zones=[zone] if zone else None,
            still=event.still or body.first.still,
        )


def _people(floor: Floor, event: PeopleSeen, scene: Scene, area: Area) -> None:
    """Take those seen: who stands, who lies, who got up."""
    for one in event.people:
        if one.unseen or not one.height or not one.width:
            continue
        shape = one.width / one.height
        lies = one.tilt is not None and one.tilt >= LYING
        if one.tilt is not None and one.tilt <= UPRIGHT and shape > TALL:
            continue  # arms stretched out, or two who stand close
        if shape <= TALL:
            floor.bodies = [body for body in floor.bodies if body.track != one.track]
            remember(floor.stood, str(one.track), Stood(one.x, one.y, one.height, event.at), MOST)
        elif (lies or shape >= WIDE) and not _cut(event, one.x, one.y, one.width):
            before = floor.stood.get(str(one.track)) or _nearest(floor, event, one.x, one.y, set())
            if within(area, drawn(scene, event, one.x, one.y)):
                where = (one.x, one.y, max(one.width, one.height) if lies else one.width)
                _lies(floor, event, before, where, one.track, event.at, thing=False, posed=lies)


def _things(floor: Floor, event: ThingsSeen, scene: Scene, area: Area) -> None:
    """Take what has changed: a wide change where somebody was lost is that person."""
    for thing in event.things:
        if thing.gone or thing.width < WIDE * thing.height or _cut(event, thing.x, thing.y, thing.width):
            continue
        if thing.tilt is not None and thing.tilt <= UPRIGHT:
            continue
        if not within(area, drawn(scene, event, thing.x, thing.y)):
            continue
        since = event.at - timedelta(seconds=thing.since)
        lost = {key for key, one in floor.stood.items() if one.at - since > timedelta(seconds=1)}
        before = _nearest(floor, event, thing.x, thing.y, lost, since)
        _lies(
            floor,
            event,
            before,
            (thing.x, thing.y, thing.width),
            -1,
            since,
            thing=True,
            posed=thing.tilt is not None and thing.tilt >= LYING,
        )


def _nearest(
    floor: Floor, event: PeopleSeen | ThingsSeen, x: float, y: float, without: set[str], at: datetime | None = None
) -> Stood | None:
    """Return who stood nearest to (x, y) just before `at`, those of `without` left out; their track goes along."""
    at = at or event.at
    near = [
        (hypot(one.x - x, one.y - y) / one.height, key)
        for key, one in floor.stood.items()
        if key not in without and at - one.at <= JUST
    ]
    away, key = min(near, default=(NEAR + 1, ""))
    return floor.stood[key] if away <= NEAR else None


def _lies(
    floor: Floor,
    event: PeopleSeen | ThingsSeen,
    before: Stood | None,
    box: tuple[float, float, float],
    track: int,
    since: datetime,
    *,
    thing: bool,
    posed: bool,
) -> None:
    """Add evidence that somebody lies at `box` (foot point and width)."""
    x, y, width = box
    for body in floor.bodies:
        if hypot(body.x - x, body.y - y) <= NEAR * body.height:
            body.seen = event.at
            body.posed = body.posed or posed
            return
    if before is None or not LONG[0] * before.height <= width <= LONG[1] * before.height:
        return
    if track < 0:
        track = next((int(key) for key, one in floor.stood.items() if one is before), 0)
    bare = msgspec.structs.replace(event, people=()) if isinstance(event, PeopleSeen) else event
    floor.bodies.append(Body(bare, x, y, before.height, track, since, event.at, thing, posed))


def _cut(event: PeopleSeen | ThingsSeen, x: float, y: float, width: float) -> bool:
    """Tell whether the picture's edge cuts the box off."""
    wide, high = event.size
    if not wide or not high:
        return False
    near = EDGE * wide
    return x - width / 2 <= near or x + width / 2 >= wide - near or y >= high - 1
