"""Plans: one GeoJSON file per storey, shaped after IMDF, in metres of the site's own plane.

Source: OGC 20-094, Indoor Mapping Data Format 1.0.0 (feature types level, unit, opening). What IMDF does not
know has the prefix ``safecare:``. An opening becomes a door of the hospital.
"""

from __future__ import annotations

from typing import Any

from safecare.formats.hospital.convert import FAILED, read_float, read_struct
from safecare.formats.hospital.draft import Draft, Row
from safecare.formats.hospital.nodes import Node
from safecare.formats.hospital.problems import Problems
from safecare.model.hospital import Asset, Level, Ring, Zone
from safecare.model.ids import SiteId, ZoneId
from safecare.model.text import say

PREFIX = "safecare:"
MOST_CORNERS = 500
"""Corners of one outline. Chosen: a round hall drawn very finely."""


def read_plan(root: Node, draft: Draft, problems: Problems) -> None:
    """Read a file of ``plans/``."""
    listed = root.fields.get("features")
    if root.at("type").value != "FeatureCollection" or listed is None or not isinstance(listed.value, list):
        problems.error(root, say("This is no GeoJSON FeatureCollection."))
        return
    site = ""
    for feature in listed.value:
        before = len(draft.levels) + len(draft.zones) + len(draft.assets)
        match _text(feature, "feature_type"):
            case "level":
                site = _read_level(feature, draft, problems) or site
            case "unit":
                _read_unit(feature, site, draft, problems)
            case "opening":
                _read_opening(feature, site, draft, problems)
            case other:
                problems.warning(feature, say("A feature of type {type} is not used.", type=other or "?"))
        if before == len(draft.levels) + len(draft.zones) + len(draft.assets):
            draft.broken.add(_text(feature, "id"))


def _read_level(feature: Node, draft: Draft, problems: Problems) -> str:
    node = _properties(feature, {"building_ids"})
    buildings = feature.at("properties", "building_ids").items
    if len(buildings) != 1 or not isinstance(buildings[0].value, str):
        problems.error(feature, say("A level belongs to exactly one building (building_ids)."))
        return ""
    extra = {"id": _text(feature, "id"), "building": buildings[0].value}
    level = read_struct(node, Level, problems, extra)
    if level is FAILED:
        return ""
    draft.levels.append(Row(level, feature))
    return str(level.site)


def _read_unit(feature: Node, site: str, draft: Draft, problems: Problems) -> None:
    outline = _outline(feature, problems)
    if not _placed(feature, site, problems) or outline is None:
        return
    extra = {"id": ZoneId(_text(feature, "id")), "site": SiteId(site), "outline": outline}
    zone = read_struct(_properties(feature, {}, {"level_id": "level"}), Zone, problems, extra)
    if zone is not FAILED:
        draft.zones.append(Row(zone, feature))


def _read_opening(feature: Node, site: str, draft: Draft, problems: Problems) -> None:
    line = _line(feature, problems)
    if not _placed(feature, site, problems) or line is None:
        return
    between = feature.at("properties", f"{PREFIX}between").items
    inner = between[-1].value if between and isinstance(between[-1].value, str) else ""
    middle = ((line[0][0] + line[-1][0]) / 2, (line[0][1] + line[-1][1]) / 2)
    extra: dict[str, Any] = {
        "id": _text(feature, "id"),
        "site": site,
        "at": middle,
        "zone": ZoneId(inner),
        "group": "door",
    }
    node = _properties(feature, {"category", "level_id"})
    if "kind" not in node.fields:
        extra["kind"] = "door"
    door = read_struct(node, Asset, problems, extra)
    if door is FAILED:
        return
    if door.between is None:
        problems.error(feature, say("An opening names the two zones that it joins (safecare:between)."))
        return
    draft.openings[door.id] = line
    draft.assets.append(Row(door, feature))


def _placed(feature: Node, site: str, problems: Problems) -> bool:
    if not site:
        problems.error(feature, say("The level feature must stand before units and openings."))
    elif not _text(feature, "id"):
        problems.error(feature, say("The field {name} is missing.", name="id"))
    else:
        return True
    return False


def _properties(feature: Node, leave: Any, rename: dict[str, str] | None = None) -> Node:
    """Return the properties as if they stood in a file of ours: without prefix, `rename`d, and without `leave`."""
    properties = feature.fields.get("properties", feature)
    if properties is feature or not isinstance(properties.value, dict):
        return Node(feature.file, feature.line, feature.column, {})
    names = {
        name: (rename or {}).get(name, name.removeprefix(PREFIX)) for name in properties.value if name not in leave
    }
    node = Node(properties.file, properties.line, properties.column, {})
    node.value = {new: properties.value[old] for old, new in names.items()}
    node.keys = {new: properties.keys[old] for old, new in names.items()}
    return node


def _outline(feature: Node, problems: Problems) -> Ring | None:
    """Return the outer ring of a Polygon, without the closing point."""
    geometry = feature.at("geometry")
    rings = geometry.at("coordinates").items
    if geometry.at("type").value != "Polygon" or len(rings) != 1:
        problems.error(geometry, say("A unit's geometry is a Polygon with one ring."))
        return None
    ring = _points(rings[0], problems)
    if ring is None:
        return None
    if len(ring) < 4 or ring[0] != ring[-1]:
        problems.error(rings[0], say("A ring has at least four points, and its last one is its first."))
        return None
    return ring[:-1]


def _line(feature: Node, problems: Problems) -> Ring | None:
    """Return the points of a LineString."""
    geometry = feature.at("geometry")
    if geometry.at("type").value != "LineString":
        problems.error(geometry, say("An opening's geometry is a LineString."))
        return None
    line = _points(geometry.at("coordinates"), problems)
    if line is not None and len(line) < 2:
        problems.error(geometry, say("An opening's geometry is a LineString."))
        return None
    return line


def _points(node: Node, problems: Problems) -> Ring | None:
    if len(node.items) > MOST_CORNERS:
        problems.error(node, say("An outline has more than {limit} corners.", limit=MOST_CORNERS))
        return None
    points: list[tuple[float, float]] = []
    for item in node.items:
        pair = [read_float(part, problems) for part in item.items]
        if len(pair) != 2 or FAILED in pair:
            problems.error(item, say("A position is two numbers, in metres."))
            return None
        points.append((pair[0], pair[1]))
    return tuple(points)


def _text(feature: Node, name: str) -> str:
    value = feature.fields.get(name)
    return value.value if value is not None and isinstance(value.value, str) else ""
