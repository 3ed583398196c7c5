"""Mails, images and records that doors hold: the list, and what a person decides of each."""

from __future__ import annotations

import asyncio

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from safecare.console.acts import Desk
from safecare.console.deps import ConsoleDeps
from safecare.console.rights import Visitor, may, within
from safecare.console.web import ProblemError, answer, not_found, read_struct, visitor_of, words_of
from safecare.console.wire.asks import DecideHeld
from safecare.console.wire.held import HeldView
from safecare.console.wire.platform import Done
from safecare.console.words import Words
from safecare.model.text import say
from safecare.store.held import STATES, Held, age, decide, held, held_file


def routes(app: FastAPI, deps: ConsoleDeps) -> None:
    """Add the routes."""
    desk = Desk(deps)

    @app.get("/api/held", name="held")
    async def list_(request: Request) -> Response:
        visitor, words = visitor_of(request), words_of(request)
        found = await asyncio.to_thread(held, deps.reader.database)
        seen = [one for one in found if _sees(visitor, one)]
        return answer(await asyncio.to_thread(lambda: [_view(one, visitor, words, deps) for one in seen]))

    @app.post("/api/held/{id}", name="decide_held")
    async def decide_(request: Request, id: str) -> Response:
        visitor, ask = visitor_of(request), await read_struct(request, DecideHeld)
        found = await asyncio.to_thread(held_file, deps.reader.database, id)
        if found is None or not _sees(visitor, found):
            raise not_found()
        if not ask.reason.strip():
            raise ProblemError(422, say("Say why."))
        if not found.may(ask.decision):
            raise ProblemError(409, say("Somebody has decided this already."))
        act = decide(found, ask.decision, ask.reason.strip(), {**desk.stamp(visitor, ask.id, found.file.site)})
        await deps.publish([act], key=found.key)
        return answer(Done(act.id))


def _sees(visitor: Visitor, one: Held) -> bool:
    file = one.file
    return within(visitor, file.site, [id for id in (file.zone, file.asset) if id])


def _view(one: Held, visitor: Visitor, words: Words, deps: ConsoleDeps) -> HeldView:
    file, act, result = one.file, one.act, one.result
    allowed = may(visitor, "decide_held")
    return HeldView(
        id=file.id,
        at=file.at,
        age=round(age(one, deps.clock.now())),
        door=file.source,
        peer=file.peer,
        size=file.size,
        type=file.type,
        verdict=file.verdict,
        why=words.all(file.reasons, file.site),
        state=one.state,
        stands=words.say(STATES[one.state]),
        who=words.person(act.actor) if act else "",
        decided=act.at if act else None,
        reason=act.reason if act else "",
        answer=words.reason(result.detail) if result else "",
        may_release=allowed and one.may("release"),
        may_discard=allowed and one.may("discard"),
    )
