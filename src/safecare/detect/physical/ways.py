"""Where people walk, evened out over a stride: a box sways with each step, and a line is judged by where it has gone.

The foot point of a box is the middle of its lower edge, which swings from leg to leg as somebody strides. A straight
line fitted to the points of a stride (least squares) is free of that, at the price of half a stride of waiting.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec

from safecare.detect.memory import remember
from safecare.detect.physical.scenes import steps
from safecare.model.events.video import PeopleSeen, Seen

HALF = timedelta(seconds=0.6)
"""Half of what is evened out: a stride (two steps) of 110 steps a minute lasts 1.1 s (Winter, "Biomechanics and Motor
Control of Human Movement", 2009: 101 to 122)."""
MOST = 200
"""Most people of one camera who are followed at once; chosen: bounds the state."""
MOST_POINTS = 60
"""Most points kept of somebody; chosen: twice those of 1.2 s at 25 pictures a second."""


class Step(NamedTuple):
    """Where `one` stood at `at`, in pixels; `even`: evened out, and told `HALF` later; else as seen just now."""

    one: Seen
    at: datetime
    x: float
    y: float
    even: bool


class Way(msgspec.Struct):
    """The newest points of somebody, and up to when they were evened out."""

    one: Seen
    points: list[tuple[datetime, float, float]] = []
    judged: datetime | None = None


class Ways(msgspec.Struct):
    """The ways of all people of one camera, by track."""

    ways: dict[str, Way] = {}

    def take(self, event: PeopleSeen) -> Iterator[Step]:
        """Take a telling; yield the points that can be evened out now, oldest first, then what was seen just now."""
        fresh: list[Step] = []
        for one in event.people:
            if one.unseen:
                continue  # a guess is no point
            way = self.ways.get(str(one.track)) or Way(one)
            way.one = one
            for at, x, y in steps(one, event):
                if not way.points or at > way.points[-1][0]:
                    way.points.append((at, x, y))
                    fresh.append(Step(one, at, x, y, even=False))
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
            x, y = _fitted([one for one in way.points if abs(one[0] - at) <= HALF], at)
            yield Step(way.one, at, x, y, even=True)
    way.judged = until
    way.points = [one for one in way.points if one[0] > until - HALF]


def _fitted(points: list[tuple[datetime, float, float]], at: datetime) -> tuple[float, float]:
    """Return where a straight walk past `points` is at `at`."""
    times = [(one[0] - at).total_seconds() for one in points]
    return _line_at_0(times, [one[1] for one in points]), _line_at_0(times, [one[2] for one in points])


def _line_at_0(times: list[float], values: list[float]) -> float:
    """Return the value at time 0 of the straight line through `values` at `times` (least squares)."""
    mean, middle = sum(times) / len(times), sum(values) / len(values)
    spread = sum((one - mean) ** 2 for one in times)
    if not spread:
        return middle
    return middle - mean * sum((t - mean) * v for t, v in zip(times, values, strict=True)) / spread
