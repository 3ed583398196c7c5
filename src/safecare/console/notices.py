"""Notices on a phone: reading them, answering, and telling what one has seen."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

import msgspec
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from safecare.console.acts import Desk
from safecare.console.deps import ConsoleDeps
from safecare.console.exercises import Exercises, exercise_at
from safecare.console.rights import Visitor, addressed, may_read_notice, within
from safecare.console.views import guard_notice
from safecare.console.web import answer, not_found, read_struct, visitor_of, words_of
from safecare.console.wire.asks import Answer
from safecare.console.wire.places import Guard
from safecare.console.wire.platform import Done
from safecare.console.words import Words
from safecare.model.events.acts import NoticeAnswered
from safecare.model.ids import NoticeId
from safecare.model.notice import Notice
from safecare.model.roles import ADMIN

PAGE = "page"
"""The channel of the console's own page."""


class Notices:
    """What is read and answered of notices."""

    def __init__(self, deps: ConsoleDeps) -> None:
        """Take the platform's parts."""
        self._deps = deps
        self._desk = Desk(deps)

    def get(self, id: str, visitor: Visitor) -> Notice:
        """Return a notice. Raises `ProblemError` 404, also when it is for someone else. Blocking."""
        found = self._deps.reader.notice(NoticeId(id))
        if found is None or not may_read_notice(visitor, found.role, found.user, found.site, found.zone):
            raise not_found()
        return found

    def mine(self, visitor: Visitor, words: Words) -> Guard:
        """Return the notices about open incidents that are meant for `visitor`, the latest first. Blocking."""
        found = [
            one
            for one in self._deps.glance.current_notices()
            if (visitor.role == ADMIN or addressed(visitor, one.role, one.user))
            and within(visitor, one.site, [one.zone] if one.zone else [])
        ]
        receipts = self._deps.glance.receipts([one.id for one in found])
        played = Exercises(self._deps.reader).periods() if found else []
        return Guard(
            [
                guard_notice(
                    same[0],
                    [receipt for one in same for receipt in receipts[one.id]],
                    self._deps.hospital,
                    words,
                    visitor,
                    [one.id for one in same],
                    exercise_at(played, same[0].at),
                )
                for same in _together(found)
            ]
        )

    async def record(self, id: str, visitor: Visitor, ask: Answer) -> str:
        """Store the answer of `visitor` and return the act's id. Raises `ProblemError`, `LogFullError`."""
        notice = await asyncio.to_thread(self.get, id, visitor)
        act = NoticeAnswered(
            **self._desk.stamp(visitor, ask.id, notice.site, ask.at),
            zone=notice.zone,
            notice=notice.id,
            answer=ask.answer,
            comment=ask.comment,
            revision=ask.revision,
        )
        return await self._desk.record(act, ask.id)


def _together(notices: Iterable[Notice]) -> list[list[Notice]]:
    """Return notices that say the same to the same people by several channels as one, that of the page first."""
    found: dict[bytes, list[Notice]] = {}
    for one in notices:
        said = (one.incident, one.role, one.user, one.level, one.severity, one.zone, one.title, one.body)
        found.setdefault(msgspec.msgpack.encode(said), []).append(one)
    return [sorted(same, key=lambda one: (one.channel != PAGE, one.id)) for same in found.values()]


def routes(app: FastAPI, deps: ConsoleDeps) -> None:
    """Add the routes of notices."""
    notices = Notices(deps)

    @app.get("/api/guard", name="guard")
    async def guard(request: Request) -> Response:
        return answer(await asyncio.to_thread(notices.mine, visitor_of(request), words_of(request)))

    @app.post("/api/notices/{id}/answer", name="answer")
    async def answer_notice(request: Request, id: str) -> Response:
        ask = await read_struct(request, Answer)
        return answer(Done(await notices.record(id, visitor_of(request), ask)))
