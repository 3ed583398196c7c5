"""Plane geometry for checks: inside, distance to an outline, overlap. Metres.

Rectangles, nearly all rooms, are compared by their sides; shapely is loaded for the others only.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from safecare.model.hospital import Ring

Spot = tuple[float, float]
Box = tuple[float, float, float, float]


def box(outline: Ring) -> Box:
    """Return (left, low, right, high) of `outline`."""
    xs, ys = [x for x, _ in outline], [y for _, y in outline]
    return min(xs), min(ys), max(xs), max(ys)


def distance(spot: Spot, outline: Ring) -> float:
    """Return the distance from `spot` to the nearest wall of `outline`."""
    return min(_to_wall(spot, one, other) for one, other in zip(outline, (*outline[1:], outline[0]), strict=True))


def inside(spot: Spot, outline: Ring) -> bool:
    """Tell whether `spot` lies in `outline` (even-odd rule)."""
    x, y = spot
    within = False
    for (ax, ay), (bx, by) in zip(outline, (*outline[1:], outline[0]), strict=True):
        if (ay > y) != (by > y) and x < (bx - ax) * (y - ay) / (by - ay) + ax:
            within = not within
    return within


def valid(outline: Ring) -> bool:
    """Tell whether `outline` encloses an area and does not cross itself."""
    if _rectangle(outline):
        left, low, right, high = box(outline)
        return right > left and high > low
    from shapely import Polygon

    polygon = Polygon(outline)
    return bool(polygon.is_valid and polygon.area > 0)


def overlap(one: Ring, other: Ring) -> float:
    """Return the area in square metres that two valid outlines share."""
    a, b = box(one), box(other)
    width, height = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    if _rectangle(one) and _rectangle(other):
        return width * height
    from shapely import Polygon

    return float(Polygon(one).intersection(Polygon(other)).area)


def near(line: Sequence[Spot], outline: Ring, tolerance: float) -> bool:
    """Tell whether all points of `line` lie on a wall of `outline`, or nearly."""
    return all(distance(spot, outline) <= tolerance for spot in line)


def _rectangle(outline: Ring) -> bool:
    left, low, right, high = box(outline)
    return (
        len(outline) == 4
        and set(outline) == {(left, low), (right, low), (right, high), (left, high)}
        and all(one[0] == other[0] or one[1] == other[1] for one, other in pairwise(outline))
    )


def _to_wall(spot: Spot, one: Spot, other: Spot) -> float:
    dx, dy = other[0] - one[0], other[1] - one[1]
    length = dx * dx + dy * dy
    along = 0.0 if length == 0 else ((spot[0] - one[0]) * dx + (spot[1] - one[1]) * dy) / length
    along = min(1.0, max(0.0, along))
    ex, ey = spot[0] - one[0] - along * dx, spot[1] - one[1] - along * dy
    return float((ex * ex + ey * ey) ** 0.5)
