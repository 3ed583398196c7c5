"""Versions of the site's plans and of cameras' zones that people drew in the console: whole, numbered, never changed.

One file for each version in the data folder, ``plans/<level>/<number>.json``, ``cameras/<camera>/<number>.json``. The
hospital's own files stay as they are (version 0); the newest version of a level or camera stands above them.
"""

from __future__ import annotations

import hashlib
import re
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import msgspec

from safecare.exchange.disk import sync_folder, write_private
from safecare.formats.hospital import Placed, Redrawn
from safecare.model.layout import laid_out

_ID = re.compile(r"[a-z0-9][a-z0-9._-]{0,79}")
"""Ids of levels and cameras, as the hospital's files have them: no name of a folder leads out of the store."""


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """The plan of one storey as somebody saved it: GeoJSON, and where things stand that were placed with it."""

    level: str
    number: int
    at: datetime
    author: str
    comment: str
    plan: str
    placed: dict[str, Placed] = {}
    undoes: int | None = None
    """The version whose content this one brings back."""


class ZonesVersion(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody drew into the picture of a camera: the text of its zones file."""

    camera: str
    number: int
    at: datetime
    author: str
    comment: str
    text: str


V = TypeVar("V", Version, ZonesVersion)


class TakenError(RuntimeError):
    """Somebody else saved this version meanwhile."""


class Drawings:
    """The versions in two folders. Blocking; safe to share between threads and processes."""

    def __init__(self, plans: Path, cameras: Path) -> None:
        """Take the folders; they need not exist."""
        self._plans, self._cameras = plans, cameras

    def versions(self, level: str) -> list[Version]:
        """Return the versions of the plan of `level`, the first one first."""
        return _read(self._plans, level, Version)

    def zones(self, camera: str) -> list[ZonesVersion]:
        """Return the versions of the zones of `camera`, the first one first."""
        return _read(self._cameras, camera, ZonesVersion)

    def save(self, version: Version | ZonesVersion) -> str:
        """Keep `version` for good; return the SHA-256 of its file. Raises `TakenError`, `OSError`."""
        root, id = (self._plans, version.level) if isinstance(version, Version) else (self._cameras, version.camera)
        if not _ID.fullmatch(id):
            raise ValueError(id)
        folder = root / id
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        raw = msgspec.json.encode(version)
        try:
            write_private(folder / f"{version.number:06d}.json", raw)
        except FileExistsError as error:
            raise TakenError(f"{id} {version.number}") from error
        sync_folder(folder)
        return hashlib.sha256(raw).hexdigest()

    def redrawn(self) -> Redrawn:
        """Return what stands above the hospital's files: the newest version of each level and camera."""
        newest = _newest(self._plans, Version)
        placed: dict[str, Placed] = {}
        for version in sorted(newest, key=lambda one: one.at):
            placed.update(version.placed)
        zones = {one.camera: one.text.encode() for one in _newest(self._cameras, ZonesVersion)}
        return Redrawn({one.level: one.plan.encode() for one in newest}, placed, zones)


def _read(root: Path, id: str, kind: type[V]) -> list[V]:
    if not _ID.fullmatch(id):
        return []
    return [
        msgspec.json.decode(path.read_bytes(), type=laid_out(kind)) for path in sorted((root / id).glob("[0-9]*.json"))
    ]


def _newest(root: Path, kind: type[V]) -> list[V]:
    folders = sorted(root.iterdir()) if root.is_dir() else ()
    return [found[-1] for folder in folders if (found := _read(root, folder.name, kind))]
