"""The tiny hospital with areas drawn into the picture of its entrance camera.

The picture has 640 x 480 pixels and looks straight down on 12.8 x 9.6 m of floor: 50 pixels are a metre.
"""

from __future__ import annotations

import msgspec

from safecare.formats.ground import from_points
from safecare.model.hospital import Hospital
from safecare.model.ids import AssetId
from safecare.model.scene import Area, Scene
from safecare.testing.hospital import small_hospital

CAMERA = AssetId("camera.entrance")
SIZE = (640, 480)
CORNERS = ((0.0, 0.0), (640.0, 0.0), (640.0, 480.0), (0.0, 480.0))
FLOOR = ((0.0, 0.0), (12.8, 0.0), (12.8, 9.6), (0.0, 9.6))


def box(left: float, top: float, right: float, bottom: float) -> tuple[tuple[float, float], ...]:
    """Return a rectangle as a polygon."""
    return ((left, top), (right, top), (right, bottom), (left, bottom))


def entrance_scene() -> Scene:
    """Return what is drawn into the entrance camera's picture."""
    return Scene(
        size=SIZE,
        ground=from_points(CORNERS, FLOOR),
        areas=(
            Area(id="gate", kind="line", line=((320.0, 400.0), (320.0, 100.0)), direction="to_right"),
            Area(id="desk", kind="intrusion", polygon=box(500, 300, 640, 480), hours="20:00-06:00"),
            Area(id="bench", kind="loitering", polygon=box(0, 300, 200, 480), seconds=30),
            Area(id="floor", kind="running"),
            Area(id="stand", kind="crowd", polygon=box(220, 0, 420, 90), people=4),
            Area(id="oneway", kind="counterflow", polygon=box(440, 0, 640, 200), towards=(1.0, 0.0)),
            Area(id="seats", kind="abandoned", polygon=box(220, 300, 480, 480)),
            Area(id="wall", kind="removed", polygon=box(560, 0, 640, 100)),
            Area(id="ground", kind="down"),
            Area(id="bins", kind="fire", polygon=box(220, 300, 480, 480)),
            Area(
                id="turnstile",
                kind="line",
                line=((60.0, 280.0), (60.0, 120.0)),
                direction="to_right",
                door=AssetId("door.main"),
            ),
        ),
    )


def drawn_hospital() -> Hospital:
    """Return the tiny hospital with what is drawn into its entrance camera's picture."""
    return msgspec.structs.replace(small_hospital(), scenes={CAMERA: entrance_scene()})
