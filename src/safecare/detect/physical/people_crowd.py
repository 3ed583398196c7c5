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
from safecare.detect.physical.scenes import areas, drawn, within, zone_of
from safecare.model.alert import Alert, Domain
from safecare.model.event import Event
from safecare.model.events.video import PeopleSeen
from safecare.model.hospital import Hospital
from safecare.model.ids import ArtifactHash, ZoneId
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


class Place(msgspec.Struct, frozen=True):
    """Where people are counted: its key, whose counts they are, the hospital's zone, the limit, the drawn area."""

    key: str
    eye: str
    zone: ZoneId | None
    limit: int
    area: str = ""


class Episode(msgspec.Struct, frozen=True):
    """A crowd that has been told: which camera saw it, and when it was last seen."""

    camera: str
    last: datetime


@detector("people.crowd", wants={PeopleSeen}, domain=Domain.PHYSICAL)
@dataclass
class Crowd:
    """Alert once per episode when a zone's `crowd_at` people, or a drawn area's `people`, stay for `sustain` (time).

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
            if isinstance(event, PeopleSeen) and event.asset:
                zone = self.hospital.zone(event.zone)
                if zone is not None and zone.crowd_at:
                    yield from self._judge(
                        event, Place(zone.id, event.asset, zone.id, zone.crowd_at), len(event.people)
                    )
                for scene, area in areas(self.hospital, event, "crowd"):
                    key = f"{event.asset} {area.id}"
                    place = Place(key, key, zone_of(self.hospital, event, area), area.people or 1, area.id)
                    inside = sum(within(area, drawn(scene, event, one.x, one.y)) for one in event.people)
                    yield from self._judge(event, place, inside)

    def _judge(self, event: PeopleSeen, place: Place, people: int) -> Iterator[Alert]:
        window = self._remember(event, place.eye, people)
        spans = event.at - window[0].event.at >= self.sustain * 1.6
        if len(window) < FEWEST or not spans:
            return
        usual = median_low(count.people for count in window)
        episode = self._crowded.get(place.key)
        if episode is not None and event.at - episode.last > FORGET:
            episode = None
        if usual >= place.limit:
            self._crowded[place.key] = Episode(place.eye, event.at)
            if episode is None:
                yield self._alert(window, place, usual)
        elif episode is not None and episode.camera == place.eye and usual < self.ease * place.limit:
            self._crowded.pop(place.key, None)
            self._stills.pop(place.eye, None)
        elif episode is not None:
            self._crowded[place.key] = Episode(episode.camera, event.at)

    def _remember(self, event: PeopleSeen, camera: str, people: int) -> list[Count]:
        if event.still is not None:
            self._stills[camera] = event.still
        count = Count(msgspec.structs.replace(event, people=()), people)
        before = self._counts.get(camera, [])
        window = [one for one in before if timedelta(0) <= event.at - one.event.at <= self.sustain * 2]
        self._counts[camera] = [*window, count]
        return self._counts[camera]

    def _alert(self, window: list[Count], place: Place, usual: int) -> Alert:
        excess = min(usual / place.limit - 1, 1.0)
        return Alert.of(
            self,
            window[0].event,
            window[-1].event,
            severity=round(LEAST_SEVERITY + excess * (MOST_SEVERITY - LEAST_SEVERITY)),
            confidence=CONFIDENCE,
            title=say("Crowd in {zone}", zone=Ref(place.zone) if place.zone else place.area, area=place.area),
            why=[
                say(
                    "{count} people for {time}; the limit is {limit}.",
                    count=usual,
                    time=Span(self.sustain.total_seconds()),
                    limit=place.limit,
                )
            ],
            zones=[place.zone] if place.zone else None,
            window=place.area,
            still=self._stills.get(place.eye),
        )
