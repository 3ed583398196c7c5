"""Captures judged from beginning to end: the packet path, then the same detectors as on the live road.

Alerts of one rule with the same sentence are told once, with all frames that they rest on.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec

from safecare.detect.api import Detector, detectors
from safecare.detect.stage import DetectStage
from safecare.formats.baseline import Learner
from safecare.formats.packets.bpf import Filter, filtered
from safecare.formats.packets.dissect import Claimed, Dissector, Found, Sender, Spoken
from safecare.formats.packets.file import Frames, Reading, read_frames
from safecare.formats.packets.flows import Conversation
from safecare.formats.wire.protocols import READS
from safecare.model.alert import Alert
from safecare.model.event import Event
from safecare.model.events.building import Reading as Measured
from safecare.model.events.files import FileJudged
from safecare.model.events.network import CommandSeen, ConnectionSeen, IdentitySeen
from safecare.model.hospital import Hospital
from safecare.model.ids import ArtifactHash, SiteId
from safecare.model.network import KnownCommand, KnownConversation, KnownIdentity
from safecare.sources.capture.events import Told
from safecare.sources.capture.values import WireValues, reading
from safecare.sources.files.gate import MOST_REASONS
from safecare.sources.files.pool import Pool

BATCH = 4096
"""Findings judged together (chosen: as on the road)."""
TRACED = 500_000
"""Events whose frames are remembered (chosen: bounds memory; the oldest are forgotten)."""
DOOR = "capture"
JUDGED = frozenset({ConnectionSeen, CommandSeen, IdentitySeen, FileJudged, Measured})
"""Kinds of events that captures give."""


WHOLE = frozenset(
    {
        "network.new-conversation",
        "network.write-from-non-master",
        "network.identity",
        "network.scan",
        "network.out-of-role",
    }
)
"""Rules that object to who speaks: all that this station sent and got in the conversation belongs to the alert."""


class Traced(msgspec.Struct, frozen=True):
    """Where an event comes from: frames, the ends of the packets, and under which key more frames belong to it."""

    frames: tuple[int, ...]
    ends: tuple[str, int, str, int, str]
    more: str = ""


class Judged(msgspec.Struct):
    """An alert with what it rests on in the file."""

    alert: Alert
    frames: set[int]
    ends: list[tuple[str, int, str, int, str]]
    count: int = 1
    more: set[str] = msgspec.field(default_factory=set)
    """Keys of further frames, known when the file is at its end."""


@dataclass
class Captures:
    """Judges captures, one after the other. `learn`: time at the beginning of the first one that counts as normal.

    `live`: alerts are told as they come, once per pause, and messages that change nothing are counted together.
    """

    hospital: Hospital
    learn: timedelta = timedelta(0)
    live: bool = False
    pool: Pool | None = None
    """Judges the files that are carried, if given."""
    collect: bool = False
    """Learn from everything, for a proposal: what is judged is not changed by it."""
    only: Filter | None = None
    """Filter of the packets that count; all without."""
    counts: Counter[str] = field(default_factory=Counter)
    learner: Learner = field(default_factory=Learner)
    packets: int = 0
    _stage: DetectStage | None = None
    _since: datetime | None = None
    _shift: timedelta = timedelta(0)
    _traced: dict[str, Traced] = field(default_factory=dict)
    _keys: dict[str, set[int]] = field(default_factory=dict)
    _values: WireValues = field(default_factory=WireValues)

    def judge(self, path: Path, raw: bytes | memoryview) -> tuple[list[Judged], Reading]:
        """Judge one capture. Raises `CaptureError` for a file that is none."""
        reading = Reading()
        dissector = Dissector(counts=self.counts)
        dissector.flows.keep_frames = True
        told = Told(self.hospital, DOOR, every=0.0)
        merged: dict[tuple[str, bytes], Judged] = {}
        self._keys.clear()
        last = self._since or datetime.fromtimestamp(0, UTC)
        found = self._found(filtered(read_frames(raw, reading), self.only), dissector)
        while batch := list(islice(found, BATCH)):
            events = [event for one in batch for event in self._events(one, told, path.name)]
            last = max([last, *(event.seen for event in events)])
            for alert in self._judging(events):
                self._merge(alert, merged)
        for one in merged.values():
            one.frames = one.frames.union(*(self._keys.get(key, ()) for key in one.more))
        self.packets += reading.packets
        self.counts.update(reading.skipped)
        return sorted(merged.values(), key=lambda one: (one.alert.first, min(one.frames, default=0))), reading

    def watch(self, name: str, blocks: Iterator[Frames]) -> Iterator[Judged]:
        """Judge what comes and yield each alert at once. Raises `CaptureError` for a file that is none."""
        dissector, told = Dissector(counts=self.counts), Told(self.hospital, DOOR)
        self._keys.clear()

        def judged(found: list[Found]) -> Iterator[Judged]:
            for alert in self._judging([event for one in found for event in self._events(one, told, name)]):
                merged: dict[tuple[str, bytes], Judged] = {}
                self._merge(alert, merged)
                yield from merged.values()

        for frames in filtered(blocks, self.only):
            if not len(frames.times):
                continue
            self.packets += len(frames.times)
            self._begin(_moment(frames.times[0]))
            yield from judged([*dissector.feed(frames), *dissector.settle(float(frames.times[-1]))])
        yield from judged(list(dissector.finish()))

    def _found(self, blocks: Iterator[Frames], dissector: Dissector) -> Iterator[Found]:
        first = True
        for frames in blocks:
            if first:
                self._begin(_moment(frames.times[0]))
                first = False
            yield from dissector.feed(frames)
        yield from dissector.finish()

    def _begin(self, at: datetime) -> None:
        """Start a file: the learning time belongs to the first one only."""
        if self._stage is None:
            self._since = at
            self._stage = DetectStage(network_detectors(self.hospital, self.learn, at, live=self.live))
        elif self._since is not None and not self.live:
            self._shift = max(self._since + self.learn - at, timedelta(0))

    def _events(self, one: Found, told: Told, name: str) -> Iterator[Event]:
        if isinstance(one, Claimed) and not self.live:  # repeats are no events, but belong to the same claim
            self._keys.setdefault(one.mac, set()).add(one.frame)
        for event in told.events(one, name, None):
            if self._shift:
                event = msgspec.structs.replace(event, seen=event.at + self._shift)  # noqa: PLW2901
            self._trace(one, event)
            self._learn(event)
            yield event
        for heard in self._values.heard(one) if self.hospital.assets else ():
            if measured := reading(heard, self.hospital, DOOR):
                measured = msgspec.structs.replace(measured, seen=measured.at + self._shift)
                self._trace(one, measured)
                yield measured
        if self.pool is not None and isinstance(one, Spoken) and one.message.file:
            judged = self._file(one, self.pool)
            self._trace(one, judged)
            yield judged

    def _file(self, one: Spoken, pool: Pool) -> Event:
        """Return the judgement of a file that was carried."""
        verdict = pool.judge(one.message.file, "", one.message.media)
        at = _moment(one.at)
        strong = sorted((part for part in verdict.findings if part.weight > 0), key=lambda part: -part.weight)
        asset = self.hospital.at_address("ip", one.src) or self.hospital.at_address("ip", one.dst)
        return FileJudged(
            id=Event.id_for(at, DOOR, f"{one.src}\x1f{verdict.sha256}\x1f{one.frames[-1]}"),
            at=at,
            seen=at + self._shift,
            source=DOOR,
            site=asset.site if asset else SiteId(""),
            asset=asset.id if asset else None,
            zone=asset.zone if asset else None,
            artifact=ArtifactHash(verdict.sha256),
            size=len(one.message.file),
            type=verdict.type,
            verdict=verdict.verdict.value,
            score=verdict.score,
            act="passed",
            rules=tuple(dict.fromkeys(part.rule for part in strong))[:20],
            reasons=tuple(part.why for part in strong[:MOST_REASONS]),
            peer=one.src,
        )

    def _trace(self, one: Found, event: Event) -> None:
        if isinstance(one, Conversation):
            frames = one.frames
            ends: tuple[str, int, str, int, str] = (one.src_ip, one.src_port, one.dst_ip, one.dst_port, one.protocol)
            key = KnownConversation(one.src_ip, one.dst_ip, one.protocol, one.dst_port).key
            if not self.live and one.outcome in ("refused", "silent"):
                self._keys.setdefault(one.src_ip, set()).update(frames)
        elif isinstance(one, Claimed | Sender):
            frames, key = (one.frame,), one.mac
            ends = (one.address, 0, "", 0, "arp" if isinstance(one, Claimed) else "ethernet")
        else:
            frames, ends = one.frames, (one.src, one.sport, one.dst, one.dport, str(one.transport))
            key = KnownConversation(one.client, one.server, one.transport, one.port).key
        if not self.live and isinstance(one, Conversation):
            self._keys.setdefault(key, set()).update(frames)
        if len(self._traced) >= TRACED:
            for old in list(islice(self._traced, TRACED // 10)):
                del self._traced[old]
        self._traced[event.id] = Traced(frames, ends, key)

    def _learn(self, event: Event) -> None:
        if self._since is None or (event.seen - self._since >= self.learn and not self.collect):
            return
        match event:
            case ConnectionSeen() if event.protocol != "other":
                one = KnownConversation(event.src_ip, event.dst_ip, event.protocol, event.dst_port, event.service)
                self.learner.add(one)
            case CommandSeen() if event.operation not in READS:
                if event.facts.get("kind", "request") == "request":
                    command = (event.src_ip, event.dst_ip, event.protocol, event.command, event.operation)
                    self.learner.add(KnownCommand(*command))
            case IdentitySeen():
                self.learner.add(KnownIdentity(event.ip, event.system, event.value))

    def _judging(self, events: Sequence[Event]) -> Iterator[Alert]:
        if self._stage is not None:
            yield from self._stage.feed(events)

    def _merge(self, alert: Alert, merged: dict[tuple[str, bytes], Judged]) -> None:
        traces = [self._traced[one] for one in alert.because if one in self._traced]
        frames = {frame for trace in traces for frame in trace.frames}
        ends = list(dict.fromkeys(trace.ends for trace in traces))
        known = merged.setdefault((alert.rule, msgspec.json.encode(alert.title)), Judged(alert, set(), [], 0))
        known.count += 1
        known.frames |= frames
        if alert.rule in WHOLE:
            known.more |= {trace.ends[0] if alert.rule == "network.scan" else trace.more for trace in traces}
        known.ends += [one for one in ends if one not in known.ends and len(known.ends) < 100]

    def failures(self) -> dict[str, str]:
        """Return why detectors failed, by their name."""
        return self._stage.reasons() if self._stage else {}


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(min(max(float(seconds), 0.0), 2**33), UTC)


def network_detectors(hospital: Hospital, learn: timedelta, since: datetime, *, live: bool) -> list[Detector]:
    """Return the detectors that judge network events, learning from `since` on; for captures (not `live`) no pauses."""
    settings: dict[str, Any] = {
        "hospital": hospital,
        "learning": learn,
        "since": since,
        "everything": True,
    }
    if not live:
        settings["pause"] = timedelta(0)
    built: list[Detector] = []
    for kind in detectors().parts.values():
        if kind.wants & JUDGED:
            names = {one.name for one in dataclasses.fields(kind) if one.init}
            built.append(kind(**{name: value for name, value in settings.items() if name in names}))
    return built
