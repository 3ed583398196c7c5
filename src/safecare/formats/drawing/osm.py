"""OpenStreetMap XML with Simple Indoor Tagging: rooms, corridors, areas and doors of one level.

Source: https://wiki.openstreetmap.org/wiki/Simple_Indoor_Tagging (`indoor=*`, `level=*` with lists and ranges,
`repeat_on=*`, `door=*`), OSM XML 0.6.
"""

from __future__ import annotations

import re
from typing import Any
from xml.parsers import expat

from safecare.formats.drawing.earth import plane
from safecare.formats.drawing.shape import DrawingError, Sketch, Spot
from safecare.model.text import say

ROOMS = frozenset({"room", "corridor", "area", "yes"})
MOST_NODES = 1_000_000
"""Nodes of one file. Chosen: a quarter of a large town."""
MOST_REFS = 2_000
"""Nodes of one way (the limit of the OSM API 0.6)."""
_RANGE = re.compile(r"(-?\d+)\s*-\s*(-?\d+)")


class _Reader:
    def __init__(self) -> None:
        self.nodes: dict[str, tuple[float, float]] = {}
        self.doors: list[tuple[str, str]] = []
        self.ways: list[tuple[str, list[str], dict[str, str]]] = []
        self.relations = 0
        self._kind, self._id, self._refs, self._tags = "", "", list[str](), dict[str, str]()
        self.root = ""

    def start(self, name: str, values: dict[str, str]) -> None:
        self.root = self.root or name
        if name in {"node", "way", "relation"}:
            self._kind, self._id, self._refs, self._tags = name, values.get("id", ""), [], {}
            if name == "node":
                self._node(values)
        elif name == "nd" and self._kind == "way" and len(self._refs) < MOST_REFS:
            self._refs.append(values.get("ref", ""))
        elif name == "tag" and len(self._tags) < 200:
            self._tags[values.get("k", "")] = values.get("v", "")[:200]

    def _node(self, values: dict[str, str]) -> None:
        if len(self.nodes) >= MOST_NODES:
            raise DrawingError(say("The drawing holds more than {limit} shapes.", limit=MOST_NODES))
        try:
            self.nodes[self._id] = (float(values.get("lon", "")), float(values.get("lat", "")))
        except ValueError:
            return

    def end(self, name: str) -> None:
        if name != self._kind:
            return
        if name == "way" and ("indoor" in self._tags or "level" in self._tags):
            self.ways.append((self._id, self._refs, self._tags))
        elif name == "node" and (self._tags.get("door", "no") != "no" or self._tags.get("entrance", "no") != "no"):
            self.doors.append((self._id, self._tags.get("level", "")))
        elif name == "relation" and self._tags.get("indoor") in ROOMS:
            self.relations += 1
        self._kind = ""


def read_osm(raw: bytes, level: str = "") -> Sketch:
    """Read the rooms and doors of `level`. Raises `DrawingError`, also when it has several and none is named."""
    reader = _parse(raw)
    rooms = [one for one in reader.ways if one[2].get("indoor") in ROOMS]
    known = sorted({at for _, _, tags in rooms for at in levels_of(tags)}, key=_order)
    if not level and len(known) > 1:
        raise DrawingError(say("The drawing holds several levels; name one of: {levels}", levels=", ".join(known)))
    if level and level not in known:
        raise DrawingError(
            say("The drawing has no level {level}; it has: {levels}", level=level, levels=", ".join(known))
        )
    here = [one for one in rooms if not level or level in levels_of(one[2])]
    corners = [reader.nodes[ref] for _, refs, _ in here for ref in refs if ref in reader.nodes]
    sketch = Sketch(1.0)
    if not corners:
        return sketch
    project = plane(corners)
    used: set[str] = set()
    for id, refs, tags in here:
        place = f"way {id}"
        points: list[Spot] = [project(reader.nodes[ref]) for ref in refs if ref in reader.nodes]
        if len(points) < len(refs):
            sketch.remark(place, say("Some nodes of this way are not in the file."))
        if len(refs) < 4 or refs[0] != refs[-1]:
            sketch.remark(place, say("This outline is not closed."))
            continue
        used.update(refs)
        sketch.outline(points, place, tags.get("name") or tags.get("ref", ""), _category(tags))
    for id, at in reader.doors:
        if id in used and (not level or not at or level in levels_of({"level": at})):
            sketch.door(project(reader.nodes[id]), f"node {id}")
    if reader.relations:
        sketch.remark(
            "relation", say("{count} rooms of several outlines (relations) are not read.", count=reader.relations)
        )
    return sketch


def _parse(raw: bytes) -> _Reader:
    reader = _Reader()
    parser = expat.ParserCreate()
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.StartDoctypeDeclHandler = _refuse
    try:
        parser.Parse(raw, True)
    except expat.ExpatError as error:
        raise DrawingError(say("This is no XML: {reason}", reason=str(error)), f"line {error.lineno}") from error
    if reader.root != "osm":
        raise DrawingError(say("This is no OpenStreetMap file."))
    return reader


def _refuse(*_: Any) -> None:
    raise DrawingError(say("A document type declaration is not read."))


def levels_of(tags: dict[str, str]) -> set[str]:
    """Return the levels that a thing is on: ``0;1``, ``0-2`` and `repeat_on`; ``0`` if it says nothing."""
    found: set[str] = set()
    for part in ";".join((tags.get("level", "0"), tags.get("repeat_on", ""))).split(";"):
        span = _RANGE.fullmatch(part.strip())
        if span and 0 <= int(span[2]) - int(span[1]) <= 200:
            found.update(str(number) for number in range(int(span[1]), int(span[2]) + 1))
        elif part.strip():
            found.add(part.strip()[:20])
    return found


def _order(level: str) -> tuple[float, str]:
    try:
        return float(level), level
    except ValueError:
        return float("inf"), level


def _category(tags: dict[str, str]) -> str:
    if tags.get("indoor") == "corridor":
        return "corridor"
    if tags.get("stairs", "no") != "no" or tags.get("room") == "stairs":
        return "stairs"
    if tags.get("highway") == "elevator" or tags.get("room") == "elevator":
        return "elevator"
    return tags.get("room", "")
