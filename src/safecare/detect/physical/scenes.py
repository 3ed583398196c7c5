"""People of a sighting in the areas that the site has drawn into the camera's picture."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from safecare.formats.ground import metres
from safecare.model.events.video import PeopleSeen, Seen, SpotsSeen, ThingsSeen
from safecare.model.hospital import Hospital
from safecare.model.ids import AssetId, ZoneId
from safecare.model.scene import Area, Kind, Point, Scene

Sight = PeopleSeen | ThingsSeen | SpotsSeen
"""What a camera told of its picture."""
SEVERITY = {"public": 30, "staff": 45, "restricted": 60, "critical": 70}
"""Of what happens where it may not, by how protected the zone is; chosen: as doors have it."""


def areas(hospital: Hospital, event: Sight, kind: Kind) -> Iterator[tuple[Scene, Area]]:
    """Yield the areas of `kind` in the picture of the event's camera whose hours hold."""
    scene = hospital.scenes.get(event.asset) if event.asset else None
    for area in scene.areas if scene else ():
        if scene and area.kind == kind and open_at(area.hours, event.at, hospital, event.site):
            yield scene, area


def zone_of(hospital: Hospital, event: Sight, area: Area) -> ZoneId | None:
    """Return the hospital's zone that alerts about `area` name."""
    return area.zone or event.zone


def severity_of(hospital: Hospital, event: Sight, area: Area) -> int:
    """Return the severity by how protected the zone is."""
    zone = hospital.zone(zone_of(hospital, event, area))
    return SEVERITY[zone.security if zone else "staff"]


def camera_of(event: Sight) -> tuple[AssetId, ...]:
    """Return the camera, as the assets of an alert."""
    return (event.asset,) if event.asset else ()


def drawn(scene: Scene, event: Sight, x: float, y: float) -> Point | None:
    """Return the pixel (x, y) of the event's picture in the coordinates of the scene's areas; None if it has none."""
    if scene.size != (0, 0) and event.size != (0, 0):
        x, y = x * scene.size[0] / event.size[0], y * scene.size[1] / event.size[1]
    if not scene.metres or scene.ground is None:
        return x, y
    return metres(scene.ground, x, y)


def on_floor(scene: Scene, event: PeopleSeen, x: float, y: float) -> Point | None:
    """Return where on the floor the pixel (x, y) lies, metres; None without a calibration."""
    if scene.ground is None:
        return None
    if scene.size not in ((0, 0), (1, 1)) and event.size != (0, 0):
        x, y = x * scene.size[0] / event.size[0], y * scene.size[1] / event.size[1]
    return metres(scene.ground, x, y)


def steps(one: Seen, event: PeopleSeen) -> Iterator[tuple[datetime, float, float]]:
    """Yield the foot points of `one` since the last telling, oldest first: (time, x, y)."""
    for before, x, y in one.path:
        yield event.at - timedelta(seconds=before), x, y
    yield event.at, one.x, one.y


def within(area: Area, point: Point | None) -> bool:
    """Tell whether `point` lies in the area's polygon (even-odd rule); everything lies in an area without one."""
    if not area.polygon:
        return True
    if point is None:
        return False
    x, y = point
    found = False
    for (x1, y1), (x2, y2) in zip(area.polygon, (*area.polygon[1:], area.polygon[0]), strict=True):
        if (y1 > y) != (y2 > y) and x < x1 + (y - y1) * (x2 - x1) / (y2 - y1):
            found = not found
    return found


def open_at(hours: str, at: datetime, hospital: Hospital, site: str) -> bool:
    """Tell whether `at` lies within `hours` (``20:00-06:00``, the site's own time); always without hours."""
    if not hours:
        return True
    name = next((one.timezone for one in hospital.sites if one.id == site), "UTC")
    try:
        local = at.astimezone(ZoneInfo(name))
    except (ZoneInfoNotFoundError, ValueError):
        local = at
    start, end = (part.strip() for part in hours.split("-"))
    now = f"{local:%H:%M}"
    return start <= now < end if start < end else now >= start or now < end
