"""GeoJSON: IMDF units and openings, or any polygons with a name. Metres of the site's plane, or degrees (WGS 84).

Source: RFC 7946; OGC 20-094, Indoor Mapping Data Format 1.0.0 (unit, opening, level; names by language).
"""

from __future__ import annotations

from typing import Any

import msgspec

from safecare.formats.drawing.earth import is_degrees, plane
from safecare.formats.drawing.shape import DrawingError, Sketch, Spot
from safecare.model.text import say

NOT_ROOMS = frozenset({"venue", "building", "footprint", "level", "section", "geofence", "fixture", "kiosk"})
"""Types of IMDF whose outlines are no rooms."""
DEPTH = 64
"""Deepest nesting of the bytes. Chosen: GeoJSON needs nine."""


def read_geojson(raw: bytes, level: str = "") -> Sketch:
    """Read features of `level` (its id, its ordinal, or as OSM writes it). Raises `DrawingError`."""
    features = _features(raw)
    here = [(place, one) for place, one in features if _of_level(one, level, features)]
    points: list[Spot] = []
    found: list[tuple[str, dict[str, Any], list[list[Spot]]]] = []
    for place, feature in here:
        lines = list(_rings(feature.get("geometry")))
        points += [point for line in lines for point in line]
        found.append((place, feature, lines))
    sketch = Sketch(1.0)
    project = plane(points) if is_degrees(points) else None
    for place, feature, lines in found:
        _take(sketch, place, feature, [[project(point) for point in line] for line in lines] if project else lines)
    return sketch


def _features(raw: bytes) -> list[tuple[str, dict[str, Any]]]:
    if max(_depths(raw), default=0) > DEPTH:
        raise DrawingError(say("The file is nested deeper than {limit} levels.", limit=DEPTH))
    try:
        root = msgspec.json.decode(raw.removeprefix(b"\xef\xbb\xbf"))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise DrawingError(say("This is no JSON: {reason}", reason=str(error))) from error
    listed = root.get("features") if isinstance(root, dict) else None
    if not isinstance(listed, list):
        raise DrawingError(say("This is no GeoJSON FeatureCollection."))
    return [(f"features[{number}]", one) for number, one in enumerate(listed) if isinstance(one, dict)]


def _depths(raw: bytes) -> list[int]:
    """Return the nesting after each opening bracket; brackets in texts count too, which can only refuse more."""
    depth, found = 0, []
    for sign in raw.translate(None, delete=bytes(set(range(256)) - set(b"[]{}"))):
        depth += 1 if sign in b"[{" else -1
        found.append(depth)
    return found


def _of_level(feature: dict[str, Any], level: str, features: list[tuple[str, dict[str, Any]]]) -> bool:
    if not level:
        return True
    properties = _properties(feature)
    names = {str(properties.get(name)) for name in ("level_id", "level", "ordinal", "floor") if name in properties}
    ordinals = {
        str(one.get("id"))
        for _, one in features
        if one.get("feature_type") == "level" and str(_properties(one).get("ordinal")) == level
    }
    return level in names or str(feature.get("id")) == level or bool(names & ordinals)


def _take(sketch: Sketch, place: str, feature: dict[str, Any], lines: list[list[Spot]]) -> None:
    properties, geometry = _properties(feature), feature.get("geometry") or {}
    kind = str(feature.get("feature_type") or "")
    name = _name(properties)
    if kind in NOT_ROOMS or not lines:
        return
    if kind == "opening" or geometry.get("type") == "Point":
        middle = [sum(values) / len(lines[0]) for values in zip(*lines[0], strict=True)]
        if kind == "opening" or str(properties.get("door", "no")) not in {"no", ""}:
            sketch.door((middle[0], middle[1]), place)
        elif name:
            sketch.label(name, (middle[0], middle[1]), place)
    elif "Polygon" in str(geometry.get("type")):
        for line in lines:
            sketch.outline(line, place, name, str(properties.get("category") or properties.get("room") or ""))
    else:
        for line in lines:
            sketch.line(line, place)


def _rings(geometry: Any) -> list[list[Spot]]:
    """Return the outer rings of polygons, the points of lines and of points."""
    if not isinstance(geometry, dict):
        return []
    kind, coordinates = geometry.get("type"), geometry.get("coordinates")
    match kind:
        case "Point":
            return [line for line in [_points([coordinates])] if line]
        case "LineString":
            return [line for line in [_points(coordinates)] if line]
        case "Polygon":
            return _outer([coordinates])
        case "MultiPolygon":
            return _outer(coordinates)
        case "MultiLineString":
            return [line for one in _list(coordinates) if (line := _points(one))]
        case _:
            return []


def _outer(polygons: Any) -> list[list[Spot]]:
    return [line for one in _list(polygons) if _list(one) and (line := _points(one[0]))]


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _points(values: Any) -> list[Spot]:
    found: list[Spot] = []
    for pair in _list(values):
        if not isinstance(pair, list) or len(pair) < 2 or not all(isinstance(one, int | float) for one in pair[:2]):
            return []
        found.append((float(pair[0]), float(pair[1])))
    return found


def _properties(feature: dict[str, Any]) -> dict[str, Any]:
    found = feature.get("properties")
    return found if isinstance(found, dict) else {}


def _name(properties: dict[str, Any]) -> str:
    name = properties.get("name") or properties.get("alt_name") or properties.get("ref") or ""
    if isinstance(name, dict):
        name = name.get("fr") or name.get("en") or next(iter(name.values()), "")
    return str(name)
