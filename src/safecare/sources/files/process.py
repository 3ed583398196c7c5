"""One confined process that judges files: start, ask with a time limit, kill."""

from __future__ import annotations

import contextlib
import os
import selectors
import subprocess
import sys
import threading
import time
from typing import TypeVar

import msgspec

from safecare.model.layout import laid_out
from safecare.sources.files.wire import LENGTH, MAX_ANSWER, Answer, Hello, Job, Setup, pack

T = TypeVar("T")
START_SECONDS = 30.0
"""Time that a worker may take to import its parsers. Measured: 0.6 s; an overloaded machine takes ten times that."""


NOTHING = Setup()


class WorkerError(RuntimeError):
    """The worker died, was killed for taking too long, or did not speak as agreed."""


class ClosedError(WorkerError):
    """Nothing is judged any more: the platform stops."""


class Worker:
    """One confined process that is asked with a time limit; one thread at a time, the others wait."""

    def __init__(self, wall: float, recycle: int) -> None:
        """Take the limit of one job (s), and the number of jobs after which a process is replaced."""
        self._wall, self._recycle = wall, recycle
        self._process: subprocess.Popen[bytes] | None = None
        self._knows = NOTHING
        self._jobs = 0
        self._lock = threading.RLock()
        self._closed = threading.Event()
        self.layers: tuple[str, ...] = ()
        """Layers of confinement that the last process proved to be active."""

    @property
    def pid(self) -> int | None:
        """Process id while one runs."""
        return self._process.pid if self._process else None

    def ask(self, job: Job, raw: bytes, setup: Setup = NOTHING) -> Answer:
        """Have `job` done on `raw` by a process that knows `setup`. Raises `WorkerError`.

        The process is gone then, and the next call starts anew; after `close` it raises `ClosedError`.
        """
        with self._lock:
            if self._jobs >= self._recycle or self._knows != setup:
                self.stop()
            process = self._process or self._start(setup)
            self._jobs += 1
            end = time.monotonic() + self._wall
            try:
                _write(process, pack(job), end)
                _write(process, raw, end)
                return _with_parts(process, _read(process, Answer, end), job.parts, end)
            except TimeoutError as error:
                self.stop()
                raise WorkerError(f"took longer than {self._wall:g} s") from error
            except (OSError, EOFError, ValueError, msgspec.MsgspecError) as error:
                raise self._failed(f"parser crashed ({_ended(self.stop())})") from error

    def stop(self) -> int | None:
        """End the process, if there is one, and return how it ended; waits for who asks."""
        with self._lock:
            process, self._process, self._jobs = self._process, None, 0
            if process is None:
                return None
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(0.2 if process.stdin is None or process.stdin.closed else 0.02)
            process.kill()
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    stream.close()
            return process.wait()

    def close(self) -> None:
        """End the process for good, at once: who asks hears `ClosedError`."""
        self._closed.set()
        process = self._process
        if process is not None:
            process.kill()
        self.stop()

    def _failed(self, reason: str) -> WorkerError:
        return ClosedError("the platform stops") if self._closed.is_set() else WorkerError(reason)

    def _start(self, setup: Setup) -> subprocess.Popen[bytes]:
        if self._closed.is_set():
            raise ClosedError("the platform stops")
        try:
            process = subprocess.Popen(  # noqa: S603 - our own program
                [sys.executable, "-I", "-m", "safecare.sources.files.worker", str(os.getpid())],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={"LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1", "OPENBLAS_NUM_THREADS": "1"},
                start_new_session=True,
                bufsize=0,
            )
        except OSError as error:  # no more processes, no memory, no right
            raise self._failed(f"its process did not start ({error.strerror})") from error
        self._process, self._jobs, self._knows = process, 0, setup
        if self._closed.is_set():  # `close` may have looked before there was a process to kill
            process.kill()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                os.set_blocking(stream.fileno(), False)
        try:
            end = time.monotonic() + START_SECONDS
            _write(process, pack(setup), end)
            self.layers = _read(process, Hello, end).layers
        except (OSError, EOFError, msgspec.MsgspecError) as error:
            self.stop()
            raise self._failed("its process did not start") from error
        return process


def _write(process: subprocess.Popen[bytes], raw: bytes, end: float) -> None:
    if process.stdin is None:
        raise BrokenPipeError("no input")
    file, view = process.stdin.fileno(), memoryview(raw)
    while view:
        try:
            view = view[os.write(file, view) :]
        except BlockingIOError:
            _wait(file, selectors.EVENT_WRITE, end)


def _with_parts(process: subprocess.Popen[bytes], answer: Answer, most: int, end: float) -> Answer:
    """Read the bytes that follow `answer`. Raises `OSError` where it announces more than `most`."""
    if sum(size for _, size in answer.parts) > most or any(size < 0 for _, size in answer.parts):
        raise OSError("more parts than were wanted")
    parts = tuple((path, _exactly(process, size, end)) for path, size in answer.parts)
    return msgspec.structs.replace(answer, unpacked=parts) if parts else answer


def _read(process: subprocess.Popen[bytes], kind: type[T], end: float) -> T:
    size = LENGTH.unpack(_exactly(process, LENGTH.size, end))[0]
    if size > MAX_ANSWER:
        raise OSError(f"an answer of {size} bytes")
    return msgspec.msgpack.decode(_exactly(process, size, end), type=laid_out(kind))


def _exactly(process: subprocess.Popen[bytes], size: int, end: float) -> bytes:
    if process.stdout is None:
        raise BrokenPipeError("no output")
    file, out = process.stdout.fileno(), bytearray()
    while len(out) < size:
        try:
            block = os.read(file, size - len(out))
        except BlockingIOError:
            _wait(file, selectors.EVENT_READ, end)
            continue
        if not block:
            raise EOFError
        out += block
    return bytes(out)


def _wait(file: int, event: int, end: float) -> None:
    with selectors.PollSelector() as selector:
        selector.register(file, event)
        if not selector.select(max(0.0, end - time.monotonic())):
            raise TimeoutError


def _ended(code: int | None) -> str:
    if code is None:
        return "unknown"
    return f"signal {-code}" if code < 0 else f"exit {code}"
