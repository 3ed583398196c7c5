"""Reading rejects again: the door's own parser, the bytes that were kept, and the road as usual."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from safecare.app.doors import build_doors
from safecare.app.files import demo_hospital, hospital_of
from safecare.app.health import Doors
from safecare.app.intake import DoorIntake
from safecare.exchange.sqlite import SqliteLog
from safecare.model.clock import SystemClock
from safecare.settings import load
from safecare.sources.api import UnreadableError
from safecare.store.artifacts import Artifacts
from safecare.store.database import Database
from safecare.store.folder import DataFolder
from safecare.store.read import Reader

MOST = 100_000
"""Rejects that one replay of ``all`` takes (chosen: beyond that the cause should be looked at first)."""


class Outcome(msgspec.Struct, frozen=True):
    """What became of one reject: events published, or the reason why it still can't be read."""

    reject: str
    events: int
    reason: str = ""


def replay(data: Path, hospital: Path | None, ids: Sequence[str], door: str | None) -> Iterator[Outcome]:
    """Read the rejects called `ids` (or all) again and publish their events. Works beside a running platform.

    An event's id is made from its bytes and time, so a reject that is replayed twice gives its events once
    where the sender gave the time.
    """
    folder, clock = DataFolder(data), SystemClock()
    settings = load(folder.path)
    site = hospital_of(hospital or (Path(settings.hospital) if settings.hospital else demo_hospital()))
    reader, log = Reader(Database(folder.database)), SqliteLog(folder.log)
    artifacts = Artifacts(folder.artifacts)
    given = {"hospital": site.hospital, "log": log, "artifacts": artifacts}
    built = build_doors(site.doors, settings, given, folder.path)
    found = reader.rejects(limit=MOST, door=door) if list(ids) == ["all"] else [reader.reject(one) for one in ids]
    for name, reject in zip(ids if len(ids) == len(found) else [""] * len(found), found, strict=True):
        if reject is None:
            yield Outcome(name, 0, "no reject is called so")
            continue
        source = built.doors.get(reject.door)
        if source is None:
            yield Outcome(reject.id, 0, f"no door is called {reject.door}")
            continue
        intake = DoorIntake(
            reject.door,
            log,
            artifacts,
            Doors(clock),
            clock,
            site.hospital,
            folder.secret(),
            settings.limits.batch_events,
        )
        try:
            events = list(source.decode(artifacts.read(reject.artifact), reject.context, intake))
        except (UnreadableError, OSError) as error:
            yield Outcome(reject.id, 0, str(error))
            continue
        asyncio.run(intake.publish(events))
        yield Outcome(reject.id, len(events))
    log.close()
