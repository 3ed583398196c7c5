"""Our own small tracker: nearest boxes first, standing people wait longer, broken tracks are taken up again.

Source: the constant-velocity, nearest-first association of SORT (Bewley et al., ICIP 2016) without its
Kalman filter; the hand-over by place is ours, because for dwell an identity that breaks is what hurts.
Distances are in heights of the person, so that near and far people are treated alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import hypot, log

from safecare.sources.camera.vision.parts import Box, Tracked

REACH = 0.7
"""Heights that a walker may be off the predicted place; chosen: 1.2 m, three times a step at 5 pictures per second."""
REACH_STANDING = 0.4
"""Heights that somebody standing may be off, and as many more for each second unseen, up to `REACH`; chosen."""
CONFIRM = 3
"""Sightings before a track is told; chosen: noise rarely lasts three pictures."""
STEADY = 0.7
"""Share of the pictures since the first sighting in which somebody must be seen to be told; chosen: noise flickers."""
MOVED = 0.5
"""Heights that somebody must have moved since the first sighting; chosen: people come walking, while noise,
swinging doors and the ghost of a moved chair stay where they appear."""
COAST_WALKING = 1.0
"""Seconds that a walker may be hidden and still counts as there; chosen: longer, and the guess is off."""
COAST_STANDING = 5.0
"""Seconds that somebody standing may be hidden, for example behind a passer-by; chosen."""
TAKE_UP = 10.0
"""Seconds within which a lost track may be taken up again; chosen."""
TAKE_UP_REACH = 0.8
"""Heights from the last place for taking up; chosen: about 1.3 m."""
STANDING_SPEED = 0.25
"""Heights per second below which somebody stands; chosen: 0.4 m/s, a third of a walk."""
SMOOTH = 0.5
"""Weight of the newest sighting; chosen."""


@dataclass
class _Track:
    track: int
    box: Box
    since: float
    seen: float
    born: tuple[float, float]
    hits: int = 1
    looks: int = 1
    told: bool = False
    speed_x: float = 0.0
    speed_y: float = 0.0

    @property
    def standing(self) -> bool:
        return hypot(self.speed_x, self.speed_y) < STANDING_SPEED * self.box.height

    @property
    def coast(self) -> float:
        return COAST_STANDING if self.standing else COAST_WALKING

    def reach(self, at: float) -> float:
        return min(REACH, REACH_STANDING * (1 + at - self.seen)) if self.standing else REACH

    def expected(self, at: float) -> tuple[float, float]:
        x, y = self.box.foot
        gap = min(at - self.seen, COAST_WALKING)
        return (x, y) if self.standing else (x + self.speed_x * gap, y + self.speed_y * gap)

    def take(self, box: Box, at: float) -> None:
        gap = at - self.seen
        old_x, old_y = self.box.foot
        new_x, new_y = box.foot
        if gap > 0:
            self.speed_x += SMOOTH * ((new_x - old_x) / gap - self.speed_x)
            self.speed_y += SMOOTH * ((new_y - old_y) / gap - self.speed_y)
        width = self.box.width + SMOOTH * (box.width - self.box.width)
        height = self.box.height + SMOOTH * (box.height - self.box.height)
        self.box = Box(new_x - width / 2, new_y - height, width, height, box.score)
        self.seen = at
        self.hits += 1
        steady = self.hits >= max(CONFIRM, STEADY * self.looks)
        self.told = self.told or (steady and _distance(self.born, self.box.centre, self.box.height) >= MOVED)


@dataclass
class PlaceTracker:
    """Tracks by nearness. Deterministic: the same boxes give the same track numbers."""

    _next: int = field(default=1, init=False)
    _live: list[_Track] = field(default_factory=list, init=False)
    _lost: list[_Track] = field(default_factory=list, init=False)

    def follow(self, boxes: Sequence[Box], at: float) -> list[Tracked]:
        """Take the boxes of one picture and return the confirmed people, hidden ones at a lower score."""
        left = list(boxes)
        for one in self._live:
            one.looks += 1
        left = self._match([one for one in self._live if one.told], left, at)
        left = self._match([one for one in self._live if not one.told and one.seen < at], left, at)
        self._retire(at)
        self._live += [_Track(self._number(), box, at, at, box.centre) for box in left]
        self._take_up(at)
        return [_tracked(one, at) for one in self._live if one.told]

    def _match(self, tracks: Iterable[_Track], boxes: list[Box], at: float) -> list[Box]:
        """Give each track its nearest box and return the boxes that are left."""
        pairs = sorted(
            (cost, track.track, number, track)
            for track in tracks
            for number, box in enumerate(boxes)
            if (cost := _cost(track, box, at)) is not None
        )
        done: set[int] = set()
        used: set[int] = set()
        for _, name, number, track in pairs:
            if name not in done and number not in used:
                track.take(boxes[number], at)
                done.add(name)
                used.add(number)
        return [box for number, box in enumerate(boxes) if number not in used]

    def _retire(self, at: float) -> None:
        gone = [one for one in self._live if at - one.seen > (one.coast if one.told else 0.5)]
        self._live = [one for one in self._live if one not in gone]
        self._lost += [one for one in gone if one.told]
        self._lost = [one for one in self._lost if at - one.seen <= TAKE_UP]

    def _take_up(self, at: float) -> None:
        """Give what is newly seen at a place to the person who was lost, or is hidden, there."""
        for new in [one for one in self._live if not one.told and one.seen == at]:
            missing = [one for one in self._live if one.told and at - one.seen >= COAST_WALKING] + self._lost
            near = [
                (distance, one.track, one)
                for one in missing
                if (distance := _distance(one.box.foot, new.box.foot, new.box.height)) <= TAKE_UP_REACH
            ]
            if near:
                found = min(near)[2]
                found.take(new.box, at)
                found.speed_x = found.speed_y = 0.0
                self._live = [one for one in self._live if one is not new and one is not found] + [found]
                self._lost = [one for one in self._lost if one is not found]

    def _number(self) -> int:
        self._next += 1
        return self._next - 1


def _tracked(one: _Track, at: float) -> Tracked:
    x, y = one.expected(at)
    hidden = at > one.seen
    score = one.box.score * (0.5 if hidden else 1.0)
    box = Box(x - one.box.width / 2, y - one.box.height, one.box.width, one.box.height, score)
    return Tracked(one.track, box, one.since, one.seen)


def _distance(one: tuple[float, float], other: tuple[float, float], height: float) -> float:
    """Return the distance in heights."""
    return hypot(one[0] - other[0], one[1] - other[1]) / max(height, 1.0)


def _cost(track: _Track, box: Box, at: float) -> float | None:
    distance = _distance(track.expected(at), box.foot, box.height)
    if distance > track.reach(at):
        return None
    return distance + 0.3 * abs(log(max(box.height, 1.0) / max(track.box.height, 1.0)))
