"""A folder of log files (EVTX, JSON, syslog, CEF, Zeek): each is read in a confined process and published."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Iterable, Iterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path

from safecare.formats.logs.files import read_log
from safecare.formats.logs.record import LogRecord, Unread
from safecare.model.event import Event
from safecare.sources.api import Intake, UnreadableError, source
from safecare.sources.files.frames import WorkerDiedError, answers
from safecare.sources.logs.events import event_of
from safecare.sources.logs.worker import Answer, Found, Over
from safecare.sources.upload import BAD, DONE, UploadFolder, open_regular, shown
from safecare.sources.uploads import each_file, head, tried_twice

SUFFIXES = frozenset({".evtx", ".json", ".jsonl", ".ndjson", ".log", ".gz", ".txt"})
KEPT = 8 << 20
"""Bytes of a bad file that the reject store gets (chosen); the folder ``bad`` keeps the whole file."""
REJECTS = 100
"""Most unreadable parts of one file that are kept one by one (chosen: whoever sends noise does not fill the store)."""


@source("log-folder", needs=("evtx",))
@dataclass
class LogFolder:
    """Watches one folder.

    `folder`: where collectors put files. `settle`: seconds for which a file must not change before it counts as
    complete. `overtime`: seconds after which a file is given up.
    """

    door: str
    folder: Path
    settle: float = 1.0
    overtime: float = 900.0

    async def run(self, intake: Intake) -> None:
        """Read what comes until cancelled."""
        upload = UploadFolder(self.folder, self.settle, SUFFIXES)
        await each_file(upload, self.door, intake, lambda path: self._read(path, upload, intake))

    def decode(self, raw: bytes, context: Mapping[str, str], intake: Intake) -> Iterable[Event]:
        """Read a part of a file, or a whole one. Raises `UnreadableError` for the first part that can't be read."""
        reads = list(read_log(io.BytesIO(raw), intake.clock.now()))
        for one in reads:
            if isinstance(one, Unread):
                raise UnreadableError(one.reason, one.place)
        records = [one for one in reads if isinstance(one, LogRecord)]
        return list(self._events(records, context.get("name", "file"), 0, intake))

    async def _read(self, path: Path, upload: UploadFolder, intake: Intake) -> None:
        try:
            whole = await tried_twice(lambda: self._once(path, intake))
        except WorkerDiedError as error:
            whole = False
            raw = await asyncio.to_thread(head, path, KEPT)
            await intake.reject(self.door, raw, str(error), "file", {"name": shown(path)})
        await asyncio.to_thread(upload.put_away, path, DONE if whole else BAD)
        intake.report(self.door, "ok", shown(path))

    async def _once(self, path: Path, intake: Intake) -> bool:
        """Publish what stands in the file; tell whether anything in it could be read. Raises `WorkerDiedError`.

        What is published twice because of a second try is stored once.
        """
        status = await asyncio.to_thread(path.stat)
        number = refused = 0
        with open_regular(path) as file:
            said = answers("safecare.sources.logs.worker", file, kinds=Answer, last=(Over,), overtime=self.overtime)
            async with aclosing(said):
                async for answer in said:
                    if isinstance(answer, Found):
                        events = list(self._events(answer.records, shown(path), number, intake))
                        key = f"{self.door}\x1f{status.st_ino}\x1f{status.st_mtime_ns}\x1f{number}"
                        await intake.publish(events, key=key)
                        number += len(answer.records)
                        for one in answer.unread[: max(0, REJECTS - refused)]:
                            await intake.reject(self.door, one.raw, one.reason, f"{shown(path)}: {one.place}")
                        refused += len(answer.unread)
        if refused > REJECTS:
            intake.report(self.door, "failed", f"{shown(path)}: {refused} parts can't be read")
        return bool(number) or not refused

    def _events(self, records: Iterable[LogRecord], name: str, number: int, intake: Intake) -> Iterator[Event]:
        seen = intake.clock.now()
        for place, record in enumerate(records, number):
            yield event_of(record, intake.hospital, self.door, seen, f"{name}\x1f{place}\x1f{record.number}")
