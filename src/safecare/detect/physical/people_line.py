"""Somebody crosses a line that the site has drawn into the picture.

Source: line crossing as ONVIF (Analytics Service, LineDetector) and camera makers define it: the foot point goes from
one side to the other between the line's ends; the margin keeps somebody who stands on it from crossing again and again.
A track that comes back from behind somebody does not cross where another track has told it meanwhile: while two people
hide each other, their tracks may be exchanged. Who was hidden while crossing did it when an even walk from the last
sight of them to the next is clear of the line, not when they were seen again. Sides are those of points evened out over
a stride (`ways`); where a walk is surely beyond the line already, it is told at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import hypot

import msgspec

from safecare.detect.api import detector
from safecare.detect.memory import remember
from safecare.detect.physical.scenes import areas, camera_of, drawn, severity_of, zone_of
from safecare.detect.physical.ways import HALF, Step, Walk, Ways
from safecare.formats.ground import turns_over
from safecare.model.alert import Alert, Domain
from safecare.model.event import Event
from safecare.model.events.video import PeopleSeen, Seen
from safecare.model.hospital import Hospital
from safecare.model.scene import Area, Point, Scene
from safecare.model.text import say

MARGIN = 0.07
"""Heights of the person from the line within which the side is not judged; measured on PETS2009: 6 of 85 pixels."""
SURE = 2.0
"""Standard deviations by which a walk must be clear of the line, now and half a stride later, to be told at once, and
not only when the way is evened out: wrong once in 44 times where errors are normal. With 1.5 to 3 lines are told as
rightly as by waiting; with 0.5 some are told that are none."""
AT_EDGE = 0.02
"""Share of the picture's size from its edge within which a line is meant to end there; chosen: a hand's precision."""
MARGIN_METRES = 0.12
"""The same on the floor, metres."""
CONFIDENCE = 0.85
"""Measured on PETS2009 S2.L1, 44 lines: 98 % of crossings found, 96 % of what is told is one; others are harder."""
MOST = 100
"""Most people remembered for each line; chosen: bounds the state."""
GAP = timedelta(seconds=8)
"""Time for which it is known who passed: as long as the tracker remembers somebody who is hidden."""
ADULT = 1.7
"""Metres, where lengths are metres."""
HIDDEN = timedelta(seconds=1)
"""Time unseen after which a track may have been somebody else's in between; chosen: twice the slowest look."""


class Side(msgspec.Struct):
    """On which side and where somebody was last clear of the line, and when and how far off they were last seen."""

    right: bool
    x: float
    y: float
    seen: datetime
    off: float


class Passed(msgspec.Struct):
    """Somebody passed the line: which way, whose track, where and when."""

    direction: str
    track: int
    x: float
    y: float
    at: datetime


class Crossing(msgspec.Struct, frozen=True):
    """Somebody crossed the line `area` in `direction` at `at`."""

    area: Area
    one: Seen
    at: datetime
    direction: str


class Line(msgspec.Struct):
    """One line's memory: who was last seen on which side, by track, and who passed of late."""

    sides: dict[str, Side] = {}
    passed: list[Passed] = []


class Lines(msgspec.Struct):
    """Who was last seen on which side of which line of which camera, and how people walk there."""

    lines: dict[str, Line] = {}
    ways: dict[str, Ways] = {}

    def crossings(self, hospital: Hospital, event: PeopleSeen) -> Iterator[Crossing]:
        """Take a telling; yield the crossings in the directions that are to be told."""
        drawn_here = list(areas(hospital, event, "line"))
        if not drawn_here:
            return
        for step in self.ways.setdefault(event.asset or "", Ways()).take(event):
            for scene, area in drawn_here:
                line = self.lines.setdefault(f"{event.asset} {area.id}", Line())
                passed = _step(line, event, scene, area, step)
                if passed is not None and area.direction in ("both", passed.direction):
                    yield Crossing(area, step.one, passed.at, passed.direction)


