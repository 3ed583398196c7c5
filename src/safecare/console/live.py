"""Server-Sent Events: what changed, for one browser, in its reader's language (WHATWG HTML, 9.2).

``id:`` is the log's sequence number and stands at the last message of a batch, so that a stream that is resumed
repeats a batch rather than losing half of it.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import AsyncIterator

import msgspec
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from safecare.console.deps import ConsoleDeps
from safecare.console.feed import Beat, Chunk, Feed, Lost, Message
from safecare.console.gate import Gate
from safecare.console.news import News
from safecare.console.rights import Visitor
from safecare.console.views import card
from safecare.console.web import ProblemError, visitor_of, words_of
from safecare.console.words import Words
from safecare.model.text import say

STREAMS = 1000
"""Streams of one process (chosen: twice what was measured without trouble, and far below the file limit)."""
OF_ONE_SESSION = 20
"""Streams of one sign-in (chosen: the tabs and walls of one post; one sign-in must not keep all others out)."""
RECHECK_BEATS = 10
"""Beats after which a stream asks again whether its session still stands (chosen: half a minute)."""
FRAMES = 64
"""Frames that are remembered (chosen: languages times roles of the last few batches)."""
RETRY = b"retry: 2000\n\n"
"""Milliseconds until a browser tries again (chosen: soon, but not all at once as with zero)."""

_encoder = msgspec.json.Encoder()


def frame(news: News, visitor: Visitor, words: Words) -> bytes:
    """Return one announcement as the browser reads it."""
    data: dict[str, object] = {"topic": news.topic, "id": news.id}
    if news.incident is not None:
        data["incident"] = news.incident
    if news.level is not None:
        data["level"] = news.level
    if news.title is not None:
        data["title"] = words.say(news.title, news.site)
    if news.whole is not None:
        data["card"] = card(news.whole, words, acknowledged=news.taken, exercise=news.exercise)
    if news.rings_for(visitor):
        data["ring"] = True
    return b"data: " + _encoder.encode(data) + b"\n"


class Frames:
    """Remembers the latest frames: hundreds of screens are told the same, and it is written once."""

    def __init__(self) -> None:
        """Start empty."""
        self._made: OrderedDict[tuple[object, ...], bytes] = OrderedDict()

    def of(self, message: Message, visitor: Visitor, words: Words) -> bytes:
        """Return what `frames` returns."""
        if not isinstance(message, Chunk):
            return frames(message, visitor, words)
        told = tuple(one.rings_for(visitor) if one.seen_by(visitor) else None for one in message.news)
        key = (message.seq, told, words.language, words.now and words.now.date())
        if key not in self._made:
            self._made[key] = frames(message, visitor, words)
            while len(self._made) > FRAMES:
                self._made.popitem(last=False)
        return self._made[key]


def frames(message: Message, visitor: Visitor, words: Words) -> bytes:
    """Return a message of the feed as bytes of the stream, without what `visitor` may not know."""
    match message:
        case Chunk(seq=seq, news=news):
            lines = [frame(one, visitor, words) for one in news if one.seen_by(visitor)]
            if not lines:
                return b""
            lines[-1] = b"id: %d\n" % seq + lines[-1]
            return b"".join(line + b"\n" for line in lines)
        case Beat(at=at, seq=seq, exercise=exercise):
            return b"id: %d\nevent: beat\ndata: %s\n\n" % (seq, _encoder.encode({"at": at, "exercise": exercise}))
        case Lost(resync=True):
            return b"event: resync\ndata: {}\n\n"
        case _:
            return b""


def routes(app: FastAPI, deps: ConsoleDeps, gate: Gate, feed: Feed) -> None:
    """Add the route of the live stream."""
    written = Frames()

    async def stream(visitor: Visitor, words: Words, after: int | None) -> AsyncIterator[bytes]:
        subscriber, first = await feed.subscribe(after, visitor)
        beats = 0
        try:
            yield RETRY + b"".join(frames(message, visitor, words) for message in first)
            while True:
                message = await subscriber.get()
                if isinstance(message, Beat):
                    beats += 1
                    if beats % RECHECK_BEATS == 0 and not await still_signed_in(visitor):
                        return
                data = written.of(message, visitor, words)
                if data:
                    yield data
                if isinstance(message, Lost):
                    feed.cut_off += message.resync
                    return
        finally:
            feed.leave(subscriber)

    async def still_signed_in(visitor: Visitor) -> bool:
        return not visitor.secret or await gate.session(visitor.secret) == visitor

    @app.get("/api/live", name="live")
    async def live(request: Request) -> Response:
        if feed.browsers >= STREAMS:
            raise ProblemError(503, say("Too many screens are open."), {"Retry-After": "10"})
        if feed.sessions().get(visitor_of(request).session, 0) >= OF_ONE_SESSION:
            raise ProblemError(429, say("This sign-in has too many screens open. Close one."), {"Retry-After": "10"})
        given = request.headers.get("last-event-id", "")
        after = int(given) if given.isdigit() and len(given) < 19 else None
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        body = stream(visitor_of(request), words_of(request), after)
        return StreamingResponse(body, 200, headers, "text/event-stream")
