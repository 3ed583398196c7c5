"""Reading rejects again: the door's own parser, the bytes that were kept, and the road as usual."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from safecare.app.doors import EXAMINER, build_doors
from safecare.app.files import demo_hospital, hospital_of
from safecare.app.health import Doors
from safecare.app.ingest import parsers
from safecare.app.intake import DoorIntake
from safecare.console.ingest import read_events
from safecare.exchange.log import Entry
from safecare.exchange.sqlite import SqliteLog
from safecare.model.clock import SystemClock
from safecare.model.topics import TOPICS, Item, Reject, decode, encode, topic_of
from safecare.settings import load
from safecare.sources.api import UnreadableError
from safecare.store.artifacts import Artifacts
from safecare.store.database import Database
from safecare.store.folder import DataFolder
from safecare.store.read import Reader

MOST = 100_000
"""Rejects that one replay of ``all`` takes (chosen: beyond that the cause should be looked at first)."""


class Outcome(msgspec.Struct, frozen=True):
    """What became of one reject: items put on the road, or the reason why it still can't be read."""

    reject: str
    items: int
    reason: str = ""


class Replay:
    """Reads rejects of one data folder again. Works beside a running platform.

    What a reject gives is stored under the reject's own key: replayed twice, it is there once.
    """

    def __init__(self, data: Path, hospital: Path | None = None) -> None:
        """Open log and store of `data`. Raises `BadHospitalError`, `SettingsError`."""
        self._folder, self._clock = DataFolder(data), SystemClock()
        self._settings = load(self._folder.path)
        own = Path(self._settings.hospital) if self._settings.hospital else demo_hospital()
        self._site = hospital_of(hospital or own)
        self._reader = Reader(Database(self._folder.database))
        reserve = self._settings.limits.disk_reserve_mb
        self._log = SqliteLog(self._folder.log, reserve_mb=reserve)
        self._artifacts = Artifacts(self._folder.artifacts, reserve_mb=reserve)
        given = {"hospital": self._site.hospital, "log": self._log, "artifacts": self._artifacts}
        self._doors = build_doors((*self._site.doors, EXAMINER), self._settings, given, self._folder.path).doors
        self._parsers = {"events": read_events, **parsers(self._site.hospital, self._clock)}

    def run(self, ids: Sequence[str], door: str | None = None) -> Iterator[Outcome]:
        """Read the rejects called `ids`, or ``all`` (of `door`), and tell what became of each."""
        if list(ids) == ["all"]:
            yield from map(self._again, self._reader.rejects(limit=MOST, door=door))
            return
        for one in ids:
            reject = self._reader.reject(one)
            yield self._again(reject) if reject else Outcome(one, 0, "no reject is called so")

    def close(self) -> None:
        """Release the log."""
        self._log.close()

    def _again(self, reject: Reject) -> Outcome:
        try:
            items = self._read(reject)
        except (UnreadableError, OSError) as error:
            return Outcome(reject.id, 0, str(error))
        by_topic: dict[str, list[bytes]] = defaultdict(list)
        for item in items:
            by_topic[topic_of(item)].append(encode(item))
        self._log.append(
            [Entry(topic, tuple(raw), f"replay\x1f{reject.id}\x1f{topic}") for topic, raw in by_topic.items()]
        )
        return Outcome(reject.id, len(items))

    def _read(self, reject: Reject) -> list[Item]:
        """Return what stands in `reject`. Raises `UnreadableError`, `OSError`."""
        if "not_kept" in reject.context:
            raise UnreadableError("these were counted, not kept")
        raw = self._artifacts.read(reject.artifact)
        kind, _, name = reject.door.partition("/")
        if kind == "ingest" and name in self._parsers:
            items, errors = self._parsers[name](raw)
            if errors:
                raise UnreadableError(errors[0].reason, f"line {errors[0].line}")
            return list(items)
        if reject.door.startswith("stage:") and reject.context.get("topic") in TOPICS:
            try:
                return [decode(reject.context["topic"], raw)]
            except msgspec.DecodeError as error:
                raise UnreadableError(str(error)) from error
        source = self._doors.get(reject.door)
        if source is None:
            raise UnreadableError(f"no door is called {reject.door}")
        intake = DoorIntake(
            reject.door,
            self._log,
            self._artifacts,
            Doors(self._clock),
            self._clock,
            self._site.hospital,
            self._folder.secret(),
            self._settings.limits.batch_events,
        )
        return list(source.decode(raw, reject.context, intake))
