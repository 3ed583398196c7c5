"""Somebody runs where people walk.

Source: PETS2009 with its own calibration: of six sequences of people walking, the median speed over one second is 0.96
to 1.32 m/s, and 0.0 to 0.2 % of the time lies above 2.5 m/s. Speed in pixels does not tell running from walking near
the camera (CAVIAR: F1 below 0.10), hence metres, and nothing without a calibration.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import hypot

import msgspec

from safecare.detect.api import detector
from safecare.detect.memory import remember
from safecare.detect.physical.scenes import areas, camera_of, drawn, on_floor, severity_of, steps, within, zone_of
from safecare.model.alert import Alert, Domain
from safecare.model.event import Event
from safecare.model.events.video import PeopleSeen, Seen
from safecare.model.hospital import Hospital
from safecare.model.scene import Area, Scene
from safecare.model.text import Amount, say

SPEED = 2.5
"""Metres per second where the area names no other: a fast walk is 2.0, a jog 2.8."""
SECONDS = 1.0
"""Seconds for which it must last where the area names no other; chosen: a few steps."""
WINDOW = timedelta(seconds=1)
"""Over which speed is measured; shorter, and the jitter of foot points counts."""
MISSED = 0.5
"""Seconds unseen up to which a run goes on; chosen: two looks without a box at five a second. Made runs were missed
where a single one was."""
FASTEST = 8.0
"""Metres per second above which two sightings are not of one person: nobody runs faster indoors."""
TALLEST, SMALLEST = 2.6, 1.0
"""Metres between which the box must be high, by its own feet: one cut off at the feet seems far away and fast."""
CONFIDENCE = 0.7
"""Chosen: no false alarm in 600 person-seconds of PETS2009, recall known on made walks (48 of 55)."""
AGAIN = timedelta(seconds=10)
"""Time after which the same person is told again; chosen."""
MOST = 500
"""Most people remembered; chosen: bounds the state."""


class Walk(msgspec.Struct):
    """The last second of somebody's way in metres, since when it is a run, and when it was told."""

    way: list[tuple[datetime, float, float]] = []
    since: datetime | None = None
    told: datetime | None = None


@detector("people.running", wants={PeopleSeen}, domain=Domain.PHYSICAL)
@dataclass
class Running:
    """Alert once when somebody moves faster than the area's `speed` for its `seconds`, on a calibrated floor."""

    hospital: Hospital
    _walks: dict[str, Walk] = field(default_factory=dict, init=False)

    def feed(self, batch: Iterable[Event]) -> Iterator[Alert]:
        """Measure speeds."""
        for event in batch:
            if isinstance(event, PeopleSeen):
                for scene, area in areas(self.hospital, event, "running"):
                    for one in event.people:
                        yield from self._judge(event, scene, area, one)

    def _judge(self, event: PeopleSeen, scene: Scene, area: Area, one: Seen) -> Iterator[Alert]:
        key = f"{event.asset} {area.id} {one.track}"
        walk = self._walks.get(key) or Walk()
        remember(self._walks, key, walk, MOST)
        if one.unseen:
            if one.unseen > MISSED:
                walk.way, walk.since = [], None
            return  # a guess is no point
        for at, x, y in steps(one, event):
            place = on_floor(scene, event, x, y)
            if place is None or not within(area, drawn(scene, event, x, y)):
                walk.way, walk.since = [], None
                continue
            speed = _speed(walk, at, place)
            limit = area.speed or SPEED
            if speed is None or speed < limit or not _upright(scene, event, one, place):
                walk.since = None
                continue
            walk.since = walk.since or at
            lasted = (at - walk.since).total_seconds()
            if lasted >= (area.seconds or SECONDS) and (walk.told is None or at - walk.told > AGAIN):
                walk.told = at
                yield self._alert(event, area, one, at, speed, limit)

    def _alert(self, event: PeopleSeen, area: Area, one: Seen, at: datetime, speed: float, limit: float) -> Alert:
        zone = zone_of(self.hospital, event, area)
        return Alert.of(
            self,
            msgspec.structs.replace(event, at=at),
            severity=severity_of(self.hospital, event, area) - 10,
            confidence=CONFIDENCE,
            title=say("Somebody runs in {area}", area=area.id),
            why=[
                say(
                    "Person {track} moves at {speed}; from {limit} on it is running.",
                    track=one.track,
                    speed=Amount(round(speed, 1), "m/s"),
                    limit=Amount(limit, "m/s"),
                )
            ],
            window=f"{area.id} {one.track} {at.isoformat()}",
            assets=camera_of(event),
            zones=[zone] if zone else None,
            still=event.still,
        )


def _speed(walk: Walk, at: datetime, place: tuple[float, float]) -> float | None:
    """Take a place; return the speed over the last `WINDOW`, None while too little is known."""
    if walk.way:
        before, x, y = walk.way[-1]
        passed = (at - before).total_seconds()
        if passed <= 0:
            return None
        if hypot(place[0] - x, place[1] - y) > FASTEST * max(passed, 0.2):
            walk.way, walk.since = [], None
    walk.way = [*[one for one in walk.way if at - one[0] <= WINDOW * 1.2], (at, *place)]
    first, x, y = walk.way[0]
    if at - first < WINDOW * 0.8:
        return None
    return hypot(place[0] - x, place[1] - y) / (at - first).total_seconds()


def _upright(scene: Scene, event: PeopleSeen, one: Seen, place: tuple[float, float]) -> bool:
    """Tell whether the box is as wide on the floor as a person can be, so that its feet are really seen."""
    left, right = (on_floor(scene, event, one.x + side * one.width / 2, one.y) for side in (-1, 1))
    if left is None or right is None or not one.width:
        return True
    wide = hypot(right[0] - left[0], right[1] - left[1])
    return SMALLEST <= wide * one.height / one.width <= TALLEST or not one.height
