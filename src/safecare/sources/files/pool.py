"""Judging files in warm confined processes, several at a time, with the results in the order of the files.

A process that dies or takes too long is replaced and the file tried once more; then its verdict is "unreadable".
Nothing foreign is parsed here: this side reads bytes, hashes them, and waits with a clock in its hand.
"""

from __future__ import annotations

import errno
import hashlib
import os
import queue
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

import msgspec

from safecare.examine.api import Finding, Verdict, Verdicts
from safecare.examine.verdict import verdict
from safecare.model.text import Text, say
from safecare.sources.files.judging import Judging
from safecare.sources.files.process import ClosedError, Worker, WorkerError
from safecare.sources.files.reading import submitted
from safecare.sources.files.wire import Answer, Job, Setup

W = TypeVar("W")
WORKERS = 2
"""Processes at a time. Chosen: the cores of the smallest machine."""
WALL = 20.0
"""Seconds that one file may take. Chosen: as the mail examiner; the processor time limit ends sooner."""
RECYCLE = 1000
"""Files after which a process is replaced: what a library leaks stays small. Chosen."""
AHEAD = 16
"""Files under way or done out of order. Chosen: bounds memory while one slow file is waited for."""
TRIES = 2
"""Attempts at one file: the second tells a hostile file from a process that was killed for another reason."""


class Pool:
    """Several workers, and a thread for each."""

    def __init__(self, judging: Judging | None = None, *, workers: int = WORKERS, wall: float = WALL) -> None:
        """Take how files are judged, the number of processes, and the time limit of one file (s)."""
        self._judging = judging or Judging()
        self._free: queue.SimpleQueue[Worker] = queue.SimpleQueue()
        self._all = [Worker(wall, RECYCLE) for _ in range(workers)]
        for one in self._all:
            self._free.put(one)
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="judge")

    @property
    def layers(self) -> tuple[str, ...]:
        """Layers of confinement that the last process proved to be active."""
        return self._all[0].layers

    def judge(self, raw: bytes, name: str = "", media: str = "", spf: str = "") -> Verdict:
        """Return the verdict on `raw`. Never raises for what the bytes hold; may be called from any thread.

        `spf`: what the door found of a mail's sender. Raises `ClosedError` after `close`.
        """
        digest, setup = hashlib.sha256(raw).hexdigest(), self._judging.setup
        name = os.fsencode(name).decode("utf-8", "replace")
        known = self._judging.known(digest, name, media, setup)
        if known is not None:
            return self._judging.second(raw, known)
        worker = self._free.get()
        try:
            answer = self._ask(worker, Job(len(raw), name, media, spf=spf), raw, setup)
        finally:
            self._free.put(worker)
        found = answer.verdict or _stopped(digest, answer)
        self._judging.remember(digest, name, media, setup, found, answer.unpacked)
        return self._judging.second(raw, found, answer.unpacked)

    def examine(self, raw: bytes, name: str, spf: str, at: int) -> tuple[Verdict, Answer]:
        """Return the verdict on the mail `raw`, and all that the worker answered: facts, or why there are none.

        `at`: when it came (s since 1970). Nothing is remembered. Raises `ClosedError` after `close`.
        """
        worker = self._free.get()
        try:
            job = Job(len(raw), name, "message/rfc822", facts=True, spf=spf, at=at)
            answer = self._ask(worker, job, raw, self._judging.setup)
        finally:
            self._free.put(worker)
        found = answer.verdict or _stopped(hashlib.sha256(raw).hexdigest(), answer)
        return self._judging.second(raw, found, answer.unpacked), answer

    def each(self, files: Iterable[W]) -> Iterator[tuple[W, Verdict | OSError]]:
        """Yield (file, verdict or why it can't be read) in the order of `files`: paths, slices of them, streams."""
        waiting: OrderedDict[int, tuple[W, Future[Verdict | OSError]]] = OrderedDict()
        for number, file in enumerate(files):
            waiting[number] = (file, self._threads.submit(self._file, file))
            if len(waiting) >= AHEAD:
                _, (first, future) = waiting.popitem(last=False)
                yield first, future.result()
        for first, future in waiting.values():
            yield first, future.result()

    def close(self) -> None:
        """End threads and processes at once: who waits for a verdict hears `ClosedError`."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        for one in self._all:
            one.close()

    def _file(self, file: object) -> Verdict | OSError:
        try:
            given = submitted(file)
        except OSError as error:
            return error
        except MemoryError:
            return OSError(errno.ENOMEM, os.strerror(errno.ENOMEM))
        found = self.judge(given.raw, given.name)
        return _moved(found) if given.changed else found

    def _ask(self, worker: Worker, job: Job, raw: bytes, setup: Setup) -> Answer:
        reason = ""
        for _ in range(TRIES):
            try:
                answer = self._judging.answer(worker, job, raw, setup)
            except ClosedError:
                raise
            except WorkerError as error:
                reason = str(error)
                continue
            return answer
        return Answer(error=reason, stopped=True)


def _moved(found: Verdict) -> Verdict:
    """Return `found` on what was read of a file that changed meanwhile: nobody can call the file clean."""
    why = say("The file changed while it was read; what was read of it is judged.")
    findings = (*found.findings, Finding("file.changed", why, unreadable=True))
    return msgspec.structs.replace(found, verdict=verdict(found.score, findings), findings=findings)


def _stopped(digest: str, answer: Answer) -> Verdict:
    return unreadable(digest, say("The file cannot be examined: {reason}.", reason=answer.error))


def unreadable(digest: str, why: Text) -> Verdict:
    """Return the verdict on a file that stopped its examiner."""
    finding = Finding("engine.stopped", why, unreadable=True)
    return Verdict(digest, "data", Verdicts.UNREADABLE, 0.0, (finding,))
