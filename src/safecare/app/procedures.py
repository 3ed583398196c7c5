"""The procedures that a platform knows: those that come with it, and those that the site has imported."""

from __future__ import annotations

from pathlib import Path

import structlog

from safecare.decide.procedures.compile import Procedure, built_in_procedures, imported
from safecare.formats.cacao import CacaoError, read_cacao

FOLDER = "playbooks"
"""Folder below the data folder that holds the site's CACAO files."""


def procedures_of(data: Path) -> tuple[Procedure, ...]:
    """Return all procedures for the data folder `data`; a file that can't be run is left out and named in the log."""
    found = {one.id: one for one in built_in_procedures()}
    for path in sorted((data / FOLDER).glob("*.json")):
        try:
            book, faults = read_cacao(path.read_bytes())
        except (CacaoError, OSError) as error:
            structlog.get_logger().error("playbook left out", file=path.name, reason=str(error))
            continue
        if book is None:
            places = [one.place for one in faults if one.level == "error"]
            structlog.get_logger().error("playbook left out", file=path.name, faults=places)
            continue
        found[book.id] = imported(book)
    return tuple(found.values())
