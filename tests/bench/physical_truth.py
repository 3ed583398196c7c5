"""What truly happens in PETS2009 S2.L1, from its boxes: crossings of lines, stays in three areas.

Alarms are scored in the manner of i-LIDS: one counts only within a window of time around a true one, each once. The
window of a crossing reaches from the last point clear of the line on one side to the first on the other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import cos, hypot, inf, pi, sin
from random import Random
from typing import NamedTuple

from video_truth import Boxes

SIZE = (768, 576)
FPS = 7.0
"""PETS2009 was taken at about 7 pictures per second."""
LINES = {
    "middle": ((384.0, 560.0), (384.0, 60.0)),
    "right": ((560.0, 560.0), (560.0, 60.0)),
    "across": ((80.0, 250.0), (740.0, 250.0)),
    "slant": ((200.0, 480.0), (640.0, 140.0)),
}
THIRDS = {
    "left-third": ((256.0, 0.0), (256.0, 576.0)),
    "right-third": ((512.0, 0.0), (512.0, 576.0)),
    "upper-third": ((0.0, 192.0), (768.0, 192.0)),
    "lower-third": ((0.0, 384.0), (768.0, 384.0)),
}
"""As many true crossings as the four lines of the survey had (77), which were not written down."""
AREAS = {"path": (300, 150, 600, 350), "left": (0, 200, 400, 450), "half": (384, 0, 768, 576)}
MARGIN = 6.0
"""Pixels from a line within which a side is not judged."""
DOUBT = 8.0
"""Pixels by which the truth's foot points are off: two deviations of 4 from sure boxes of either network, which no
tracker can mend. What changes when the truth is moved by so much is not a clear event."""
HIDDEN = 1 / 3
"""Share of somebody's true box that the box of one nearer covers, from which they are hidden; chosen: the legs."""
OUTSIDE = 1.0
"""Seconds outside that do not end a stay."""
Lines = Mapping[str, tuple[tuple[float, float], tuple[float, float]]]
Mark = tuple[str, str, float]
"""(where, which way, seconds)."""


def zones_yaml(lines: Lines) -> str:
    """Return the zones file of the benchmark, with `lines`."""
    drawn = [f"  - {{id: {name}, kind: line, line: [{list(a)}, {list(b)}]}}" for name, (a, b) in lines.items()]
    areas = [
        f"  - {{id: {name}-{seconds}, kind: loitering, seconds: {seconds}, "
        f"polygon: [[{left}, {top}], [{right}, {top}], [{right}, {low}], [{left}, {low}]]}}"
        for name, (left, top, right, low) in AREAS.items()
        for seconds in (5, 10, 20)
    ]
    return "zones:\n" + "\n".join([*drawn, *areas, "  - {id: all, kind: running}"])


def feet(truth: Boxes) -> dict[int, list[tuple[int, float, float]]]:
    """Return by identity (frame, x, y) of the foot point."""
    found: dict[int, list[tuple[int, float, float]]] = {}
    for frame in sorted(truth):
        for one, x, y, width, height in truth[frame]:
            found.setdefault(one, []).append((frame, x + width / 2, y + height))
    return found


class Pass(NamedTuple):
    """A true crossing: which way, from when to when (seconds), pixels to the nearer end of the line, and whose."""

    way: str
    begin: float
    end: float
    room: float
    one: int


def many_lines(number: int, seed: int) -> dict[str, tuple[tuple[float, float], tuple[float, float]]]:
    """Return random lines of 150 to 450 pixels in the picture, in every direction."""
    random = Random(seed)
    found: dict[str, tuple[tuple[float, float], tuple[float, float]]] = {}
    while len(found) < number:
        x, y = random.uniform(40, 730), random.uniform(120, 540)
        turn, long = random.uniform(0, 2 * pi), random.uniform(150, 450)
        other = (x + long * cos(turn), y + long * sin(turn))
        if 10 < other[0] < 758 and 100 < other[1] < 560:
            found[f"line-{len(found)}"] = ((x, y), other)
    return found


def crossings(truth: Boxes, line: tuple[tuple[float, float], tuple[float, float]], margin: float) -> Iterator[Pass]:
    """Yield each true crossing of the endless line that is clear of it by `margin` pixels on both sides.

    `room` is below 0 where it passes beside the line's ends; an end at the picture's edge is none.
    """
    (x1, y1), (x2, y2) = line
    length = hypot(x2 - x1, y2 - y1)
    open_ends = [_at_edge(end) for end in line]
    for one, way in feet(truth).items():
        side, last = 0.0, (0, 0.0, 0.0)
        for frame, x, y in way:
            off = ((x2 - x1) * (y - y1) - (y2 - y1) * (x - x1)) / length
            if abs(off) < margin:
                continue
            if side and side * off < 0:
                share = side / (side - off)
                px, py = last[1] + share * (x - last[1]), last[2] + share * (y - last[2])
                along = ((px - x1) * (x2 - x1) + (py - y1) * (y2 - y1)) / length
                room = min(inf if free else far for free, far in zip(open_ends, (along, length - along), strict=True))
                yield Pass("to_right" if off > 0 else "to_left", last[0] / FPS, frame / FPS, room, one)
            side, last = off, (frame, x, y)


