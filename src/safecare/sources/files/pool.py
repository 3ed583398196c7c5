"""Judging files in warm confined processes, several at a time, with the results in the order of the files.

A process that dies or takes too long is replaced and the file tried once more; then its verdict is "unreadable".
Nothing foreign is parsed here: this side reads bytes, hashes them, and waits with a clock in its hand.
"""

from __future__ import annotations

import hashlib
import os
import queue
import selectors
import subprocess
import sys
import time
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

import msgspec

from safecare.examine.api import Finding, Verdict, Verdicts
from safecare.model.text import Text, say
from safecare.sources.files.process import START_SECONDS, WorkerError
from safecare.sources.files.wire import LENGTH, MAX_ANSWER, Answer, Hello, Job, pack

T = TypeVar("T")
W = TypeVar("W")
WORKERS = 2
"""Processes at a time. Chosen: the cores of the smallest machine."""
WALL = 20.0
"""Seconds that one file may take. Chosen: as the mail examiner; the processor time limit ends sooner."""
RECYCLE = 1000
"""Files after which a process is replaced: what a library leaks stays small. Chosen."""
AHEAD = 16
"""Files under way or done out of order. Chosen: bounds memory while one slow file is waited for."""
CACHED = 20_000
"""Verdicts remembered by hash. Chosen: about 20 MB."""
MAX_FILE = 256 * 1024 * 1024
"""Largest file (bytes) that is judged: a worker holds it, and what it unpacks, in 1 GiB. Chosen."""
TRIES = 2
"""Attempts at one file: the second tells a hostile file from a process that was killed for another reason."""


class Worker:
    """One confined process that is asked with a time limit. For one thread at a time."""

    def __init__(self, wall: float = WALL, recycle: int = RECYCLE) -> None:
        """Take the time limit of one job (s) and the number of jobs after which the process is replaced."""
        self._wall, self._recycle = wall, recycle
        self._process: subprocess.Popen[bytes] | None = None
        self._jobs = 0
        self.layers: tuple[str, ...] = ()

    def ask(self, job: Job, raw: bytes) -> Answer:
        """Have `job` done on `raw`. Raises `WorkerError`; the process is gone then and the next call starts anew."""
        if self._jobs >= self._recycle:
            self.stop()
        process = self._process or self._start()
        self._jobs += 1
        end = time.monotonic() + self._wall
        try:
            _write(process, pack(job), end)
            _write(process, raw, end)
            return _read(process, Answer, end)
        except TimeoutError as error:
            self.stop()
            raise WorkerError(f"took longer than {self._wall:g} s") from error
        except (OSError, EOFError, msgspec.MsgspecError) as error:
            self.stop()
            raise WorkerError("parser crashed") from error

    def stop(self) -> None:
        """End the process, if there is one."""
        process, self._process, self._jobs = self._process, None, 0
        if process is not None:
            process.kill()
            process.communicate()

    def _start(self) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-I", "-m", "safecare.sources.files.worker", str(os.getpid())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={"LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"},
            start_new_session=True,
            bufsize=0,
        )
        self._process, self._jobs = process, 0
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                os.set_blocking(stream.fileno(), False)
        try:
            self.layers = _read(process, Hello, time.monotonic() + START_SECONDS).layers
        except (OSError, EOFError, msgspec.MsgspecError) as error:
            self.stop()
            raise WorkerError("its process did not start") from error
        return process


class Pool:
    """Several workers, a thread for each, and a memory of verdicts by hash."""

    def __init__(self, own: tuple[str, ...] = (), *, workers: int = WORKERS, wall: float = WALL) -> None:
        """Take the mail domains of the hospital, the number of processes, and the time limit of one file (s)."""
        self._own = own
        self._free: queue.SimpleQueue[Worker] = queue.SimpleQueue()
        self._all = [Worker(wall) for _ in range(workers)]
        for one in self._all:
            self._free.put(one)
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="judge")
        self._known: OrderedDict[tuple[str, str], Verdict] = OrderedDict()

    @property
    def layers(self) -> tuple[str, ...]:
        """Layers of confinement that the last process proved to be active."""
        return self._all[0].layers

    def judge(self, raw: bytes, name: str = "", media: str = "") -> Verdict:
        """Return the verdict on `raw`. Never raises for what the bytes hold; may be called from any thread."""
        digest = hashlib.sha256(raw).hexdigest()
        known = self._known.get((digest, name))
        if known is not None:
            return known
        worker = self._free.get()
        try:
            found = self._ask(worker, Job(len(raw), name, media, self._own), raw, digest)
        finally:
            self._free.put(worker)
        self._known[digest, name] = found
        while len(self._known) > CACHED:
            self._known.popitem(last=False)
        return found

    def each(self, files: Iterable[W]) -> Iterator[tuple[W, Verdict | OSError]]:
        """Yield (file, verdict or why it can't be read) in the order of `files`: paths, or what `read` takes."""
        waiting: OrderedDict[int, tuple[W, Future[Verdict | OSError]]] = OrderedDict()
        for number, file in enumerate(files):
            waiting[number] = (file, self._threads.submit(self._file, file))
            if len(waiting) >= AHEAD:
                _, (first, future) = waiting.popitem(last=False)
                yield first, future.result()
        for first, future in waiting.values():
            yield first, future.result()

    def close(self) -> None:
        """End threads and processes."""
        self._threads.shutdown(cancel_futures=True)
        for one in self._all:
            one.stop()

    def _file(self, file: object) -> Verdict | OSError:
        try:
            with open(str(file), "rb") as stream:  # noqa: PTH123 - a path may be a pipe
                raw = stream.read(MAX_FILE + 1)
        except OSError as error:
            return error
        if len(raw) > MAX_FILE:
            return OSError(f"larger than {MAX_FILE} bytes")
        return self.judge(raw, os.path.basename(str(file)))  # noqa: PTH119

    @staticmethod
    def _ask(worker: Worker, job: Job, raw: bytes, digest: str) -> Verdict:
        reason = ""
        for _ in range(TRIES):
            try:
                answer = worker.ask(job, raw)
            except WorkerError as error:
                reason = str(error)
                continue
            if answer.verdict is not None:
                return answer.verdict
            reason = answer.error
            break
        return unreadable(digest, say("The file cannot be examined: {reason}.", reason=reason))


def unreadable(digest: str, why: Text) -> Verdict:
    """Return the verdict on a file that stopped its examiner."""
    finding = Finding("engine.stopped", why, unreadable=True)
    return Verdict(digest, "data", Verdicts.UNREADABLE, 0.0, (finding,))


def _write(process: subprocess.Popen[bytes], raw: bytes, end: float) -> None:
    if process.stdin is None:
        raise BrokenPipeError("no input")
    file, view = process.stdin.fileno(), memoryview(raw)
    while view:
        try:
            view = view[os.write(file, view) :]
        except BlockingIOError:
            _wait(file, selectors.EVENT_WRITE, end)


def _read(process: subprocess.Popen[bytes], kind: type[T], end: float) -> T:
    size = LENGTH.unpack(_exactly(process, LENGTH.size, end))[0]
    if size > MAX_ANSWER:
        raise OSError(f"an answer of {size} bytes")
    return msgspec.msgpack.decode(_exactly(process, size, end), type=kind)


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
