"""Which zones share a wall. Plain arithmetic on outlines: a plan has hundreds of zones, no library is needed."""

from __future__ import annotations

from safecare.model.hospital import Ring, Zone

Point = tuple[float, float]

WALL_THICKNESS = 0.6
"""Most metres between two rooms that share a wall. Chosen: thickest usual load-bearing wall, and drawing tolerance."""


def share_wall(one: Zone, other: Zone) -> bool:
    """Return whether two zones of one level are not farther apart than a wall is thick."""
    if one.level != other.level or not _boxes_touch(one.outline, other.outline):
        return False
    limit = WALL_THICKNESS**2
    return any(_distance_squared(a, b, c, d) <= limit for a, b in _sides(one.outline) for c, d in _sides(other.outline))


def _boxes_touch(one: Ring, other: Ring) -> bool:
    if not one or not other:
        return False
    return all(
        min(p[axis] for p in one) - WALL_THICKNESS <= max(p[axis] for p in other)
        and min(p[axis] for p in other) - WALL_THICKNESS <= max(p[axis] for p in one)
        for axis in (0, 1)
    )


def _sides(ring: Ring) -> list[tuple[Point, Point]]:
    return list(zip(ring, (*ring[1:], ring[0]), strict=True))


def _distance_squared(a: Point, b: Point, c: Point, d: Point) -> float:
    """Return the squared distance between the segments ab and cd (0 if they cross)."""
    if _cross(a, b, c, d):
        return 0.0
    return min(_to_segment(a, c, d), _to_segment(b, c, d), _to_segment(c, a, b), _to_segment(d, a, b))


def _cross(a: Point, b: Point, c: Point, d: Point) -> bool:
    return _side(a, b, c) * _side(a, b, d) < 0 and _side(c, d, a) * _side(c, d, b) < 0


def _side(a: Point, b: Point, p: Point) -> float:
    return (b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0])


def _to_segment(p: Point, a: Point, b: Point) -> float:
    length = (b[0] - a[0]) ** 2 + (b[1] - a[1]) ** 2
    if length == 0.0:
        return (p[0] - a[0]) ** 2 + (p[1] - a[1]) ** 2
    along = max(0.0, min(1.0, ((p[0] - a[0]) * (b[0] - a[0]) + (p[1] - a[1]) * (b[1] - a[1])) / length))
    return (p[0] - a[0] - along * (b[0] - a[0])) ** 2 + (p[1] - a[1] - along * (b[1] - a[1])) ** 2
