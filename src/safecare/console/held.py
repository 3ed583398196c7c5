"""Mails, images and records that doors hold: the list, and what a person decides of each."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from itertools import islice
from typing import Annotated

from fastapi import FastAPI, Query
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
from safecare.store.held import PAGE, STATES, Held, age, decide, held, held_file


def routes(app: FastAPI, deps: ConsoleDeps) -> None:
    """Add the routes."""
    desk = Desk(deps)

    @app.get("/api/held", name="held")
    async def list_(
        request: Request,
        after: Annotated[str, Query(max_length=64)] = "",
        limit: Annotated[int, Query(ge=1, le=1000)] = PAGE,
    ) -> Response:
        visitor, words = visitor_of(request), words_of(request)

        def page() -> list[HeldView]:
            seen = islice((one for one in _all(deps, after) if _sees(visitor, one)), limit)
            return [_view(one, visitor, words, deps) for one in seen]

        return answer(await asyncio.to_thread(page))

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


def _all(deps: ConsoleDeps, after: str) -> Iterator[Held]:
    """Yield the held files behind `after`, page by page: whose site is another's takes nobody's place."""
    while found := held(deps.reader.database, after=after):
        yield from found
        after = found[-1].file.id


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
