"""SVG: rectangles, polygons, paths and lines with their transformations; words name the rooms that they stand in.

Source: SVG 1.1 (second edition), chapters 7 (coordinates), 8 (paths), 9 (shapes), 10 (text). Curves become their
chords: rooms have straight walls, and a round one keeps its corners.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from math import cos, radians, sin, tan
from typing import Any
from xml.parsers import expat

from safecare.formats.drawing.shape import DrawingError, Sketch, Spot
from safecare.model.text import say

Matrix = tuple[float, float, float, float, float, float]
UNIT: Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)
MAX_DEPTH = 200
"""Elements within elements. Chosen: drawing programs nest some ten groups."""
UNDRAWN = frozenset({"defs", "clippath", "mask", "pattern", "marker", "symbol", "metadata", "style", "script", "title"})
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d{1,3})?")
_STEP = re.compile(r"([MmLlHhVvCcSsQqTtAaZz])([^MmLlHhVvCcSsQqTtAaZz]*)")
_MOVE = re.compile(r"(matrix|translate|scale|rotate|skewX|skewY)\s*\(([^()]*)\)")
_TAKES = {"M": 2, "L": 2, "T": 2, "H": 1, "V": 1, "C": 6, "S": 4, "Q": 4, "A": 7}
"""Numbers of one step of a path by its letter (8.3)."""
DOOR = re.compile(r"(?i)(?:\b|_)(?:door|porte)(?:\b|_|s\b|\d)")
"""Names of shapes that are doors, in English and French."""


class _Reader:
    """Follows the elements, keeping the transformation of each group."""

    def __init__(self, sketch: Sketch, parser: Any) -> None:
        self._sketch, self._parser = sketch, parser
        self._stack: list[tuple[Matrix, bool]] = [(UNIT, True)]
        self._text: tuple[Matrix, Spot, list[str]] | None = None
        self.root = ""

    def start(self, name: str, values: dict[str, str]) -> None:
        name = name.rpartition(":")[2].lower()
        self.root = self.root or name
        if len(self._stack) > MAX_DEPTH:
            raise DrawingError(say("The file is nested deeper than {limit} levels.", limit=MAX_DEPTH), self._place())
        above, drawn = self._stack[-1]
        matrix = _times(above, matrix_of(values.get("transform", "")))
        drawn = drawn and name not in UNDRAWN and values.get("display") != "none"
        self._stack.append((matrix, drawn))
        if drawn:
            self._take(name, values, matrix)

    def end(self, name: str) -> None:
        self._stack.pop()
        if name.rpartition(":")[2].lower() == "text" and self._text is not None:
            matrix, at, parts = self._text
            self._sketch.label("".join(parts), _at(matrix, at), self._place())
            self._text = None

    def words(self, text: str) -> None:
        if self._text is not None and sum(map(len, self._text[2])) < 400:
            self._text[2].append(text)

    def _place(self) -> str:
        return f"line {self._parser.CurrentLineNumber}"

    def _take(self, name: str, values: dict[str, str], matrix: Matrix) -> None:
        called = values.get("inkscape:label") or values.get("data-name") or ""
        category = values.get("data-category", "")
        place = self._place()
        if name == "text":
            at = (_first(values.get("x", "")), _first(values.get("y", "")))
            self._text = (matrix, at, [])
            return
        for points, closed in _shapes(name, values):
            moved = [_at(matrix, point) for point in points]
            if DOOR.search(" ".join((called, values.get("id", ""), values.get("class", "")))) and moved:
                xs, ys = [x for x, _ in moved], [y for _, y in moved]
                self._sketch.door(((min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2), place)
            elif closed:
                self._sketch.outline(moved, place, called, category)
            else:
                self._sketch.line(moved, place)


def read_svg(raw: bytes) -> Sketch:
    """Read a drawing; y points up afterwards. Raises `DrawingError`."""
    sketch = Sketch()
    parser = expat.ParserCreate()
    reader = _Reader(sketch, parser)
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.words
    parser.EntityDeclHandler = _refuse
    try:
        parser.Parse(raw, True)
    except expat.ExpatError as error:
        raise DrawingError(say("This is no XML: {reason}", reason=str(error)), f"line {error.lineno}") from error
    if reader.root != "svg":
        raise DrawingError(say("This is no SVG."))
    return sketch


def _refuse(*_: Any) -> None:
    raise DrawingError(say("Entities of its own are not read."))


def _shapes(name: str, values: dict[str, str]) -> Iterator[tuple[list[Spot], bool]]:
    match name:
        case "rect":
            x, y = _first(values.get("x", "")), _first(values.get("y", ""))
            width, height = _first(values.get("width", "")), _first(values.get("height", ""))
            if width > 0 and height > 0:
                yield [(x, y), (x + width, y), (x + width, y + height), (x, y + height)], True
        case "polygon" | "polyline":
            numbers = _numbers(values.get("points", ""))
            points = list(zip(numbers[::2], numbers[1::2], strict=False))
            yield points, name == "polygon" or (len(points) > 3 and points[0] == points[-1])
        case "line":
            yield (
                [
                    (_first(values.get("x1", "")), _first(values.get("y1", ""))),
                    (_first(values.get("x2", "")), _first(values.get("y2", ""))),
                ],
                False,
            )
        case "path":
            yield from path_points(values.get("d", ""))


def path_points(path: str) -> Iterator[tuple[list[Spot], bool]]:
    """Yield the corners of each part of a path, and whether it is closed."""
    points: list[Spot] = []
    at = start = (0.0, 0.0)
    for letter, rest in _STEP.findall(path):
        kind, relative = letter.upper(), letter.islower()
        if kind == "Z":
            if points:
                yield points, True
            points, at = [], start
            continue
        numbers, size = _numbers(rest), _TAKES[kind]
        for number in range(0, len(numbers) - size + 1, size):
            step = numbers[number : number + size]
            base = at if relative else (0.0, 0.0)
            if kind == "H":
                at = (step[0] + base[0], at[1])
            elif kind == "V":
                at = (at[0], step[0] + base[1])
            else:
                at = (step[-2] + base[0], step[-1] + base[1])
            if kind == "M" and number == 0:
                if points:
                    yield points, len(points) > 3 and points[0] == points[-1]
                points, start = [], at
            if not points and kind != "M":
                points.append(start)
            points.append(at)
    if points:
        yield points, len(points) > 3 and points[0] == points[-1]


def matrix_of(text: str) -> Matrix:
    """Return the matrix of a `transform` attribute (7.6); what can't be read changes nothing."""
    matrix = UNIT
    for name, inner in _MOVE.findall(text[:2000]):
        n = _numbers(inner)
        step = UNIT
        match name, len(n):
            case "matrix", 6:
                step = (n[0], n[1], n[2], n[3], n[4], n[5])
            case "translate", 1 | 2:
                step = (1, 0, 0, 1, n[0], n[1] if len(n) > 1 else 0.0)
            case "scale", 1 | 2:
                step = (n[0], 0, 0, n[-1], 0, 0)
            case "rotate", 1 | 3:
                c, s = cos(radians(n[0])), sin(radians(n[0]))
                x, y = (n[1], n[2]) if len(n) == 3 else (0.0, 0.0)
                step = (c, s, -s, c, x - c * x + s * y, y - s * x - c * y)
            case "skewX", 1:
                step = (1, 0, tan(radians(n[0])), 1, 0, 0)
            case "skewY", 1:
                step = (1, tan(radians(n[0])), 0, 1, 0, 0)
        matrix = _times(matrix, step)
    return matrix


def _times(one: Matrix, other: Matrix) -> Matrix:
    a, b, c, d, e, f = one
    g, h, i, j, k, m = other
    return (a * g + c * h, b * g + d * h, a * i + c * j, b * i + d * j, a * k + c * m + e, b * k + d * m + f)


def _at(matrix: Matrix, point: Spot) -> Spot:
    a, b, c, d, e, f = matrix
    x, y = point
    return (a * x + c * y + e, -(b * x + d * y + f))


def _numbers(text: str) -> list[float]:
    return [float(one) for one in _NUMBER.findall(text)]


def _first(text: str) -> float:
    found = _NUMBER.match(text.strip())
    return float(found[0]) if found else 0.0
