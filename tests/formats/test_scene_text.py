"""A zones file written line by line reads as what was written, and each line is known by its zone."""

from __future__ import annotations

from typing import Any

import pytest

from safecare.formats.scene import file_of, read_scene
from safecare.formats.scene_text import compose, place_of

FILE: dict[str, Any] = {
    "size": [640, 360],
    "coordinates": "pixels",
    "masks": [[[0, 0], [9, 0], [9, 9]]],
    "zones": [
        {"id": 'a "b": c # d', "kind": "down"},
        {"id": "gate", "kind": "line", "line": [[1.5, 2], [3, 4]], "hours": "20:00-06:00"},
    ],
}


def test_what_is_written_is_read() -> None:
    text = compose(FILE)
    scene, problems = read_scene(text.encode(), "zones")
    assert not problems
    assert scene is not None
    assert [area.id for area in scene.areas] == ['a "b": c # d', "gate"]
    assert scene.areas[1].line == ((1.5, 2.0), (3.0, 4.0))
    file = file_of(text.encode())
    assert file is not None
    assert (file.size, len(file.masks)) == ((640, 360), 1)


def test_a_line_is_known_by_its_zone_or_field() -> None:
    text = compose(FILE)
    places = [place_of(text, number) for number in range(1, text.count("\n") + 1)]
    assert places == ["size", "coordinates", "masks", "masks", "zones", 'a "b": c # d', "gate"]
    assert place_of(text, 0) == ""


@pytest.mark.parametrize(
    "file", [{}, {"zones": {}}, {"zones": [1]}, {"a: b": None}, {"zones": [], "size": "\x7f\u2028"}]
)
def test_whatever_is_written_is_judged_and_never_raises(file: dict[str, Any]) -> None:
    scene, problems = read_scene(compose(file).encode(), "zones")
    assert scene is None
    assert all(isinstance(place_of(compose(file), one.line), str) for one in problems)


@pytest.mark.parametrize("raw", [b"", b"\xff", b"zones: 1", b"- x", b"a: [", b"zones: []\nsize: [1]"])
def test_what_is_no_zones_file_is_none(raw: bytes) -> None:
    assert file_of(raw) is None
