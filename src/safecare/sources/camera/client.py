"""The main process's side of a camera worker: starts it on demand, reads its answers, ends it on overtime."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import sys
from asyncio import StreamReader, StreamWriter
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncGenerator, AsyncIterator
from pathlib import Path
from typing import BinaryIO

from safecare.sources.camera.messages import (
    Cut,
    Done,
    Failed,
    Job,
    Leave,
    LiveJob,
    Message,
    Progress,
    ProtocolError,
    Ready,
    Starved,
    file_of,
    frame,
    frame_size,
    read_message,
)
from safecare.sources.upload import open_regular

COMMAND = (sys.executable, "-m", "safecare.sources.camera.worker")
START_SECONDS = 30.0
"""Patience for the first answer of a fresh worker; measured: libraries load in 0.4 s on an idle core."""
STARVED = 10
"""Times its patience for which a worker is waited for that is ready to work and gets no processor. Chosen: on a machine
with twenty times too much to do, ending it and loading all of it again would only take more of what there is too little
of; what never answers at all is ended all the same."""
LEAST_WAIT = 0.1
"""Seconds on the queue for the processor that count as none; chosen."""
MOST_HELD = 768 * 1024 * 1024
"""Bytes of its own from which a worker is left for a new one. Chosen: half of what it can map (`worker.MEMORY`), seven
times what one holds that makes clips of 720p; two decoders of 4K with sixteen pictures each (HEVC's most): 0.4 GB."""
LEAVES = 10
"""Signs of life, one a second, within which a worker that was asked to leave its stream does so; then it is ended."""
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "2"}
"""One thread for each worker; measured: a second one raises the CPU time per picture."""
PASSED_ON = ("PATH", "PYTHONPATH", "LANG", "HOME", "SSL_CERT_FILE")
"""Environment that a worker gets; secrets of the platform stay out."""


class WorkerDiedError(RuntimeError):
    """The worker crashed, fell silent, took too long or spoke nonsense; the text says which."""


