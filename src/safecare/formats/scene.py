"""Reads what people draw into a camera's picture: areas and masks (YAML), and how the picture lies on the floor.

See ``docs/reference/zones.md`` for every field. Bounded; everything that is wrong is told with its place.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from typing import Any, Literal

import msgspec

from safecare.formats.ground import from_points
from safecare.formats.hospital.convert import FAILED, read_struct
from safecare.formats.hospital.nodes import Node, NodeError, parse
from safecare.formats.hospital.problems import Problem, Problems
from safecare.model.scene import Area, Ground, Point, Scene, TsaiCamera
from safecare.model.text import say

MOST_AREAS = 64
"""Areas of one camera; chosen: a plan of a large hall has a dozen."""
MOST_CORNERS = 200
"""Corners of one polygon; chosen: finer than a hand draws."""
MAX_CALIBRATION = 64 * 1024
"""Bytes of a calibration file; the PETS files have under 1 kB."""
DEFAULT_SIZE = (0, 0)
"""A file that names no size speaks of pixels of the picture as it comes."""

_HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)\s*-\s*([01]\d|2[0-3]):([0-5]\d)|")
_NEEDS_POLYGON = {"intrusion", "counterflow", "removed"}


class Calibration(msgspec.Struct, frozen=True, kw_only=True):
    """Four points seen in the picture (pixels) and where they lie on the floor (metres)."""

    picture: tuple[Point, ...]
    floor: tuple[Point, ...]


class ZonesFile(msgspec.Struct, frozen=True, kw_only=True):
    """A zones file as it is written."""

    zones: tuple[Area, ...]
    size: tuple[int, int] = DEFAULT_SIZE
    coordinates: Literal["pixels", "fractions", "metres"] = "pixels"
    calibration: Calibration | None = None
    masks: tuple[tuple[Point, ...], ...] = ()


class CalibrationError(ValueError):
    """A calibration file that can't be used; the text says why and where."""


def read_scene(raw: bytes, name: str, ground: Ground | None = None) -> tuple[Scene | None, list[Problem]]:
    """Return the scene in the file called `name`, None with at least one error among the problems.

    `ground` stands above the calibration in the file.
    """
    problems = Problems()
    try:
        root = parse(raw, name)
    except NodeError as error:
        return None, [Problem(name, error.line, error.column, "error", error.reason)]
    scene = scene_of(root, problems, ground)
    return (None if problems.errors else scene), problems.listed()


def file_of(raw: bytes) -> ZonesFile | None:
    """Return the zones file in `raw` as it is written, None if it holds none that can be read."""
    problems = Problems()
    try:
        read: Any = read_struct(parse(raw, "zones"), ZonesFile, problems)
    except NodeError:
        return None
    return read if isinstance(read, ZonesFile) else None


def scene_of(root: Node, problems: Problems, ground: Ground | None = None) -> Scene | None:
    """Return the scene that `root` holds, None if an error was added to `problems`."""
    file = read_struct(root, ZonesFile, problems)
    if file is FAILED:
        return None
    _check(root, file, ground, problems)
    if ground is None and file.calibration is not None:
        ground = _four_points(file.calibration)
        if ground is None:
            reason = say(
                "The calibration needs four points in the picture and on the floor, no three of them on a line."
            )
            problems.error(root.at("calibration"), reason)
    if file.coordinates == "metres" and ground is None:
        problems.error(root, say("Zones in metres need a calibration."))
    if problems.errors:
        return None
    size = (1, 1) if file.coordinates == "fractions" else file.size
    return Scene(areas=file.zones, size=size, metres=file.coordinates == "metres", ground=ground, masks=file.masks)


def read_calibration(raw: bytes) -> Ground:
    """Return the camera of a PETS/ETISEO XML file (Tsai), or of a YAML file with four points.

    Raises `CalibrationError`.
    """
    if len(raw) > MAX_CALIBRATION:
        raise CalibrationError(f"larger than {MAX_CALIBRATION} bytes")
    return _tsai(raw) if raw.lstrip().startswith(b"<") else _points(raw)


def _points(raw: bytes) -> Ground:
    problems = Problems()
    try:
        root = parse(raw, "calibration")
    except NodeError as error:
        raise CalibrationError(f"line {error.line}: it is neither XML nor YAML") from error
    inner = root.fields.get("calibration", root)
    read: Any = read_struct(inner, Calibration, problems)
    if read is FAILED:
        [first, *_] = problems.listed()
        raise CalibrationError(
            f"line {first.line}, column {first.column}: picture and floor must be lists of four points"
        )
    ground = _four_points(read)
    if ground is None:
        raise CalibrationError("it needs four points in the picture and on the floor, no three of them on a line")
    return ground


