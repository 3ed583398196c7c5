"""What the files say, one row per thing, before it is known whether it all fits together."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePosixPath
from typing import Any, Generic, TypeVar

import msgspec

from safecare.formats.hospital.convert import FAILED, read_struct
from safecare.formats.hospital.nodes import Node
from safecare.formats.hospital.problems import Problems
from safecare.model.hospital import Asset, Dependency, Level, Name, Person, Route, Service, Site, Zone
from safecare.model.ids import SiteId
from safecare.model.scene import Scene
from safecare.model.text import say

V = TypeVar("V")


class DoorSpec(msgspec.Struct, frozen=True, kw_only=True):
    """A door of the platform, as ``sources.yaml`` asks for it: its own id, the source's name, and settings."""

    id: str
    source: str
    settings: dict[str, Any] = {}


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """What stands in ``hospital.yaml``."""

    id: str
    name: Name
    sites: tuple[Site, ...]
    roles: dict[str, Name] = {}


class Row(Generic[V]):
    """A thing, and where it stands."""

    __slots__ = ("node", "value")

    def __init__(self, value: V, node: Node) -> None:
        """Keep both."""
        self.value = value
        self.node = node


class Draft:
    """All rows of all files."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.head: Row[Head] | None = None
        self.levels: list[Row[Level]] = []
        self.zones: list[Row[Zone]] = []
        self.assets: list[Row[Asset]] = []
        self.services: list[Row[Service]] = []
        self.dependencies: list[Row[Dependency]] = []
        self.people: list[Row[Person]] = []
        self.routes: list[Row[Route]] = []
        self.doors: list[Row[DoorSpec]] = []
        self.scenes: dict[str, Row[Scene]] = {}
        """What is drawn into the picture of each camera, by its asset id."""
        self.openings: dict[str, tuple[tuple[float, float], ...]] = {}
        """Line of each opening, by the id of its door."""
        self.gaps = False
        """True when a whole file is missing or unreadable: then much would seem to be called nothing."""
        self.broken: set[str] = set()
        """Ids of things that could not be read: told once, and not again as missing."""


def read_head(root: Node, draft: Draft, problems: Problems) -> None:
    """Read ``hospital.yaml``."""
    head = read_struct(root, Head, problems)
    if head is not FAILED:
        draft.head = Row(head, root)


def read_assets(root: Node, draft: Draft, problems: Problems) -> None:
    """Read a file of ``assets/``: ``site``, and the list ``assets``."""
    site = root.fields.get("site")
    if site is None or not isinstance(site.value, str):
        problems.error(root, say("The field {name} is missing.", name="site"))
        return
    _rows(root, "assets", Asset, draft.assets, draft, problems, {"site": SiteId(site.value)})


def read_services(root: Node, draft: Draft, problems: Problems) -> None:
    """Read ``services.yaml``."""
    _rows(root, "services", Service, draft.services, draft, problems)


def read_dependencies(root: Node, draft: Draft, problems: Problems) -> None:
    """Read a file of ``dependencies/``."""
    _rows(root, "dependencies", Dependency, draft.dependencies, draft, problems)


def read_people(root: Node, draft: Draft, problems: Problems) -> None:
    """Read ``people.yaml``."""
    _rows(root, "people", Person, draft.people, draft, problems)


def read_routes(root: Node, draft: Draft, problems: Problems) -> None:
    """Read ``routes.yaml``."""
    _rows(root, "routes", Route, draft.routes, draft, problems)


def read_doors(root: Node, draft: Draft, problems: Problems) -> None:
    """Read ``sources.yaml``."""
    _rows(root, "doors", DoorSpec, draft.doors, draft, problems)


def read_camera(root: Node, draft: Draft, problems: Problems) -> None:
    """Read a file of ``cameras/``, which is called after its camera."""
    from safecare.formats.scene import scene_of  # it reads with what this package offers

    scene = scene_of(root, problems)
    if scene is not None:
        draft.scenes[PurePosixPath(root.file).stem] = Row(scene, root)


FileReader = Callable[[Node, Draft, Problems], None]


def _rows(
    root: Node,
    name: str,
    kind: type[Any],
    rows: list[Row[Any]],
    draft: Draft,
    problems: Problems,
    extra: dict[str, Any] | None = None,
) -> None:
    """Read the list `name` of a file that holds nothing else (but what `extra` names)."""
    if not isinstance(root.value, dict):
        problems.error(root, say("Here must stand fields with their values."))
        return
    for key in root.value.keys() - {name, *(extra or {})}:
        problems.error(root.keys[key], say("There is no field {name} here.", name=key))
    listed = root.fields.get(name)
    if listed is None:
        problems.error(root, say("The field {name} is missing.", name=name))
        return
    if not isinstance(listed.value, list):
        problems.error(listed, say("Here must stand a list."))
        return
    for node in listed.value:
        value = read_struct(node, kind, problems, extra)
        if value is FAILED:
            draft.broken.add(str(node.at("id").value))
        else:
            rows.append(Row(value, node))
