"""Checks of plans: outlines, rooms that overlap, doors in no wall, things outside their room."""

from __future__ import annotations

from collections import defaultdict

from safecare.formats.hospital.draft import Draft, Row
from safecare.formats.hospital.geometry import box, distance, inside, near, overlap, valid
from safecare.formats.hospital.problems import Problems
from safecare.model.hospital import Asset, Zone
from safecare.model.text import say

WALL = 0.5
"""Metres that a door may be away from the walls of the zones it joins. Chosen: a thick wall drawn as a line."""
OVERLAP = 0.5
"""Square metres that two rooms may share. Chosen: drawing inaccuracy of a few centimetres along a wall."""


def check_places(draft: Draft, problems: Problems) -> None:
    """Check all plans."""
    by_level: dict[str, list[Row[Zone]]] = defaultdict(list)
    for row in draft.zones:
        if valid(row.value.outline):
            by_level[row.value.level].append(row)
        else:
            problems.error(row.node.at("geometry"), say("The outline has no area, or crosses itself."))
    for rows in by_level.values():
        _check_overlaps(rows, problems)
    zones: dict[str, Zone] = {row.value.id: row.value for rows in by_level.values() for row in rows}
    for asset in draft.assets:
        if asset.value.between is not None:
            _check_door(asset, draft, zones, problems)
        else:
            _check_position(asset, zones, problems)


def _check_overlaps(rows: list[Row[Zone]], problems: Problems) -> None:
    """Compare neighbours only: rooms sorted by their left side, until one begins right of this one."""
    boxed = sorted(((box(row.value.outline), row) for row in rows), key=lambda pair: pair[0])
    for number, (here, row) in enumerate(boxed):
        for there, other in boxed[number + 1 :]:
            if there[0] >= here[2]:
                break
            if there[1] >= here[3] or here[1] >= there[3]:
                continue
            if overlap(row.value.outline, other.value.outline) > OVERLAP:
                problems.error(
                    other.node, say("{one} and {other} overlap on the plan.", one=row.value.id, other=other.value.id)
                )


def _check_door(row: Row[Asset], draft: Draft, zones: dict[str, Zone], problems: Problems) -> None:
    door = row.value
    one, other = (zones.get(id) for id in door.between or ())
    if one is None or other is None:
        return  # told already
    line = draft.openings.get(door.id)
    if one.id == other.id:
        problems.error(row.node, say("The door {door} joins a zone with itself.", door=door.id))
    elif line is None or one.level != other.level:
        if not _touch(one, other):
            problems.error(row.node, say("The zones that {door} joins do not touch.", door=door.id))
    elif not near(line, one.outline, WALL) or not near(line, other.outline, WALL):
        problems.error(row.node, say("The door {door} lies on no wall that its two zones share.", door=door.id))


def _touch(one: Zone, other: Zone) -> bool:
    corners = [distance(corner, other.outline) for corner in one.outline]
    corners += [distance(corner, one.outline) for corner in other.outline]
    return min(corners) <= WALL or overlap(one.outline, other.outline) > 0


def _check_position(row: Row[Asset], zones: dict[str, Zone], problems: Problems) -> None:
    asset = row.value
    zone = zones.get(asset.zone or "")
    if asset.at is None or zone is None:
        return
    if not inside(asset.at, zone.outline) and distance(asset.at, zone.outline) > WALL:
        problems.error(row.node.at("at"), say("{asset} does not stand in {zone}.", asset=asset.id, zone=zone.id))
