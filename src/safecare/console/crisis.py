"""The crisis log: decisions, calls, instructions; numbered, sealed in the audit chain, corrected but never changed."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import Sequence

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from safecare.console.acts import Desk
from safecare.console.deps import ConsoleDeps
from safecare.console.exercises import Exercises, Period, exercise_at
from safecare.console.health import Chain
from safecare.console.incidents import Incidents
from safecare.console.pages import Pages
from safecare.console.papers import crisis_log
from safecare.console.record import CRISIS
from safecare.console.rights import Visitor, within
from safecare.console.web import ProblemError, answer, paper, read_struct, visitor_of, words_of
from safecare.console.wire.asks import LogCrisis
from safecare.console.wire.platform import CrisisEntry, CrisisLog, Done
from safecare.console.words import Words
from safecare.model.events import decode_event
from safecare.model.events.acts import CrisisLogged
from safecare.model.ids import EventId, IncidentId
from safecare.model.text import say
from safecare.store.audit import AuditEntry

ENTRIES = 5000
"""Lines that are shown (chosen: far above the log of a long crisis)."""
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""First signs that spreadsheets take for a formula (OWASP, CSV Injection)."""


def entries(
    sealed: Sequence[AuditEntry], visitor: Visitor, words: Words, played: Sequence[Period] = ()
) -> list[CrisisEntry]:
    """Return the lines of the log that `visitor` may see, in order; numbers count all lines."""
    acts = [(one, decode_event(one.detail.encode())) for one in sealed]
    numbers = {act.id: number for number, (_, act) in enumerate(acts, 1)}
    found = []
    for number, (one, act) in enumerate(acts, 1):
        if not isinstance(act, CrisisLogged) or not within(visitor, act.site):
            continue
        found.append(
            CrisisEntry(
                number=number,
                id=act.id,
                at=act.at,
                written=act.seen,
                who=words.person(act.actor),
                role=words.role(act.role),
                entry=act.entry,
                entry_name=words.say(CRISIS[act.entry]),
                words=act.words,
                to=act.to,
                incident=act.incident,
                corrects=numbers.get(act.corrects) if act.corrects else None,
                hash=one.hash,
                exercise=exercise_at(played, act.seen),
            )
        )
    return found


def table(lines: Sequence[CrisisEntry]) -> bytes:
    """Return the log as CSV (RFC 4180, UTF-8 with a mark, so that spreadsheets read it)."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(["number", "at", "written", "who", "role", "kind", "to", "words", "corrects", "hash", "exercise"])
    for one in lines:
        row = (
            one.number,
            one.at.isoformat(),
            one.written.isoformat(),
            one.who,
            one.role,
            one.entry_name,
            one.to,
            one.words,
        )
        writer.writerow([plain_cell(cell) for cell in (*row, one.corrects or "", one.hash, one.exercise)])
    return out.getvalue().encode("utf-8-sig")


def plain_cell(cell: object) -> object:
    """Return a cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA) else cell


def routes(app: FastAPI, deps: ConsoleDeps, incidents: Incidents, pages: Pages, chain: Chain) -> None:
    """Add the routes of the crisis log."""
    desk = Desk(deps)

    async def read(request: Request) -> list[CrisisEntry]:
        sealed = await asyncio.to_thread(deps.reader.acts, "act.crisis", ENTRIES)
        played = await asyncio.to_thread(Exercises(deps.reader).periods) if sealed else []
        return await asyncio.to_thread(entries, sealed, visitor_of(request), words_of(request), played)

    @app.get("/api/crisis", name="crisis")
    async def crisis(request: Request) -> Response:
        return answer(CrisisLog(await read(request), await asyncio.to_thread(chain.ok)))

    @app.get("/api/crisis.csv", name="crisis_table")
    async def crisis_table(request: Request) -> Response:
        headers = {"Content-Disposition": "attachment; filename=crisis-log.csv", "Cache-Control": "no-store"}
        return Response(table(await read(request)), 200, headers, "text/csv; charset=utf-8")

    @app.get("/api/crisis.pdf", name="crisis_file")
    async def crisis_file(request: Request) -> Response:
        lines, words, now = await read(request), words_of(request), deps.clock.now()
        running = deps.scenarios.exercise()
        played = words.say(deps.scenarios.title(running.scenario)) if running else ""
        site = desk.home(visitor_of(request))
        return paper(await asyncio.to_thread(crisis_log, lines, words, now, site, played), "crisis-log")

    @app.get("/print-crisis", name="crisis_page")
    async def crisis_page(request: Request) -> Response:
        lines = await read(request)
        site = desk.home(visitor_of(request))
        return pages.page(request, "crisis.jinja", lines=lines, now=deps.clock.now(), site=site)

    @app.post("/api/crisis", name="log_crisis")
    async def log_crisis(request: Request) -> Response:
        visitor, ask = visitor_of(request), await read_struct(request, LogCrisis)
        if not ask.words.strip():
            raise ProblemError(422, say("A line needs words."))
        site = desk.home(visitor)
        if ask.incident:
            site = (await asyncio.to_thread(incidents.get, ask.incident, visitor)).site
        if ask.corrects and not await asyncio.to_thread(_is_line, ask.corrects, visitor):
            raise ProblemError(422, say("There is no such line to correct."))
        act = CrisisLogged(
            **desk.stamp(visitor, ask.id, site, ask.at),
            entry=ask.entry,
            words=ask.words,
            to=ask.to,
            incident=IncidentId(ask.incident) if ask.incident else None,
            corrects=EventId(ask.corrects) if ask.corrects else None,
        )
        return answer(Done(await desk.record(act, ask.id)), 201)

    def _is_line(id: str, visitor: Visitor) -> bool:
        """Tell whether `visitor` sees that line, by the sealed chain: events go with their retention, lines stay."""
        acts = (decode_event(one.detail.encode()) for one in deps.reader.acts("act.crisis", ENTRIES))
        return any(one.id == id and within(visitor, one.site) for one in acts)
