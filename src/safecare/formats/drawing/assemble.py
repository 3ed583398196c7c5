"""From a sketch to rooms and doors: scale, names, walls that enclose rooms, what lies in what. Metres afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import Any

import msgspec

from safecare.formats.drawing.shape import DrawingError, Label, Remark, Shape, Sketch, Spot
from safecare.formats.hospital.geometry import box, distance, inside
from safecare.model.hospital import Ring
from safecare.model.text import say

LEAST_AREA = 0.6
"""Square metres below which an outline is no room but a pillar, a duct or furniture. Chosen: the smallest cupboard."""
USUAL_ROOM = (3.0, 300.0)
"""Square metres between which the middle room of a storey lies, by which the scale is guessed. Chosen: cell to hall."""
GUESSES = (1.0, 0.01, 0.001, 0.1, 0.0254, 0.3048)
"""Metres of a unit that are tried where the file does not say, likeliest first."""
GRID = 2
"""Decimals of a metre to which corners are rounded: walls that were meant to meet, meet."""
FAR = 10_000.0
"""Metres from the origin beyond which a drawing is moved to it (a national grid)."""
MOST_ROOMS = 5_000
"""Rooms of one storey. Chosen: more than twice the largest of a university hospital."""
DOOR_WIDTH = 1.0
"""Metres; drawn where the file tells only a door's place. Chosen: a usual leaf."""
REACH = 0.8
"""Metres that a door's place may be away from the wall. Chosen: the hinge of a leaf is drawn beside its middle."""
SHARED = 0.5
"""Square metres that two rooms may share: as in the checks of plans."""


class Room(msgspec.Struct, frozen=True):
    """One room. `category` as the file says it; empty: not at all."""

    name: str
    outline: Ring
    category: str = ""


class Doorway(msgspec.Struct, frozen=True):
    """A door in the wall between two rooms, by their places in the list."""

    line: tuple[Spot, Spot]
    between: tuple[int, int]


class Drawing(msgspec.Struct, frozen=True):
    """A storey in metres, and what was left out or guessed on the way."""

    rooms: tuple[Room, ...]
    doors: tuple[Doorway, ...]
    remarks: tuple[Remark, ...]
    unit: float
    """Metres of one unit of the file."""


def assemble(sketch: Sketch, unit: float = 0.0) -> Drawing:
    """Return the rooms and doors of `sketch`; `unit` (metres) goes above what the file says. Raises `DrawingError`."""
    shapes = sketch.shapes or enclosed(sketch.lines)
    if not shapes:
        raise DrawingError(say("The drawing holds no closed outline, and no walls that enclose one."))
    unit = unit or sketch.unit
    if not unit:
        unit = guessed([_area(shape.outline) for shape in shapes])
        sketch.remark("", say("The file does not say its unit: one is taken as {unit} m.", unit=unit))
    east, north = _offset([point for shape in shapes for point in shape.outline], unit, sketch)

    def metres(point: Spot) -> Spot:
        return (_grid(point[0] * unit - east), _grid(point[1] * unit - north))

    labels = [Label(one.text, metres(one.at)) for one in sketch.labels]
    scaled = [Shape(tuple(map(metres, one.outline)), one.name, one.category) for one in shapes]
    rooms = _named(_rooms(scaled, sketch), labels)
    if not rooms:
        raise DrawingError(say("The drawing holds no closed outline, and no walls that enclose one."))
    doors = [door for at in sketch.doors if (door := doorway(rooms, metres(at)))]
    if lost := len(sketch.doors) - len(doors):
        sketch.remark("", say("{count} doors stand in no wall between two rooms, and are left out.", count=lost))
    if sketch.unsaid:
        sketch.remarks.append(Remark("", say("{count} more remarks.", count=sketch.unsaid)))
    return Drawing(tuple(rooms), tuple(doors), tuple(sketch.remarks), unit)


def guessed(areas: Sequence[float]) -> float:
    """Return the metres of a unit by which the middle area is that of a usual room; 1 if none fits."""
    middle = median(areas)
    return next((unit for unit in GUESSES if USUAL_ROOM[0] <= middle * unit * unit <= USUAL_ROOM[1]), 1.0)


def enclosed(lines: Sequence[Ring]) -> list[Shape]:
    """Return the areas that `lines` enclose."""
    if not lines:
        return []
    from shapely import LineString, MultiLineString, node, polygonize

    pieces = [LineString(line) for line in lines if len(set(line)) > 1]
    faces = polygonize([node(MultiLineString(pieces))]) if pieces else None
    return [Shape(tuple(face.exterior.coords)[:-1]) for face in getattr(faces, "geoms", ())]


def _area(outline: Ring) -> float:
    """Return the area by the shoelace formula, in square units."""
    turns = zip(outline, (*outline[1:], outline[0]), strict=True)
    return abs(sum(ax * by - bx * ay for (ax, ay), (bx, by) in turns)) / 2


def _offset(points: Sequence[Spot], unit: float, sketch: Sketch) -> Spot:
    west, south = min(x for x, _ in points) * unit, min(y for _, y in points) * unit
    if max(abs(west), abs(south)) <= FAR:
        return 0.0, 0.0
    sketch.remark("", say("The drawing lies far from its origin: it was moved there."))
    return west, south


