"""A folder of captures: each is read in a confined process of its own, published, and put away."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path

from safecare.formats.packets.bpf import Filter, FilterError, filtered
from safecare.formats.packets.dissect import Dissector
from safecare.formats.packets.file import CaptureError, Reading, read_frames
from safecare.model.event import Event
from safecare.sources.api import Intake, UnreadableError, source
from safecare.sources.capture.events import Told
from safecare.sources.capture.reader import answers, carved, placed, readings
from safecare.sources.capture.worker import Carved, Failed, Over, Seen, Valued, unpack
from safecare.sources.files.frames import WorkerDiedError
from safecare.sources.files.gate import Gate
from safecare.sources.files.judging import Judging
from safecare.sources.upload import BAD, DONE, UploadFolder, open_regular, shown
from safecare.sources.uploads import each_file, head, tried_twice

SUFFIXES = frozenset({".pcap", ".pcapng", ".cap", ".gz", ".zst", ".xz", ".bz2"})
"""Captures, and packed ones (``eth1.pcap.gz``)."""
KEPT = 32 << 20
"""Bytes of a bad capture that the reject store gets (chosen); the folder ``bad`` keeps the whole file."""

UNREAD = frozenset({"header cut off", "lying length", "not IP", "other protocol over IP"})
"""Reasons for which a whole packet is passed over."""


@source("capture")
@dataclass
class CaptureFolder:
    """Watches one folder.

    `folder`: where sensors put captures (``.pcap``, ``.pcapng``, also packed). `settle`: seconds for which a file must
    not change before it counts as complete. `overtime`: seconds after which a capture is given up. `filter`: packets
    that count, in tcpdump's language, for example ``not port 443``; all without.
    """

    door: str
    folder: Path
    settle: float = 1.0
    overtime: float = 900.0
    judging: Judging | None = None
    filter: str = ""

    async def run(self, intake: Intake) -> None:
        """Read what comes until cancelled."""
        upload = UploadFolder(self.folder, self.settle, SUFFIXES)
        if self.filter:
            try:
                Filter(self.filter)
            except FilterError as error:
                intake.report(self.door, "failed", str(error))
                return
        gate = Gate(self.door, "observe", self.judging, workers=1)
        try:
            await each_file(upload, self.door, intake, lambda path: self._read(path, upload, gate, intake))
        finally:
            await gate.close()

    def decode(self, raw: bytes, context: Mapping[str, str], intake: Intake) -> Iterable[Event]:
        """Read a whole capture. Raises `UnreadableError`."""
        dissector, told, name = Dissector(), Told(intake.hospital, self.door), context.get("name", "capture")
        seen = intake.clock.now()
        sieve = Filter(self.filter) if self.filter else None
        try:
            found = [one for frames in filtered(read_frames(raw, Reading()), sieve) for one in dissector.feed(frames)]
        except CaptureError as error:
            raise UnreadableError(error.reason, error.place) from error
        return [event for one in [*found, *dissector.finish()] for event in told.events(one, name, seen)]

    async def _read(self, path: Path, upload: UploadFolder, gate: Gate, intake: Intake) -> None:
        try:
            reason, place = await tried_twice(lambda: self._once(path, gate, intake))
        except WorkerDiedError as error:
            reason, place = str(error), "file"
        if reason:
            raw = await asyncio.to_thread(head, path, KEPT)
            await intake.reject(self.door, raw, reason, place, {"name": shown(path)})
        await asyncio.to_thread(upload.put_away, path, BAD if reason else DONE)
        intake.report(self.door, "ok", shown(path))

    async def _once(self, path: Path, gate: Gate, intake: Intake) -> tuple[str, str]:
        """Publish what stands in the file; return reason and place if it could not be read to its end.

        Raises `WorkerDiedError`. What is published twice because of a second try is stored once.
        """
        status = await asyncio.to_thread(path.stat)
        number, reason, place = 0, "", ""
        file = f"{self.door}\x1f{status.st_ino}\x1f{status.st_mtime_ns}"
        with open_regular(path) as capture:
            said = answers(capture, self.door, shown(path), "file", self.overtime, self.filter)
            async with aclosing(said):
                async for answer in said:
                    match answer:
                        case Seen(events=raw):
                            seen = intake.clock.now()
                            events = [placed(unpack(one), intake.hospital, seen) for one in raw]
                            await intake.publish(events, key=f"{file}\x1f{number}")
                            number += len(events)
                        case Valued(values=heard):
                            found = readings(heard, self.door, intake)
                            await intake.publish(found, key=f"{file}\x1f{number}")
                            number += len(found)
                        case Carved():
                            await carved(answer, gate, intake)
                        case Failed(reason=reason, place=place):
                            pass
                        case Over():
                            reason, place = _verdict(answer)
        return reason, place


def _verdict(over: Over) -> tuple[str, str]:
    """Return why a capture is told as bad: it breaks off, or no packet of it could be read."""
    if over.broken:
        return over.broken, f"packet {over.packets}"
    unread = {reason: count for reason, count in over.skipped.items() if reason in UNREAD}
    if over.packets and sum(unread.values()) == over.packets:
        return f"none of its packets could be read: {', '.join(sorted(unread))}", "packet 1"
    return "", ""
