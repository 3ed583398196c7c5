"""Small tools of all routes: bodies with limits, JSON by msgspec, problems in the reader's language."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from safecare.console.rights import NOBODY, Visitor
from safecare.console.words import Words
from safecare.model.layout import laid_out
from safecare.model.text import Text, say

S = TypeVar("S", bound=msgspec.Struct)

ACT_BYTES = 16 * 1024
"""Largest body of an act (chosen: four times the longest comment in UTF-8, and its fields)."""

_encoder = msgspec.json.Encoder()


class ProblemError(Exception):
    """A request that is refused, with the HTTP status and the reason for the person who made it."""

    def __init__(self, status: int, reason: Text, headers: dict[str, str] | None = None) -> None:
        """Keep status, reason and headers."""
        super().__init__(reason.key)
        self.status = status
        self.reason = reason
        self.headers = headers or {}


def not_found() -> ProblemError:
    """Return the refusal of what is not there, or not for this visitor: both look the same from outside."""
    return ProblemError(404, say("There is nothing here, or it is not shared with you."))


def visitor_of(request: Request) -> Visitor:
    """Return who is asking, as the gate has found out."""
    found: Visitor = getattr(request.state, "visitor", NOBODY)
    return found


def words_of(request: Request) -> Words:
    """Return the reader's words, as the gate has set them."""
    found: Words = request.state.words
    return found


def answer(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Return `body` as JSON."""
    return Response(_encoder.encode(body), status, {"Cache-Control": "no-store", **(headers or {})}, "application/json")


def paper(raw: bytes, name: str) -> Response:
    """Return a PDF that browsers show, and save under `name`."""
    headers = {"Cache-Control": "no-store", "Content-Disposition": f'inline; filename="{name}.pdf"'}
    return Response(raw, 200, headers, "application/pdf")


async def read_body(request: Request, limit: int) -> bytes:
    """Read the body of a request, at most `limit` bytes. Raises `ProblemError` 413."""
    too_large = ProblemError(413, say("This is too large: at most {limit} bytes are taken.", limit=limit))
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and int(announced) > limit:
        raise too_large
    parts = bytearray()
    try:
        async for chunk in request.stream():
            parts += chunk
            if len(parts) > limit:
                raise too_large
    except ClientDisconnect as gone:
        raise ProblemError(400, say("The request ended before it was whole.")) from gone
    return bytes(parts)


async def read_struct(request: Request, kind: type[S], limit: int = ACT_BYTES) -> S:
    """Read a JSON body of an act, at most `limit` bytes. Raises `ProblemError` 413 or 422 with what is wrong where."""
    raw = await read_body(request, limit)
    try:
        return msgspec.json.decode(raw, type=laid_out(kind))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ProblemError(422, say("This request can't be read: {reason}", reason=str(error))) from error
