"""A private platform: a process of its own over a folder of its own, on ports that were free, stopped afterwards."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import SystemRandom
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from safecare.formats.hospital import DoorSpec

READY = 240.0
"""Seconds until a platform must be ready. Chosen: it takes 60 s on a machine that has ten times too much to do."""
PORTS = range(20_000, 32_768)
"""Ports to choose from: Linux gives 32768 to 60999 to connections by itself (net.ipv4.ip_local_port_range)."""
STOP = 15.0
"""Seconds that a platform has to stop by itself before it is killed (chosen)."""


class NotReadyError(RuntimeError):
    """The platform ended, or said nothing in time; the message holds what it printed."""


def free_ports(count: int) -> list[int]:
    """Return `count` ports of 127.0.0.1 that nobody listened on a moment ago.

    They are below those that the system gives to connections by itself: it would else give one of them to somebody
    between this moment and that in which the platform listens.
    """
    chance = SystemRandom()  # two processes that were given the same seed don't choose the same
    found: list[int] = []
    while len(found) < count:
        port = chance.choice(PORTS)
        with socket.socket() as one, contextlib.suppress(OSError):
            one.bind(("127.0.0.1", port))
            if port not in found:
                found.append(port)
    return found


def free_doors(doors: Iterable[DoorSpec]) -> dict[str, dict[str, Any]]:
    """Return a free port for each door of `doors` that listens on one, as changes of settings by door id."""
    listening = [door.id for door in doors if "port" in door.settings]
    return {id: {"port": port} for id, port in zip(listening, free_ports(len(listening)), strict=True)}


def toml(value: object) -> str:
    """Return `value` (text, number, flag, list or table) as TOML on one line."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{json.dumps(str(key))} = {toml(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(toml, value)) + "]"
    return json.dumps(value)


@dataclass
class PrivatePlatform:
    """Runs ``safecare run`` over `folder`; use as a context manager.

    `doors`: changes to doors, by door id, setting and value. `hospital`: folder of its files; none: the demo.
    """

    folder: Path
    doors: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    hospital: Path | None = None
    options: tuple[str, ...] = ("--no-link",)
    lines: list[str] = field(default_factory=list, init=False)
    """What it has printed."""
    url: str = field(default="", init=False)
    _process: subprocess.Popen[str] | None = field(default=None, init=False)
    _reader: threading.Thread | None = field(default=None, init=False)

    def __enter__(self) -> Self:
        """Start and wait until it is ready. Raises `NotReadyError`."""
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop."""
        self.stop()

    @property
    def pid(self) -> int:
        """Process id of the running platform."""
        if self._process is None:
            raise NotReadyError("the platform is not started")
        return self._process.pid

    def start(self) -> None:
        """Start and wait until it is ready. Raises `NotReadyError`."""
        self._process = subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-m", "safecare", "run", *self._arguments()],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        said: queue.Queue[str | None] = queue.Queue()
        self._reader = threading.Thread(target=self._read, args=(self._process, said), daemon=True)
        self._reader.start()
        end = time.monotonic() + READY
        while True:
            try:
                line = said.get(timeout=max(0.01, end - time.monotonic()))
            except queue.Empty:
                line = None
            if line is None:
                self.stop()
                raise NotReadyError("the platform did not get ready:\n" + "".join(self.lines))
            if line.startswith("ready "):
                self.url = line.removeprefix("ready ").strip()
                return

    def stop(self) -> int | None:
        """Ask it to stop, kill it if it does not; return its exit code."""
        process = self._process
        if process is None:
            return None
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(STOP)
            except subprocess.TimeoutExpired:
                process.kill()
        code = process.wait()
        self._listen_out()
        return code

    def kill(self) -> None:
        """End it at once, as a power cut would (SIGKILL), and wait for that."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._listen_out()

    def _listen_out(self) -> None:
        """Read what it printed to the end; its children may hold the pipe for a moment longer."""
        if self._reader is not None:
            self._reader.join(STOP)

    def runtime(self) -> dict[str, Any]:
        """Return what the platform tells local programs: its address and its doors."""
        told: dict[str, Any] = json.loads((self.folder / "runtime.json").read_text("utf-8"))
        return told

    def token(self) -> str:
        """Return the local administrator's token."""
        return (self.folder / "local.token").read_text("utf-8")

    def _arguments(self) -> Iterable[str]:
        yield from ("--data", str(self.folder), "--port", "0", *self.options)
        if self.hospital:
            yield from ("--hospital", str(self.hospital))
        for door, settings in self.doors.items():
            for setting, value in settings.items():
                yield from ("--door", f"{door}.{setting}={toml(value)}")

    def _read(self, process: subprocess.Popen[str], said: queue.Queue[str | None]) -> None:
        if process.stdout is not None:
            with process.stdout:
                for line in process.stdout:
                    self.lines.append(line)
                    said.put(line)
        said.put(None)
