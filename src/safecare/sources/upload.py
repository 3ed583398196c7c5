"""Folders into which others upload files: which ones are complete, and where they go when they are read."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

DONE, BAD = "done", "bad"
"""Sub-folders for files that were read, and for those that could not be."""
MOST_FILES = 10_000
"""Most directory entries looked at in one round; chosen: bounds the work if somebody floods the folder."""


@dataclass
class UploadFolder:
    """Watches `path` for files with one of `suffixes` (lower case, with the dot).

    A file is complete when size and time stamp have not changed for `settle` seconds.
    """

    path: Path
    settle: float
    suffixes: frozenset[str]
    _seen: dict[Path, tuple[tuple[int, int], float]] = field(default_factory=dict, init=False)

    def complete(self, now: float) -> list[Path]:
        """Return the complete files at `now` (seconds that only grow), by name from the last ``__`` on.

        Raises `OSError`.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        stamps: dict[Path, tuple[tuple[int, int], float]] = {}
        for number, path in enumerate(self.path.iterdir()):
            if number >= MOST_FILES:
                break
            if path.suffix.lower() not in self.suffixes or path.name.startswith(".") or path.is_symlink():
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
