"""What doors share that read uploaded files: one after the other, whatever becomes of one of them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from safecare.exchange.log import LogFullError
from safecare.sources.api import Intake
from safecare.sources.files.frames import WorkerDiedError
from safecare.sources.upload import UploadFolder, open_regular, shown

Result = TypeVar("Result")


async def each_file(upload: UploadFolder, door: str, intake: Intake, read: Callable[[Path], Awaitable[None]]) -> None:
    """Let `read` read, and put away, what comes into the folder, until cancelled. What finds no room stays there."""
    loop = asyncio.get_running_loop()
    intake.report(door, "ok", str(upload.path))
    while True:
        for path in await asyncio.to_thread(upload.complete, loop.time()):
            try:
                await read(path)
            except LogFullError:
                intake.report(door, "failed", "no room: files wait in the folder")
                break
            except OSError as error:  # one file that can't be read or moved does not keep the others waiting
                upload.leave(path)
                intake.report(door, "failed", f"{shown(path)}: {error.strerror}")
        await asyncio.sleep(max(0.1, upload.settle / 2))


async def tried_twice(once: Callable[[], Awaitable[Result]]) -> Result:
    """Return what `once` returns; a worker's death may have another cause than the file. Raises `WorkerDiedError`."""
    try:
        return await once()
    except WorkerDiedError:
        return await once()


def head(path: Path, size: int) -> bytes:
    """Return the first `size` bytes of a file. Raises `OSError`."""
    with open_regular(path) as file:
        return file.read(size)
