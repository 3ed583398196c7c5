"""Drafts of reports to authorities, as plain pages that a person completes, prints or saves."""

from __future__ import annotations

import asyncio

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from safecare.console.deps import ConsoleDeps
from safecare.console.feed import Feed
from safecare.console.incidents import ALERTS, Incidents
from safecare.console.pages import Pages
from safecare.console.rights import Visitor, may_see
from safecare.console.web import not_found, visitor_of, words_of
from safecare.share.nis2 import STAGES, TITLES, Draft, Known, Stage, aware_of, draft, due


def routes(app: FastAPI, deps: ConsoleDeps, pages: Pages, feed: Feed) -> None:
    """Add the routes of reports."""
    incidents = Incidents(deps, feed)

    def write(id: str, stage: Stage, visitor: Visitor) -> tuple[Draft, Known]:
        incident = incidents.get(id, visitor)
        found = deps.reader.alerts(ids=[link.alert for link in incident.links], limit=ALERTS)
        history = deps.reader.history(incident.id)
        known = Known(
            hospital=deps.hospital,
            incident=incident,
            alerts=tuple(one for one in found if may_see(visitor, one.site, one.marking)),
            forecast=deps.reader.forecast(incident.id),
            plan=deps.reader.plan(incident.id),
            aware=aware_of(incident, (one.at for one in history if one.state in {"validated", "contained"})),
        )
        return draft(stage, known), known

    @app.get("/report/{id}/{stage}", name="report_page")
    async def report_page(request: Request, id: str, stage: str) -> Response:
        wanted = next((one for one in STAGES if one == stage), None)
        if wanted is None:
            raise not_found()
        words = words_of(request)
        report, known = await asyncio.to_thread(write, id, wanted, visitor_of(request))
        site = known.incident.site
        return pages.page(
            request,
            "report.jinja",
            incident=known.incident,
            title=words.say(report.title),
            due=report.due,
            lines=[(words.say(line.asked), words.all(line.answers, site)) for line in report.lines],
            stages=[(one, words.say(TITLES[one]), due(one, known.aware)) for one in STAGES],
            stage=wanted,
            now=deps.clock.now(),
        )
