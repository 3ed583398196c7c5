"""The hospital's own files, read into `Hospital`, with everything that is wrong in them.

A folder holds ``hospital.yaml``, ``services.yaml``, ``people.yaml``, ``routes.yaml``, ``sources.yaml``, and the folders
``assets``, ``dependencies``, ``cameras`` (YAML) and ``plans`` (GeoJSON); see ``docs/reference/hospital-files.md``.
"""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import msgspec

from safecare.formats.baseline import BaselineError, read_baseline
from safecare.formats.hospital import draft as rows
from safecare.formats.hospital.checks import check_all
from safecare.formats.hospital.draft import DoorSpec, Draft, FileReader, Head, Row
from safecare.formats.hospital.nodes import MAX_BYTES, Node, NodeError, parse
from safecare.formats.hospital.places import check_places
from safecare.formats.hospital.plans import read_plan
from safecare.formats.hospital.problems import Problem, Problems
from safecare.model.hospital import Asset, Hospital
from safecare.model.ids import AssetId, ZoneId
from safecare.model.layout import laid_out
from safecare.model.network import Baseline
from safecare.model.text import say

__all__ = ["DoorSpec", "Loaded", "Placed", "Problem", "Redrawn", "level_of", "load", "read"]

MAX_FILES = 500
"""Most files in a folder. Chosen: 100 storeys of 3 sites, with room for assets by building."""

BASELINE = "network-baseline.json"
"""What is normal on the network; counts once a person has put a name into `reviewed_by`."""

READERS: tuple[tuple[str, FileReader], ...] = (
    ("hospital.yaml", rows.read_head),
    ("plans/*.geojson", read_plan),
    ("assets/*.yaml", rows.read_assets),
    ("services.yaml", rows.read_services),
    ("dependencies/*.yaml", rows.read_dependencies),
    ("cameras/*.yaml", rows.read_camera),
    ("people.yaml", rows.read_people),
    ("routes.yaml", rows.read_routes),
    ("sources.yaml", rows.read_doors),
)
"""Who reads which file; in this order."""


class Placed(msgspec.Struct, frozen=True):
    """Where a thing stands: its zone, and its position on the plan in metres."""

    zone: ZoneId | None
    at: tuple[float, float] | None


class Redrawn(msgspec.Struct, frozen=True):
    """What was drawn in the console since: it stands above the files.

    Plans by level id, things by asset id, zones files by the camera's.
    """

    plans: dict[str, bytes] = {}
    placed: dict[str, Placed] = {}
    cameras: dict[str, bytes] = {}


class Loaded(msgspec.Struct, frozen=True):
    """The hospital, if its files hold no error, the platform's doors, and all problems."""

    hospital: Hospital | None
    doors: tuple[DoorSpec, ...]
    problems: list[Problem]


def load(folder: Path, redrawn: Redrawn | None = None) -> Loaded:
    """Read the files in `folder`, `redrawn` above them. Never raises for what they hold: see `Loaded.problems`."""
    files: dict[str, bytes] = {}
    problems = Problems()
    root = Node("hospital.yaml", 1, 1, {})
    patterns = [*(pattern for pattern, _ in READERS), BASELINE]
    found = [path for pattern in patterns for path in sorted(folder.glob(pattern))]
    if len(found) > MAX_FILES:
        problems.error(root, say("The folder holds more than {limit} files.", limit=MAX_FILES))
    for path in found[:MAX_FILES]:
        name = path.relative_to(folder).as_posix()
        try:
            with path.open("rb") as file:
                files[name] = file.read(MAX_BYTES + 1)
        except OSError as error:
            reason = say("The file can't be opened: {reason}.", reason=error.strerror or "")
            problems.error(Node(name, 1, 1, {}), reason)
    return read(files, problems, redrawn)


def read(files: Mapping[str, bytes], problems: Problems | None = None, redrawn: Redrawn | None = None) -> Loaded:
    """Read a hospital from the bytes of its files, by name relative to the folder; `redrawn` stands above them."""
    problems = problems or Problems()
    if redrawn:
        files = _with_plans(files, redrawn.plans)
        files = {**files, **{f"cameras/{camera}.yaml": raw for camera, raw in redrawn.cameras.items()}}
    draft = Draft()
    for pattern, reader in READERS:
        names = sorted(name for name in files if fnmatch(name, pattern))
        if not names and "*" not in pattern:
            draft.gaps = True
            problems.error(Node(pattern, 1, 1, {}), say("The file {name} is missing.", name=pattern))
        for name in names:
            try:
                root = parse(files[name], name)
            except NodeError as error:
                draft.gaps = True
                problems.add(Problem(name, error.line, error.column, "error", error.reason))
            else:
                reader(root, draft, problems)
    if redrawn:
        draft.assets = [_placed(row, redrawn.placed) for row in draft.assets]
    network = _baseline(files, problems)
    check_all(draft, problems)
    check_places(draft, problems)
    listed = problems.listed()
    if problems.errors or draft.head is None:
        return Loaded(None, (), listed)
    hospital = msgspec.structs.replace(_hospital(draft, draft.head.value), network=network)
    return Loaded(hospital, _values(draft.doors), listed)


def level_of(raw: bytes) -> str:
    """Return the id of the level that a plan file is of; empty if it tells none."""
    try:
        features = msgspec.json.decode(raw, type=laid_out(_PlanHead)).features
    except (msgspec.DecodeError, RecursionError):
        return ""
    return next((one.id for one in features if one.feature_type == "level"), "")


class _Feature(msgspec.Struct):
    id: str = ""
    feature_type: str = ""


class _PlanHead(msgspec.Struct):
    features: list[_Feature] = []


def _with_plans(files: Mapping[str, bytes], plans: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return `files` with `plans` in the place of the files of their levels."""
    names = {level_of(raw): name for name, raw in files.items() if fnmatch(name, "plans/*.geojson")}
    return {**files, **{names.get(level, f"plans/{level}.geojson"): raw for level, raw in plans.items()}}


def _placed(row: Row[Asset], placed: Mapping[str, Placed]) -> Row[Asset]:
    place = placed.get(row.value.id)
    if place is None or row.value.between is not None:
        return row
    return Row(msgspec.structs.replace(row.value, zone=place.zone, at=place.at), row.node)


def _baseline(files: Mapping[str, bytes], problems: Problems) -> Baseline | None:
    """Return the network's baseline, if the folder holds one that a person has reviewed."""
    raw = files.get(BASELINE)
    if raw is None:
        return None
    try:
        baseline = read_baseline(raw)
    except BaselineError as error:
        problems.error(Node(BASELINE, 1, 1, {}), say("The baseline can't be read: {reason}", reason=str(error)))
        return None
    if not baseline.reviewed_by:
        problems.warning(
            Node(BASELINE, 1, 1, {}), say("Nobody has reviewed the baseline (reviewed_by): it is not used.")
        )
        return None
    return baseline


def _hospital(draft: Draft, head: Head) -> Hospital:
    return Hospital(
        id=head.id,
        name=head.name,
        sites=head.sites,
        levels=_values(draft.levels),
        zones=_values(draft.zones),
        assets=_values(draft.assets),
        services=_values(draft.services),
        dependencies=_values(draft.dependencies),
        people=_values(draft.people),
        routes=_values(draft.routes),
        roles=head.roles,
        scenes={AssetId(name): row.value for name, row in draft.scenes.items()},
    )


def _values(listed: list[Row[Any]]) -> tuple[Any, ...]:
    return tuple(row.value for row in listed)
