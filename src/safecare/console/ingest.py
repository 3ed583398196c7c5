"""The HTTP door for machines: batches of events and alerts, accepted only after they are durable.

Every line is read by itself: a bad one is refused with its number and the reason, and kept with the rejects;
the others are taken.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from datetime import datetime

import msgspec
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from safecare.console.deps import ConsoleDeps, LineError, Parsed, Parser
from safecare.console.rights import Visitor
from safecare.console.web import ProblemError, answer, not_found, read_body, visitor_of
from safecare.console.wire.platform import LineRefused, Taken
from safecare.exchange.log import LogFullError
from safecare.model.alert import Alert
from safecare.model.event import Event
from safecare.model.events import decode_event
from safecare.model.events.acts import Act, ExerciseSet
from safecare.model.events.files import FileJudged
from safecare.model.events.video import ClipKept
from safecare.model.roles import ADMIN
from safecare.model.text import say
from safecare.model.topics import Item

LINE_BYTES = 1_000_000
"""Longest line (chosen: a thousand times a usual event)."""
LINES = 100_000
"""Most lines in a request (chosen: a hundred batches of the log; bounds the memory with `LINE_BYTES` and the body)."""
TOLD = 100
"""Errors that are told in the answer and kept one by one (chosen: enough to see the pattern; the others are kept in
one piece, because each reject is forced to disk)."""
WHOLE = 0
"""Line number of an error that is about the whole request."""


def read_events(raw: bytes) -> Parsed:
    """Read NDJSON of our own events. Bad lines become errors; empty lines are skipped."""
    items: list[Item] = []
    errors: list[LineError] = []
    for number, line in _lines(raw):
        if number > LINES:
            errors.append(LineError(number, f"more than {LINES} lines: this one and what follows is not read", line))
            break
        if len(line) > LINE_BYTES:
            errors.append(LineError(number, f"line of {len(line)} bytes, at most {LINE_BYTES} are taken", line))
            continue
        try:
            items.append(decode_event(line))
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            errors.append(LineError(number, str(error) or type(error).__name__, line))
    return items, errors


def _lines(raw: bytes) -> Iterator[tuple[int, bytes]]:
    for number, line in enumerate(raw.split(b"\n"), 1):
        stripped = line.strip()
        if stripped:
            yield number, stripped


def admit(items: list[Item], visitor: Visitor, now: datetime) -> tuple[list[Item], list[LineError]]:
    """Return what `visitor` may send, stamped with the time we got it, and refusals of the rest.

    A machine may not act as a person (the administrator of this machine may say that an exercise runs), and not speak
    for another site than its own. Only events and alerts enter.
    """
    taken: list[Item] = []
    refused: list[LineError] = []
    for item in items:
        reason = _why_not(item, visitor)
        if reason:
            refused.append(LineError(WHOLE, reason, msgspec.json.encode(item)))
        else:
            taken.append(msgspec.structs.replace(item, seen=now) if isinstance(item, Event) else item)
    return taken, refused


def _why_not(item: Item, visitor: Visitor) -> str:
    if isinstance(item, Act) and not (isinstance(item, ExerciseSet) and visitor.role == ADMIN):
        return f"{item.kind} {item.id}: acts come from signed-in people only"
    if not isinstance(item, Event | Alert):
        return f"{type(item).__name__}: only events and alerts are taken"
    if visitor.site is not None and item.site != visitor.site:
        return f"{item.id}: this sender speaks for site {visitor.site}, not for {item.site}"
    if (visitor.role != ADMIN or visitor.site is not None) and _claims(item):
        return f"{item.id}: names a picture, clip or held file of the store; only what keeps them may"
    for name, value in (("at", item.at),) if isinstance(item, Event) else (("first", item.first), ("last", item.last)):
        if value.tzinfo is None:
            return f"{item.id}: {name} has no time zone"
    return ""


def _claims(item: Event | Alert) -> bool:
    """Tell whether `item` says that bytes of the store are its own: who sees it is shown them, or may send them on."""
    held = isinstance(item, FileJudged) and item.act == "held"
    return held or isinstance(item, ClipKept) or getattr(item, "still", None) is not None


def routes(app: FastAPI, deps: ConsoleDeps, counted: Callable[[int, int], None]) -> None:
    """Return the ingest route; `counted` is told accepted items and rejects."""
    parsers: dict[str, Parser] = {"events": read_events, **deps.ingest}
    limit = deps.settings.limits.message_mb * 1_000_000

    async def take(door: str, raw: bytes, visitor: Visitor) -> Taken:
        parsed, errors = await asyncio.to_thread(parsers[door], raw)
        items, refused = admit(parsed, visitor, deps.clock.now())
        errors = [*errors, *refused]
        if items:
            await deps.publish(items)
        await keep(f"ingest/{door}", raw, errors)
        counted(len(items), len(errors))
        return Taken(len(items), [LineRefused(one.line, one.reason) for one in errors[:TOLD]])

    async def keep(door: str, raw: bytes, errors: list[LineError]) -> None:
        """Keep what was refused: each unit by itself, and what is beyond `TOLD` of them in one piece."""
        for error in errors[:TOLD]:
            await deps.refuse(door, error.raw or raw, error.reason, f"line {error.line}" if error.line else "")
        rest = errors[TOLD:]
        if rest:
            reason = f"{len(rest)} more of this request, the first: {rest[0].reason}"
            await deps.refuse(
                door, b"\n".join(one.raw for one in rest), reason, f"lines {rest[0].line} to {rest[-1].line}"
            )

    @app.post("/api/ingest/{door}", name="ingest")
    async def ingest(request: Request, door: str) -> Response:
        if door not in parsers:
            raise not_found()
        raw = await read_body(request, limit)
        if not raw.strip():
            raise ProblemError(400, say("The request is empty."))
        try:
            taken = await take(door, raw, visitor_of(request))
        except LogFullError as full:
            raise ProblemError(507, say("There is no room to keep this. Keep it and try again later.")) from full
        return answer(taken, 202 if taken.accepted else 400)
