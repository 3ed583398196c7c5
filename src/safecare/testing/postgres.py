"""A throw-away PostgreSQL server, for tests that the store works on it too."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import uuid
from pathlib import Path
from types import TracebackType
from typing import Self

START_SECONDS = 30.0
"""Longest wait for the server to answer. Chosen: it takes 1 to 3 s on two busy cores."""


class PostgresMissingError(RuntimeError):
    """PostgreSQL's programs are not installed, or may not be run here."""


class Postgres:
    """A server in a temporary folder, on 127.0.0.1 and a free port, gone at the end of the ``with`` block.

    Raises `PostgresMissingError` on entry. PostgreSQL refuses to run as root: then it runs as user ``postgres``.
    """

    def __init__(self) -> None:
        """Find the programs. Nothing is started yet."""
        self._user = "postgres" if os.geteuid() == 0 else None
        self._folder = Path()
        self._server: subprocess.Popen[bytes] | None = None
        self.port = 0

    def __enter__(self) -> Self:
        """Make a fresh cluster and start it."""
        programs = _programs()
        if self._user is not None:
            try:
                pwd.getpwnam(self._user)
            except KeyError:
                raise PostgresMissingError("no system user postgres") from None
        self._folder = Path(tempfile.mkdtemp(prefix="safecare-postgres-"))
        if self._user is not None:
            shutil.chown(self._folder, self._user)
        data = self._folder / "data"
        self._run(programs / "initdb", "-D", data, "-A", "trust", "-U", "postgres", "-E", "UTF8", "--no-sync")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        options = ["-D", str(data), "-p", str(self.port), "-k", str(self._folder), "-h", "127.0.0.1", "-F"]
        self._server = subprocess.Popen(  # noqa: S603  programs found in the system's own folders
            [programs / "postgres", *options],
            user=self._user,
            cwd=self._folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._wait(programs / "pg_isready")
        self._psql = programs / "psql"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the server and delete its folder."""
        if self._server is not None:
            self._server.send_signal(signal.SIGINT)  # fast shutdown: does not wait for clients
            try:
                self._server.wait(START_SECONDS)
            except subprocess.TimeoutExpired:
                self._server.kill()
                self._server.wait()
        shutil.rmtree(self._folder, ignore_errors=True)

    def database(self) -> str:
        """Make a fresh database and return its address for `Database`."""
        name = f"t{uuid.uuid4().hex}"
        where = ["-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres"]
        self._run(self._psql, *where, "-q", "-c", f"CREATE DATABASE {name}")
        return f"postgresql+psycopg://postgres@127.0.0.1:{self.port}/{name}"

    def _run(self, program: Path, *arguments: object) -> None:
        command = [str(program), *map(str, arguments)]
        subprocess.run(command, user=self._user, cwd=self._folder, check=True, capture_output=True)  # noqa: S603

    def _wait(self, ready: Path) -> None:
        deadline = time.monotonic() + START_SECONDS
        command = [str(ready), "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        while subprocess.run(command, check=False).returncode:  # noqa: S603
            if time.monotonic() > deadline:
                raise PostgresMissingError("the server does not answer")
            time.sleep(0.05)


def _programs() -> Path:
    """Return the folder of the newest PostgreSQL; Debian keeps it out of the search path."""
    found = shutil.which("initdb")
    if found is not None:
        return Path(found).resolve().parent
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda one: int(one.parts[-3]))
    if not versions:
        raise PostgresMissingError("PostgreSQL is not installed (Debian: apt-get install postgresql)")
    return versions[-1].parent
