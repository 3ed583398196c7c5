"""Scene: what a camera's picture shows, as the site has drawn it: areas with their rules, masks, and the ground.

Read from YAML by `safecare.formats.scene`. A person counts by the foot point: the middle of the box's lower edge.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from safecare.model.ids import AssetId, ZoneId

Point = tuple[float, float]
Matrix = tuple[float, float, float, float, float, float, float, float, float]


class PlaneMap(msgspec.Struct, frozen=True, tag="plane"):
    """Picture to ground by a homography, for a camera whose lens bends straight lines little."""

    matrix: Matrix
    """Row by row; takes (x, y, 1) in pixels to metres."""


class TsaiCamera(msgspec.Struct, frozen=True, tag="tsai"):
    """Tsai's camera model: lengths in millimetres, angles in radians, centre in pixels."""

    dpx: float
    dpy: float
    focal: float
    kappa: float
    centre: Point
    sx: float
    shift: tuple[float, float, float]
    turn: tuple[float, float, float]


Ground = PlaneMap | TsaiCamera

Kind = Literal[
    "intrusion", "line", "loitering", "crowd", "counterflow", "running", "abandoned", "removed", "down", "fire"
]
Direction = Literal["both", "to_right", "to_left"]


class Area(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One rule of a scene and where it holds.

    `line`: two points. A crossing goes ``to_right`` or ``to_left`` as seen in the picture by somebody who stands on
    the first point and looks at the second. All other kinds have a `polygon`; without one they hold everywhere.
    """

    id: str
    kind: Kind
    polygon: tuple[Point, ...] = ()
    line: tuple[Point, ...] = ()
    direction: Direction = "both"
    """For a line: which crossings are told. For counterflow: none, see `towards`."""
    towards: tuple[float, float] = (0.0, 0.0)
    """For counterflow: the way people should go, as a vector in the picture (right, down)."""
    hours: str = ""
    """``20:00-06:00``: the rule holds between these times of the site's day; empty: always."""
    seconds: float | None = None
    """Time limit of the rule; each rule names its own default."""
    people: int | None = None
    """For a crowd: people from which it is one."""
    speed: float | None = None
    """For running: metres per second from which it is running."""
    zone: ZoneId | None = None
    """Zone of the hospital that alerts name; the camera's own if absent."""
    door: AssetId | None = None
    """For a line: the door in it, so that crossings can be compared with granted badges."""


class Scene(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """All that is drawn into one camera's picture.

    `areas` and `masks` are in pixels of a picture of `size`, unless `metres` says that areas are on the ground.
    """

    areas: tuple[Area, ...]
    size: tuple[int, int]
    metres: bool = False
    ground: Ground | None = None
    masks: tuple[tuple[Point, ...], ...] = ()
    """Parts of the picture that are blackened before anything looks at it or keeps it."""
