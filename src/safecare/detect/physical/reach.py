"""How fast somebody can be somewhere else in one building: by the hospital's own plan, as the crow flies.

Nobody runs through a hospital faster than `SPEED`, and a storey costs time on the stairs; doors and corners only add.
"""

from __future__ import annotations

from safecare.formats.hospital.geometry import distance, inside
from safecare.model.hospital import Asset, Hospital, Level, Ring, Zone

SPEED = 5.0
"""Metres per second (chosen: a fast run)."""
STOREY = 8.0
"""Seconds for each storey (chosen: stairs at a run)."""
CLOCKS = 2.0
"""Seconds that the clocks of two readers may differ (chosen: both follow a time server)."""


def floors(hospital: Hospital, one: Zone | None, other: Zone | None) -> int | None:
    """Return the storeys between two zones of one building, None if they are not in one."""
    here, there = _level(hospital, one), _level(hospital, other)
    if here is None or there is None or here.building != there.building:
        return None
    return abs(here.ordinal - there.ordinal)


def zone_of(hospital: Hospital, asset: Asset) -> Zone | None:
    """Return the zone of an asset; of a door the first of the two that it joins."""
    return hospital.zone(asset.between[0] if asset.between else asset.zone)


def metres_to(ring: Ring, point: tuple[float, float]) -> float:
    """Return how far `point` is from an area, in metres; 0 within it."""
    return 0.0 if inside(point, ring) else distance(point, ring)


def _level(hospital: Hospital, zone: Zone | None) -> Level | None:
    return next((level for level in hospital.levels if zone and level.id == zone.level), None)
