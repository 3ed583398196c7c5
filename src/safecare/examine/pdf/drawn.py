"""Codes (QR) that a PDF draws, square by square or stroke by stroke, instead of showing a picture: drawn on one.

Only what such codes are made of is followed: rectangles, straight paths, strokes, dark and light, moved and scaled.
Source: ISO 32000-1:2008, 8.3.4 (transformation), 8.4.4 (graphics state), 8.5 (paths), 8.6.8 (colour).
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from safecare.examine.api import Budget, LimitError, Limits, UnreadableError
from safecare.examine.pdf.objects import Document, decoded
from safecare.formats.linear import linear

LEAST, MOST = 60, 40_000
"""Shapes of a drawing that may hold a code, and those followed. Chosen: the smallest code has 126 runs, the largest
31,000 squares."""
MOST_DRAWINGS = 6
"""Drawings of one document. Chosen."""
MOST_CONTENT = 400_000
"""Bytes of drawings that are followed in one document: 0.2 s. Chosen: a code of 100 by 100 squares takes 150,000."""
MODULE, SIDE, MARGIN = 4, 1600, 24
"""Pixels of the smallest shape, of the longest side, and of the white border. Chosen: codes need three to a square."""
FAR = 1e6
"""Units from the origin beyond which nothing is drawn: pages have 14,400 at most (ISO 32000-1, annex C.2)."""
PAINTED = 50_000_000
"""Pixels that are painted in all. Chosen: each of a code's once, its ground a few times."""
_SHAPE = linear(rb"[\d.]\s+re\b|[\d.]\s+l\s")
NO_CONTENT = linear(rb"/Subtype\s*/Image|/FontFile|/Length[123]\b|/Type\s*/(?:XRef|ObjStm|Metadata|EmbeddedFile)")
_WRITES = linear(rb"BT[\s/\[(<]")
_PROFILE = slice(36, 40)
"""Where a profile of colours says that it is one (ICC.1:2022, 7.2.11): chance makes letters in its tables."""
_FILLS = {b"f", b"F", b"f*", b"b", b"b*", b"B", b"B*"}
_STROKES = {b"S", b"s", b"b", b"b*", b"B", b"B*"}
_SAME = 1.0, 0.0, 0.0, 1.0, 0.0, 0.0
_DARK = 0.5
"""Lightness below which a shape is dark, of 1."""

Matrix = tuple[float, float, float, float, float, float]


class Box(NamedTuple):
    """A painted rectangle, upright."""

    left: float
    low: float
    right: float
    high: float
    dark: bool


def writes(content: bytes) -> bool:
    """Tell whether the decoded `content` of a stream may write letters."""
    return b"BT" in content and content[_PROFILE] != b"acsp" and bool(_WRITES.search(content))


def drawings(document: Document) -> Iterator[bytes]:
    """Yield the drawings of `document` that may be codes, as pictures (PGM)."""
    given, room = 0, MOST_CONTENT
    budget = Budget(Limits(), 0)  # its own: all streams are decoded for the judgement once more
    for one in document.streams:
        if NO_CONTENT.search(one.text) or given >= MOST_DRAWINGS or room <= 0:
            continue
        with contextlib.suppress(UnreadableError, LimitError):
            content = decoded(one, budget)
            if sum(1 for _, _found in zip(range(LEAST), _SHAPE.finditer(content), strict=False)) < LEAST:
                continue
            picture = drawn(content[:room])
            room -= len(content)
            if picture:
                given += 1
                yield picture