def _grid(value: float) -> float:
    return round(value, GRID)


def _rooms(shapes: Sequence[Shape], sketch: Sketch) -> list[Room]:
    """Return what can be rooms: valid, large enough, each once, none around all others, none within another."""
    from shapely import Polygon

    kept: list[tuple[Shape, Any]] = []
    small = broken = 0
    seen: set[tuple[Spot, ...]] = set()
    for shape in shapes:
        if len(set(shape.outline)) < 3:
            small += 1
            continue
        polygon = Polygon(shape.outline)
        key = tuple(sorted(shape.outline))
        if not polygon.is_valid:
            broken += 1
        elif polygon.area < LEAST_AREA:
            small += 1
        elif key not in seen:
            seen.add(key)
            kept.append((shape, polygon))
    if small:
        sketch.remark("", say("{count} outlines are too small for a room, and are left out.", count=small))
    if broken:
        sketch.remark("", say("{count} outlines cross themselves, and are left out.", count=broken))
    if len(kept) > MOST_ROOMS:
        raise DrawingError(say("The drawing holds more than {limit} rooms.", limit=MOST_ROOMS))
    return _apart(kept, sketch)


def _apart(kept: list[tuple[Shape, Any]], sketch: Sketch) -> list[Room]:
    """Leave out outlines around others (the building itself), and cut what lies in two rooms."""
    from shapely import STRtree

    tree = STRtree([polygon for _, polygon in kept])
    around = set()
    for number, (_, polygon) in enumerate(kept):
        within = [at for at in tree.query(polygon, predicate="contains").tolist() if at != number]
        if len(within) >= 2 and sum(kept[at][1].area for at in within) > polygon.area / 2:
            around.add(number)
    if around:
        sketch.remark("", say("{count} outlines lie around several rooms: taken as the building.", count=len(around)))
    order = sorted((at for at in range(len(kept)) if at not in around), key=lambda at: kept[at][1].area)
    rooms: list[Room] = []
    taken: dict[int, Any] = {}
    for at in order:
        shape, polygon = kept[at]
        whole = polygon
        for other in tree.query(polygon, predicate="intersects").tolist():
            if other in taken and polygon.intersection(taken[other]).area > SHARED:
                polygon = polygon.difference(taken[other])
        if polygon.geom_type != "Polygon" or polygon.interiors or polygon.area < LEAST_AREA:
            sketch.remark(shape.name, say("An outline lies in or around another room in a way no plan can hold."))
            continue
        if polygon is not whole:
            sketch.remark(shape.name, say("An outline overlapped another room, and was cut."))
        taken[at] = polygon
        ring = tuple((_grid(x), _grid(y)) for x, y in tuple(polygon.exterior.coords)[:-1])
        rooms.append(Room(shape.name, ring, shape.category))
    rooms.sort(key=lambda room: (box(room.outline)[1], box(room.outline)[0]))
    return rooms


def _named(rooms: Sequence[Room], labels: Sequence[Label]) -> list[Room]:
    """Give rooms without a name the words that stand in them, from top to bottom."""
    words: dict[int, list[Label]] = {}
    boxes = [box(room.outline) for room in rooms]
    for label in labels:
        x, y = label.at
        for number, (left, low, right, high) in enumerate(boxes):
            if left <= x <= right and low <= y <= high and inside(label.at, rooms[number].outline):
                words.setdefault(number, []).append(label)
                break
    return [
        room
        if room.name or number not in words
        else msgspec.structs.replace(
            room, name=" ".join(one.text for one in sorted(words[number], key=lambda one: (-one.at[1], one.at[0])))[:80]
        )
        for number, room in enumerate(rooms)
    ]


def doorway(rooms: Sequence[Room], at: Spot) -> Doorway | None:
    """Return the door at `at` in the wall of the two nearest rooms; None where no two are near."""
    close: list[tuple[float, int]] = []
    for number, room in enumerate(rooms):
        left, low, right, high = box(room.outline)
        if left - REACH <= at[0] <= right + REACH and low - REACH <= at[1] <= high + REACH:
            away = distance(at, room.outline)
            if away <= REACH:
                close.append((away, number))
    close.sort()
    if len(close) < 2:
        return None
    one, other = close[0][1], close[1][1]
    return Doorway(_leaf(rooms[one].outline, at), (one, other))


def _leaf(outline: Ring, at: Spot) -> tuple[Spot, Spot]:
    """Return a line of a door's width along the wall that is nearest to `at`, within that wall."""
    best, line = float("inf"), (at, at)
    for (ax, ay), (bx, by) in zip(outline, (*outline[1:], outline[0]), strict=True):
        length = ((bx - ax) ** 2 + (by - ay) ** 2) ** 0.5
        if length == 0:
            continue
        ux, uy = (bx - ax) / length, (by - ay) / length
        half = min(DOOR_WIDTH, length) / 2
        along = min(length - half, max(half, (at[0] - ax) * ux + (at[1] - ay) * uy))
        x, y = ax + along * ux, ay + along * uy
        away = (x - at[0]) ** 2 + (y - at[1]) ** 2
        if away < best:
            best = away
            line = ((_grid(x - half * ux), _grid(y - half * uy)), (_grid(x + half * ux), _grid(y + half * uy)))
    return line
