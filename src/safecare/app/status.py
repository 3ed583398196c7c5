"""What the engine tells the health page, through a file in the data folder."""

from __future__ import annotations

import contextlib
from pathlib import Path

import msgspec

from safecare.model.layout import laid_out
from safecare.model.plugins import Missing

FILE = "engine.json"


class EngineStatus(msgspec.Struct, frozen=True):
    """State of the engine process."""

    pid: int
    groups: tuple[str, ...]
    """Groups of the log that it runs."""
    detectors: tuple[str, ...]
    missing: tuple[Missing, ...]
    faults: dict[str, str]
    """By detector: the last error that it raised, if it ever did."""


def tell(folder: Path, status: EngineStatus) -> None:
    """Store `status`; a reader sees the old or the new one, never half of it. Raises `OSError`."""
    fresh = folder / f"{FILE}.new"
    fresh.write_bytes(msgspec.json.encode(status))
    fresh.replace(folder / FILE)


def told(folder: Path) -> EngineStatus | None:
    """Return what the engine told last; None when it has not yet."""
    with contextlib.suppress(OSError, msgspec.DecodeError):
        return msgspec.json.decode((folder / FILE).read_bytes(), type=laid_out(EngineStatus))
    return None
