"""Bytes to be judged or shown, kept as files named by their SHA-256.

A file is written aside, forced to disk, renamed, and its folder forced to disk: after a crash it is there
whole or not at all. Beside it a small file tells the media type; losing that loses only the type.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from safecare.exchange.disk import FULL, check_room, sync_folder, write_private
from safecare.exchange.log import LogFullError
from safecare.model.ids import ArtifactHash

UNKNOWN = "application/octet-stream"
"""Media type of bytes whose type is not known (RFC 2046, 4.5.1)."""

_HASH = re.compile(r"[0-9a-f]{64}")


class Artifacts:
    """The artifact store in `folder`; refuses to keep when less than `reserve_mb` (10^6 bytes) are free."""

    def __init__(self, folder: Path, reserve_mb: int = 256) -> None:
        """Make the folder if it is absent."""
        self._folder = folder
        self._reserve = reserve_mb * 1_000_000
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def keep(self, raw: bytes, media: str) -> ArtifactHash:
        """Store `raw` of type `media` and return its hash; durable when it returns. Raises `LogFullError`.

        The same bytes again are kept once and count as new; the first type stands.
        """
        hash = ArtifactHash(hashlib.sha256(raw).hexdigest())
        path = self.path(hash)
        try:
            with self._held(path.parent, fcntl.LOCK_SH):
                if path.exists():
                    os.utime(path)
                    return hash
                check_room(path, len(raw), self._reserve)
                _place(path.with_suffix(".type"), media.encode(), durable=False)
                _place(path, raw, durable=True)
                sync_folder(path.parent)
        except OSError as error:
            if error.errno in FULL and not isinstance(error, LogFullError):
                raise LogFullError(error.errno, "no room for an artifact", str(self._folder)) from error
            raise
        return hash

    def read(self, hash: ArtifactHash) -> bytes:
        """Return the bytes. Raises `FileNotFoundError`; `ValueError` when the file is not what its name says."""
        raw = self.path(hash).read_bytes()
        if hashlib.sha256(raw).hexdigest() != hash:
            raise ValueError(f"artifact {hash} is damaged")
        return raw

    def media(self, hash: ArtifactHash) -> str:
        """Return the media type that was told when the bytes were first kept."""
        try:
            return self.path(hash).with_suffix(".type").read_text("utf-8") or UNKNOWN
        except (FileNotFoundError, UnicodeDecodeError):
            return UNKNOWN

    def path(self, hash: ArtifactHash) -> Path:
        """Return where the bytes are, or would be. Raises `ValueError` for what is no hash (never a path outside)."""
        if not _HASH.fullmatch(hash):
            raise ValueError(f"not an artifact hash: {hash!r}")
        return self._folder / hash[:2] / hash

    def delete(self, hash: ArtifactHash, *, before: float | None = None) -> bool:
        """Delete the bytes, or only if they were last kept before `before` (seconds since 1970); tell if done."""
        path = self.path(hash)
        with self._held(path.parent, fcntl.LOCK_EX):
            if not path.exists() or (before is not None and path.stat().st_mtime >= before):
                return False
            path.unlink()
            path.with_suffix(".type").unlink(missing_ok=True)
        return True

    def hashes(self) -> Iterator[tuple[ArtifactHash, float]]:
        """Yield every artifact with the time (seconds since 1970) at which it was last kept."""
        for path in self._folder.glob("??/*"):
            if _HASH.fullmatch(path.name):
                yield ArtifactHash(path.name), path.stat().st_mtime

    def sweep(self, before: float) -> int:
        """Delete what writers killed before `before` (seconds since 1970) left unfinished; return how many."""
        left = [path for path in self._folder.glob("??/.*.part") if path.stat().st_mtime < before]
        for path in left:
            path.unlink(missing_ok=True)
        return len(left)

    @contextmanager
    def _held(self, folder: Path, how: int) -> Iterator[None]:
        """Make `folder` if absent and hold it: what is being kept once more must not be deleted meanwhile."""
        if not folder.exists():
            folder.mkdir(mode=0o700, exist_ok=True)
            sync_folder(self._folder)
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(descriptor, how)
            yield
        finally:
            os.close(descriptor)


def _place(path: Path, raw: bytes, *, durable: bool) -> None:
    """Write `raw` aside and give it its name when it is whole."""
    aside = path.parent / f".{secrets.token_hex(8)}.part"
    write_private(aside, raw, durable=durable)
    try:
        aside.rename(path)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise
