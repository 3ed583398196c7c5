"""The survival path: one notice with answer buttons, and the print sheet, for any browser."""

from __future__ import annotations

import asyncio

import msgspec
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from safecare.console.deps import ConsoleDeps
from safecare.console.feed import Feed
from safecare.console.gate import check_form
from safecare.console.incidents import Incidents
from safecare.console.notices import Notices
from safecare.console.outlook import forecast_view, plan_view
from safecare.console.pages import Pages, read_form
from safecare.console.views import ANSWERS, guard_notice
from safecare.console.web import ProblemError, not_found, visitor_of, words_of
from safecare.console.wire.asks import Answer
from safecare.model.ids import IncidentId, new_id
from safecare.model.text import say

ANSWER_WORDS = {
    "acknowledged": say("I have read this"),
    "on_my_way": say("I am on my way"),
    "on_site": say("I am there"),
    "clear": say("All clear"),
    "help": say("I need help"),
}
LEVEL_WORDS = {"critical": say("Critical"), "high": say("High"), "medium": say("Medium"), "low": say("Low")}
OUTCOME_WORDS = {
    "sent": say("sent"),
    "delivered": say("delivered"),
    "read": say("read"),
    "acknowledged": say("acknowledged"),
    "on_my_way": say("on the way"),
    "on_site": say("on site"),
    "clear": say("clear"),
    "help": say("needs help"),
    "failed": say("failed"),
    "nobody": say("reaches nobody"),
    "unanswered": say("no answer"),
}
EFFECTS_PRINTED = 12
"""Effects on the print sheet (chosen: one page)."""
ACTIONS_PRINTED = 5
"""Actions on the print sheet (chosen: one page)."""


def routes(app: FastAPI, deps: ConsoleDeps, pages: Pages, feed: Feed) -> None:
    """Add the routes of the plain pages."""
    notices = Notices(deps)
    incidents = Incidents(deps, feed)

    @app.get("/plain/{name}", name="plain_file")
    async def plain_file(request: Request, name: str) -> Response:
        found = pages.file(name)
        if found is None:
            raise not_found()
        return found

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
            act=new_id(deps.clock.now()),
        )

    @app.post("/a/{id}", name="answer_page")
    async def answer_page(request: Request, id: str) -> Response:
        visitor = visitor_of(request)
        form = await read_form(request)
        check_form(visitor, form.pop("form_key", ""))
        try:
            ask = msgspec.convert(form, Answer, strict=False)
        except msgspec.ValidationError as error:
            raise ProblemError(422, say("This form can't be read.")) from error
        notice = await asyncio.to_thread(notices.get, id, visitor)
        # The same page may be answered again in another way (back button): that is another act.
        ask = msgspec.structs.replace(ask, id=f"{ask.id}:{ask.answer}")
        await notices.record(notice.id, visitor, ask)
        return RedirectResponse(f"/a/{notice.id}?done={ask.answer}", 303)

    @app.get("/print/{id}", name="print_page")
    async def print_page(request: Request, id: str) -> Response:
        visitor, words = visitor_of(request), words_of(request)
        incident = await asyncio.to_thread(incidents.whole, id, visitor, words)
        forecast = await asyncio.to_thread(deps.reader.forecast, IncidentId(id))
        plan = await asyncio.to_thread(deps.reader.plan, IncidentId(id))
        ranked = (await asyncio.to_thread(plan_view, plan, words)).actions if plan else []
        outlook = forecast_view(forecast, words) if forecast else None
        effects = [effect for group in outlook.groups for effect in group.effects] if outlook else []
        effects.sort(key=lambda one: (-one.probability, one.earliest))
        return pages.page(
            request,
            "print.jinja",
            incident=incident,
            level=words.say(LEVEL_WORDS[incident.level]),
            effects=[(one, words.span(one.earliest)) for one in effects[:EFFECTS_PRINTED]],
            losses=outlook.losses if outlook else [],
            actions=ranked[:ACTIONS_PRINTED],
            role=words.role,
            outcome=lambda outcome: words.say(OUTCOME_WORDS[outcome]),
            now=deps.clock.now(),
        )
