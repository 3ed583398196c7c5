"""Who stays where in one camera's picture, although tracks break and are swapped.

A visit is somebody's stay at a place. It ends when the person is seen walking away. When the track is lost
instead, a track that is born at the place takes the visit over; when a passer-by's track stays in its stead,
the two were swapped while one hid the other, and the visit goes on too. People in a queue each keep their
own visit, because the next one has been there, and been seen there, before.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from math import hypot

import msgspec

from safecare.model.events.video import PeopleSeen, Seen
from safecare.model.ids import ArtifactHash

ROAM = 1.5
"""Heights from the middle of the visit (2.5 m) beyond which somebody has left; chosen: a few steps to and fro."""
REACH = 1.0
"""Heights from the place within which a new track takes a visit over; chosen: a track is told after a step or two."""
MEET = 0.8
"""Heights between two people from which their tracks may be swapped; chosen: boxes overlap at less."""
GAP = timedelta(seconds=15)
"""Time for which a lost person's visit waits; chosen: longer than a trolley takes to pass."""
SETTLE = timedelta(seconds=3)
"""Time after which a passer-by who is still there was swapped; chosen: a walker is two heights away by then."""
YOUNG = timedelta(seconds=15)
"""A passer-by has no own visit older than this; somebody in a queue has. Chosen: who stops before walking on (up to 8 s
in the drawn clips) is told apart from the person beside only when two heights away, some seconds later."""
LONGEST_STEP = 3.0
"""Seconds between two sightings that count as seen throughout; chosen: sightings come every second."""
DRIFT = 0.05
"""Share by which the middle follows the person each second; chosen: slower than any walk."""
UNKNOWN_HEIGHT = 80.0
"""Pixels, for a source that tells no height; chosen: a person at mid-range in a small picture."""
MOST = 200
"""Most visits of one camera; chosen: bounds the state."""


class Visit(msgspec.Struct):
    """Somebody's stay: middle in pixels, height in pixels, the event that began it."""

    track: int
    x: float
    y: float
    height: float
    first: PeopleSeen
    last: datetime
    sighted: float = 0.0
    handed: bool = False
    still: ArtifactHash | None = None
    met: dict[int, datetime] = {}

    @property
    def seconds(self) -> float:
        """Return how long it has lasted."""
        return (self.last - self.first.at).total_seconds()

    def away(self, one: Seen) -> float:
        """Return how far `one` is from the middle, in heights."""
        return hypot(one.x - self.x, one.y - self.y) / self.height

    def extend(self, one: Seen, event: PeopleSeen) -> None:
        """Take a sighting of the person."""
        step = max(0.0, (event.at - self.last).total_seconds())
        self.sighted += min(step, LONGEST_STEP)
        self.last = max(self.last, event.at)
        share = min(DRIFT * step, 0.5)
        self.x += share * (one.x - self.x)
        self.y += share * (one.y - self.y)
        self.height += share * (_height(one) - self.height)
        self.still = event.still or self.still


class Place(msgspec.Struct, frozen=True):
    """Where a visit was told, and until when it lasted."""

    x: float
    y: float
    height: float
    last: datetime

    @classmethod
    def of(cls, visit: Visit) -> Place:
        """Return the place of `visit`."""
        return cls(visit.x, visit.y, visit.height, visit.last)

    def near(self, visit: Visit) -> bool:
        """Tell whether `visit` is at this place."""
        return hypot(self.x - visit.x, self.y - visit.y) <= ROAM * max(self.height, visit.height)


class Visits(msgspec.Struct):
    """All visits in one camera's picture."""

    visits: list[Visit] = []

    def present(self, at: datetime) -> Iterator[Visit]:
        """Yield the visits whose person was seen at `at`."""
        return (visit for visit in self.visits if visit.last == at)

    def take(self, event: PeopleSeen) -> None:
        """Take one sighting of all people in the picture."""
        seen = {one.track: one for one in event.people}
        self._notice_meetings(seen, event.at)
        settled = {visit.track for visit in self.visits if event.at - visit.first.at > YOUNG}
        left = self._extend(seen, event)
        self._swap(left, seen, event, settled)
        self._hand_over(seen, event, settled)
        self.visits = [visit for visit in self.visits if event.at - visit.last <= GAP]
        held = {visit.track for visit in self.visits}
        bare = msgspec.structs.replace(event, people=())
        for track, one in seen.items():
            if track not in held and len(self.visits) < MOST:
                self.visits.append(Visit(track, one.x, one.y, _height(one), bare, event.at, met={}))

    def _extend(self, seen: dict[int, Seen], event: PeopleSeen) -> list[Visit]:
        """Extend the visits of those who are here, and return those whose person has walked away."""
        left = [visit for visit in self.visits if visit.track in seen and visit.away(seen[visit.track]) > ROAM]
        self.visits = [visit for visit in self.visits if not any(visit is gone for gone in left)]
        for visit in self.visits:
            if visit.track in seen:
                visit.extend(seen[visit.track], event)
        return left

    def _notice_meetings(self, seen: dict[int, Seen], at: datetime) -> None:
        for visit in self.visits:
            near = {
                track: at
                for track, one in seen.items()
                if track != visit.track and visit.away(one) <= MEET and (at - visit.first.at) > SETTLE
            }
            recent = {track: met for track, met in visit.met.items() if at - met <= YOUNG}
            visit.met = recent | near

    def _swap(self, left: list[Visit], seen: dict[int, Seen], event: PeopleSeen, settled: set[int]) -> None:
        """Give a visit whose track walked away to the passer-by who stays in its place."""
        for visit in left:
            if (heir := _heir(visit, seen, settled)) is not None:
                self._give(visit, heir, seen[heir], event)
                self.visits.append(visit)

    def _hand_over(self, seen: dict[int, Seen], event: PeopleSeen, settled: set[int]) -> None:
        """Give visits whose track is lost to a track that is born there, or to the one swapped with it."""
        waiting = [visit for visit in self.visits if visit.track not in seen]
        held = {visit.track for visit in self.visits}
        for visit in sorted(waiting, key=lambda one: one.first.at):
            fresh = [(visit.away(one), track) for track, one in seen.items() if track not in held]
            near = min((pair for pair in fresh if pair[0] <= REACH), default=None)
            heir = near[1] if near else None
            if heir is None and event.at - visit.last >= SETTLE:
                heir = _heir(visit, seen, settled)
            if heir is not None:
                self._give(visit, heir, seen[heir], event)
                held.add(heir)

    def _give(self, visit: Visit, heir: int, one: Seen, event: PeopleSeen) -> None:
        self.visits = [other for other in self.visits if other.track != heir or other is visit]
        visit.track = heir
        visit.handed = True
        visit.extend(one, event)


def _heir(visit: Visit, seen: dict[int, Seen], settled: set[int]) -> int | None:
    """Return the nearest of those who met the person and stay at the place, and have no long visit of their own."""
    near = [
        (visit.away(one), track)
        for track, one in seen.items()
        if track in visit.met and track not in settled and visit.away(one) <= MEET
    ]
    return min(near)[1] if near else None


def _height(one: Seen) -> float:
    return one.height or UNKNOWN_HEIGHT