def drawn(content: bytes) -> bytes:
    """Return what the operators of `content` paint, as a PGM; empty where it is no drawing of a code's size."""
    boxes = [one for one in _painted(content) if all(abs(edge) < FAR for edge in one[:4])]
    dark = [one for one in boxes if one.dark]
    if len(dark) < LEAST:  # a code may be light on a dark ground, as phones read it, too
        boxes = [one._replace(dark=not one.dark) for one in boxes]
        dark = [one for one in boxes if one.dark]
    if len(dark) < LEAST:
        return b""
    smallest = sorted(min(one.right - one.left, one.high - one.low) for one in dark)[len(dark) // 4]
    left, low = min(one.left for one in dark), min(one.low for one in dark)
    right, high = max(one.right for one in dark), max(one.high for one in dark)
    longest = max(right - left, high - low)
    if smallest <= 0:
        return b""
    scale = min(MODULE / smallest, SIDE / longest)
    width, height = (int((one) * scale) + 2 * MARGIN + 1 for one in (right - left, high - low))
    page = np.full((height, width), 255, np.uint8)
    room = PAINTED
    for one in boxes:
        x = [round((edge - left) * scale) + MARGIN for edge in (one.left, one.right)]
        y = [round((high - edge) * scale) + MARGIN for edge in (one.high, one.low)]
        across, down = slice(max(x[0], 0), max(x[1], 0)), slice(max(y[0], 0), max(y[1], 0))
        room -= page[down, across].size
        if room < 0:
            return b""
        page[down, across] = 0 if one.dark else 255
    return b"P5 %d %d 255\n" % (width, height) + page.tobytes()


class _State(NamedTuple):
    """What ``q`` keeps and ``Q`` brings back."""

    matrix: Matrix = _SAME
    fill: bool = True
    stroke: bool = True
    width: float = 1.0


def _painted(content: bytes) -> list[Box]:
    """Follow the operators and return what was painted, in order."""
    state, stack = _State(), list[_State]()
    numbers: list[float] = []
    boxes: list[Box] = []
    path: list[list[tuple[float, float]]] = []
    for token in content.split():
        try:
            numbers.append(float(token))
            continue
        except ValueError:
            pass
        try:
            if token == b"re":
                x, y, w, h = numbers[-4:]
                path.append([(x, y), (x + w, y), (x + w, y + h), (x, y + h)])
            elif token == b"m":
                path.append([(numbers[-2], numbers[-1])])
            elif token == b"l" and path:
                path[-1].append((numbers[-2], numbers[-1]))
            elif token in _FILLS or token in _STROKES or token == b"n":
                boxes += _boxes(path, token, state)
                path = []
            elif token == b"q":
                stack.append(state)
            elif token == b"Q" and stack:
                state = stack.pop()
            else:
                state = _changed(state, token, numbers)
        except (ValueError, IndexError):
            pass
        numbers.clear()
        if len(boxes) > MOST or len(path) > MOST or len(stack) > MOST:
            break
    return boxes


def _changed(state: _State, token: bytes, numbers: list[float]) -> _State:
    if token == b"cm":
        return state._replace(matrix=times(tuple(numbers[-6:]), state.matrix))  # type: ignore[arg-type]
    if token == b"w":
        return state._replace(width=numbers[-1])
    if token in (b"g", b"rg", b"k", b"sc", b"scn") and numbers:
        return state._replace(fill=_light(numbers) < _DARK)
    if token in (b"G", b"RG", b"K", b"SC", b"SCN") and numbers:
        return state._replace(stroke=_light(numbers) < _DARK)
    return state


def _light(numbers: list[float]) -> float:
    """Return the lightness of a colour in grey, red-green-blue, or cyan-magenta-yellow-black (ITU-R BT.601)."""
    if len(numbers) == 4:
        return (1 - numbers[3]) * _light([1 - one for one in numbers[:3]])
    if len(numbers) == 3:
        return 0.299 * numbers[0] + 0.587 * numbers[1] + 0.114 * numbers[2]
    return sum(numbers) / len(numbers)


def times(first: Matrix, then: Matrix) -> Matrix:
    """Return the transformation that `first` and `then` are together."""
    a, b, c, d, e, f = first
    g, h, i, j, k, m = then
    return a * g + b * i, a * h + b * j, c * g + d * i, c * h + d * j, e * g + f * i + k, e * h + f * j + m


def _boxes(path: list[list[tuple[float, float]]], token: bytes, state: _State) -> Iterator[Box]:
    """Yield what is painted of a path: the frames of its upright figures, its strokes as thin ones."""
    a, b, c, d, e, f = state.matrix
    half = state.width * (abs(a) + abs(b)) / 2
    for figure in path:
        points = [(a * x + c * y + e, b * x + d * y + f) for x, y in figure]
        if token in _FILLS and len(points) > 2:
            xs, ys = [x for x, _ in points], [y for _, y in points]
            yield Box(min(xs), min(ys), max(xs), max(ys), state.fill)
        if token in _STROKES:
            for (x, y), (to_x, to_y) in pairwise(points):
                if abs(y - to_y) < abs(x - to_x) / 100:
                    yield Box(min(x, to_x), y - half, max(x, to_x), y + half, state.stroke)
                elif abs(x - to_x) < abs(y - to_y) / 100:
                    yield Box(x - half, min(y, to_y), x + half, max(y, to_y), state.stroke)
