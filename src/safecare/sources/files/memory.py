"""Verdicts that were given before, by what was judged and by what judged it; kept over restarts where there is a file.

A verdict holds for the same bytes under the same name, judged by the same engine with the same rules and model: all of
it goes into the key. What a limit of time or a dead process decided is not remembered: the next try may see more.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import threading
from collections import OrderedDict
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from pathlib import Path

import msgspec
import structlog

from safecare.examine.api import Verdict
from safecare.model.layout import laid_out
from safecare.sources.files.wire import Setup

RECENT = 20_000
"""Verdicts held in memory. Chosen: about 20 MB."""
LARGEST = 64 * 1024
"""Bytes of one verdict that is written to disk. Chosen: 500 findings with their reasons take 60 kB."""
MOST_BYTES = 128 * 1024 * 1024
"""Bytes of the file. Chosen: some 300,000 verdicts of files in which nothing was found."""
LOOK_EVERY = 256
"""Verdicts between looks at the size of the file and at free space. Chosen: at most 16 MB more than allowed."""
LEAST_FREE = 512 * 1024 * 1024
"""Bytes of free disk below which nothing is written: that is for what was accepted. Chosen: twice the reserve."""
PASSING = frozenset({"engine.stopped", "limit.time"})
"""Rules of findings that another try need not give."""
LIBRARIES = ("yara-x", "google-re2", "olefile", "msoffcrypto-tool", "opencv-python-headless", "zstandard", "numpy")
"""What the engine judges with: another version may judge otherwise."""


class Memory:
    """Remembers verdicts; may be used from any thread. Without `path`, only until the process ends."""

    def __init__(self, path: Path | None = None, *, recent: int = RECENT, most_bytes: int = MOST_BYTES) -> None:
        """Open the file, or make it. One that can't be used is told in the log, and done without."""
        self._recent: OrderedDict[bytes, Verdict] = OrderedDict()
        self._most, self._most_bytes = recent, most_bytes
        self._lock = threading.Lock()
        self._written = 0
        self._path = path
        self._file = _opened(path) if path else None

    def get(self, key: bytes) -> Verdict | None:
        """Return the verdict that was remembered under `key`."""
        with self._lock:
            found = self._recent.get(key)
            if found is not None:
                self._recent.move_to_end(key)
                return found
            try:
                row = self._file.execute("SELECT verdict FROM verdicts WHERE key = ?", (key,)) if self._file else None
                raw = row.fetchone() if row else None
                found = msgspec.msgpack.decode(raw[0], type=laid_out(Verdict)) if raw else None
            except (sqlite3.Error, msgspec.MsgspecError) as error:
                self._give_up(error)
                return None
            if found is not None:
                self._hold(key, found)
            return found

    def put(self, key: bytes, verdict: Verdict) -> None:
        """Remember `verdict` under `key`, unless another try could give another one."""
        if any(one.rule in PASSING for one in verdict.findings):
            return
        with self._lock:
            self._hold(key, verdict)
            if self._file is None:
                return
            try:
                if self._written % LOOK_EVERY == 0:
                    self._make_room()
                self._written += 1
                raw = msgspec.msgpack.encode(verdict)
                if len(raw) <= LARGEST:
                    self._file.execute("INSERT OR REPLACE INTO verdicts (key, verdict) VALUES (?, ?)", (key, raw))
            except (sqlite3.Error, OSError) as error:
                self._give_up(error)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            if self._file is not None:
                self._file.close()
            self._file = None

    def _hold(self, key: bytes, verdict: Verdict) -> None:
        self._recent[key] = verdict
        while len(self._recent) > self._most:
            self._recent.popitem(last=False)

    def _make_room(self) -> None:
        """Drop the oldest while the file is full. Raises `OSError` where the disk has hardly any room."""
        if self._file is None or self._path is None:
            return
        disk = os.statvfs(self._path.parent)
        if disk.f_bavail * disk.f_frsize < LEAST_FREE:
            raise OSError("hardly any room on the disk")
        while self._used(self._file) > self._most_bytes:
            oldest, newest = self._file.execute("SELECT min(number), max(number) FROM verdicts").fetchone()
            self._file.execute("DELETE FROM verdicts WHERE number <= ?", (oldest + (newest - oldest) // 4,))

    @staticmethod
    def _used(file: sqlite3.Connection) -> int:
        size, pages, free = (
            file.execute(f"PRAGMA {one}").fetchone()[0] for one in ("page_size", "page_count", "freelist_count")
        )
        return int(size * (pages - free))

    def _give_up(self, error: Exception) -> None:
        structlog.get_logger().warning("verdicts are no longer kept on disk", reason=str(error))
        if self._file is not None:
            self._file.close()
        self._file = None


def key_of(digest: str, name: str, media: str, fingerprint: bytes) -> bytes:
    """Return the key of a file with the SHA-256 `digest`, judged by what `fingerprint` tells."""
    told = f"{digest}\x00{name}\x00{media}".encode("utf-8", "surrogateescape")
    return hashlib.sha256(fingerprint + told).digest()[:20]


def fingerprint(setup: Setup) -> bytes:
    """Return what tells one way of judging from another: the engine's code, its libraries, and the site's `setup`."""
    return hashlib.sha256(_engine() + msgspec.msgpack.encode(setup)).digest()


@cache
def _engine() -> bytes:
    digest = hashlib.sha256()
    for library in LIBRARIES:
        try:
            digest.update(f"{library} {version(library)}\n".encode())
        except PackageNotFoundError:
            digest.update(f"{library}\n".encode())
    for room in ("examine", "formats"):
        folder = Path(str(files("safecare") / room))
        for path in sorted(one for one in folder.rglob("*") if one.suffix in (".py", ".yar")):
            digest.update(path.read_bytes())
    return digest.digest()


def _opened(path: Path) -> sqlite3.Connection | None:
    """Return the file at `path`, made anew where it is damaged; None where there can be none."""
    for _ in range(2):
        try:
            path.touch(mode=0o600)
            file = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            file.execute("PRAGMA journal_mode = WAL")
            file.execute("PRAGMA synchronous = NORMAL")
            file.execute(
                "CREATE TABLE IF NOT EXISTS verdicts (number INTEGER PRIMARY KEY, key BLOB UNIQUE, verdict BLOB)"
            )
            file.execute("SELECT max(number) FROM verdicts").fetchone()
        except sqlite3.DatabaseError as error:
            structlog.get_logger().warning("remembered verdicts are damaged and begun anew", reason=str(error))
            for one in (path, path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")):
                one.unlink(missing_ok=True)
        except OSError as error:
            structlog.get_logger().warning("verdicts are not kept on disk", reason=str(error))
            return None
        else:
            return file
    return None
