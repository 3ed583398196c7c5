"""The folder into which recorders upload clips: which files are complete, what their names say, where they go."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from safecare.sources.api import UnreadableError
from safecare.sources.camera.decode import CLIP_FORMATS

_NAME = re.compile(r"(?P<camera>[\w.:-]{1,100}?)__(?P<start>\d{8}T\d{6}(?:\.\d{1,3})?)Z\.\w+", re.ASCII)
DONE, BAD = "done", "bad"
"""Sub-folders for clips that were read, and for those that could not be."""
MOST_FILES = 10_000
"""Most directory entries looked at in one round; chosen: bounds the work if somebody floods the folder."""


class ClipName(NamedTuple):
    """What a clip's name says: ``<camera>__<start, UTC, 20261123T141800Z>.<mp4|avi|mkv>``."""

    camera: str
    start: datetime
    format: str


def read_name(name: str) -> ClipName:
    """Read a clip's file name. Raises `UnreadableError`."""
    format = CLIP_FORMATS.get(Path(name).suffix.lower())
    match = _NAME.fullmatch(name)
    if format is None or match is None:
        raise UnreadableError("the name is not <camera>__<start as 20261123T141800Z>.<mp4|avi|mkv>", "file name")
    text = match["start"]
    try:
        start = datetime.strptime(text, "%Y%m%dT%H%M%S.%f" if "." in text else "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
    except ValueError as error:
        raise UnreadableError(f"{text} is no time", "file name") from error
    return ClipName(match["camera"], start, format)


@dataclass
class ClipFolder:
    """Watches `path`. A clip is complete when size and time stamp have not changed for `settle` seconds."""

    path: Path
    settle: float
    _seen: dict[Path, tuple[tuple[int, int], float]] = field(default_factory=dict, init=False)

    def complete(self, now: float) -> list[Path]:
        """Return the complete clips at `now` (seconds that only grow), oldest recording first. Raises `OSError`."""
        self.path.mkdir(parents=True, exist_ok=True)
        stamps: dict[Path, tuple[tuple[int, int], float]] = {}
        for number, path in enumerate(self.path.iterdir()):
            if number >= MOST_FILES:
                break
            if path.suffix.lower() not in CLIP_FORMATS or path.name.startswith(".") or path.is_symlink():
                continue
            try:
                status = path.stat()
            except FileNotFoundError:
                continue
            stamp = (status.st_size, status.st_mtime_ns)
            known = self._seen.get(path)
            stamps[path] = known if known and known[0] == stamp else (stamp, now)
        self._seen = stamps
        ready = [path for path, (_, since) in stamps.items() if now - since >= self.settle]
        return sorted(ready, key=lambda path: (path.name.rpartition("__")[2], path.name))

    def put_away(self, path: Path, where: str) -> Path:
        """Move `path` to the sub-folder `where`, without overwriting, and return its new place. Raises `OSError`."""
        folder = self.path / where
        folder.mkdir(exist_ok=True)
        target = folder / path.name
        number = 1
        while target.exists():
            number += 1
            target = folder / f"{path.stem}.{number}{path.suffix}"
        self._seen.pop(path, None)
        return path.rename(target)
