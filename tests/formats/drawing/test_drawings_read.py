"""Drawings in four formats become the same rooms and doors, in metres; what is no drawing says where and why."""

from __future__ import annotations

import contextlib
import math

import pytest
from drawing_samples import GEOJSON, OSM, SVG, dxf
from hypothesis import given
from hypothesis import strategies as st

from safecare.formats.drawing import FORMATS, Drawing, DrawingError, format_of, read_drawing
from safecare.formats.drawing.assemble import assemble, guessed
from safecare.formats.drawing.osm import levels_of
from safecare.formats.drawing.shape import MOST_SHAPES, Sketch
from safecare.formats.drawing.svg import matrix_of, path_points
from safecare.formats.hospital.geometry import box

DAMAGED = b"0\nSECTION\n2\nENTITIES\n0\nLWPOLYLINE\n90\n3\n10\n0\n20\n0\n0\nENDSEC\n0\nEOF\n"


def sizes(drawing: Drawing) -> dict[str, tuple[float, float]]:
    found = {}
    for room in drawing.rooms:
        left, low, right, high = box(room.outline)
        found[room.name] = (round(right - left, 2), round(high - low, 2))
    return found


def test_svg_with_groups_paths_words_and_a_door() -> None:
    drawing = read_drawing(SVG, "svg", unit=0.1)
    assert sizes(drawing) == {"Couloir": (11.0, 2.0), "Pharmacie": (5.0, 4.0), "Salle 2": (6.0, 4.0)}
    (door,) = drawing.doors
    assert {drawing.rooms[at].name for at in door.between} == {"Couloir", "Pharmacie"}
    assert math.dist(*door.line) == pytest.approx(1.0)


@pytest.mark.slow
@pytest.mark.parametrize("unit", [4, 6])
@pytest.mark.parametrize("lines", [False, True])
def test_dxf_of_outlines_or_walls_in_its_own_unit(unit: int, lines: bool) -> None:
    drawing = read_drawing(dxf(unit, lines), "dxf")
    assert sizes(drawing) == {"Bureau 1": (5.0, 4.0), "Bureau 2": (4.0, 4.0)}
    assert len(drawing.doors) == 1
    assert drawing.remarks == ()


@pytest.mark.slow
def test_dxf_without_a_unit_is_guessed_and_says_so() -> None:
    drawing = read_drawing(dxf(0), "dxf")
    assert sizes(drawing)["Bureau 1"] == (5.0, 4.0)
    assert [one.reason.args for one in drawing.remarks] == [{"unit": 0.001}]


def test_osm_in_degrees_with_levels_and_doors() -> None:
    upper = read_drawing(OSM, "osm", "1")
    assert [(room.name, room.category) for room in upper.rooms] == [("Bureau", ""), ("", "corridor")]
    assert sizes(upper)["Bureau"] == pytest.approx((7.26, 5.56), abs=0.02)  # 0.0001 and 0.00005 degrees at 49.4 north
    assert len(upper.doors) == 1
    assert len(read_drawing(OSM, "osm", "0").rooms) == 1
    with pytest.raises(DrawingError, match="several levels"):
        read_drawing(OSM, "osm")
    with pytest.raises(DrawingError, match="no level"):
        read_drawing(OSM, "osm", "7")


@pytest.mark.parametrize(
    ("tags", "levels"),
    [({}, {"0"}), ({"level": "-1;2"}, {"-1", "2"}), ({"level": "0-2", "repeat_on": "5"}, {"0", "1", "2", "5"})],
)
def test_levels_as_osm_writes_them(tags: dict[str, str], levels: set[str]) -> None:
    assert levels_of(tags) == levels


@pytest.mark.parametrize("level", ["", "l", "2"])
def test_geojson_by_level(level: str) -> None:
    drawing = read_drawing(GEOJSON, "geojson", level)
    assert [(room.name, room.category) for room in drawing.rooms] == [("Bloc", ""), ("", "corridor")]
    assert drawing.doors[0].line == ((5.0, 1.0), (5.0, 2.0))


