"""Writing: YAML like a form, GeoJSON with one feature per line, French as it is printed. Same input, same bytes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from demo_hospital.rooms import Door, Placed, Storey
from safecare.locale.typography import french

Row = dict[str, Any]

_PLAIN = re.compile(r"[A-Za-zÀ-ÿ0-9][A-Za-zÀ-ÿ0-9 ._/'()@+-]*[A-Za-zÀ-ÿ0-9)]|[A-Za-z]")
_LOOKS_ELSE = re.compile(r"[\d.eE+-]+|true|false|null|yes|no|on|off", re.IGNORECASE)


def rows(name: str, listed: Iterable[Row], head: str = "") -> str:
    """Return a YAML file with one list, a field a line, and what a field holds in one line."""
    lines = [head.rstrip(), f"{name}:"] if head else [f"{name}:"]
    for row in listed:
        for number, (key, value) in enumerate(row.items()):
            lines.append(f"{'  - ' if number == 0 else '    '}{key}: {flow(value)}")
    return "\n".join(lines) + "\n"


def flow(value: Any) -> str:
    """Return a value in YAML's flow style."""
    if isinstance(value, dict):
        value = value | {key: french(inner) for key, inner in value.items() if key == "fr"}
        return "{" + ", ".join(f"{key}: {flow(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(flow(inner) for inner in value) + "]"
    if isinstance(value, str):
        plain = _PLAIN.fullmatch(value) and not _LOOKS_ELSE.fullmatch(value) and len(value) < 200
        return value if plain else json.dumps(value, ensure_ascii=False)
    return json.dumps(value)


def plan(storey: Storey, addresses: dict[str, dict[str, str]]) -> str:
    """Return the plan of one storey; `addresses` of doors by their id."""
    level = {
        "type": "Feature",
        "id": storey.id,
        "feature_type": "level",
        "geometry": None,
        "properties": {
            "name": _name(*storey.name),
            "ordinal": storey.ordinal,
            "building_ids": [storey.building],
            "safecare:building_name": _name(*storey.building_name),
            "safecare:site": storey.site,
        },
    }
    features = [level, *map(_unit, storey.rooms.values())]
    features += [_opening(door, addresses.get(door.id, {})) for door in storey.doors]
    body = ",\n".join(json.dumps(feature, ensure_ascii=False) for feature in features)
    return f'{{"type": "FeatureCollection", "features": [\n{body}\n]}}\n'


def _unit(placed: Placed) -> Row:
    room = placed.room
    left, low, right, high = placed.box
    ring = [[left, low], [right, low], [right, high], [left, high], [left, low]]
    properties: Row = {"name": _name(room.en, room.fr), "category": room.category, "level_id": placed.level}
    more = {
        "fire_compartment": placed.compartment,
        "sector": placed.sector,
        "security": room.security,
        "crowd_at": room.crowd_at,
        "loiter_after": room.loiter_after,
    }
    properties |= {f"safecare:{key}": value for key, value in more.items() if value}
    geometry = {"type": "Polygon", "coordinates": [ring]}
    return {"type": "Feature", "id": placed.id, "feature_type": "unit", "geometry": geometry, "properties": properties}


def _opening(door: Door, addresses: dict[str, str]) -> Row:
    properties: Row = {
        "name": _name(door.en, door.fr),
        "category": "pedestrian",
        "level_id": door.level,
        "safecare:kind": door.kind,
        "safecare:between": [door.outer, door.inner],
    }
    if addresses:
        properties |= {"safecare:criticality": 2, "safecare:addresses": addresses}
    geometry = {"type": "LineString", "coordinates": [list(point) for point in door.line]}
    return {"type": "Feature", "id": door.id, "feature_type": "opening", "geometry": geometry, "properties": properties}


def _name(en: str, fr: str) -> dict[str, str]:
    return {"en": en, "fr": french(fr)}


def save(folder: Path, files: dict[str, str]) -> None:
    """Write `files` into `folder`, and remove what the generator no longer makes."""
    for old in sorted(folder.rglob("*.*")):
        if old.is_file() and old.suffix in (".yaml", ".geojson") and old.relative_to(folder).as_posix() not in files:
            old.unlink()
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
