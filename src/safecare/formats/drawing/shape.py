"""What a drawing of a storey holds before it is a plan: outlines, lines, words and doors, in the file's own units."""

from __future__ import annotations

from math import isfinite

import msgspec

from safecare.model.hospital import Ring
from safecare.model.text import Text, say

Spot = tuple[float, float]

MOST_BYTES = 64 * 1024 * 1024
"""Largest file. Chosen: the DXF of one storey with furniture takes 5 to 30 MB."""
MOST_SHAPES = 50_000
"""Most outlines, lines, words and doors together. Chosen: a storey has some thousand."""
MOST_CORNERS = 500
"""Corners of one outline; the same as a plan may have."""
MOST_POINTS = 1_000_000
"""Corners of all shapes together. Chosen: twenty for each shape."""
MOST_PROBLEMS = 200
"""Problems told one by one. Chosen: what a person reads."""
FARTHEST = 1e7
"""Largest coordinate, in the file's units. Chosen: a country in metres (Lambert 93), a site in millimetres."""


class DrawingError(ValueError):
    """A drawing can't be read at all: `reason` in words, at `place` of the file (line, byte or name)."""

    def __init__(self, reason: Text, place: str = "") -> None:
        """Keep reason and place."""
        super().__init__(f"{place}: {reason.key}" if place else reason.key)
        self.reason, self.place = reason, place


class Shape(msgspec.Struct, frozen=True):
    """A closed outline; `name` and `category` as far as the file says them."""

    outline: Ring
    name: str = ""
    category: str = ""


class Label(msgspec.Struct, frozen=True):
    """Words at a place."""

    text: str
    at: Spot


class Remark(msgspec.Struct, frozen=True):
    """Something that was left out or guessed, and where."""

    place: str
    reason: Text


class Sketch:
    """Collects what a file holds, within the limits."""

    def __init__(self, unit: float = 0.0) -> None:
        """Begin empty; `unit` is metres of one unit of the file, 0 where the file does not say."""
        self.unit = unit
        self.shapes: list[Shape] = []
        self.lines: list[Ring] = []
        self.labels: list[Label] = []
        self.doors: list[Spot] = []
        self.remarks: list[Remark] = []
        self.unsaid = 0
        """Remarks beyond the limit."""
        self._points = 0

    def outline(self, points: list[Spot], place: str, name: str = "", category: str = "") -> None:
        """Add a closed outline. Raises `DrawingError` beyond the limits."""
        ring = _cleaned(points)
        if len(ring) > MOST_CORNERS:
            self.remark(place, say("An outline has more than {limit} corners.", limit=MOST_CORNERS))
        elif len(ring) >= 3 and self._takes(ring, place):
            self.shapes.append(Shape(ring, name, category))

    def line(self, points: list[Spot], place: str) -> None:
        """Add an open line: a wall. Raises `DrawingError` beyond the limits."""
        if len(points) >= 2 and self._takes(tuple(points), place):
            self.lines.append(tuple(points))

    def label(self, text: str, at: Spot, place: str) -> None:
        """Add words. Raises `DrawingError` beyond the limits."""
        text = " ".join(text.split())[:200]
        if text and self._takes((at,), place):
            self.labels.append(Label(text, at))

    def door(self, at: Spot, place: str) -> None:
        """Add a door. Raises `DrawingError` beyond the limits."""
        if self._takes((at,), place):
            self.doors.append(at)

    def remark(self, place: str, reason: Text) -> None:
        """Keep what was left out or guessed."""
        if len(self.remarks) < MOST_PROBLEMS:
            self.remarks.append(Remark(place, reason))
        else:
            self.unsaid += 1

    def _takes(self, points: Ring, place: str) -> bool:
        self._points += len(points)
        count = len(self.shapes) + len(self.lines) + len(self.labels) + len(self.doors)
        if count >= MOST_SHAPES or self._points > MOST_POINTS:
            raise DrawingError(say("The drawing holds more than {limit} shapes.", limit=MOST_SHAPES), place)
        if all(isfinite(value) and abs(value) <= FARTHEST for point in points for value in point):
            return True
        self.remark(place, say("A coordinate is no number, or too large."))
        return False


def _cleaned(points: list[Spot]) -> Ring:
    """Return the corners without repeats and closing point."""
    ring = [point for number, point in enumerate(points) if number == 0 or point != points[number - 1]]
    if len(ring) > 1 and ring[0] == ring[-1]:
        ring.pop()
    return tuple(ring)
