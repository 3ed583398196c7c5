"""Tables of door events that a system exports into a folder: each file is read whole once it is complete."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from safecare.model.event import Event
from safecare.sources.access.rows import Rows, header_of, mapping_of
from safecare.sources.api import Intake, source
from safecare.sources.upload import BAD, DONE, UploadFolder, shown
from safecare.sources.uploads import each_file, head

SUFFIXES = frozenset({".csv", ".txt", ".json", ".jsonl", ".ndjson"})
LARGEST = 64 << 20
"""Largest file, bytes (chosen: a month of a large hospital's door events)."""
BATCH = 1000
"""Events published at once (chosen: one batch of the log)."""
REJECTS = 100
"""Most unreadable rows of one file that are kept one by one (chosen); the folder ``bad`` keeps a file of which none
could be read."""


@source("access-folder")
@dataclass
class AccessFolder:
    """Watches one folder.

    `folder`: where the system puts its exports. `mapping`: a file (relative to the data folder), or the name of one
    that comes with the platform. `settle`: seconds for which a file must not change before it counts as complete.
    """

    door: str
    folder: Path
    mapping: str = "generic"
    settle: float = 1.0
    data: Path = Path()

    def __post_init__(self) -> None:
        """Read the mapping. Raises `ValueError` for one that can't be used."""
        self._rows = Rows(mapping_of(self.mapping, self.data), self.door)

    async def run(self, intake: Intake) -> None:
        """Read what comes until cancelled."""
        upload = UploadFolder(self.folder, self.settle, SUFFIXES)
        await each_file(upload, self.door, intake, lambda path: self._read(path, upload, intake))

    def decode(self, raw: bytes, context: Mapping[str, str], intake: Intake) -> Iterable[Event]:
        """Read a rejected row again; `context`: its table's header. Raises `UnreadableError`."""
        return self._rows.one(raw, context, intake)

    async def _read(self, path: Path, upload: UploadFolder, intake: Intake) -> None:
        raw = await asyncio.to_thread(head, path, LARGEST + 1)
        if len(raw) > LARGEST:
            await intake.reject(self.door, raw[:BATCH], f"larger than {LARGEST} bytes", shown(path))
            await asyncio.to_thread(upload.put_away, path, BAD)
            return
        status = await asyncio.to_thread(path.stat)
        events, unread = await asyncio.to_thread(self._rows.read, raw, intake)
        for at in range(0, len(events), BATCH):
            key = f"{self.door}\x1f{status.st_ino}\x1f{status.st_mtime_ns}\x1f{at}"
            await intake.publish(events[at : at + BATCH], key=key)
        context = {"header": header_of(raw, self._rows.mapping)}
        for one in unread[:REJECTS]:
            await intake.reject(self.door, one.raw, one.reason, f"{shown(path)}: line {one.line}", context)
        bad = bool(unread) and not events
        await asyncio.to_thread(upload.put_away, path, BAD if bad else DONE)
        if bad or len(unread) > REJECTS:
            intake.report(self.door, "failed", f"{shown(path)}: {len(unread)} rows can't be read")
        else:
            intake.report(self.door, "ok", f"{shown(path)}: {len(events)} events, {len(unread)} rows unreadable")
