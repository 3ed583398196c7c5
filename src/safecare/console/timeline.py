"""The time line of an incident as one table: what sources saw, what people were told, answered and decided."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import Iterator

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from safecare.console.crisis import plain_cell
from safecare.console.deps import ConsoleDeps
from safecare.console.incidents import Incidents
from safecare.console.papers import OUTCOME_WORDS
from safecare.console.record import Record
from safecare.console.rights import Visitor
from safecare.console.web import answer, visitor_of, words_of
from safecare.console.wire.incidents import Moment
from safecare.console.words import Words
from safecare.model.events import decode_event
from safecare.model.events.acts import Act, IncidentArranged, IncidentJudged, PlanDecided, ProcedureActed
from safecare.model.ids import IncidentId
from safecare.model.text import say

DOMAINS = {"cyber": say("Cyber"), "physical": say("Physical")}
KINDS = ("act.incident", "act.arrange", "act.plan", "act.procedure")
"""Acts about incidents and plans in the audit chain."""
ACTS = 2000
"""Latest acts of each kind that are looked through (chosen: far above those of one incident's days)."""


class Timeline:
    """Reads time lines. Blocking."""

    def __init__(self, deps: ConsoleDeps, incidents: Incidents) -> None:
        """Take the platform's parts."""
        self._deps, self._incidents = deps, incidents

    def moments(self, id: str, visitor: Visitor, words: Words) -> list[Moment]:
        """Return what happened, in order of time; acts in the order of the audit chain. Raises `ProblemError` 404."""
        incident = self._incidents.whole(id, visitor, words)
        found = [
            Moment(link.alert.first, words.say(DOMAINS[link.alert.domain]), link.alert.title, "", link.alert.rule)
            for link in incident.links
        ]
        told, answered = words.say(say("Notices")), words.say(say("Answers"))
        for notice in incident.notices:
            found.append(Moment(notice.at, told, notice.title, notice.role_name, notice.channel))
            found += [
                Moment(one.at, answered, words.say(OUTCOME_WORDS[one.outcome]), one.who, one.reason or one.channel)
                for one in notice.receipts
            ]
        found += self._decisions(incident.id, words)
        return sorted(found, key=lambda one: one.at)

    def _decisions(self, id: str, words: Words) -> Iterator[Moment]:
        plan = self._deps.reader.plan(IncidentId(id))
        record, lane = Record(self._deps.reader, words), words.say(say("Decisions"))
        sealed = sorted((one for kind in KINDS for one in self._deps.reader.acts(kind, ACTS)), key=lambda one: one.seq)
        for one in sealed:
            act = decode_event(one.detail.encode())
            if isinstance(act, Act) and _concerns(act, id, plan.id if plan else ""):
                seal = f"{one.seq} {one.hash[:16]}"
                yield Moment(act.at, lane, record.about(one.detail), words.person(act.actor), seal, decision=True)


def _concerns(act: Act, incident: str, plan: str) -> bool:
    match act:
        case IncidentJudged() | IncidentArranged():
            return incident in {act.incident, getattr(act, "other", None)}
        case PlanDecided() | ProcedureActed():
            return act.plan == plan
        case _:
            return False


def table(moments: list[Moment]) -> bytes:
    """Return the time line as CSV (RFC 4180, UTF-8 with a mark, so that spreadsheets read it)."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(["at", "lane", "what", "who", "detail"])
    for one in moments:
        writer.writerow([plain_cell(cell) for cell in (one.at.isoformat(), one.lane, one.what, one.who, one.detail)])
    return out.getvalue().encode("utf-8-sig")


def routes(app: FastAPI, deps: ConsoleDeps, incidents: Incidents) -> None:
    """Add the routes of the time line."""
    timeline = Timeline(deps, incidents)

    @app.get("/api/incidents/{id}/timeline", name="timeline")
    async def read(request: Request, id: str) -> Response:
        return answer(await asyncio.to_thread(timeline.moments, id, visitor_of(request), words_of(request)))

    @app.get("/api/incidents/{id}/timeline.csv", name="timeline_table")
    async def timeline_table(request: Request, id: str) -> Response:
        moments = await asyncio.to_thread(timeline.moments, id, visitor_of(request), words_of(request))
        headers = {"Content-Disposition": "attachment; filename=timeline.csv", "Cache-Control": "no-store"}
        return Response(table(moments), 200, headers, "text/csv; charset=utf-8")
