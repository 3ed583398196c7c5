"""Folders into which others upload files: which ones are complete, and where they go when they are read."""

from __future__ import annotations

import errno
import os
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

DONE, BAD = "done", "bad"
"""Sub-folders for files that were read, and for those that could not be."""
MOST_FILES = 10_000
"""Most directory entries looked at in one round; chosen: bounds the work if somebody floods the folder."""
STEM = 200
"""Bytes of a file's name that are kept when it needs a number behind (file systems take 255, with the ending)."""


def open_regular(path: Path, *, follow: bool = False) -> BinaryIO:
    """Open a file for reading. Raises `OSError` for anything that is no regular file, or a link unless `follow`.

    Opening never waits: a named pipe that somebody puts in the place of a file would hold the whole process.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | (0 if follow else os.O_NOFOLLOW))
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "not a regular file", str(path))
    return os.fdopen(descriptor, "rb")


def shown(path: Path) -> str:
    """Return the name of `path` as it may be told: bytes that are no UTF-8 and control characters replaced."""
    name = os.fsencode(path.name).decode("utf-8", "replace")
    return "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in name)


@dataclass
class UploadFolder:
    """Watches `path` for files with one of `suffixes` (lower case, with the dot).

    A file is complete when size and time stamp have not changed for `settle` seconds.
    """

    path: Path
    settle: float
    suffixes: frozenset[str]
    _seen: dict[Path, tuple[tuple[int, int], float]] = field(default_factory=dict, init=False)
    _left: dict[Path, tuple[int, int]] = field(default_factory=dict, init=False)

    def complete(self, now: float) -> list[Path]:
        """Return the complete files at `now` (seconds that only grow), by name from the last ``__`` on.

        Raises `OSError`.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        stamps: dict[Path, tuple[tuple[int, int], float]] = {}
        for number, path in enumerate(self.path.iterdir()):
            if number >= MOST_FILES:
                break
            if path.suffix.lower() not in self.suffixes or path.name.startswith("."):
                continue
            try:
                status = path.lstat()
            except FileNotFoundError:
                continue
            if not stat.S_ISREG(status.st_mode):  # links, folders, pipes
                continue
            stamp = (status.st_size, status.st_mtime_ns)
            known = self._seen.get(path)
            stamps[path] = known if known and known[0] == stamp else (stamp, now)
        self._seen = stamps
        self._left = {path: stamp for path, stamp in self._left.items() if path in stamps and stamps[path][0] == stamp}
        ready = [path for path, (_, since) in stamps.items() if now - since >= self.settle and path not in self._left]
        return sorted(ready, key=lambda path: (path.name.rpartition("__")[2], path.name))

    def leave(self, path: Path) -> None:
        """Offer `path` no more until it changes: it can't be read or moved, and must not keep the others waiting."""
        if path in self._seen:
            self._left[path] = self._seen[path][0]

    def put_away(self, path: Path, where: str) -> Path:
        """Move `path` to the sub-folder `where`, without overwriting, and return its new place. Raises `OSError`."""
        folder = self.path / where
        folder.mkdir(exist_ok=True)
        target = folder / path.name
        stem = os.fsdecode(os.fsencode(path.stem)[:STEM])
        number = 1
        while target.exists():
            number += 1
            target = folder / f"{stem}.{number}{path.suffix}"
        self._seen.pop(path, None)
        return path.rename(target)
