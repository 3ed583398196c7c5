"""The situation board: open incidents, counts, and whether the alarms come too fast for one person."""

from __future__ import annotations

from datetime import datetime, timedelta

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from safecare.console.deps import ConsoleDeps
from safecare.console.exercises import Exercises
from safecare.console.rights import Visitor, may_see
from safecare.console.shared import Shared, view_of
from safecare.console.views import card
from safecare.console.web import visitor_of, words_of
from safecare.console.wire.incidents import Board, Counts, Flood
from safecare.console.words import Words
from safecare.model.roles import LIAISON

FLOOD_WINDOW = timedelta(minutes=10)
FLOOD_LIMIT = 10
"""Alarms within `FLOOD_WINDOW` that one operator can take. Source: Bransby and Jenkinson, HSE CRR 166/1998: one
alarm per ten minutes is very likely acceptable; more than ten is the usual start of a flood (EEMUA 191)."""
FLOOD_SEEN = 1000
"""Most alerts that are looked at for one who sees a part of them (chosen: a hundred times the limit)."""
CARDS = 200
"""Most incidents on a board (chosen: four screens of a compact table)."""


def situation(deps: ConsoleDeps, visitor: Visitor, words: Words) -> Board:
    """Return the board for one visitor. Blocking."""
    reader = deps.reader
    seq = deps.glance.cursor()  # first: what is read afterwards is at least as new
    now = deps.clock.now()
    seen = [one for one in reader.incidents(open_only=True, limit=CARDS) if may_see(visitor, one)]
    taken = deps.glance.acknowledged([one.id for one in seen])
    outside = visitor.role == LIAISON or visitor.site is not None or visitor.scope is not None
    played = Exercises(reader).of(seen)
    counts = {} if outside else reader.counts()
    return Board(
        seq=seq,
        at=now,
        sites=words.each(site.id for site in deps.hospital.sites if visitor.site in {None, site.id}),
        incidents=[card(one, words, acknowledged=one.id in taken, exercise=played[one.id]) for one in seen],
        counts=Counts(
            events=counts.get("events", 0),
            alerts=counts.get("alerts", 0),
            incidents_open=len(seen) if outside else counts.get("incidents_open", len(seen)),
            notices_open=counts.get("notices_open", 0),
            rejects=counts.get("rejects", 0),
        ),
        flood=Flood(0 if visitor.role == LIAISON else _alarms(deps, visitor, now), FLOOD_LIMIT),
        last_data=deps.glance.last_data(now),
    )


def _alarms(deps: ConsoleDeps, visitor: Visitor, now: datetime) -> int:
    """Return how many alarms have come to `visitor` within `FLOOD_WINDOW`."""
    since = now - FLOOD_WINDOW
    if visitor.site is None and visitor.scope is None:
        return deps.glance.alert_count(since)
    return sum(may_see(visitor, one) for one in deps.reader.alerts(since=since, limit=FLOOD_SEEN))


def routes(app: FastAPI, deps: ConsoleDeps, shared: Shared) -> None:
    """Add the route of the board."""

    @app.get("/api/board", name="board")
    async def board(request: Request) -> Response:
        visitor, words = visitor_of(request), words_of(request)
        key = ("board", view_of(visitor, words.language))
        return await shared.answer(request, key, lambda: situation(deps, visitor, words))
