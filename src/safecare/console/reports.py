"""Drafts of reports to authorities, as plain pages that a person completes, prints or saves."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from safecare.console.deps import ConsoleDeps
from safecare.console.exercises import Exercises
from safecare.console.feed import Feed
from safecare.console.incidents import ALERTS, Incidents
from safecare.console.pages import Pages
from safecare.console.papers import marked
from safecare.console.rights import Visitor, may_see
from safecare.console.web import not_found, visitor_of, words_of
from safecare.console.words import Words
from safecare.formats import pdf
from safecare.model.text import When, say
from safecare.share.nis2 import STAGES, TITLES, Draft, Known, Stage, aware_of, draft, due


def paper(report: Draft, known: Known, now: datetime, words: Words, exercise: str = "") -> bytes:
    """Return `report` as a PDF that a person completes. `exercise`: the scenario that it belongs to, if to any."""
    incident = known.incident
    made = say(
        "Draft of {at}, made from incident {id}, revision {revision}. A person checks, completes and sends it.",
        at=When(now),
        id=incident.id,
        revision=incident.revision,
    )
    decided = say(
        "What is due to whom, and whether this incident is significant at all, is decided by people (NIS2, article 23)."
    )
    blocks: list[pdf.Block] = [
        pdf.Paragraph(words.say(made, incident.site)),
        pdf.Paragraph(words.say(say("Due by {at}", at=When(report.due)), incident.site), strong=True),
        pdf.Paragraph(words.say(decided)),
    ]
    for line in report.lines:
        blocks.append(pdf.Paragraph(words.say(line.asked), strong=True))
        told = words.all(line.answers, incident.site) or [
            f"☐ {words.say(say('not known to the platform: to be filled in'))}"
        ]
        blocks += map(pdf.Paragraph, told)
    title = f"{marked(words, exercise)}{words.say(report.title)}"
    return pdf.pdf(title, blocks, language=words.language, footer=f"{title} – {incident.id}")


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
            alerts=tuple(one for one in found if may_see(visitor, one)),
            forecast=deps.reader.forecast(incident.id),
            plan=deps.reader.plan(incident.id),
            aware=aware_of(incident, (one.at for one in history if one.state in {"validated", "contained"})),
        )
        return draft(stage, known), known

    @app.get("/report/{id}/{stage}.pdf", name="report_paper")
    async def report_paper(request: Request, id: str, stage: str) -> Response:
        wanted = next((one for one in STAGES if one == stage), None)
        if wanted is None:
            raise not_found()
        words = replace(words_of(request), now=None)  # a report is read on other days: always with the date
        report, known = await asyncio.to_thread(write, id, wanted, visitor_of(request))
        played = (await asyncio.to_thread(Exercises(deps.reader).of, [known.incident]))[known.incident.id]
        raw = await asyncio.to_thread(paper, report, known, deps.clock.now(), words, played)
        head = {"Content-Disposition": f'attachment; filename="{stage}.pdf"', "Cache-Control": "no-store"}
        return Response(raw, media_type="application/pdf", headers=head)

    @app.get("/report/{id}/{stage}", name="report_page")
    async def report_page(request: Request, id: str, stage: str) -> Response:
        wanted = next((one for one in STAGES if one == stage), None)
        if wanted is None:
            raise not_found()
        words = replace(words_of(request), now=None)
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
            played=(await asyncio.to_thread(Exercises(deps.reader).of, [known.incident]))[known.incident.id],
        )
