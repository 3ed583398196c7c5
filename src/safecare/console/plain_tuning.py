"""Plain pages by which incidents are put together and apart, and alerts suppressed: forms for any browser."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import msgspec
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from safecare.console.deps import ConsoleDeps
from safecare.console.feed import Feed
from safecare.console.gate import check_form
from safecare.console.pages import Pages, read_form
from safecare.console.record import VERDICTS
from safecare.console.rights import RIGHTS, Visitor, may_see
from safecare.console.tuning import TuningDesk
from safecare.console.web import ProblemError, S, not_found, visitor_of, words_of
from safecare.console.wire.asks import Arrange, Suppress
from safecare.model.ids import new_id
from safecare.model.text import say

OTHERS = 50
"""Most open incidents that are offered for putting together, last changed first."""
DONE = {
    "merge": say("The two incidents are being put together."),
    "split": say("The alert is becoming an incident of its own."),
    "detach": say("The alert is being taken out."),
}

EMPTY = {"window": "maintenance", "rules": "", "places": "", "severity": "60", "hours": "4", "reason": ""}
"""What stands in the form at first: below what opens an incident alone, for half a shift."""


def routes(app: FastAPI, deps: ConsoleDeps, pages: Pages, feed: Feed) -> None:
    """Add the pages."""
    desk = TuningDesk(deps, feed)

    @app.get("/arrange/{id}", name="arrange_page")
    async def arrange_page(request: Request, id: str, done: str = "") -> Response:
        visitor, words = visitor_of(request), words_of(request)
        incident = await asyncio.to_thread(desk.incidents.whole, id, visitor, words)
        similar = await asyncio.to_thread(desk.tuner.similar, id, desk.incidents, visitor, words)
        others = [
            (one.id, words.say(one.title, one.site))
            for one in await asyncio.to_thread(deps.reader.incidents, limit=OTHERS)
            if one.id != id and may_see(visitor, one)
        ]
        return pages.page(
            request,
            "arrange.jinja",
            incident=incident,
            others=others,
            similar=[(one, words.say(VERDICTS[one.verdict])) for one in similar if one.verdict in VERDICTS],
            told=words.say(DONE[done]) if done in DONE else "",
            may=visitor.role in RIGHTS["arrange_form"],
            played=incident.exercise,
            act=new_id(deps.clock.now()),
        )

    @app.post("/arrange/{id}", name="arrange_form")
    async def arrange_form(request: Request, id: str) -> Response:
        visitor, form = visitor_of(request), await read_form(request)
        check_form(visitor, form.pop("form_key", ""))
        fields: dict[str, Any] = {**form, "alerts": [form["alert"]] if form.get("alert") else []}
        fields["id"] = f"{form.get('id', '')}:{form.get('alert') or form.get('other')}"[:64]
        await desk.arrange(id, _read(fields, Arrange), visitor)
        return RedirectResponse(f"/arrange/{id}?done={fields['change']}", 303)

    @app.get("/suppressions", name="suppressions_page")
    async def suppressions_page(request: Request) -> Response:
        return await page(request, {}, "")

    @app.post("/suppressions", name="suppress_form")
    async def suppress_form(request: Request) -> Response:
        visitor, form = visitor_of(request), await read_form(request)
        check_form(visitor, form.pop("form_key", ""))
        if form.get("do") == "end":
            await end(form.get("suppression", ""), visitor)
            return RedirectResponse("/suppressions", 303)
        ask = _asked(form, deps)
        if form.get("do") == "set":
            await desk.suppress(ask, visitor)
            return RedirectResponse("/suppressions", 303)
        hidden = await asyncio.to_thread(desk.tuner.preview, ask, visitor, words_of(request))
        return await page(request, form, f"{hidden.sentence}. {' · '.join(dict.fromkeys(hidden.gravest))}")

    async def page(request: Request, form: dict[str, str], preview: str) -> Response:
        visitor = visitor_of(request)
        windows = await asyncio.to_thread(desk.tuner.windows, visitor, words_of(request))
        may = visitor.role in RIGHTS["suppress_form"]
        filled = {**EMPTY, **form}
        return pages.page(request, "suppressions.jinja", windows=windows, form=filled, preview=preview, may=may)

    async def end(id: str, visitor: Visitor) -> None:
        known = await asyncio.to_thread(desk.tuner.known, id, visitor)
        if known is None:
            raise not_found()
        names = ("window", "reason", "severity", "begins", "expires", "suppression", "rules", "assets", "zones")
        kept: dict[str, Any] = {name: getattr(known, name) for name in names}
        await desk.suppress(_read({**kept, "ended": True}, Suppress), visitor)


def _asked(form: dict[str, str], deps: ConsoleDeps) -> Suppress:
    """Return the window that a form describes. Raises `ProblemError` 422."""
    try:
        hours, severity = float(form.get("hours", "")), int(form.get("severity", ""))
        expires = deps.clock.now() + timedelta(hours=hours)
    except (ValueError, OverflowError) as error:
        raise ProblemError(422, say("This form can't be read.")) from error
    things = form.get("places", "").split()
    zones = [one for one in things if deps.hospital.zone(one)]
    assets = [one for one in things if deps.hospital.asset(one)]
    unknown = [one for one in things if one not in zones and one not in assets]
    if unknown:
        raise ProblemError(422, say("Nothing in the hospital is called {name}.", name=unknown[0]))
    given: dict[str, Any] = {name: form[name] for name in ("window", "reason") if name in form}
    given |= {"rules": form.get("rules", "").split(), "zones": zones, "assets": assets}
    return _read({**given, "severity": severity, "expires": expires}, Suppress)


def _read(fields: dict[str, Any], kind: type[S]) -> S:
    try:
        return msgspec.convert(fields, kind)
    except msgspec.ValidationError as error:
        raise ProblemError(422, say("This form can't be read.")) from error
