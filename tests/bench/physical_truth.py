"""What truly happens in PETS2009 S2.L1, from its boxes: crossings of four lines, stays in three areas.

Alarms are scored in the manner of i-LIDS: one counts only within a window of time around a true one, each once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import hypot

from video_truth import Boxes

FPS = 7.0
"""PETS2009 was taken at about 7 pictures per second."""
LINES = {
    "middle": ((384.0, 560.0), (384.0, 60.0)),
    "right": ((560.0, 560.0), (560.0, 60.0)),
    "across": ((80.0, 250.0), (740.0, 250.0)),
    "slant": ((200.0, 480.0), (640.0, 140.0)),
}
AREAS = {"path": (300, 150, 600, 350), "left": (0, 200, 400, 450), "half": (384, 0, 768, 576)}
MARGIN = 6.0
"""Pixels from a line within which a side is not judged."""
OUTSIDE = 1.0
"""Seconds outside that do not end a stay."""
Mark = tuple[str, str, float]
"""(where, which way, seconds)."""


def zones_yaml() -> str:
    """Return the zones file of the benchmark."""
    lines = [f"  - {{id: {name}, kind: line, line: [{list(a)}, {list(b)}]}}" for name, (a, b) in LINES.items()]
    areas = [
        f"  - {{id: {name}-{seconds}, kind: loitering, seconds: {seconds}, "
        f"polygon: [[{left}, {top}], [{right}, {top}], [{right}, {low}], [{left}, {low}]]}}"
        for name, (left, top, right, low) in AREAS.items()
        for seconds in (5, 10, 20)
    ]
    return "zones:\n" + "\n".join([*lines, *areas, "  - {id: all, kind: running}"])


def feet(truth: Boxes) -> dict[int, list[tuple[int, float, float]]]:
    """Return by identity (frame, x, y) of the foot point."""
    found: dict[int, list[tuple[int, float, float]]] = {}
    for frame in sorted(truth):
        for one, x, y, width, height in truth[frame]:
            found.setdefault(one, []).append((frame, x + width / 2, y + height))
    return found


def crossings(truth: Boxes, line: str) -> Iterator[tuple[float, str]]:
    """Yield (seconds, direction) of each true crossing between the line's ends."""
    (x1, y1), (x2, y2) = LINES[line]
    length = hypot(x2 - x1, y2 - y1)
    for way in feet(truth).values():
        side, last = 0.0, (0.0, 0.0)
        for frame, x, y in way:
            off = ((x2 - x1) * (y - y1) - (y2 - y1) * (x - x1)) / length
            if abs(off) < MARGIN:
                continue
            if side and side * off < 0:
                share = side / (side - off)
                px, py = last[0] + share * (x - last[0]), last[1] + share * (y - last[1])
                along = ((px - x1) * (x2 - x1) + (py - y1) * (y2 - y1)) / length**2
                if 0 <= along <= 1:
                    yield frame / FPS, "to_right" if off > 0 else "to_left"
            side, last = off, (x, y)


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
