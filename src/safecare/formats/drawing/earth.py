"""Degrees to metres of a small plane.

Source: series of the WGS 84 ellipsoid for the length of a degree (NGA.STND.0036, 2014); over one kilometre the error
is below a centimetre.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import cos, radians

from safecare.formats.drawing.shape import Spot

WIDEST = 0.5
"""Degrees below which the extent of a drawing lies that is in degrees. Chosen: 50 km; half a metre is no storey."""


def is_degrees(points: Sequence[Spot]) -> bool:
    """Tell whether `points` can only be longitude and latitude of a site: within the globe, and all close together."""
    if not points:
        return False
    xs, ys = [x for x, _ in points], [y for _, y in points]
    on_earth = max(map(abs, xs)) <= 180.0 and max(map(abs, ys)) <= 90.0
    return on_earth and max(xs) - min(xs) < WIDEST and max(ys) - min(ys) < WIDEST


def plane(points: Sequence[Spot]) -> Callable[[Spot], Spot]:
    """Return what turns (longitude, latitude) into metres east and north of the south-west corner of `points`."""
    west, south = min(x for x, _ in points), min(y for _, y in points)
    middle = radians((south + max(y for _, y in points)) / 2)
    north_m = 111_132.92 - 559.82 * cos(2 * middle) + 1.175 * cos(4 * middle)
    east_m = 111_412.84 * cos(middle) - 93.5 * cos(3 * middle) + 0.118 * cos(5 * middle)
    return lambda point: ((point[0] - west) * east_m, (point[1] - south) * north_m)
