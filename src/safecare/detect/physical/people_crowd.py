"""More people in a place than it is meant for.

Source: the zone's own limit in the hospital's files (`Zone.crowd_at`), as occupancy rules of video systems
have it; the times are chosen: a group passing through is gone within ten seconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import median_low

import msgspec

from safecare.detect.api import detector
from safecare.model.alert import Alert, Domain
from safecare.model.event import Event
from safecare.model.events.video import PeopleSeen
from safecare.model.hospital import Hospital, Zone
from safecare.model.ids import ArtifactHash
from safecare.model.text import Ref, Span, say

LEAST_SEVERITY, MOST_SEVERITY = 40, 80
"""Severity at the limit, and from twice the limit on; chosen: a crowd alone is no attack, yet it blocks the way."""
CONFIDENCE = 0.7
"""Chosen: counts from a picture are off by about a tenth where people hide each other."""
FORGET = timedelta(minutes=10)
"""Time without any sight after which an episode counts as over; chosen."""
FEWEST = 10
"""Sightings that a judgement needs; chosen: half of those of a whole window."""


class Count(msgspec.Struct, frozen=True):
    """How many people one sighting counted; the event is kept without the people."""

    event: PeopleSeen
    people: int


class Episode(msgspec.Struct, frozen=True):
    """A crowd that has been told: which camera saw it, and when it was last seen."""

    camera: str
    last: datetime


@detector("people.crowd", wants={PeopleSeen}, domain=Domain.PHYSICAL)
@dataclass
class Crowd:
    """Alert once per episode when the zone's `crowd_at` people are there for `sustain` (time).

    The usual count is the median over twice that time: more than half of it must be crowded, so that neither a
    flicker nor a short gap decides. The episode ends when the median has fallen below `ease` (share) of the limit.
    """

    hospital: Hospital
    sustain: timedelta = timedelta(seconds=10)
    ease: float = 0.8
    _counts: dict[str, list[Count]] = field(default_factory=dict, init=False)
    _stills: dict[str, ArtifactHash] = field(default_factory=dict, init=False)
    _crowded: dict[str, Episode] = field(default_factory=dict, init=False)

    def feed(self, batch: Iterable[Event]) -> Iterator[Alert]:
        """Count people by camera."""
        for event in batch:
            match event:
                case PeopleSeen(asset=str(camera), zone=str(place)):
                    zone = self.hospital.zone(place)
                    if zone is not None and zone.crowd_at:
                        yield from self._judge(event, camera, zone, zone.crowd_at)
                case _:
                    pass

    def _judge(self, event: PeopleSeen, camera: str, zone: Zone, limit: int) -> Iterator[Alert]:
        window = self._remember(event, camera)
        spans = event.at - window[0].event.at >= self.sustain * 1.6
        if len(window) < FEWEST or not spans:
            return
        usual = median_low(count.people for count in window)
        episode = self._crowded.get(zone.id)
        if episode is not None and event.at - episode.last > FORGET:
            episode = None
        if usual >= limit:
            self._crowded[zone.id] = Episode(camera, event.at)
            if episode is None:
                yield self._alert(window, camera, zone, usual, limit)
        elif episode is not None and episode.camera == camera and usual < self.ease * limit:
            self._crowded.pop(zone.id, None)
            self._stills.pop(camera, None)
        elif episode is not None:
            self._crowded[zone.id] = Episode(episode.camera, event.at)

    def _remember(self, event: PeopleSeen, camera: str) -> list[Count]:
        if event.still is not None:
            self._stills[camera] = event.still
        count = Count(msgspec.structs.replace(event, people=()), len(event.people))
        before = self._counts.get(camera, [])
        window = [one for one in before if timedelta(0) <= event.at - one.event.at <= self.sustain * 2]
        self._counts[camera] = [*window, count]
        return self._counts[camera]

    def _alert(self, window: list[Count], camera: str, zone: Zone, usual: int, limit: int) -> Alert:
        excess = min(usual / limit - 1, 1.0)
        return Alert.of(
            self,
            window[0].event,
            window[-1].event,
            severity=round(LEAST_SEVERITY + excess * (MOST_SEVERITY - LEAST_SEVERITY)),
            confidence=CONFIDENCE,
            title=say("Crowd in {zone}", zone=Ref(zone.id)),
            why=[
                say(
                    "{count} people for {time}; the limit is {limit}.",
                    count=usual,
                    time=Span(self.sustain.total_seconds()),
                    limit=limit,
                )
            ],
            zones=[zone.id],
            still=self._stills.get(camera),
        )
