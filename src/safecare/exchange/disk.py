"""The few things about disks that the log, the artifacts and the data folder share."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from safecare.exchange.log import LogFullError

FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
"""Error numbers that mean: no room (POSIX.1-2017, 2.3)."""


def check_room(path: Path, size: int, reserve: int) -> None:
    """Raise `LogFullError` when `size` more bytes beside `path` would leave less than `reserve` bytes free.

    One system call, about 1 µs: asked anew each time, never remembered.
    """
    disk = os.statvfs(path.parent)
    free = disk.f_bavail * disk.f_frsize
    if free - size < reserve:
        reason = f"{free // 1_000_000} MB free, {reserve // 1_000_000} MB reserved"
        raise LogFullError(errno.ENOSPC, reason, str(path))


def sync_folder(folder: Path) -> None:
    """Force the names in `folder` to disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_private(path: Path, raw: bytes, *, durable: bool = True) -> None:
    """Write a new file (mode 0600); `durable`: on disk when it returns. Raises `OSError`; then no file is left."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(raw)
            file.flush()
            if durable:
                os.fsync(descriptor)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
