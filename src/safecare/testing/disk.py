"""A real small disk (tmpfs), to test what happens when it is full."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

_MOUNT = 'mount -t tmpfs -o size="$1"m tmpfs "$0"'


class NoSmallDiskError(RuntimeError):
    """This machine does not let us mount one."""


def run_on_small_disk(folder: Path, size_mb: int, script: str) -> subprocess.CompletedProcess[str]:
    """Run the Python code `script`; ``sys.argv[1]`` is `folder`, on which a tmpfs of `size_mb` is mounted.

    Only that process sees the disk, and it is gone with it. Raises `NoSmallDiskError` when neither root's
    right to mount nor user name spaces are there; `subprocess.TimeoutExpired` after 100 s.
    """
    unshare = shutil.which("unshare")
    if unshare is None:
        raise NoSmallDiskError("a small disk needs the program unshare (util-linux)")
    inside = [unshare, "-m" if os.geteuid() == 0 else "-rm", "sh", "-c"]
    place = [str(folder), str(size_mb)]
    if subprocess.run([*inside, _MOUNT, *place], capture_output=True, check=False).returncode:  # noqa: S603
        raise NoSmallDiskError("a small disk needs the right to mount (root, or user name spaces)")
    command = [*inside, f'{_MOUNT} && exec "$2" -c "$3" "$0"', *place, sys.executable, script]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=100)  # noqa: S603
