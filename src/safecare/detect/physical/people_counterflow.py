"""Somebody goes against the way that everybody must go.

Source: "wrong direction" rules of video systems (gates, one-way corridors); the distance keeps a step aside or the
jitter of a foot point from counting.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from math import hypot

import msgspec

from safecare.detect.api import detector
from safecare.detect.memory import remember
from safecare.detect.physical.scenes import areas, camera_of, drawn, severity_of, steps, within, zone_of
from safecare.model.alert import Alert, Domain
from safecare.model.event import Event
from safecare.model.events.video import PeopleSeen, Seen
from safecare.model.hospital import Hospital
from safecare.model.scene import Area, Scene
from safecare.model.text import Ref, say

DISTANCE = 1.2
"""Heights that somebody must go back, in all, to be told: two metres, more than a step aside."""
CONFIDENCE = 0.75
"""Chosen; not measured on real data."""
MOST = 500
"""Most people remembered; chosen: bounds the state."""


class Walk(msgspec.Struct):
    """How far along the right way somebody has come at best (heights), where they are now, and whether it was told."""

    best: float
    along: float
    at: datetime
    told: bool = False


@detector("people.counterflow", wants={PeopleSeen}, domain=Domain.PHYSICAL)
@dataclass
class Counterflow:
    """Alert once when somebody has gone against the area's `towards` for two metres."""

    hospital: Hospital
    _walks: dict[str, Walk] = field(default_factory=dict, init=False)

    def feed(self, batch: Iterable[Event]) -> Iterator[Alert]:
        """Follow who goes where."""
        for event in batch:
            if isinstance(event, PeopleSeen):
                for scene, area in areas(self.hospital, event, "counterflow"):
                    for one in event.people:
                        if not one.unseen and one.height:
                            yield from self._judge(event, scene, area, one)

    def _judge(self, event: PeopleSeen, scene: Scene, area: Area, one: Seen) -> Iterator[Alert]:
        right, down = area.towards
        length = hypot(right, down)
        key = f"{event.asset} {area.id} {one.track}"
        for at, x, y in steps(one, event):
            if not within(area, drawn(scene, event, x, y)):
                self._walks.pop(key, None)
                continue
            along = (x * right + y * down) / length / one.height
            walk = self._walks.get(key) or Walk(along, along, at)
            walk.best, walk.along = max(walk.best, along), along
            remember(self._walks, key, walk, MOST)
            if walk.best - along >= DISTANCE and not walk.told:
                walk.told = True
                yield self._alert(event, area, one, walk)

    def _alert(self, event: PeopleSeen, area: Area, one: Seen, walk: Walk) -> Alert:
        zone = zone_of(self.hospital, event, area)
        return Alert.of(
            self,
            event,
            severity=severity_of(self.hospital, event, area),
            confidence=CONFIDENCE,
            title=say("Somebody goes the wrong way in {zone}", zone=Ref(zone) if zone else area.id),
            why=[say("Person {track} goes against the way of {area}.", track=one.track, area=area.id)],
            window=f"{area.id} {one.track} {walk.at.isoformat()}",
            assets=camera_of(event),
            zones=[zone] if zone else None,
            still=event.still,
        )
