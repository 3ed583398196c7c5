"""The console's HTTP application: its parts put together, nothing global."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import Response

from safecare import __version__
from safecare.console import (
    availability,
    board,
    building,
    clips,
    crisis,
    detections,
    devices,
    drawings,
    front,
    health,
    held,
    incidents,
    ingest,
    inventory,
    live,
    load,
    notices,
    people,
    plain,
    recovery,
    reports,
    risks,
    scenarios,
    seen,
    session,
    sharing,
    timeline,
    tried,
    tuning,
    whatif,
    zones,
)
from safecare.console.deps import ConsoleDeps
from safecare.console.feed import Feed
from safecare.console.gate import Gate
from safecare.console.headers import HEADERS, SafeHeaders
from safecare.console.openapi import describe
from safecare.console.pages import Pages
from safecare.console.rights import NOBODY, RIGHTS
from safecare.console.shared import Shared
from safecare.console.web import ProblemError, answer, words_of
from safecare.exchange.log import LogFullError
from safecare.model.text import Text, say

SMALL = 1024
"""Bytes below which an answer is not compressed (chosen: one network packet)."""


def create_app(deps: ConsoleDeps) -> FastAPI:
    """Return the application. Raises `ValueError` when a route has no entry in the table of rights, or the reverse.

    `app.state.feed` is the live feed: whoever runs the application stops it before the server, so that open
    streams end (`safecare.console.server.serve` does).
    """
    feed = Feed(deps)
    gate, shared = Gate(deps), Shared(feed)
    pages = Pages(deps.scenarios, oidc=deps.provider is not None)
    counters, chain = health.Counters(), health.Chain(deps)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        await feed.start()
        try:
            yield
        finally:
            await feed.stop()
            app.state.player.stop()

    app = FastAPI(
        title="Safecare",
        version=__version__,
        lifespan=lifespan,
        dependencies=[Depends(gate)],
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
    )
    app.state.feed = feed
    session.routes(app, deps, gate, pages, feed)
    board.routes(app, deps, shared)
    incidents.routes(app, deps, feed)
    timeline.routes(app, deps, incidents.Incidents(deps, feed))
    app.state.player = whatif.routes(app, deps, incidents.Incidents(deps, feed))
    recovery.routes(app, deps, incidents.Incidents(deps, feed), app.state.player)
    risks.routes(app, deps, app.state.player)
    tuning.routes(app, deps, feed)
    notices.routes(app, deps)
    seen.routes(app, deps)
    building.routes(app, deps, shared)
    drawings.routes(app, deps, feed)
    zones.routes(app, deps)
    availability.routes(app, deps)
    live.routes(app, deps, gate, feed)
    health.routes(app, deps, feed, counters, chain)
    held.routes(app, deps)
    clips.routes(app, deps)
    tried.routes(app, deps)
    crisis.routes(app, deps, incidents.Incidents(deps, feed), pages, chain)
    sharing.routes(app, deps, incidents.Incidents(deps, feed))
    detections.routes(app, deps)
    inventory.routes(app, deps)
    scenarios.routes(app, deps)
    ingest.routes(app, deps, counters.took)
    devices.routes(app, deps, gate)
    people.routes(app, deps, feed)
    load.routes(app, deps, feed)
    plain.routes(app, deps, pages, feed)
    reports.routes(app, deps, pages, feed)

    @app.get("/api/openapi.json", name="openapi")
    async def openapi(request: Request) -> Response:
        return answer(describe(app))

    front.routes(app, deps, pages)  # last: it takes every address that is left
    _handle_errors(app, gate, pages)
    check_rights(app)
    app.add_middleware(GZipMiddleware, minimum_size=SMALL, compresslevel=5)
    app.add_middleware(SafeHeaders, tls=session.public_url(deps).startswith("https:"))
    return app


def check_rights(app: FastAPI) -> None:
    """Raise `ValueError` unless every route has exactly one entry in the table of rights, and every entry a route."""
    names = [route.name for route in app.routes if isinstance(route, APIRoute)]
    others = [route for route in app.routes if not isinstance(route, APIRoute)]
    wrong = [f"route {name} has no entry" for name in names if name not in RIGHTS]
    wrong += [f"entry {name} has no route" for name in RIGHTS if name not in names]
    wrong += [f"route {name} is there twice" for name in set(names) if names.count(name) > 1]
    wrong += [f"{route!r} does not pass the gate" for route in others]
    if wrong:
        raise ValueError("; ".join(wrong))


def _handle_errors(app: FastAPI, gate: Gate, pages: Pages) -> None:
    def refuse(request: Request, status: int, reason: Text, headers: dict[str, str]) -> Response:
        if not hasattr(request.state, "words"):
            request.state.words = gate.words(request)
            request.state.visitor = NOBODY
        words = words_of(request)
        path = request.url.path
        if path.startswith("/api/") or "text/html" not in request.headers.get("accept", ""):
            return answer({"detail": words.say(reason)}, status, headers)
        if status == 401:
            return pages.page(request, "no_session.jinja", 401, spent=False, wrong=False, here=path)
        shown = pages.page(request, "message.jinja", status, heading=words.say(reason), lines=[])
        shown.headers.update(headers)
        return shown

    async def handle(request: Request, error: Exception) -> Response:
        match error:
            case ProblemError(status=status, reason=reason, headers=headers):
                return refuse(request, status, reason, headers)
            case LogFullError():
                return refuse(request, 507, say("There is no room to keep this. Keep it and try again later."), {})
            case RequestValidationError():
                first = error.errors()[0]
                why = ".".join(str(part) for part in first["loc"]) + f": {first['msg']}"
                return refuse(request, 422, say("This request can't be read: {reason}", reason=why), {})
            case HTTPException(status_code=405):
                return refuse(request, 405, say("This address can't be used in this way."), dict(error.headers or {}))
            case HTTPException(status_code=status):
                return refuse(request, status, say("There is nothing here, or it is not shared with you."), {})
            case _:
                raise error

    async def broken(request: Request, error: Exception) -> Response:
        reason = say("Something went wrong on our side. It was written to the log.")
        return refuse(request, 500, reason, dict(HEADERS))  # this answer does not pass the middleware any more

    app.add_exception_handler(Exception, broken)
    for kind in (ProblemError, LogFullError, RequestValidationError, HTTPException):
        app.add_exception_handler(kind, handle)
