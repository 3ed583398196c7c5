"""Clips around alerts: heads unrecognisable for those who see the alert; clear for few, with a reason, on record."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from safecare.console.acts import Desk
from safecare.console.deps import ConsoleDeps
from safecare.console.kept import kept
from safecare.console.ranges import part_of
from safecare.console.rights import Visitor, here, may
from safecare.console.web import ProblemError, not_found, read_struct, visitor_of
from safecare.console.wire.asks import SeeClip
from safecare.console.wire.incidents import ClipView
from safecare.model.events.acts import ClipSeen
from safecare.model.events.video import ClipKept, ClipMissing
from safecare.model.ids import AlertId, EventId
from safecare.model.text import Ref, Text, say
from safecare.store.clips import clips, missing
from safecare.store.keyring import SealError
from safecare.store.vault import UnknownKeyError

WEBM = b"\x1a\x45\xdf\xa3"
"""First bytes of WebM (EBML, RFC 8794, 11.1)."""
MEDIA = "video/webm"


def clip_views(deps: ConsoleDeps, visitor: Visitor, alerts: Iterable[AlertId]) -> dict[AlertId, list[ClipView]]:
    """Return the clips around `alerts` of cameras that `visitor` may see, by alert. Blocking."""
    wanted = list(alerts)
    found: dict[AlertId, list[ClipView]] = {}
    clear = may(visitor, "clear_clip")
    for clip in clips(deps.reader.database, wanted) if wanted else []:
        if not here(visitor, clip):
            continue
        view = ClipView(
            id=clip.id,
            address=f"/api/clips/{clip.artifact}",
            camera=str(clip.asset),
            at=clip.at,
            seconds=clip.seconds,
            until=clip.until,
            clear=clear and clip.clear is not None,
        )
        for alert in clip.alerts:
            found.setdefault(alert, []).append(view)
    return found


def missing_texts(deps: ConsoleDeps, alerts: Iterable[AlertId]) -> dict[AlertId, list[Text]]:
    """Return why cameras have no clip, or none any more, around `alerts`, by alert. Blocking."""
    wanted = list(alerts)
    found: dict[AlertId, list[Text]] = {}
    for one in missing(deps.reader.database, wanted) if wanted else []:
        for alert in one.alerts:
            found.setdefault(alert, []).append(_why(one))
    return found


def _why(one: ClipMissing) -> Text:
    camera = Ref(one.asset or one.site)
    match one.why:
        case "late":
            return say("{camera}: no clip. The alert came when its memory held that moment no more.", camera=camera)
        case "lost":
            return say("{camera}: no clip. The camera was lost before it was made.", camera=camera)
        case "many":
            return say("{camera}: no clip. Too many were asked for at once.", camera=camera)
        case "empty":
            return say("{camera}: no clip. There was no picture at that time.", camera=camera)
        case "store":
            return say("{camera}: no clip. It could not be stored.", camera=camera)
        case "over":
            return say("{camera}: the clip was deleted when its time was over.", camera=camera)


def routes(app: FastAPI, deps: ConsoleDeps) -> None:
    """Add the routes."""
    desk = Desk(deps)

    @app.get("/api/clips/{hash}", name="clip")
    async def clip(request: Request, hash: str) -> Response:
        """Give a clip, and nothing else of the artifact store."""
        raw = await asyncio.to_thread(kept, deps, visitor_of(request), hash, "clip")
        if not raw.startswith(WEBM):
            raise not_found()
        return part_of(request, raw, {"Cache-Control": "no-store"}, MEDIA)

    @app.post("/api/clips/{id}/clear", name="clear_clip")
    async def clear(request: Request, id: str) -> Response:
        """Give the clear copy, once it is on record who asked and why."""
        visitor, ask = visitor_of(request), await read_struct(request, SeeClip)
        found = await asyncio.to_thread(deps.reader.event, EventId(id))
        if not isinstance(found, ClipKept) or found.clear is None or not here(visitor, found):
            raise not_found()
        if not ask.reason.strip():
            raise ProblemError(422, say("Say why."))
        act = ClipSeen(**desk.stamp(visitor, ask.id, found.site), clip=found.id, reason=ask.reason.strip())
        await desk.record(act, ask.id)
        raw = await asyncio.to_thread(_clear, deps, found)
        return Response(raw, 200, {"Cache-Control": "no-store"}, MEDIA)


def _clear(deps: ConsoleDeps, clip: ClipKept) -> bytes:
    """Return the clear copy of `clip`. Blocking. Raises `ProblemError` 404 when it is gone, or its key is."""
    try:
        return deps.clear(clip)
    except (OSError, ValueError, SealError, UnknownKeyError):
        raise not_found() from None
