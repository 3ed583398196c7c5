"""A folder of captures: each is read in a confined process of its own, published, and put away."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from safecare.exchange.log import LogFullError
from safecare.formats.capture import CaptureError, Conversation, Ended, read_capture
from safecare.model.event import Event
from safecare.model.events.network import ConnectionSeen
from safecare.sources.api import Intake, UnreadableError, source
from safecare.sources.capture.worker import LENGTH, Answer, Failed, Found
from safecare.sources.upload import BAD, DONE, UploadFolder, open_regular, shown

SUFFIXES = frozenset({".pcap", ".pcapng", ".cap"})
KEPT = 32 << 20
"""Bytes of a bad capture that the reject store gets (chosen); the folder ``bad`` keeps the whole file."""


class WorkerDiedError(RuntimeError):
    """The worker ended before it had answered."""


@source("capture", needs=("dpkt",))
@dataclass
class CaptureFolder:
    """Watches one folder.

    `folder`: where sensors put captures (``.pcap``, ``.pcapng``). `settle`: seconds for which a file must not
    change before it counts as complete. `overtime`: seconds after which a capture is given up.
    """

    door: str
    folder: Path
    settle: float = 1.0
    overtime: float = 900.0

    async def run(self, intake: Intake) -> None:
        """Read what comes until cancelled."""
        upload = UploadFolder(self.folder, self.settle, SUFFIXES)
        loop = asyncio.get_running_loop()
        intake.report(self.door, "ok", str(self.folder))
        while True:
            for path in await asyncio.to_thread(upload.complete, loop.time()):
                try:
                    await self._read(path, upload, intake)
                except LogFullError:
                    intake.report(self.door, "failed", "no room: captures wait in the folder")
                    break
                except OSError as error:  # one file that can't be read or moved does not keep the others waiting
                    upload.leave(path)
                    intake.report(self.door, "failed", f"{shown(path)}: {error.strerror}")
            await asyncio.sleep(max(0.1, self.settle / 2))

    def decode(self, raw: bytes, context: Mapping[str, str], intake: Intake) -> Iterable[Event]:
        """Read a whole capture. Raises `UnreadableError`."""
        try:
            found = list(read_capture(raw))
        except CaptureError as error:
            raise UnreadableError(error.reason, error.place) from error
        talks = [one for one in found if isinstance(one, Conversation)]
        return list(self._events(talks, context.get("name", "capture"), 0, intake))

    async def _read(self, path: Path, upload: UploadFolder, intake: Intake) -> None:
        try:
            try:
                reason, place = await self._once(path, intake)
            except WorkerDiedError:
                reason, place = await self._once(path, intake)
        except WorkerDiedError as error:
            reason, place = str(error), "file"
        if reason:
            raw = await asyncio.to_thread(_head, path)
            await intake.reject(self.door, raw, reason, place, {"name": shown(path)})
        await asyncio.to_thread(upload.put_away, path, BAD if reason else DONE)
        intake.report(self.door, "ok", shown(path))

    async def _once(self, path: Path, intake: Intake) -> tuple[str, str]:
        """Publish what stands in the file; return reason and place if it could not be read to its end.

        Raises `WorkerDiedError`. What is published twice because of a second try is stored once.
        """
        status = await asyncio.to_thread(path.stat)
        number, reason, place = 0, "", ""
        async for answer in self._answers(path):
            match answer:
                case Found(conversations=talks):
                    events = list(self._events(talks, shown(path), number, intake))
                    await intake.publish(
                        events, key=f"{self.door}\x1f{status.st_ino}\x1f{status.st_mtime_ns}\x1f{number}"
                    )
                    number += len(talks)
                case Failed(reason=reason, place=place):
                    pass
                case _:
                    reason, place = _verdict(answer.ended)
        return reason, place

    async def _answers(self, path: Path) -> AsyncIterator[Answer]:
        with open_regular(path) as capture:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-I",
                "-m",
                "safecare.sources.capture.worker",
                str(os.getpid()),
                stdin=capture,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                env={"LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"},
            )
        finished = False
        try:
            async with asyncio.timeout(self.overtime):
                while not finished:
                    answer = await _receive(process)
                    finished = not isinstance(answer, Found)
                    yield answer
        except (asyncio.IncompleteReadError, msgspec.DecodeError, TimeoutError) as error:
            raise WorkerDiedError(f"the process that read it ended: {type(error).__name__}") from error
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()

    def _events(self, talks: Iterable[Conversation], name: str, number: int, intake: Intake) -> Iterator[Event]:
        seen = intake.clock.now()
        for place, talk in enumerate(talks, number):
            asset = intake.hospital.at_address("ip", talk.src_ip) or intake.hospital.at_address("ip", talk.dst_ip)
            yield ConnectionSeen(
                id=Event.id_for(talk.first, self.door, f"{name}\x1f{place}\x1f{talk.src_port}\x1f{talk.dst_port}"),
                at=talk.first,
                seen=seen,
                source=self.door,
                site=asset.site if asset else intake.hospital.sites[0].id,
                asset=asset.id if asset else None,
                zone=asset.zone if asset else None,
                src_ip=talk.src_ip,
                dst_ip=talk.dst_ip,
                src_port=talk.src_port,
                dst_port=talk.dst_port,
                protocol=talk.protocol,
                outcome=talk.outcome,
                bytes_out=talk.bytes_out,
                bytes_in=talk.bytes_in,
            )


async def _receive(process: asyncio.subprocess.Process) -> Answer:
    if process.stdout is None:
        raise asyncio.IncompleteReadError(b"", LENGTH.size)
    size = LENGTH.unpack(await process.stdout.readexactly(LENGTH.size))[0]
    kinds: Any = Answer
    answer: Answer = msgspec.msgpack.decode(await process.stdout.readexactly(size), type=kinds)
    return answer


def _verdict(ended: Ended) -> tuple[str, str]:
    """Return why a capture is told as bad: it breaks off, or no packet of it could be read."""
    if ended.broken:
        return ended.broken, f"packet {ended.packets}"
    if ended.packets and sum(ended.skipped.values()) == ended.packets:
        return f"none of its packets could be read: {', '.join(sorted(ended.skipped))}", "packet 1"
    return "", ""


def _head(path: Path) -> bytes:
    with open_regular(path) as file:
        return file.read(KEPT)
