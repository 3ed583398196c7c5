"""The site's own files, as the platform starts from them."""

from __future__ import annotations

import importlib.resources
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from safecare.formats.hospital import DoorSpec, Loaded, Redrawn, load
from safecare.locale.catalogue import Catalogue
from safecare.model.hospital import Hospital

if TYPE_CHECKING:
    from safecare.correlate.rules.read import Rulebook


class BadHospitalError(ValueError):
    """The hospital's files hold errors; the message lists them with file and line."""


@dataclass(frozen=True)
class SiteFiles:
    """What the files say: the hospital, and its doors."""

    hospital: Hospital
    doors: tuple[DoorSpec, ...]
    aside: str = ""
    """Why what was drawn in the console is not used; empty: it is, or there is none."""


def demo_hospital() -> Path:
    """Return the folder of the demo hospital that comes with the package."""
    return Path(str(importlib.resources.files("safecare") / "demo" / "hospital"))


def hospital_of(folder: Path, redrawn: Redrawn | None = None) -> SiteFiles:
    """Read the hospital's files in `folder`, what was `redrawn` in the console above them. Raises `BadHospitalError`.

    Where the two no longer fit together (the files have changed since), the files alone are used, and it is said.
    """
    if redrawn and redrawn != Redrawn():
        try:
            return _files(load(folder, redrawn))
        except BadHospitalError as error:
            return replace(_files(load(folder)), aside=str(error))
    return _files(load(folder))


def _files(loaded: Loaded) -> SiteFiles:
    errors = [problem for problem in loaded.problems if problem.level == "error"]
    if loaded.hospital is None or errors:
        say, nobody = Catalogue.load(), Hospital.empty()
        raise BadHospitalError(
            "\n".join(f"{one.file}:{one.line}:{one.column}: {say.render(one.reason, 'en', nobody)}" for one in errors)
        )
    return SiteFiles(loaded.hospital, tuple(loaded.doors))


def rules_of(folder: Path) -> Rulebook:
    """Return the correlation rules that hold at the site whose files are in `folder`.

    Those of the package, and the site's own in its folder ``rules``, which replace those of the same name.
    """
    from safecare.correlate.rules.read import Rulebook, read_folder, shipped  # only where rules run: 0.2 s

    own = read_folder(folder / "rules") if (folder / "rules").is_dir() else Rulebook((), ())
    replaced = {rule.name for rule in own.rules}
    kept = tuple(rule for rule in shipped().rules if rule.name not in replaced)
    return Rulebook((*kept, *own.rules), own.problems)