def _at_edge(end: tuple[float, float]) -> bool:
    x, y = end[0] / SIZE[0], end[1] / SIZE[1]
    return min(x, y) <= 0.02 or max(x, y) >= 0.98


class Scored(NamedTuple):
    """True and told crossings, and how many agree."""

    hits: int
    true: int
    told: int

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall."""
        return f1(self.hits, self.true, self.told)


def scored(truth: Boxes, lines: Lines, told: Sequence[Mark], *, clear: bool, seen: bool = False) -> Scored:
    """Score `told` against the crossings of `lines`.

    `clear`: only what is beyond doubt. A crossing must then be one wherever its points lie within `DOUBT`; what is told
    without one counts as false unless somebody came within `DOUBT` of crossing. `seen`: of these, only those of people
    whom nobody hides meanwhile; the others count neither for nor against.
    """
    hits = true = count = 0
    for name, line in lines.items():
        here = [one for one in told if one[0] == name]
        hard = [one for one in crossings(truth, line, MARGIN) if one.room >= 0]
        if not clear:
            found, free = _paired(hard, here)
            hits, true, count = hits + found, true + len(hard), count + len(here)
            continue
        sure = [one for one in crossings(truth, line, MARGIN + DOUBT) if one.room >= DOUBT]
        if seen:
            sure = [one for one in sure if not _hidden(truth, one)]
        found, free = _paired(sure, here)
        _, free = _paired([one for one in crossings(truth, line, 0.0) if one.room >= -DOUBT], here)
        false = [one for one in free if not _grazed(truth, line, one)]
        hits, true, count = hits + found, true + len(sure), count + found + len(false)
    return Scored(hits, true, count)


def _paired(true: Sequence[Pass], told: Sequence[Mark]) -> tuple[int, list[Mark]]:
    """Give each true crossing one of `told` at most a second outside of its window; return how many, and the rest."""
    free, hits = list(told), 0
    for one in sorted(true, key=lambda one: one.end):
        near = [mark for mark in free if mark[1] == one.way and one.begin - 1 <= mark[2] <= one.end + 1]
        if near:
            free.remove(min(near, key=lambda mark: abs(mark[2] - one.end)))
            hits += 1
    return hits, free


def _hidden(truth: Boxes, one: Pass) -> bool:
    """Tell whether somebody nearer covers `HIDDEN` of the one who crosses, at any time of the crossing."""
    for frame in range(round(one.begin * FPS), round(one.end * FPS) + 1):
        for _, left, top, width, height in (box for box in truth.get(frame, ()) if box[0] == one.one):
            for _, x, y, wide, high in truth[frame]:
                across = min(left + width, x + wide) - max(left, x)
                down = min(top + height, y + high) - max(top, y)
                if y + high > top + height and min(across, down) > 0 and across * down >= HIDDEN * width * height:
                    return True
    return False


def _grazed(truth: Boxes, line: tuple[tuple[float, float], tuple[float, float]], told: Mark) -> bool:
    """Tell whether somebody stayed within `DOUBT` of the line, never clear of it on both sides, when `told` was."""
    (x1, y1), (x2, y2) = line
    length = hypot(x2 - x1, y2 - y1)
    for way in feet(truth).values():
        offs = [
            ((x2 - x1) * (y - y1) - (y2 - y1) * (x - x1)) / length
            for frame, x, y in way
            if abs(frame / FPS - told[2]) <= 1
            and -DOUBT <= ((x - x1) * (x2 - x1) + (y - y1) * (y2 - y1)) / length <= length + DOUBT
        ]
        if offs and min(map(abs, offs)) <= DOUBT and not min(offs) < -DOUBT < DOUBT < max(offs):
            return True
    return False


def dwells(truth: Boxes, area: str, seconds: float) -> Iterator[float]:
    """Yield the seconds at which each true stay in `area` has lasted `seconds`."""
    left, top, right, low = AREAS[area]
    for way in feet(truth).values():
        since = inside = None
        told = False
        for frame, x, y in way:
            at = frame / FPS
            if left <= x <= right and top <= y <= low:
                if since is None or inside is None or at - inside > OUTSIDE:
                    since, told = at, False
                inside = at
                if at - since >= seconds and not told:
                    told = True
                    yield at


def matched(true: Sequence[Mark], told: Sequence[Mark], within: float) -> int:
    """Return how many of `true` have an own one among `told`: same place, same way, at most `within` seconds off."""
    free = list(told)
    hits = 0
    for where, way, at in sorted(true, key=lambda one: one[2]):
        near = [one for one in free if one[:2] == (where, way) and abs(one[2] - at) <= within]
        if near:
            free.remove(min(near, key=lambda one: abs(one[2] - at)))
            hits += 1
    return hits


def f1(hits: int, true: int, told: int) -> float:
    """Return the harmonic mean of precision and recall."""
    return 2 * hits / max(1, true + told)
