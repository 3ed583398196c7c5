"""Versions of the site's plans that people drew in the console: whole, numbered, never changed or deleted.

One file for each version in the data folder, ``plans/<level>/<number>.json``. The hospital's own files stay as they are
(version 0); the newest version of a level stands above them.
"""

from __future__ import annotations

import hashlib
import re
from datetime import datetime
from pathlib import Path

import msgspec

from safecare.exchange.disk import sync_folder, write_private
from safecare.formats.hospital import Placed, Redrawn

_LEVEL = re.compile(r"[a-z0-9][a-z0-9._-]{0,79}")
"""Ids of levels, as the hospital's files have them: no name of a folder leads out of the store."""


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


class TakenError(RuntimeError):
    """Somebody else saved this version meanwhile."""


class Drawings:
    """The versions in `folder`. Blocking; safe to share between threads and processes."""

    def __init__(self, folder: Path) -> None:
        """Take the folder; it need not exist."""
        self._folder = folder

    def versions(self, level: str) -> list[Version]:
        """Return the versions of `level`, the first one first."""
        if not _LEVEL.fullmatch(level):
            return []
        found = sorted((self._folder / level).glob("[0-9]*.json"))
        return [msgspec.json.decode(path.read_bytes(), type=Version) for path in found]

    def save(self, version: Version) -> str:
        """Keep `version` for good; return the SHA-256 of its file. Raises `TakenError`, `OSError`."""
        if not _LEVEL.fullmatch(version.level):
            raise ValueError(version.level)
        folder = self._folder / version.level
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        raw = msgspec.json.encode(version)
        try:
            write_private(folder / f"{version.number:06d}.json", raw)
        except FileExistsError as error:
            raise TakenError(f"{version.level} {version.number}") from error
        sync_folder(folder)
        return hashlib.sha256(raw).hexdigest()

    def redrawn(self) -> Redrawn:
        """Return what stands above the hospital's files: the newest version of each level."""
        folders = sorted(self._folder.iterdir()) if self._folder.is_dir() else ()
        newest = [found[-1] for folder in folders if (found := self.versions(folder.name))]
        placed: dict[str, Placed] = {}
        for version in sorted(newest, key=lambda one: one.at):
            placed.update(version.placed)
        return Redrawn({one.level: one.plan.encode() for one in newest}, placed)