def test_the_building_around_is_no_room_and_overlaps_are_cut() -> None:
    sketch = Sketch(1.0)
    sketch.outline([(0, 0), (10, 0), (10, 10), (0, 10)], "outer")
    sketch.outline([(0, 0), (5, 0), (5, 10), (0, 10)], "left")
    sketch.outline([(4, 0), (10, 0), (10, 10), (4, 10)], "right")
    drawing = assemble(sketch)
    assert sorted(box(room.outline) for room in drawing.rooms) == [(0.0, 0.0, 5.0, 10.0), (5.0, 0.0, 10.0, 10.0)]
    assert len(drawing.remarks) == 2


def test_a_drawing_far_away_is_moved_to_the_origin() -> None:
    sketch = Sketch(1.0)
    sketch.outline([(893_000, 6_246_000), (893_005, 6_246_000), (893_005, 6_246_004), (893_000, 6_246_004)], "")
    assert box(assemble(sketch).rooms[0].outline) == (0.0, 0.0, 5.0, 4.0)


def test_the_scale_that_makes_usual_rooms() -> None:
    assert guessed([20.0]) == 1.0
    assert guessed([200_000.0]) == 0.01
    assert guessed([2e7]) == 0.001


@pytest.mark.parametrize(
    ("path", "points"),
    [
        ("M0 0 L4 0 4 3 Z", [[(0, 0), (4, 0), (4, 3)]]),
        ("m1 1 h2 v2 h-2 z m4 0 h1 v1 z", [[(1, 1), (3, 1), (3, 3), (1, 3)], [(5, 1), (6, 1), (6, 2)]]),
        ("M0,0C1,1,2,1,3,0L3 3 0 3z", [[(0, 0), (3, 0), (3, 3), (0, 3)]]),
    ],
)
def test_paths(path: str, points: list[list[tuple[float, float]]]) -> None:
    assert [part for part, closed in path_points(path) if closed] == points


def test_transformations() -> None:
    assert matrix_of("translate(3) scale(2)") == (2, 0, 0, 2, 3, 0)
    assert matrix_of("rotate(90)") == pytest.approx((0, 1, -1, 0, 0, 0))
    assert matrix_of("nonsense(1)") == (1, 0, 0, 1, 0, 0)


@pytest.mark.parametrize(
    ("name", "raw", "form"),
    [
        ("a.DXF", b"", "dxf"),
        ("a", b" {", "geojson"),
        ("a", b"<?xml?><svg>", "svg"),
        ("a", b"x<osm>", "osm"),
        ("a", b"?", ""),
    ],
)
def test_the_format_by_name_or_bytes(name: str, raw: bytes, form: str) -> None:
    assert format_of(name, raw) == form


def test_limits_are_told() -> None:
    sketch = Sketch(1.0)
    for number in range(MOST_SHAPES):
        sketch.label("x", (number, 0), "")
    with pytest.raises(DrawingError, match="more than"):
        sketch.label("x", (0, 0), "")
    with pytest.raises(DrawingError, match="nested"):
        read_drawing(b"[" * 100 + b"]" * 100, "geojson")
    with pytest.raises(DrawingError, match="nested"):
        read_drawing(b"<svg>" + b"<g>" * 300, "svg")
    with pytest.raises(DrawingError, match="not read"):
        read_drawing(b'<!DOCTYPE s [<!ENTITY a "aaaa">]><svg>&a;</svg>', "svg")
    with pytest.raises(DrawingError, match="not read"):
        read_drawing(b"<!DOCTYPE osm><osm></osm>", "osm")


@pytest.mark.parametrize("form", [*FORMATS, "ifc"])
@given(raw=st.binary(max_size=300), cut=st.integers(0, 600), flip=st.integers(0, 600))
def test_nothing_but_the_declared_error(form: str, raw: bytes, cut: int, flip: int) -> None:
    samples = {"svg": SVG, "osm": OSM, "geojson": GEOJSON}
    sample = bytearray(samples.get(form, DAMAGED))
    sample[min(flip, len(sample) - 1)] ^= 0x15
    for one in (raw, bytes(sample[:cut]), bytes(sample)):
        with contextlib.suppress(DrawingError):
            assert read_drawing(one, form).rooms
