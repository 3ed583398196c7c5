"""Line crossing on made walks (`safecare.testing.walks`), whose feet are known: how many, and how soon."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from math import hypot
from random import Random
from typing import NamedTuple

from safecare.app.film import one_camera
from safecare.detect.physical.people_line import MARGIN, LineCrossed, between, offset
from safecare.model.events.video import Seen
from safecare.model.scene import Area, Scene
from safecare.sources.camera.places import Teller
from safecare.testing.walks import SIZE, Walks, made_walks

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
LINES = 12
"""Lines in each picture: half of them up the whole of it, half anywhere."""
SLACK = 1.0
"""Seconds around the true moments within which an alarm counts."""


class Measured(NamedTuple):
    """What the rule told of several minutes of walks."""

    hits: int
    true: int
    told: int
    waits: list[float]
    """Seconds from each crossing to its alert."""

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall."""
        return 2 * self.hits / max(1, self.true + self.told)


def measured(seeds: Sequence[int], *, gaps: bool = True, every: int = 1, fps: float = 5.0) -> Measured:
    """Judge the walks of `seeds`; people are told every so many looks."""
    hits = true = told = 0
    waits: list[float] = []
    for seed in seeds:
        walks, lines = made_walks(seed, fps=fps, gaps=gaps), _lines(seed)
        marks = _told(walks, lines, every, waits)
        for area in lines:
            here = [one for one in marks if one[0] == area.id]
            told += len(here)
            for way, begin, end in sorted(_crossings(walks, area), key=lambda one: one[2]):
                true += 1
                near = [one for one in here if one[1] == way and begin - SLACK <= one[2] <= end + SLACK]
                if near:
                    here.remove(min(near, key=lambda one: abs(one[2] - end)))
                    hits += 1
    return Measured(hits, true, told, sorted(waits))


def _lines(seed: int) -> list[Area]:
    chance = Random(f"lines {seed}")
    wide, high = SIZE
    lines = []
    for number in range(LINES):
        if number % 2:
            x, y = chance.uniform(150, wide - 150), chance.uniform(200, high - 20)
            other = chance.uniform(150, wide - 150), chance.uniform(200, high - 20)
            if hypot(other[0] - x, other[1] - y) < 150:
                continue
            lines.append(Area(id=f"any {number}", kind="line", line=((x, y), other)))
        else:
            low, top = chance.uniform(100, wide - 100), chance.uniform(100, wide - 100)
            lines.append(Area(id=f"up {number}", kind="line", line=((low, float(high)), (top, 0.0))))
    return lines


def _told(walks: Walks, lines: Sequence[Area], every: int, waits: list[float]) -> list[tuple[str, str, float]]:
    hospital = one_camera(Scene(areas=tuple(lines), size=SIZE), "UTC")
    teller, rule = Teller("made", hospital.assets[0]), LineCrossed(hospital)
    marks = []
    way: dict[int, list[tuple[float, float, float]]] = {}
    last = walks.seen[-1][0]
    for look, (at, people) in enumerate([*walks.seen, (last + 1.0, ())]):
        if look % every and at <= last:
            for one in people:
                here = [] if one.unseen else [(at, one.x, one.y)]
                way.setdefault(one.track, []).extend([*((at - b, x, y) for b, x, y in one.path), *here])
            continue
        seen = tuple(_with_way(one, at, way.get(one.track, ())) for one in people)
        way = {}
        when = START + timedelta(seconds=at)
        for alert in rule.feed([teller.people(when, when, "made", seen, None, SIZE)]):
            direction = str(alert.why[0].args["direction"])
            marks.append((str(alert.title.args["area"]), direction, (alert.last - START).total_seconds()))
            waits.append((when - alert.last).total_seconds())
    return marks


def _with_way(one: Seen, at: float, way: Sequence[tuple[float, float, float]]) -> Seen:
    from msgspec.structs import replace

    return replace(one, path=(*((at - then, x, y) for then, x, y in way), *one.path))


def _crossings(walks: Walks, area: Area) -> list[tuple[str, float, float]]:
    """Return (way, begin, end) of each true crossing, from clear of the line on one side to clear on the other."""
    whole = area.id.startswith("up")  # both ends lie at the picture's edge
    found = []
    for number, feet in walks.feet.items():
        last = None
        for (at, x, y), tall in zip(feet, walks.heights[number], strict=True):
            off = offset(area, (x, y))
            if abs(off) < MARGIN * tall:
                continue
            if last is not None and last[1] * off < 0 and between(area, last[2], (x, y), (whole, whole)):
                found.append(("to_right" if off > 0 else "to_left", last[0], at))
            last = (at, off, (x, y))
    return found