class WorkerClient:
    """One child process that does jobs one after the other; after a `WorkerDiedError` the next job starts a new one."""

    def __init__(
        self,
        *,
        network: bool = False,
        model: Path | None = None,
        pose: Path | None = None,
        special: Path | None = None,
        slow: float = 1.0,
        anchors: Path | None = None,
        most_held: int = MOST_HELD,
    ) -> None:
        """Start nothing yet. `network`: the worker may reach out for streams; `model`: card of what finds people.

        `pose`: card of what tells how somebody's body lies; `special`: card of a special model.
        `slow`: how many times slower time passes for it, for measurements. `anchors`: a file that it may read, by
        which certificates are judged. `most_held`: bytes that it may hold.
        """
        self.slow = slow
        self.most_held = most_held
        self.anchors = anchors
        self.network = network
        self.model = model
        self.pose = pose
        self.special = special
        self.finds = ""
        """Name of the model that finds people in the last worker, empty for blobs of motion."""
        self.problem = ""
        """Why the model that was asked for is not used."""
        self.layers: tuple[str, ...] = ()
        """Layers of confinement that the last worker proved to be active."""
        self._process: Process | None = None
        self._files: socket.socket | None = None
        self._leaving = 0
        """Signs of life since the worker was asked to leave its stream; 0: it was not asked."""

    @property
    def pid(self) -> int | None:
        """Process id while the worker runs."""
        return self._process.pid if self._process and self._process.returncode is None else None

    @property
    def unsent(self) -> int:
        """Bytes that wait for the worker to take them."""
        process = self._process
        return process.stdin.transport.get_write_buffer_size() if process and process.stdin else 0

    async def answers(self, job: Job, *, silence: float, overtime: float | None = None) -> AsyncIterator[Message]:
        """Do `job` and yield its answers up to `Done` or `Failed`.

        `silence`: seconds without an answer, `overtime`: seconds in all (time that the reader of this takes
        does not count) after which the worker is killed. Raises `WorkerDiedError`.
        """
        path = file_of(job)
        try:
            file = open_regular(Path(path), follow=isinstance(job, LiveJob)) if path is not None else None
        except OSError as error:
            yield Failed("lost" if isinstance(job, LiveJob) else "unreadable", error.strerror or "", "file")
            return
        with file or contextlib.nullcontext():
            async with contextlib.aclosing(self._ask(job, file, silence, overtime)) as answers:
                async for message in answers:
                    yield message

    async def _ask(
        self, job: Job, file: BinaryIO | None, silence: float, overtime: float | None
    ) -> AsyncGenerator[Message]:
        process = await self._running()
        used = 0.0
        patience = max(silence, START_SECONDS)
        finished = False
        try:
            pipes = _pipes(process)
            if file is not None:
                self._hand_over(file)
            pipes[0].write(frame(job))
            while not finished:
                left = patience if overtime is None else min(patience, overtime - used)
                asked = asyncio.get_running_loop().time()
                reading = asyncio.ensure_future(self._answer(process, pipes[1]))
                try:
                    async with contextlib.aclosing(_starving(process.pid, reading, left)) as waits:
                        async for seconds in waits:
                            yield Starved(seconds)
                finally:
                    reading.cancel()
                message = await reading
                used += asyncio.get_running_loop().time() - asked
                patience = silence
                if isinstance(message, Ready):
                    self.layers, self.finds, self.problem = message.layers, message.model, message.problem
                    continue
                if isinstance(message, Progress) and isinstance(job, LiveJob):
                    self._weigh(process)
                finished = isinstance(message, Done | Failed)
                yield message
        finally:
            if not finished or self._leaving or held(process.pid) > self.most_held:
                await self.stop()

    def _weigh(self, process: Process) -> None:
        """Ask a worker that holds too much to leave its stream, which makes what clips are due. Its next is a new one.

        Raises `WorkerDiedError` if it does not.
        """
        if not self._leaving and held(process.pid) <= self.most_held:
            return
        if not self._leaving and process.stdin is not None:
            process.stdin.write(frame(Leave()))
        self._leaving += 1
        if self._leaving > LEAVES:
            raise WorkerDiedError("the decoder took too much memory and was ended")

    def ask(self, cut: Cut) -> bool:
        """Ask for a clip of the stream that is being looked at; return whether there is somebody to ask."""
        process = self._process
        if process is None or process.returncode is not None or process.stdin is None:
            return False
        process.stdin.write(frame(cut))
        return True

    async def stop(self) -> None:
        """End the worker at once, if one runs."""
        process, self._process = self._process, None
        self._leaving = 0
        self._close_files()
        if process is None:
            return
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
        if process.stdin:
            process.stdin.close()
        with contextlib.suppress(RuntimeError):  # who waits for its answers meets the end of its pipe there
            await process.communicate()  # to the end of its pipe: what is left of it must not outlive the loop
        await process.wait()

    async def _running(self) -> Process:
        if self._process is None or self._process.returncode is not None:
            environment = {name: os.environ[name] for name in PASSED_ON if name in os.environ} | ONE_THREAD
            self._close_files()
            self._files, theirs = socket.socketpair()
            with theirs:
                command = (*COMMAND, str(theirs.fileno()), *(["network"] if self.network else []))
                if self.model is not None:
                    command = (*command, f"model={self.model}")
                if self.pose is not None:
                    command = (*command, f"pose={self.pose}")
                if self.special is not None:
                    command = (*command, f"special={self.special}")
                if self.anchors is not None:
                    command = (*command, f"anchors={self.anchors}")
                if self.slow != 1.0:
                    command = (*command, f"slow={self.slow}")
                self._process = await asyncio.create_subprocess_exec(
                    *command, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, env=environment, pass_fds=(theirs.fileno(),)
                )
        return self._process

    def _hand_over(self, file: BinaryIO) -> None:
        if self._files is None:
            raise WorkerDiedError("the decoder has no way for files")
        try:
            socket.send_fds(self._files, [b"f"], [file.fileno()])
        except OSError as error:
            raise WorkerDiedError(f"the decoder takes no file: {error.strerror}") from error

    def _close_files(self) -> None:
        files, self._files = self._files, None
        if files is not None:
            files.close()

    async def _answer(self, process: Process, answers: StreamReader) -> Message:
        try:
            head = await answers.readexactly(4)
            return read_message(await answers.readexactly(frame_size(head)))
        except asyncio.IncompleteReadError:
            await process.wait()
            raise WorkerDiedError(f"the decoder crashed ({_end(process.returncode)})") from None
        except ProtocolError as error:
            raise WorkerDiedError(f"the decoder gave no proper answer: {error}") from error


async def _starving(pid: int, reading: asyncio.Future[Message], patience: float) -> AsyncGenerator[float]:
    """Wait for `reading` for `patience` seconds, in which those do not count that `pid` waits for a processor.

    Yields the seconds waited so far whenever they are over for that reason. Raises `WorkerDiedError`.
    """
    waited, more = 0.0, max(0.0, patience)
    while True:
        before = queued(pid)
        done, _ = await asyncio.wait((reading,), timeout=more)
        if done:
            return
        waited += more
        more = min(more, queued(pid) - before, STARVED * patience - waited)
        if more < LEAST_WAIT:
            raise WorkerDiedError("the decoder took too long and was ended")
        yield waited


def queued(pid: int) -> float:
    """Return seconds for which `pid` was ready to work and had no processor (Linux: proc(5), ``schedstat``)."""
    try:
        return int(Path(f"/proc/{pid}/schedstat").read_bytes().split()[1]) / 1e9
    except (OSError, IndexError, ValueError):
        return 0.0  # it has ended, or this kernel does not tell


def held(pid: int) -> int:
    """Return the bytes that `pid` holds and shares with no file (Linux: proc(5), ``statm``)."""
    try:
        _, resident, shared, *_ = Path(f"/proc/{pid}/statm").read_bytes().split()
    except (OSError, ValueError):
        return 0  # it has ended
    return (int(resident) - int(shared)) * os.sysconf("SC_PAGE_SIZE")


def _pipes(process: Process) -> tuple[StreamWriter, StreamReader]:
    if process.stdin is None or process.stdout is None:
        raise WorkerDiedError("the decoder has no pipes")
    return process.stdin, process.stdout


def _end(code: int | None) -> str:
    return f"signal {-code}" if code is not None and code < 0 else f"exit code {code}"
