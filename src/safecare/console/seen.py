"""What people on site report: words, a photo, a voice note, a call for help. Taking it, and showing it."""

from __future__ import annotations

import asyncio
import base64
from datetime import timedelta

from fastapi import FastAPI, Query
from starlette.requests import Request
from starlette.responses import Response

from safecare.console.acts import Desk
from safecare.console.deps import ConsoleDeps
from safecare.console.kept import kept
from safecare.console.ranges import part_of
from safecare.console.rights import Visitor, here
from safecare.console.views import still_url
from safecare.console.web import ProblemError, answer, not_found, read_struct, visitor_of, words_of
from safecare.console.wire.asks import Report
from safecare.console.wire.places import ReportView
from safecare.console.wire.platform import Done
from safecare.console.words import Words
from safecare.formats.jpeg import JpegError, stripped
from safecare.model.events import decode_event
from safecare.model.events.acts import Reported
from safecare.model.ids import ArtifactHash, ZoneId
from safecare.model.text import say

BODY = 4_000_000
"""Largest report in bytes (chosen: a photo of a phone and a minute of speech, written in base 64)."""
VOICE = 1_000_000
"""Largest voice note in bytes (chosen: a minute of speech at 96 kbit/s, and some)."""
VOICES = {b"\x1a\x45\xdf\xa3": "audio/webm", b"OggS": "audio/ogg"}
"""Media type by first bytes (EBML of RFC 8794, 11.1; Ogg of RFC 3533, 6)."""
SHOWN = 100


def voice_type(raw: bytes) -> str:
    """Return the media type of a voice note; empty for anything else."""
    if raw[4:8] == b"ftyp":  # ISO/IEC 14496-12, 4.3: how phones of Apple record
        return "audio/mp4"
    return VOICES.get(raw[:4], "")


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError as error:
        raise ProblemError(422, say("This file can't be read.")) from error


class Seen:
    """Takes reports with their photos and voice notes, and reads them. Blocking, where nothing else is said."""

    def __init__(self, deps: ConsoleDeps) -> None:
        """Take the platform's parts."""
        self._deps = deps
        self._desk = Desk(deps)

    async def take(self, ask: Report, visitor: Visitor) -> str:
        """Store a report and return the act's id. Raises `ProblemError`, `LogFullError`."""
        zone = self._deps.hospital.zone(ask.zone)
        if ask.zone and zone is None:
            raise ProblemError(422, say("There is no such place: {zone}", zone=ask.zone))
        if not (ask.words or ask.panic or ask.picture or ask.voice or ask.about):
            raise ProblemError(422, say("This report is empty."))
        picture, voice = await asyncio.to_thread(self.keep, ask)
        act = Reported(
            **self._desk.stamp(visitor, ask.id, zone.site if zone else self._desk.home(visitor), ask.at),
            zone=ZoneId(ask.zone) if ask.zone else None,
            words=ask.words,
            about=ask.about,
            picture=picture,
            voice=voice,
            panic=ask.panic,
        )
        return await self._desk.record(act, ask.id)

    def keep(self, ask: Report) -> tuple[ArtifactHash | None, ArtifactHash | None]:
        """Store photo and voice of a report; return their hashes. Raises `ProblemError` 422, `LogFullError`."""
        picture = voice = None
        if ask.picture:
            try:
                picture = self._deps.artifacts.keep(stripped(_decoded(ask.picture)), "image/jpeg")
            except JpegError as error:
                raise ProblemError(422, say("This photo can't be taken: only JPEG.")) from error
        if ask.voice:
            raw = _decoded(ask.voice)
            media = voice_type(raw)
            if not media or len(raw) > VOICE:
                raise ProblemError(422, say("This voice note can't be taken."))
            voice = self._deps.artifacts.keep(raw, media)
        return picture, voice

    def reports(self, visitor: Visitor, words: Words, hours: float) -> list[ReportView]:
        """Return the reports of the last `hours`, the latest first."""
        since = self._deps.clock.now() - timedelta(hours=hours)
        acts = [decode_event(one.detail.encode()) for one in self._deps.reader.acts("act.report", SHOWN)]
        return [
            ReportView(
                id=act.id,
                at=act.at,
                who=words.person(act.actor),
                role=words.role(act.role),
                zone=words.named(act.zone) if act.zone else None,
                words=act.words,
                panic=act.panic,
                picture=still_url(act.picture),
                voice=f"/api/voices/{act.voice}" if act.voice else None,
            )
            for act in reversed(acts)
            if isinstance(act, Reported) and act.at >= since and here(visitor, act)
        ]


def routes(app: FastAPI, deps: ConsoleDeps) -> None:
    """Add the routes of reports."""
    seen = Seen(deps)

    @app.post("/api/reports", name="report")
    async def report(request: Request) -> Response:
        ask = await read_struct(request, Report, BODY)
        return answer(Done(await seen.take(ask, visitor_of(request))), 201)

    @app.get("/api/reports", name="reports")
    async def reports(request: Request, hours: float = Query(24.0, gt=0, le=24 * 30)) -> Response:
        return answer(await asyncio.to_thread(seen.reports, visitor_of(request), words_of(request), hours))

    @app.get("/api/voices/{hash}", name="voice")
    async def voice(request: Request, hash: str) -> Response:
        """Give a voice note, and nothing else of the artifact store."""
        raw = await asyncio.to_thread(kept, deps, visitor_of(request), hash, "voice")
        media = voice_type(raw)
        if not media:
            raise not_found()
        return part_of(request, raw, {"Cache-Control": "no-store"}, media)
