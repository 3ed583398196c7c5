"""How the platform is: health, metrics, rejects, audit chain."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import msgspec
from fastapi import FastAPI, Query
from starlette.requests import Request
from starlette.responses import Response

from safecare.console.deps import ConsoleDeps, Health
from safecare.console.feed import Feed
from safecare.console.record import Record
from safecare.console.rights import here
from safecare.console.web import answer, visitor_of, words_of
from safecare.console.wire.platform import Audit, AuditEntry, RejectView
from safecare.console.words import Words
from safecare.model.events import decode_event

CHECK_AGAIN = timedelta(minutes=1)
"""How long the check of the whole audit chain is believed (chosen: it reads every act there ever was)."""


@dataclass
class Counters:
    """What this process has counted since its start."""

    accepted: int = 0
    rejected: int = 0

    def took(self, accepted: int, rejected: int) -> None:
        """Count one ingest request."""
        self.accepted += accepted
        self.rejected += rejected


@dataclass
class Chain:
    """The last check of the audit chain, shared by all who ask."""

    deps: ConsoleDeps
    _ok: bool = field(default=False, init=False)
    _at: datetime | None = field(default=None, init=False)

    def ok(self) -> bool:
        """Return whether the chain was whole, at most a minute ago. Blocking."""
        now = self.deps.clock.now()
        if self._at is None or abs(now - self._at) > CHECK_AGAIN:
            self._ok = self.deps.verify().ok
            self._at = now
        return self._ok


def exposition(health: Health, counts: dict[str, int], counters: Counters, feed: Feed) -> str:
    """Return the figures in Prometheus text format 0.0.4."""
    return "\n".join(_lines(health, counts, counters, feed)) + "\n"


def _lines(health: Health, counts: dict[str, int], counters: Counters, feed: Feed) -> Iterator[str]:
    def one(name: str, kind: str, help: str, *samples: tuple[dict[str, str], float]) -> Iterator[str]:
        yield f"# HELP safecare_{name} {help}"
        yield f"# TYPE safecare_{name} {kind}"
        for labels, value in samples:
            inner = ",".join(f'{key}="{_escape(text)}"' for key, text in labels.items())
            yield f"safecare_{name}{{{inner}}} {value:g}" if inner else f"safecare_{name} {value:g}"

    stored = [({"what": what}, float(count)) for what, count in sorted(counts.items())]
    yield from one("stored", "gauge", "Things in the central database.", *stored)
    doors = [({"door": door.door, "source": door.source}, door) for door in health.sources]
    yield from one(
        "door_up", "gauge", "1 when the door works.", *((who, float(door.state == "ok")) for who, door in doors)
    )
    yield from one("door_events_total", "counter", "Events taken.", *((who, float(door.events)) for who, door in doors))
    yield from one(
        "door_rejects_total", "counter", "Units refused.", *((who, float(door.rejects)) for who, door in doors)
    )
    stages = [({"stage": stage.group}, stage) for stage in health.stages]
    yield from one("stage_lag", "gauge", "Batches that wait.", *((who, float(stage.lag)) for who, stage in stages))
    yield from one("stage_up", "gauge", "1 when the stage runs.", *((who, float(stage.alive)) for who, stage in stages))
    yield from one("parts_missing", "gauge", "Parts that stepped aside.", ({}, float(len(health.parts_missing))))
    yield from one("disk_free_megabytes", "gauge", "Room that is left.", ({}, float(health.disk.free_mb)))
    yield from one(
        "refusing", "gauge", "1 when senders are refused for want of room.", ({}, float(health.disk.refusing))
    )
    yield from one("memory_megabytes", "gauge", "Memory of all processes.", ({}, health.memory_mb))
    yield from one("ingest_accepted_total", "counter", "Items taken over HTTP.", ({}, float(counters.accepted)))
    yield from one("ingest_rejected_total", "counter", "Items refused over HTTP.", ({}, float(counters.rejected)))
    yield from one("live_browsers", "gauge", "Live streams that are open.", ({}, float(feed.browsers)))
    yield from one("live_announced_total", "counter", "Changes announced.", ({}, float(feed.announced)))
    yield from one("live_cut_off_total", "counter", "Browsers that could not keep up.", ({}, float(feed.cut_off)))


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def said(health: Health, words: Words) -> Health:
    """Return `health` with what doors and parts say of themselves in the reader's language."""
    return msgspec.structs.replace(
        health,
        sources=tuple(msgspec.structs.replace(one, detail=words.reason(one.detail)) for one in health.sources),
        parts_missing=tuple(
            msgspec.structs.replace(one, reason=words.reason(one.reason)) for one in health.parts_missing
        ),
    )


def routes(app: FastAPI, deps: ConsoleDeps, feed: Feed, counters: Counters, chain: Chain) -> None:
    """Add the routes of the platform's own state."""

    @app.get("/api/health", name="health")
    async def health(request: Request) -> Response:
        return answer(said(await asyncio.to_thread(deps.health.health), words_of(request)))

    @app.get("/metrics", name="metrics")
    async def metrics(request: Request) -> Response:
        found = await asyncio.to_thread(deps.health.health)
        counts = await asyncio.to_thread(deps.reader.counts)
        text = exposition(found, counts, counters, feed)
        return Response(text, media_type="text/plain; version=0.0.4; charset=utf-8")

    @app.get("/api/rejects", name="rejects")
    async def rejects(request: Request, limit: int = Query(100, ge=1, le=1000)) -> Response:
        found = await asyncio.to_thread(deps.reader.rejects, limit)
        words = words_of(request)
        return answer(
            [
                RejectView(one.id, one.at, one.door, one.size, words.reason(one.reason), words.reason(one.place))
                for one in found
            ]
        )

    @app.get("/api/audit", name="audit")
    async def audit(
        request: Request, after: int | None = Query(None, ge=0), limit: int = Query(200, ge=1, le=1000)
    ) -> Response:
        """Give the acts after number `after`; without it the newest ones."""
        if after is None:
            after = max(0, (await asyncio.to_thread(deps.reader.counts))["audit"] - limit)
        found = await asyncio.to_thread(deps.reader.audit, after, limit)
        words, visitor = words_of(request), visitor_of(request)
        found = [one for one in found if here(visitor, decode_event(one.detail.encode()))]
        people, record = words.people, Record(deps.reader, words)
        names = {actor: await asyncio.to_thread(people.name, actor) for actor in {one.actor for one in found}}
        told = await asyncio.to_thread(lambda: [record.about(one.detail) for one in found])
        entries = [
            AuditEntry(one.seq, one.at, names[one.actor], one.act, about, msgspec.Raw(one.detail.encode()), one.hash)
            for one, about in zip(found, told, strict=True)
        ]
        return answer(Audit(entries, await asyncio.to_thread(chain.ok)))
