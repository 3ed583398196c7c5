"""The platform's side of the confined worker: starts it, hears its answers, and gives its events their place."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from datetime import datetime
from typing import IO, Any

import msgspec

from safecare.model.event import Event
from safecare.model.events.network import CommandSeen, IdentitySeen
from safecare.model.hospital import Hospital
from safecare.sources.api import Intake
from safecare.sources.capture.worker import LENGTH, Answer, Carved, Seen
from safecare.sources.files.gate import Gate, Sender


class WorkerDiedError(RuntimeError):
    """The worker ended before it had answered."""


async def answers(
    packets: IO[bytes] | int, door: str, name: str, kind: str, overtime: float | None
) -> AsyncIterator[Answer]:
    """Start a worker over an open capture or socket and yield what it says. Raises `WorkerDiedError`."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-I",
        "-m",
        "safecare.sources.capture.worker",
        *(str(os.getpid()), door, name, kind),
        stdin=packets,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={"LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"},
    )
    finished = False
    try:
        async with asyncio.timeout(overtime):
            while not finished:
                answer = await _receive(process)
                finished = kind == "file" and not isinstance(answer, Seen)
                yield answer
    except (asyncio.IncompleteReadError, msgspec.DecodeError, TimeoutError) as error:
        raise WorkerDiedError(f"the process that read it ended: {type(error).__name__}") from error
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _receive(process: asyncio.subprocess.Process) -> Answer:
    if process.stdout is None:
        raise asyncio.IncompleteReadError(b"", LENGTH.size)
    size = LENGTH.unpack(await process.stdout.readexactly(LENGTH.size))[0]
    kinds: Any = Answer
    answer: Answer = msgspec.msgpack.decode(await process.stdout.readexactly(size), type=kinds)
    return answer


async def carved(file: Carved, gate: Gate, intake: Intake) -> None:
    """Have a file judged that the packets carried; it is long at its target, so that it can only be told."""
    sender = Sender(file.source, intake.hospital.at_address("ip", file.source))
    await gate.admit(file.raw, file.media, sender, intake)


def placed(event: Event, hospital: Hospital, seen: datetime) -> Event:
    """Return an event of the worker with the asset and zone that it is about, and when we got it."""
    if isinstance(event, CommandSeen):
        addresses = [event.dst_ip, event.src_ip]
    elif isinstance(event, IdentitySeen):
        addresses = [event.ip]
    else:
        addresses = [getattr(event, "src_ip", ""), getattr(event, "dst_ip", "")]
    asset = next((one for ip in addresses if (one := hospital.at_address("ip", ip))), None)
    return msgspec.structs.replace(
        event,
        seen=seen,
        site=asset.site if asset else hospital.sites[0].id,
        asset=asset.id if asset else None,
        zone=asset.zone if asset else None,
    )
