"""Zones and calibrations as files: what is read, what is refused and where."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safecare.formats.ground import from_points, metres, turns_over
from safecare.formats.scene import CalibrationError, read_calibration, read_scene
from safecare.model.scene import Scene

PETS = b"""<?xml version="1.0" encoding="UTF-8"?>
<Camera name="View_001">
<Geometry width="768" height="576" dx="4.85e-03" dy="4.65e-03" dpx="5.1273271277e-03" dpy="4.65e-03"/>
<Intrinsic focal="5.5549183034" kappa1="5.1113043639e-03" cx="324.22149053" cy="282.56650051" sx="1.0937855397"/>
<Extrinsic tx="828.73214225" ty="-3175.4796051" tz="35469.298547"
  rx="2.0405458695" ry="-0.89337703748" rz="-0.43056124791"/>
</Camera>"""
SQUARE = ((0.0, 0.0), (100.0, 0.0), (100.0, 100.0), (0.0, 100.0))


def scene(text: str) -> tuple[Scene | None, list[str]]:
    found, problems = read_scene(text.encode(), "zones.yaml")
    return found, [f"{one.line}: {one.reason.key}" for one in problems if one.level == "error"]


def test_a_file_with_all_kinds_is_read() -> None:
    found, errors = scene("""
size: [640, 480]
masks: [[[0, 0], [10, 0], [10, 10]]]
calibration: {picture: [[0, 0], [640, 0], [640, 480], [0, 480]], floor: [[0, 0], [8, 0], [8, 6], [0, 6]]}
zones:
  - {id: a, kind: line, line: [[0, 0], [5, 5]], direction: to_left}
  - {id: b, kind: intrusion, polygon: [[0, 0], [5, 0], [5, 5]], hours: "20:00-06:00"}
  - {id: c, kind: loitering, seconds: 20}
  - {id: d, kind: crowd, people: 5}
  - {id: e, kind: running, speed: 3}
""")
    assert errors == []
    assert found is not None
    assert found.ground is not None
    assert metres(found.ground, 320, 240) == pytest.approx((4.0, 3.0))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("zones: 5", "1: Here must stand a list."),
        ("zones:\n  - {id: a, kind: line}", "2: A line needs two different points: line."),
        ("zones:\n  - {id: a, kind: dance}", "2: Here must stand one of: {options}."),
        ("zones:\n  - {id: a, kind: intrusion}", "2: The field {name} is missing."),
        ("zones:\n  - {id: a, kind: running, hours: noon}", "2: Hours are written as 20:00-06:00."),
        ("zones: []\ncoordinates: metres", "1: Zones in metres need a calibration."),
        ("zones:\n  - {id: a, kind: running}\n  - {id: a, kind: running}", "2: Two zones are called {id}."),
        ("zones: []\nmasks: [[[0, 0], [9, 0], [9, 9]]]", "2: Masks in pixels need the size of the picture: size."),
    ],
)
def test_what_is_wrong_is_told_with_its_line(text: str, expected: str) -> None:
    found, errors = scene(text)
    assert found is None
    assert expected in errors


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    found, problems = read_scene(raw, "zones.yaml")
    assert found is not None or problems


@given(st.binary(max_size=200))
def test_any_calibration_is_read_or_refused(raw: bytes) -> None:
    with contextlib.suppress(CalibrationError):
        read_calibration(raw)


def test_pets_camera_gives_the_known_place() -> None:
    ground = read_calibration(PETS)
    assert metres(ground, 384, 400) == pytest.approx((-14.42, -10.146), abs=0.01)
    assert turns_over(ground, 384, 400)


@pytest.mark.parametrize(
    "raw", [PETS.replace(b"focal", b"local"), PETS.replace(b"5.5549183034", b"nan"), b"<a", b"[1]"]
)
def test_a_calibration_that_lacks_something_is_refused(raw: bytes) -> None:
    with pytest.raises(CalibrationError):
        read_calibration(raw)


def test_points_on_a_line_give_no_map() -> None:
    assert from_points(((0, 0), (1, 1), (2, 2), (0, 5)), SQUARE) is None
    assert from_points(SQUARE, SQUARE) is not None
