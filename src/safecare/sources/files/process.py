"""The examiner's hold on its worker: start, ask with a time limit, kill, stop when idle."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from typing import TypeVar

import msgspec

from safecare.sources.files.wire import LENGTH, MAX_ANSWER, Answer, Hello, Job, pack

T = TypeVar("T")
START_SECONDS = 30.0
"""Time that a worker may take to import its parsers. Measured: 0.6 s; an overloaded machine takes ten times that."""


class WorkerError(RuntimeError):
    """The worker died, was killed for taking too long, or did not speak as agreed."""


class WorkerProcess:
    """One confined process at a time. Not for use by several tasks at once."""

    def __init__(self, wall: float, recycle: int) -> None:
        """Take the time limit of one job (s) and the number of jobs after which a process is replaced."""
        self._wall, self._recycle = wall, recycle
        self._process: asyncio.subprocess.Process | None = None
        self._jobs = 0
        self.layers: tuple[str, ...] = ()
        """Layers of confinement that the last process proved to be active."""

    @property
    def pid(self) -> int | None:
        """Process id while one runs."""
        return self._process.pid if self._process else None

    async def ask(self, job: Job, raw: bytes) -> Answer:
        """Have `job` done on `raw`. Raises `WorkerError`; the process is gone then, the next call starts one."""
        if self._jobs >= self._recycle:
            await self.stop()
        process = self._process or await self._start()
        self._jobs += 1
        try:
            async with asyncio.timeout(self._wall):
                return await self._exchange(process, job, raw)
        except TimeoutError as error:
            await self.stop()
            raise WorkerError(f"took longer than {self._wall:g} s") from error
        except (OSError, asyncio.IncompleteReadError, msgspec.MsgspecError) as error:
            code = await self.stop()
            raise WorkerError(f"its process died ({_ended(code)})") from error
        except asyncio.CancelledError:
            await self.stop()
            raise

    async def stop(self) -> int | None:
        """Kill the process, if there is one, and return how it ended."""
        process, self._process, self._jobs = self._process, None, 0
        if process is None:
            return None
        if process.stdin:
            process.stdin.close()
        with contextlib.suppress(TimeoutError):
            if process.returncode is None:
                async with asyncio.timeout(0.2):  # a process that died by itself tells how; a living one is killed
                    await process.wait()
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        return await process.wait()

    async def _start(self) -> asyncio.subprocess.Process:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-I",
            "-m",
            "safecare.sources.files.worker",
            str(os.getpid()),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env={"LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"},
            start_new_session=True,
        )
        self._process, self._jobs = process, 0
        try:
            async with asyncio.timeout(START_SECONDS):
                self.layers = (await _receive(process, Hello)).layers
        except (TimeoutError, OSError, asyncio.IncompleteReadError, msgspec.MsgspecError) as error:
            await self.stop()
            raise WorkerError("its process did not start") from error
        return process

    @staticmethod
    async def _exchange(process: asyncio.subprocess.Process, job: Job, raw: bytes) -> Answer:
        if process.stdin is None:
            raise BrokenPipeError("no input")
        process.stdin.write(pack(job))
        process.stdin.write(raw)
        await process.stdin.drain()
        return await _receive(process, Answer)


async def _receive(process: asyncio.subprocess.Process, kind: type[T]) -> T:
    if process.stdout is None:
        raise BrokenPipeError("no output")
    size = LENGTH.unpack(await process.stdout.readexactly(LENGTH.size))[0]
    if size > MAX_ANSWER:
        raise OSError(f"an answer of {size} bytes")
    return msgspec.msgpack.decode(await process.stdout.readexactly(size), type=kind)


def _ended(code: int | None) -> str:
    if code is None:
        return "unknown"
    return f"signal {-code}" if code < 0 else f"exit {code}"
