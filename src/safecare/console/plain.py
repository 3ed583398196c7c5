"""The survival path: one notice with answer buttons, and the print sheet, for any browser."""

from __future__ import annotations

import asyncio

import msgspec
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from safecare.console import board
from safecare.console.availability import Availability
from safecare.console.deps import ConsoleDeps
from safecare.console.exercises import Exercises, exercise_at
from safecare.console.feed import Feed
from safecare.console.gate import check_form
from safecare.console.incidents import Incidents
from safecare.console.notices import Notices
from safecare.console.outlook import forecast_view, plan_view
from safecare.console.pages import Pages, read_form
from safecare.console.papers import LEVEL_WORDS, OUTCOME_WORDS, Sheet, sheet, situation
from safecare.console.rights import RIGHTS, Visitor, within
from safecare.console.seen import Seen
from safecare.console.views import ANSWERS, guard_notice
from safecare.console.web import ProblemError, not_found, paper, visitor_of, words_of
from safecare.console.wire.asks import Answer, Report
from safecare.console.words import Words
from safecare.model.ids import IncidentId, new_id
from safecare.model.layout import laid_out
from safecare.model.text import say

ANSWER_WORDS = {
    "acknowledged": say("I have read this"),
    "on_my_way": say("I am on my way"),
    "on_site": say("I am there"),
    "clear": say("All clear"),
    "help": say("I need help"),
}
EFFECTS_PRINTED = 12
"""Effects on the print sheet (chosen: one page)."""
ACTIONS_PRINTED = 5
"""Actions on the print sheet (chosen: one page)."""


def routes(app: FastAPI, deps: ConsoleDeps, pages: Pages, feed: Feed) -> None:
    """Add the routes of the plain pages."""
    notices = Notices(deps)
    incidents = Incidents(deps, feed)
    seen = Seen(deps)

    @app.get("/plain/{name}", name="plain_file")
    async def plain_file(request: Request, name: str) -> Response:
        found = pages.file(name)
        if found is None:
            raise not_found()
        return found

    @app.get("/n", name="notices_page")
    async def notices_page(request: Request, done: str = "") -> Response:
        """Show what a person without scripts needs: their notices, and a way to report and to call for help."""
        visitor, words = visitor_of(request), words_of(request)
        mine = (await asyncio.to_thread(notices.mine, visitor, words)).notices
        zones = [one for one in deps.hospital.zones if within(visitor, one.site, [one.id])]
        return pages.page(
            request,
            "notices.jinja",
            notices=[one for one in mine if one.mine and not one.done],
            levels={level: words.say(text) for level, text in LEVEL_WORDS.items()},
            zones=sorted(((one.id, words.named(one.id).name) for one in zones), key=lambda one: one[1]),
            may_report=visitor.role in RIGHTS["report_form"],
            told=done == "report",
            act=new_id(deps.clock.now()),
        )

    @app.post("/n", name="report_form")
    async def report_form(request: Request) -> Response:
        visitor = visitor_of(request)
        form = await read_form(request)
        check_form(visitor, form.pop("form_key", ""))
        form = {name: value for name, value in form.items() if value}
        try:
            ask = msgspec.convert(form, laid_out(Report), strict=False)
        except msgspec.ValidationError as error:
            raise ProblemError(422, say("This form can't be read.")) from error
        await seen.take(ask, visitor)
        return RedirectResponse("/n?done=report", 303)

    @app.get("/a/{id}", name="notice_page")
    async def notice_page(request: Request, id: str, done: str = "") -> Response:
        visitor, words = visitor_of(request), words_of(request)
        notice = await asyncio.to_thread(notices.get, id, visitor)
        receipts = await asyncio.to_thread(deps.reader.receipts, notice=notice.id)
        shown = await asyncio.to_thread(guard_notice, notice, receipts, deps.hospital, words, visitor)
        return pages.page(
            request,
            "notice.jinja",
            notice=shown,
            level=words.say(LEVEL_WORDS[shown.level]),
            buttons=[(answer, words.say(ANSWER_WORDS[answer])) for answer in ANSWERS],
            given=[(words.say(ANSWER_WORDS[one.answer]), one.who, one.at) for one in shown.given],
            told=words.say(ANSWER_WORDS[done]) if done in ANSWER_WORDS else "",
            site=notice.site,
            played=exercise_at(await asyncio.to_thread(Exercises(deps.reader).periods), notice.at),
            act=new_id(deps.clock.now()),
        )

    @app.post("/a/{id}", name="answer_page")
    async def answer_page(request: Request, id: str) -> Response:
        visitor = visitor_of(request)
        form = await read_form(request)
        check_form(visitor, form.pop("form_key", ""))
        try:
            ask = msgspec.convert(form, laid_out(Answer), strict=False)
        except msgspec.ValidationError as error:
            raise ProblemError(422, say("This form can't be read.")) from error
        notice = await asyncio.to_thread(notices.get, id, visitor)
        # The same page may be answered again in another way (back button): that is another act.
        ask = msgspec.structs.replace(ask, id=f"{ask.id}:{ask.answer}")
        await notices.record(notice.id, visitor, ask)
        return RedirectResponse(f"/a/{notice.id}?done={ask.answer}", 303)

    def gather(id: str, visitor: Visitor, words: Words) -> Sheet:
        """Return what stands on the sheet of an incident. Blocking."""
        incident = incidents.whole(id, visitor, words)
        forecast, plan = deps.reader.forecast(IncidentId(id)), deps.reader.plan(IncidentId(id))
        outlook = forecast_view(forecast, words) if forecast else None
        effects = [effect for group in outlook.groups for effect in group.effects] if outlook else []
        effects.sort(key=lambda one: (-one.probability, one.earliest))
        return Sheet(
            incident,
            effects[:EFFECTS_PRINTED],
            outlook.losses if outlook else [],
            plan_view(plan, words).actions[:ACTIONS_PRINTED] if plan else [],
        )

    @app.get("/api/incidents/{id}/sheet.pdf", name="sheet")
    async def sheet_file(request: Request, id: str) -> Response:
        words = words_of(request)

        def write() -> bytes:
            return sheet(gather(id, visitor_of(request), words), words, deps.clock.now())

        return paper(await asyncio.to_thread(write), "incident")

    @app.get("/api/situation.pdf", name="situation")
    async def situation_file(request: Request) -> Response:
        visitor, words = visitor_of(request), words_of(request)

        def write() -> bytes:
            now = deps.clock.now()
            cards = board.situation(deps, visitor, words).incidents
            care = Availability(deps).rows(visitor, words)
            running = deps.scenarios.exercise()
            played = words.say(deps.scenarios.title(running.scenario)) if running else ""
            return situation(cards, care, words, now, played)

        return paper(await asyncio.to_thread(write), "situation")

    @app.get("/print/{id}", name="print_page")
    async def print_page(request: Request, id: str) -> Response:
        words = words_of(request)
        found = await asyncio.to_thread(gather, id, visitor_of(request), words)
        incident = found.incident
        return pages.page(
            request,
            "print.jinja",
            incident=incident,
            level=words.say(LEVEL_WORDS[incident.level]),
            effects=[(one, words.span(one.earliest)) for one in found.effects],
            losses=found.losses,
            actions=found.actions,
            role=words.role,
            outcome=lambda outcome: words.say(OUTCOME_WORDS[outcome]),
            now=deps.clock.now(),
            played=incident.exercise,
        )
