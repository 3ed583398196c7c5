"""Somebody crosses a line that the site has drawn into the picture.

Source: line crossing as ONVIF (Analytics Service, LineDetector) and camera makers define it: the foot point goes from
one side to the other between the line's ends; the margin keeps somebody who stands on it from crossing again and again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from math import hypot

import msgspec

from safecare.detect.api import detector
from safecare.detect.memory import remember
from safecare.detect.physical.scenes import areas, camera_of, drawn, severity_of, steps, zone_of
from safecare.formats.ground import turns_over
from safecare.model.alert import Alert, Domain
from safecare.model.event import Event
from safecare.model.events.video import PeopleSeen, Seen
from safecare.model.hospital import Hospital
from safecare.model.scene import Area, Point, Scene
from safecare.model.text import say

MARGIN = 0.07
"""Heights of the person from the line within which the side is not judged; measured on PETS2009: 6 of 85 pixels."""
MARGIN_METRES = 0.12
"""The same on the floor, metres."""
ENDS = 0.05
"""Share of the line's length by which a crossing may miss its ends: foot points are not exact."""
CONFIDENCE = 0.85
"""Measured on PETS2009 S2.L1: 76 of 77 crossings found, none invented; other places are harder."""
MOST = 500
"""Most people remembered for each camera; chosen: bounds the state."""


class Side(msgspec.Struct):
    """On which side somebody was last seen clear of the line, where, and when."""

    right: bool
    x: float
    y: float
    at: datetime


class Crossing(msgspec.Struct, frozen=True):
    """Somebody crossed the line `area` in `direction` at `at`."""

    area: Area
    one: Seen
    at: datetime
    direction: str


class Lines(msgspec.Struct):
    """Who was last seen on which side of which line."""

    sides: dict[str, Side] = {}

    def crossings(self, hospital: Hospital, event: PeopleSeen) -> Iterator[Crossing]:
        """Take a telling; yield the crossings in the directions that are to be told."""
        for scene, area in areas(hospital, event, "line"):
            for one in event.people:
                if one.unseen:
                    continue  # a guess crosses nothing
                for at, x, y in steps(one, event):
                    direction = self._step(event, scene, area, one, (at, x, y))
                    if direction is not None and area.direction in ("both", direction):
                        yield Crossing(area, one, at, direction)

    def _step(
        self, event: PeopleSeen, scene: Scene, area: Area, one: Seen, step: tuple[datetime, float, float]
    ) -> str | None:
        """Take one foot point; return the direction if it completes a crossing."""
        at, x, y = step
        point = drawn(scene, event, x, y)
        off = None if point is None else offset(area, point)
        if point is None or off is None or abs(off) < _margin(scene, event, one):
            return None
        key = f"{event.asset} {area.id} {one.track}"
        last = self.sides.get(key)
        right = off > 0
        remember(self.sides, key, Side(right, *point, at), MOST)
        if last is None or last.right == right or not between(area, (last.x, last.y), point):
            return None
        if scene.metres and scene.ground is not None and turns_over(scene.ground, x, y):
            right = not right
        return "to_right" if right else "to_left"


def _margin(scene: Scene, event: PeopleSeen, one: Seen) -> float:
    """Return the distance from a line within which the side is not judged, in the scene's coordinates."""
    if scene.metres:
        return MARGIN_METRES
    scale = scene.size[1] / event.size[1] if scene.size != (0, 0) and event.size != (0, 0) else 1.0
    return MARGIN * one.height * scale


@detector("people.line", wants={PeopleSeen}, domain=Domain.PHYSICAL)
@dataclass
class LineCrossed:
    """Alert each time somebody crosses a line in a direction that is to be told.

    Lines in a door are compared with granted badges instead (`door.tailgating`).
    """

    hospital: Hospital
    _lines: Lines = field(default_factory=Lines, init=False)

    def feed(self, batch: Iterable[Event]) -> Iterator[Alert]:
        """Follow who is on which side."""
        for event in batch:
            if isinstance(event, PeopleSeen):
                for crossing in self._lines.crossings(self.hospital, event):
                    if crossing.area.door is None:
                        yield self._alert(event, crossing.area, crossing.one, crossing.at, crossing.direction)

    def _alert(self, event: PeopleSeen, area: Area, one: Seen, at: datetime, crossing: str) -> Alert:
        zone = zone_of(self.hospital, event, area)
        way = say("from left to right") if crossing == "to_right" else say("from right to left")
        return Alert.of(
            self,
            msgspec.structs.replace(event, at=at),
            severity=severity_of(self.hospital, event, area),
            confidence=CONFIDENCE,
            title=say("Somebody crosses the line {area}", area=area.id),
            why=[
                say(
                    "Person {track} crossed it {way}, as the camera sees it.",
                    track=one.track,
                    way=way,
                    direction=crossing,
                )
            ],
            window=f"{area.id} {one.track} {at.isoformat()}",
            assets=camera_of(event),
            zones=[zone] if zone else None,
            still=event.still,
        )


def offset(area: Area, point: Point) -> float:
    """Return how far `point` is from the line through the area's two points; above 0 to the right, y pointing down."""
    (x1, y1), (x2, y2) = area.line
    length = hypot(x2 - x1, y2 - y1)
    return ((x2 - x1) * (point[1] - y1) - (y2 - y1) * (point[0] - x1)) / length


def between(area: Area, one: Point, other: Point) -> bool:
    """Tell whether the way from `one` to `other`, on two sides of the line, passes between its ends."""
    a, b = offset(area, one), offset(area, other)
    share = a / (a - b)
    x, y = one[0] + share * (other[0] - one[0]), one[1] + share * (other[1] - one[1])
    (x1, y1), (x2, y2) = area.line
    along = ((x - x1) * (x2 - x1) + (y - y1) * (y2 - y1)) / ((x2 - x1) ** 2 + (y2 - y1) ** 2)
    return -ENDS <= along <= 1 + ENDS
