"""From a drawing to the plan of a storey as the hospital's files hold it: GeoJSON after IMDF, with ids that last.

A room of the plan so far that is drawn again keeps its id, and with it services, dependencies and devices.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from safecare.formats.drawing.assemble import Drawing
from safecare.model.hospital import Asset, Hospital, Level, Name, Ring, Zone

SAME = 0.5
"""Share of the joint area from which two outlines are the same room. Chosen: half (the usual threshold of overlap)."""
CATEGORIES = {
    "corridor": "corridor",
    "hallway": "corridor",
    "couloir": "corridor",
    "circulation": "corridor",
    "stairs": "stairs",
    "escalier": "stairs",
    "elevator": "elevator",
    "ascenseur": "elevator",
    "toilets": "toilets",
    "restroom": "toilets",
    "sanitaire": "toilets",
    "wc": "toilets",
    "office": "office",
    "bureau": "office",
    "technical": "technical",
    "technique": "technical",
    "storage": "storage",
    "réserve": "storage",
    "pharmacie": "pharmacy",
    "pharmacy": "pharmacy",
    "laboratory": "laboratory",
    "laboratoire": "laboratory",
    "outdoor": "outdoor",
}
"""Our category by what drawings call a room, in their categories or names; everything else is ``room``."""


class NewRoom(msgspec.Struct, frozen=True):
    """A room as it shall stand in the plan."""

    id: str
    name: Name
    category: str
    outline: Ring
    security: str = "staff"


class NewDoor(msgspec.Struct, frozen=True):
    """A door as it shall stand in the plan."""

    id: str
    name: Name
    line: Ring
    between: tuple[str, str]


def matched(
    drawing: Drawing, level: str, known: Sequence[Zone], doors: Sequence[Asset]
) -> tuple[list[NewRoom], list[NewDoor]]:
    """Return the rooms and doors of `drawing` with the ids of those they are in the plan so far, else fresh ones."""
    taken: set[str] = set()
    rooms: list[NewRoom] = []
    pairs = _same(drawing, known)
    for number, room in enumerate(drawing.rooms):
        old = pairs.get(number)
        if old is not None:
            taken.add(old.id)
            rooms.append(NewRoom(old.id, old.name, old.category, room.outline, old.security))
            continue
        name = room.name or f"{number + 1}"
        id = _fresh(f"{level}.{slug(name)}", taken | {zone.id for zone in known})
        taken.add(id)
        rooms.append(NewRoom(id, Name(name, name), category_of(room.category, room.name), room.outline))
    told: list[NewDoor] = []
    ids = {door.id for door in doors}
    by_rooms = {frozenset[str](door.between): door for door in doors if door.between}
    used: set[str] = set()
    for door in drawing.doors:
        one, other = rooms[door.between[0]], rooms[door.between[1]]
        before = by_rooms.get(frozenset((one.id, other.id)))
        if before is not None and before.id not in used:
            used.add(before.id)
            told.append(NewDoor(before.id, before.name, door.line, before.between or (one.id, other.id)))
            continue
        id = _fresh(f"door.{one.id}.{other.id.rpartition('.')[2]}", ids | used)
        used.add(id)
        called = Name(f"Door: {one.name.en} / {other.name.en}", f"Porte : {one.name.fr} / {other.name.fr}")
        told.append(NewDoor(id, called, door.line, (one.id, other.id)))
    return rooms, told


def _same(drawing: Drawing, known: Sequence[Zone]) -> dict[int, Zone]:
    """Return which room of the plan so far each drawn room is: by name, else by place. No room is two."""
    from shapely import Polygon, STRtree

    found: dict[int, Zone] = {}
    by_name: dict[str, list[Zone]] = {}
    for zone in known:
        for name in {zone.name.en.casefold(), zone.name.fr.casefold()}:
            by_name.setdefault(name, []).append(zone)
    left = {zone.id for zone in known}
    for number, room in enumerate(drawing.rooms):
        named = by_name.get(room.name.casefold(), []) if room.name else []
        if len(named) == 1 and named[0].id in left:
            found[number] = named[0]
            left.discard(named[0].id)
    others = [zone for zone in known if zone.id in left]
    polygons = [Polygon(zone.outline) for zone in others]
    tree = STRtree(polygons)
    for number, room in enumerate(drawing.rooms):
        if number in found:
            continue
        shape = Polygon(room.outline)
        for at in tree.query(shape, predicate="intersects").tolist():
            both = shape.intersection(polygons[at]).area
            if others[at].id in left and both > SAME * (shape.area + polygons[at].area - both):
                found[number] = others[at]
                left.discard(others[at].id)
                break
    return found


def category_of(category: str, name: str) -> str:
    """Return our category of a room that a drawing calls so."""
    said = f"{category} {name}".casefold()
    words = set(re.findall(r"[^\W\d_]+", said))
    return next((ours for word, ours in CATEGORIES.items() if word in words or f"{word}s" in words), "room")


def slug(name: str) -> str:
    """Return `name` as part of an id: small letters without accents, digits and hyphens, at most 40."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:40] or "room"


