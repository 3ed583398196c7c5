"""Where people walk, evened out over a stride: a box sways with each step, and a line is judged by where it has gone.

The foot point of a box is the middle of its lower edge, which swings from leg to leg as somebody strides. A straight
line fitted to the points of a stride (least squares) is free of that, at the price of half a stride of waiting. Fitted
to the stride before a point it says at once where somebody is and goes, and how sure that is.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from math import inf, sqrt
from typing import NamedTuple

import msgspec

from safecare.detect.memory import remember
from safecare.detect.physical.scenes import steps
from safecare.model.events.video import PeopleSeen, Seen

HALF = timedelta(seconds=0.55)
"""Half of what is evened out: a stride (two steps) of 110 steps a minute lasts 1.1 s (Winter, "Biomechanics and Motor
Control of Human Movement", 2009: 101 to 122)."""
LEAST = 3
"""Points that make a walk known at once; a straight line goes through two whatever they are."""
FOOT_ERROR = 0.05
"""Least standard deviation of a foot point, heights; a network's, as the tracker has it."""
MOST = 200
"""Most people of one camera who are followed at once; chosen: bounds the state."""
MOST_POINTS = 60
"""Most points kept of somebody; chosen: twice those of 1.2 s at 25 pictures a second."""


class Walk(NamedTuple):
    """A straight walk past some `points`: where it is at a time called 0, pixels, and how fast it goes, pixels/s.

    A single point is a walk that goes nowhere. `off`: standard deviation of a point; `mean` and `spread`: mean of the
    points' times, and sum of their squared distances from it.
    """

    x: float
    y: float
    speed_x: float
    speed_y: float
    off: float
    points: int
    mean: float
    spread: float

    def at(self, later: float) -> tuple[float, float]:
        """Return where it is `later` (seconds)."""
        return self.x + later * self.speed_x, self.y + later * self.speed_y

    def error(self, later: float) -> float:
        """Return the standard deviation of that in each direction."""
        return self.off * sqrt(1 / self.points + (later - self.mean) ** 2 / self.spread)


class Step(NamedTuple):
    """Where `one` stood at `at`, in pixels: evened out, and told `HALF` later; or as known just now, by `walk`."""

    one: Seen
    at: datetime
    x: float
    y: float
    walk: Walk | None = None


class Way(msgspec.Struct):
    """The newest points of somebody, and up to when they were evened out."""

    one: Seen
    points: list[tuple[datetime, float, float]] = []
    judged: datetime | None = None


class Ways(msgspec.Struct):
    """The ways of all people of one camera, by track."""

    ways: dict[str, Way] = {}

    def take(self, event: PeopleSeen) -> Iterator[Step]:
        """Take a telling; yield the points that can be evened out now, oldest first, then what is known just now."""
        fresh: list[Step] = []
        for one in event.people:
            if one.unseen:
                continue  # a guess is no point
            way = self.ways.get(str(one.track)) or Way(one)
            way.one = one
            for at, x, y in steps(one, event):
                if not way.points or at > way.points[-1][0]:
                    way.points.append((at, x, y))
                    fresh.append(_known(way))
            way.points = way.points[-MOST_POINTS:]
            remember(self.ways, str(one.track), way, MOST)
        for key, way in list(self.ways.items()):
            yield from _evened(way, event.at - HALF)
            if not way.points or way.points[-1][0] + HALF < event.at:
                del self.ways[key]  # nothing is left to be told of it
        yield from fresh


def _evened(way: Way, until: datetime) -> Iterator[Step]:
    """Yield the points of `way` up to `until` that were not judged, evened out."""
    for at, _, _ in way.points:
        if at <= until and (way.judged is None or at > way.judged):
            walk = _walked([one for one in way.points if abs(one[0] - at) <= HALF], at)
            yield Step(way.one, at, walk.x, walk.y)
    way.judged = until
    way.points = [one for one in way.points if one[0] > until - HALF]


def _known(way: Way) -> Step:
    """Return where `way` is at its newest point; of who has not been followed for half a stride, only that is known."""
    at, x, y = way.points[-1]
    points = [one for one in way.points if at - one[0] <= 2 * HALF]
    error = FOOT_ERROR * way.one.height
    if len(points) < LEAST or at - points[0][0] < HALF:
        return Step(way.one, at, x, y, Walk(x, y, 0.0, 0.0, error, 1, 0.0, inf))
    walk = _walked(points, at)
    return Step(way.one, at, walk.x, walk.y, walk._replace(off=max(walk.off, error)))


def _walked(points: list[tuple[datetime, float, float]], at: datetime) -> Walk:
    """Return the straight walk (least squares) past `points`; its time 0 is `at`."""
    times = [(one[0] - at).total_seconds() for one in points]
    mean = sum(times) / len(times)
    spread = sum((one - mean) ** 2 for one in times)
    x, speed_x, off_x = _line(times, [one[1] for one in points], mean, spread)
    y, speed_y, off_y = _line(times, [one[2] for one in points], mean, spread)
    off = sqrt(max(off_x, off_y) / max(1, len(points) - 2))
    return Walk(x, y, speed_x, speed_y, off, len(points), mean, spread)


def _line(times: list[float], values: list[float], mean: float, spread: float) -> tuple[float, float, float]:
    """Return value at time 0 and slope of the straight line through `values`, and their squared distances from it."""
    middle = sum(values) / len(values)
    slope = sum((t - mean) * v for t, v in zip(times, values, strict=True)) / spread if spread else 0.0
    off = sum((v - middle - slope * (t - mean)) ** 2 for t, v in zip(times, values, strict=True))
    return middle - slope * mean, slope, off
