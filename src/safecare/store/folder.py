"""The data folder: all that one installation keeps, for its owner alone, used by one platform at a time."""

from __future__ import annotations

import fcntl
import os
import secrets
from pathlib import Path

from safecare.exchange.disk import sync_folder, write_private

SECRET_BYTES = 32
"""Length of the site's key: 256 bits, as for HMAC-SHA-256 (NIST SP 800-107 rev. 1, 5.3.4)."""


class FolderInUseError(RuntimeError):
    """Another platform runs on this data folder; `pid` is its process (0 when it could not be read)."""

    def __init__(self, path: Path, pid: int) -> None:
        """Name folder and process."""
        super().__init__(f"data folder {path} is in use by process {pid or 'unknown'}")
        self.path = path
        self.pid = pid


class DataFolder:
    """Paths and small files of the folder `path`, which is made (mode 0700) if absent."""

    def __init__(self, path: Path) -> None:
        """Make the folder, and close it to others. Raises `OSError`."""
        self.path = path
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.chmod(0o700)
        self.log = path / "log.db"
        self.database = path / "safecare.db"
        self.artifacts = path / "artifacts"
        self.keys = path / "seal.keys"
        """Keys that seal the secrets of the database (`safecare.store.keyring`)."""
        self.plans = path / "plans"
        """Versions of floor plans that were drawn in the console (`safecare.store.drawings`)."""
        self.cameras = path / "cameras"
        """Versions of zones that were drawn into the pictures of cameras."""
        self.local_token = path / "local.token"
        """Secret by which programs of the same owner on this machine act as administrator."""
        self.runtime = path / "runtime.json"
        """Where the doors of the running platform listen (JSON)."""
        self._lock_path = path / "lock"
        self._lock: int | None = None

    def lock(self) -> None:
        """Hold the folder until `unlock` or the end of the process, however it ends. Raises `FolderInUseError`.

        A child made by fork holds on with its parent; children that are executed anew do not.
        """
        descriptor = os.open(self._lock_path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pid = os.pread(descriptor, 20, 0).decode("ascii", "replace").strip()
            os.close(descriptor)
            raise FolderInUseError(self.path, int(pid) if pid.isdigit() else 0) from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        self._lock = descriptor

    def unlock(self) -> None:
        """Let the folder go; nothing happens if it is not held."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def secret(self) -> bytes:
        """Return the site's key (for pseudonyms), made at first use. Losing it breaks the link of old pseudonyms."""
        return bytes.fromhex(self._made(self.path / "site.key"))

    def _made(self, path: Path) -> str:
        """Return the secret in `path`; whoever comes first makes it, whole before it has its name."""
        if not path.exists():
            aside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
            write_private(aside, secrets.token_hex(SECRET_BYTES).encode())
            try:
                os.link(aside, path)
            except FileExistsError:
                pass  # another process was first: its secret stands
            finally:
                aside.unlink()
            sync_folder(path.parent)
        return path.read_text("ascii")
