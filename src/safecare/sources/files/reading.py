"""Files as they are submitted: opened so that nothing waits, read to their end, and whether they held still.

A name may lead anywhere: to a pipe that nobody writes, a device without end, a file that another program writes at
that moment. What is judged is what was read; `changed` says that it may never have stood there as a whole.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from safecare.formats.mbox import at_once

MAX_FILE = 256 * 1024 * 1024
"""Largest file (bytes) that is judged: a worker holds it, and what it unpacks, in 1 GiB. Chosen."""
TRIES = 2
"""Readings of a file that changes meanwhile: a copy that comes to its end is whole at the second. Chosen."""


@dataclass(frozen=True)
class Slice:
    """One of the mails in a file of many: its bytes, and its number from 1 on."""

    path: Path
    start: int
    size: int
    number: int

    def __str__(self) -> str:
        return f"{self.path}#{self.number}"


@dataclass(frozen=True)
class Stream:
    """What comes by an open file that can't be read twice (standard input), under a `name`.

    `descriptor` is negative for one that is closed: by now its number may belong to something else.
    """

    descriptor: int
    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Submitted:
    """Bytes to be judged, the name that they are judged under, and whether the file changed while it was read."""

    raw: bytes
    name: str
    changed: bool = False


def submitted(file: object) -> Submitted:
    """Return the bytes of `file`: a path, a `Slice` or a `Stream`. Raises `OSError`, also for what is no file."""
    if isinstance(file, Stream):
        if file.descriptor < 0:
            raise OSError("it is closed")
        with os.fdopen(file.descriptor, "rb", closefd=False) as stream:
            return Submitted(_bounded(stream.read(MAX_FILE + 1)), file.name)
    if isinstance(file, Slice):
        raw = _read(file.path, file.start, file.size)[0]
        return Submitted(raw, f"{file.path.stem}-{file.number}.eml", changed=len(raw) < file.size)
    path, changed = Path(str(file)), False
    for _ in range(TRIES):
        raw, changed = _read(path)
        if not changed:
            break
    return Submitted(raw, path.name, changed)


def _read(path: Path, start: int = 0, size: int = MAX_FILE + 1) -> tuple[bytes, bool]:
    """Return bytes of `path`, and whether it changed while they were read."""
    with open(path, "rb", opener=at_once) as stream:
        before = os.fstat(stream.fileno())
        if not stat.S_ISREG(before.st_mode):
            raise OSError("not a regular file")
        if not start and size > MAX_FILE and before.st_size > MAX_FILE:  # nothing of it is read in vain
            raise OSError(f"larger than {MAX_FILE} bytes")
        stream.seek(start)
        raw = _bounded(stream.read(min(size, MAX_FILE + 1)) or b"")  # None: what would have waited
        after = os.fstat(stream.fileno())
    return raw, (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns)


def _bounded(raw: bytes) -> bytes:
    if len(raw) > MAX_FILE:
        raise OSError(f"larger than {MAX_FILE} bytes")
    return raw