def _step(line: Line, event: PeopleSeen, scene: Scene, area: Area, step: Step) -> Passed | None:
    """Take one foot point; return what is to be told if it completes a crossing.

    Sides are those of points that were evened out; one known just now only tells at once who is surely beyond.
    """
    point = drawn(scene, event, step.x, step.y)
    if point is None:
        return None
    off, key, tall = offset(area, point), str(step.one.track), _height(scene, event, step.one)
    last = line.sides.get(key)
    if last is not None and step.at <= last.seen:
        return None
    if last is not None and step.at - last.seen > GAP:
        last = None  # the camera began anew, and counts its tracks from 1 again
    right = off > 0
    margin = MARGIN_METRES if scene.metres else MARGIN * tall
    if step.walk and (last is None or last.right == right or not _sure(scene, event, area, step.walk, margin)):
        return None
    if step.walk and last and step.walk.points == 1 and step.at - last.seen < HALF:
        return None  # a box that jumps is no walk; who was hidden for so long had the time to come here
    if abs(off) < margin:
        if last is not None:
            last.seen, last.off = step.at, off
        return None
    remember(line.sides, key, Side(right, *point, step.at, off), MOST)
    if last is None or last.right == right or not between(area, (last.x, last.y), point, _endless(scene, event, area)):
        return None
    if scene.metres and scene.ground is not None and turns_over(scene.ground, step.x, step.y):
        right = not right
    at = _clear_at(last, step.at, off, margin)
    passed = Passed("to_right" if right else "to_left", step.one.track, *point, at)
    told = step.at - last.seen > HIDDEN + HALF and _told(line, passed, last.seen, tall)
    line.passed = [*(one for one in line.passed if step.at - one.at <= GAP), passed][-MOST:]
    return None if told else passed


def _sure(scene: Scene, event: PeopleSeen, area: Area, walk: Walk, margin: float) -> bool:
    """Tell whether a walk known just now is clear of the line, and will be when it is evened out."""
    sides = set()
    for later in (0.0, HALF.total_seconds()):
        (x, y), error = walk.at(later), SURE * walk.error(later)
        points = [drawn(scene, event, *one) for one in ((x, y), (x + error, y), (x, y + error))]
        offs = [offset(area, one) for one in points if one is not None]
        if len(offs) < len(points) or abs(offs[0]) < margin + hypot(offs[1] - offs[0], offs[2] - offs[0]):
            return False
        sides.add(offs[0] > 0)
    return len(sides) == 1


def _endless(scene: Scene, event: PeopleSeen, area: Area) -> tuple[bool, bool]:
    """Tell for each end whether it lies at the picture's edge: feet may stand beyond, and the line goes on there."""
    wide, high = scene.size if scene.size != (0, 0) else event.size
    if scene.metres or not wide or not high:
        return False, False
    first, second = (min(x / wide, y / high) <= AT_EDGE or max(x / wide, y / high) >= 1 - AT_EDGE for x, y in area.line)
    return first, second


def _clear_at(last: Side, at: datetime, off: float, margin: float) -> datetime:
    """Return when an even walk from the last sight of somebody to the one at `at` is `margin` beyond the line."""
    share = (abs(off) - margin) / abs(off - last.off)
    return at - share * (at - last.seen)


def _told(line: Line, passed: Passed, since: datetime, tall: float) -> bool:
    """Tell whether another track passed the same way nearby while this one was hidden: it was the same person."""
    return any(
        other.direction == passed.direction
        and other.track != passed.track
        and other.at >= since
        and hypot(other.x - passed.x, other.y - passed.y) <= tall
        for other in line.passed
    )


def _height(scene: Scene, event: PeopleSeen, one: Seen) -> float:
    """Return the person's height in the scene's coordinates; on the floor the height of an adult."""
    if scene.metres:
        return ADULT
    return one.height * (scene.size[1] / event.size[1] if scene.size != (0, 0) and event.size != (0, 0) else 1.0)


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


def between(area: Area, one: Point, other: Point, endless: tuple[bool, bool] = (False, False)) -> bool:
    """Tell whether the way from `one` to `other`, on two sides of the line, passes between its ends.

    `endless`: which of the two ends is none.
    """
    if offset(area, one) > offset(area, other):
        one, other = other, one  # rounding is the same whichever way
    a, b = offset(area, one), offset(area, other)
    share = a / (a - b)
    x, y = one[0] + share * (other[0] - one[0]), one[1] + share * (other[1] - one[1])
    (x1, y1), (x2, y2) = area.line
    along = ((x - x1) * (x2 - x1) + (y - y1) * (y2 - y1)) / ((x2 - x1) ** 2 + (y2 - y1) ** 2)
    return (endless[0] or along >= 0) and (endless[1] or along <= 1)