def _fresh(id: str, taken: Iterable[str]) -> str:
    known = set(taken)
    id = id[:74]
    return id if id not in known else next(f"{id}.{n}" for n in range(2, len(known) + 3) if f"{id}.{n}" not in known)


def plan_of(
    level: Level,
    rooms: Sequence[NewRoom],
    doors: Sequence[NewDoor],
    before: Mapping[str, Mapping[str, Any]],
) -> bytes:
    """Return the plan as GeoJSON. `before`: features of the plan so far by id; what they say else is kept."""
    features: list[dict[str, Any]] = [_level(level, before.get(level.id, {}))]
    for room in rooms:
        old = dict(before.get(room.id, {}).get("properties") or {})
        properties = {
            **old,
            "name": msgspec.to_builtins(room.name),
            "category": room.category,
            "level_id": level.id,
            "safecare:security": room.security,
        }
        ring = [list(point) for point in (*room.outline, room.outline[0])]
        features.append(_feature(room.id, "unit", {"type": "Polygon", "coordinates": [ring]}, properties))
    for door in doors:
        old = dict(before.get(door.id, {}).get("properties") or {})
        properties = {
            **old,
            "name": msgspec.to_builtins(door.name),
            "level_id": level.id,
            "safecare:between": list(door.between),
        }
        line = {"type": "LineString", "coordinates": [list(point) for point in door.line]}
        features.append(_feature(door.id, "opening", line, properties))
    lines = ",\n".join(msgspec.json.encode(one).decode() for one in features)
    return f'{{"type": "FeatureCollection", "features": [\n{lines}\n]}}\n'.encode()


def _level(level: Level, before: Mapping[str, Any]) -> dict[str, Any]:
    properties = {
        **(before.get("properties") or {}),
        "name": msgspec.to_builtins(level.name),
        "ordinal": level.ordinal,
        "building_ids": [level.building],
        "safecare:building_name": msgspec.to_builtins(level.building_name),
        "safecare:site": level.site,
    }
    return _feature(level.id, "level", None, properties)


def _feature(id: str, kind: str, geometry: Any, properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "Feature", "id": id, "feature_type": kind, "geometry": geometry, "properties": properties}


def features_of(plan: bytes) -> dict[str, dict[str, Any]]:
    """Return the features of a plan file by id; none of bytes that are no plan."""
    try:
        listed = msgspec.json.decode(plan).get("features", [])
        return {str(one["id"]): one for one in listed}
    except (msgspec.DecodeError, AttributeError, TypeError, KeyError, RecursionError):
        return {}


def drawn_anew(drawing: Drawing, level: Level, hospital: Hospital, plan: bytes) -> bytes:
    """Return the plan of `level` with what `drawing` holds, in the place of `plan` so far."""
    zones = [zone for zone in hospital.zones if zone.level == level.id]
    here = {zone.id for zone in zones}
    doors = [asset for asset in hospital.assets if asset.between and here & set(asset.between)]
    rooms, found = matched(drawing, level.id, zones, doors)
    before = features_of(plan)
    left = {room.id for room in rooms}
    away = [door for door in doors if door.between and not here >= set(door.between) and door.id in before]
    stairs = [_door(door, before[door.id]) for door in away if here & set(door.between or ()) <= left]
    return plan_of(level, rooms, [*found, *stairs], before)


def _door(door: Asset, feature: Mapping[str, Any]) -> NewDoor:
    """Return a door that no drawing of one storey can hold: a way to another storey."""
    line = tuple((float(x), float(y)) for x, y in feature["geometry"]["coordinates"])
    one, other = door.between or ("", "")
    return NewDoor(door.id, door.name, line, (one, other))
