"""The mark of a running exercise in a data folder: every screen shows it, however the exercise was started."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import msgspec

from safecare.model.layout import laid_out

FILE = "exercise.json"


class Mark(msgspec.Struct, frozen=True):
    """Which scenario runs, since when, in which process."""

    scenario: str
    since: datetime
    pid: int


@contextlib.contextmanager
def marked(folder: Path, scenario: str, since: datetime) -> Iterator[None]:
    """Mark `folder` while the body runs."""
    target = folder / FILE
    fresh = target.with_suffix(f".{os.getpid()}")
    fresh.write_bytes(msgspec.json.encode(Mark(scenario, since, os.getpid())))
    fresh.replace(target)
    try:
        yield
    finally:
        target.unlink(missing_ok=True)


def running(folder: Path) -> Mark | None:
    """Return the mark of the exercise that runs over `folder`; a mark that a dead process left is none."""
    try:
        mark = msgspec.json.decode((folder / FILE).read_bytes(), type=laid_out(Mark))
        os.kill(mark.pid, 0)
    except (OSError, msgspec.DecodeError):
        return None
    return mark
