"""The site's own files, as the platform starts from them."""

from __future__ import annotations

import importlib.resources
from dataclasses import dataclass
from pathlib import Path

from safecare.formats.hospital import DoorSpec, load
from safecare.locale.catalogue import Catalogue
from safecare.model.hospital import Hospital


class BadHospitalError(ValueError):
    """The hospital's files hold errors; the message lists them with file and line."""


@dataclass(frozen=True)
class SiteFiles:
    """What the files say: the hospital, and its doors."""

    hospital: Hospital
    doors: tuple[DoorSpec, ...]


def demo_hospital() -> Path:
    """Return the folder of the demo hospital that comes with the package."""
    return Path(str(importlib.resources.files("safecare") / "demo" / "hospital"))


def hospital_of(folder: Path) -> SiteFiles:
    """Read the hospital's files in `folder`. Raises `BadHospitalError`."""
    loaded = load(folder)
    errors = [problem for problem in loaded.problems if problem.level == "error"]
    if loaded.hospital is None or errors:
        say, nobody = Catalogue.load(), Hospital.empty()
        raise BadHospitalError(
            "\n".join(f"{one.file}:{one.line}:{one.column}: {say.render(one.reason, 'en', nobody)}" for one in errors)
        )
    return SiteFiles(loaded.hospital, tuple(loaded.doors))
