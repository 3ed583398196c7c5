"""A file or socket handed to a confined process that answers in frames: 4 bytes of length, then MessagePack."""

from __future__ import annotations

import asyncio
import os
import struct
import sys
from collections.abc import AsyncGenerator
from typing import IO, Any, BinaryIO

import msgspec

from safecare.model.layout import laid_out

LENGTH = struct.Struct(">I")


class WorkerDiedError(RuntimeError):
    """The worker ended before it had answered."""


def send(stream: BinaryIO, answer: msgspec.Struct) -> None:
    """Write one answer (in the worker)."""
    raw = msgspec.msgpack.encode(answer)
    stream.write(LENGTH.pack(len(raw)) + raw)
    stream.flush()


async def answers(
    module: str, given: IO[bytes] | int, *words: str, kinds: Any, last: tuple[type, ...], overtime: float | None
) -> AsyncGenerator[Any, None]:
    """Yield what the worker `module` answers to what it is `given` open, up to the first answer of the types `last`.

    `words`: further arguments. `kinds`: union of the answers. `overtime`: seconds after which it is given up; None
    where there is no end. Close it (`contextlib.aclosing`), and the worker ends. Raises `WorkerDiedError`.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-I",
        "-m",
        module,
        *(str(os.getpid()), *words),
        stdin=given,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={"LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"},
    )
    finished = False
    try:
        async with asyncio.timeout(overtime):
            while not finished:
                answer = await _receive(process, kinds)
                finished = isinstance(answer, last)
                yield answer
    except (asyncio.IncompleteReadError, msgspec.DecodeError, TimeoutError) as error:
        raise WorkerDiedError(f"the process that read it ended: {type(error).__name__}") from error
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()  # to its pipe's end: what is left of it must not outlive the loop


async def _receive(process: asyncio.subprocess.Process, kinds: Any) -> Any:
    if process.stdout is None:
        raise asyncio.IncompleteReadError(b"", LENGTH.size)
    size = LENGTH.unpack(await process.stdout.readexactly(LENGTH.size))[0]
    return msgspec.msgpack.decode(await process.stdout.readexactly(size), type=laid_out(kinds))
