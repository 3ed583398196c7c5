"""From pixels to metres on the floor.

Sources: Tsai, "A versatile camera calibration technique" (IEEE J. Robotics and Automation, 1987), as the XML files of
the ETISEO and PETS data sets write it; four points: the direct linear transformation (Hartley and Zisserman, 4.1).
"""

from __future__ import annotations

from collections.abc import Sequence
from math import cos, sin

from safecare.model.scene import Ground, Matrix, PlaneMap, Point, TsaiCamera


def metres(ground: Ground, x: float, y: float) -> Point | None:
    """Return where on the floor the pixel (x, y) lies, in metres; None if it shows no floor."""
    match ground:
        case PlaneMap(matrix=m):
            w = m[6] * x + m[7] * y + m[8]
            if abs(w) < 1e-12:
                return None
            return (m[0] * x + m[1] * y + m[2]) / w, (m[3] * x + m[4] * y + m[5]) / w
        case TsaiCamera():
            return _tsai(ground, x, y)


def from_points(picture: Sequence[Point], floor: Sequence[Point]) -> PlaneMap | None:
    """Return the map that takes four points of the picture to four of the floor; None if three lie on a line."""
    rows: list[list[float]] = []
    for (x, y), (u, v) in zip(picture, floor, strict=True):
        rows.append([x, y, 1, 0, 0, 0, -u * x, -u * y, u])
        rows.append([0, 0, 0, x, y, 1, -v * x, -v * y, v])
    solved = _solve(rows)
    if solved is None:
        return None
    a, b, c, d, e, f, g, h = solved
    matrix: Matrix = (a, b, c, d, e, f, g, h, 1.0)
    return PlaneMap(matrix)


def turns_over(ground: Ground, x: float, y: float) -> bool:
    """Tell whether left and right are exchanged between the picture around (x, y) and the floor's axes."""
    here, right, down = (metres(ground, *point) for point in ((x, y), (x + 1, y), (x, y + 1)))
    if here is None or right is None or down is None:
        return False
    return (right[0] - here[0]) * (down[1] - here[1]) < (right[1] - here[1]) * (down[0] - here[0])


def _tsai(camera: TsaiCamera, x: float, y: float) -> Point | None:
    distorted_x = (x - camera.centre[0]) * camera.dpx / camera.sx
    distorted_y = (y - camera.centre[1]) * camera.dpy
    bend = 1 + camera.kappa * (distorted_x**2 + distorted_y**2)
    u, v = distorted_x * bend / camera.focal, distorted_y * bend / camera.focal
    (a, b, _), (d, e, _), (g, h, _) = _turned(camera.turn)
    tx, ty, tz = camera.shift
    # the floor is z = 0: two equations a*X + b*Y + tx = u * (g*X + h*Y + tz), and the same for v
    p, q, r = a - u * g, b - u * h, u * tz - tx
    s, t, w = d - v * g, e - v * h, v * tz - ty
    whole = p * t - q * s
    if abs(whole) < 1e-12:
        return None
    floor_x, floor_y = (r * t - q * w) / whole, (p * w - r * s) / whole
    if g * floor_x + h * floor_y + tz <= 0:
        return None  # behind the camera: the pixel lies above the horizon
    return floor_x / 1000, floor_y / 1000


def _turned(turn: tuple[float, float, float]) -> tuple[tuple[float, float, float], ...]:
    """Return the rotation by the angles about x, y and z, in Tsai's order."""
    (sa, sb, sg), (ca, cb, cg) = tuple(map(sin, turn)), tuple(map(cos, turn))
    return (
        (cb * cg, cg * sa * sb - ca * sg, sa * sg + ca * cg * sb),
        (cb * sg, sa * sb * sg + ca * cg, ca * sb * sg - cg * sa),
        (-sb, cb * sa, ca * cb),
    )


def _solve(rows: list[list[float]]) -> list[float] | None:
    """Solve eight linear equations by elimination with the largest pivot."""
    size = len(rows)
    for column in range(size):
        pivot = max(range(column, size), key=lambda row: abs(rows[row][column]))
        if abs(rows[pivot][column]) < 1e-9:
            return None
        rows[column], rows[pivot] = rows[pivot], rows[column]
        head = rows[column]
        for row in range(size):
            if row != column:
                share = rows[row][column] / head[column]
                rows[row] = [one - share * other for one, other in zip(rows[row], head, strict=True)]
    return [rows[row][size] / rows[row][row] for row in range(size)]