def _four_points(calibration: Calibration) -> Ground | None:
    if len(calibration.picture) != 4 or len(calibration.floor) != 4:
        return None
    return from_points(calibration.picture, calibration.floor)


def _tsai(raw: bytes) -> TsaiCamera:
    if b"<!DOCTYPE" in raw or b"<!ENTITY" in raw:
        raise CalibrationError("document types and entities are not taken")
    try:
        root = ET.fromstring(raw)  # noqa: S314 - bounded, and without a document type there are no entities
    except (ET.ParseError, ValueError, LookupError) as error:
        raise CalibrationError(f"no XML: {error}") from error

    def number(element: str, name: str) -> float:
        found = root.find(element)
        try:
            value = float(found.attrib[name]) if found is not None else float("nan")
        except (KeyError, ValueError):
            value = float("nan")
        if not abs(value) < 1e12:
            raise CalibrationError(f"{element}: the number {name} is missing")
        return value

    shift = (number("Extrinsic", "tx"), number("Extrinsic", "ty"), number("Extrinsic", "tz"))
    turn = (number("Extrinsic", "rx"), number("Extrinsic", "ry"), number("Extrinsic", "rz"))
    camera = TsaiCamera(
        dpx=number("Geometry", "dpx"),
        dpy=number("Geometry", "dpy"),
        focal=number("Intrinsic", "focal"),
        kappa=number("Intrinsic", "kappa1"),
        centre=(number("Intrinsic", "cx"), number("Intrinsic", "cy")),
        sx=number("Intrinsic", "sx"),
        shift=shift,
        turn=turn,
    )
    if not camera.focal or not camera.sx or not camera.dpx or not camera.dpy:
        raise CalibrationError("focal, sx, dpx and dpy can't be 0")
    return camera


def _check(root: Node, file: ZonesFile, ground: Ground | None, problems: Problems) -> None:
    if len(file.zones) > MOST_AREAS:
        problems.error(root.at("zones"), say("There are more than {limit} zones.", limit=MOST_AREAS))
    names = [area.id for area in file.zones]
    for node, area in zip(root.at("zones").items, file.zones, strict=False):
        if names.count(area.id) > 1:
            problems.error(node, say("Two zones are called {id}.", id=area.id))
        _check_area(node, area, problems)
        if area.kind == "running" and file.calibration is None and ground is None:
            problems.warning(node, say("Running is judged in metres per second, which needs a calibration."))
    if file.masks and file.coordinates != "fractions" and file.size == DEFAULT_SIZE:
        problems.error(root.at("masks"), say("Masks in pixels need the size of the picture: size."))
    for mask in file.masks:
        if not 3 <= len(mask) <= MOST_CORNERS:
            problems.error(root.at("masks"), say("A mask needs 3 to {most} corners.", most=MOST_CORNERS))


def _check_area(node: Node, area: Area, problems: Problems) -> None:
    if area.kind == "line":
        if len(area.line) != 2 or area.line[0] == area.line[-1]:
            problems.error(node, say("A line needs two different points: line."))
        if area.door is not None and area.direction == "both":
            problems.error(node, say("A line in a door needs the direction in which people enter: direction."))
    elif area.line:
        problems.error(node.at("line"), say("Only zones of kind line have a line; others have a polygon."))
    elif area.polygon and not 3 <= len(area.polygon) <= MOST_CORNERS:
        problems.error(node.at("polygon"), say("A polygon needs 3 to {most} corners.", most=MOST_CORNERS))
    elif not area.polygon and area.kind in _NEEDS_POLYGON:
        problems.error(node, say("The field {name} is missing.", name="polygon"))
    if not _HOURS.fullmatch(area.hours):
        problems.error(node.at("hours"), say("Hours are written as 20:00-06:00."))
    if area.kind == "crowd" and area.people is None:
        problems.error(node, say("The field {name} is missing.", name="people"))
    if area.kind == "counterflow" and area.towards == (0.0, 0.0):
        problems.error(node, say("The field {name} is missing.", name="towards"))
    for name in ("seconds", "people", "speed"):
        value = getattr(area, name)
        if value is not None and value <= 0:
            problems.error(node.at(name), say("{name} must be above 0.", name=name))
