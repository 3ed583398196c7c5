"""Drawing zones into the pictures of cameras: what stands there, and saving a new version.

A version is judged by the reader of zones files, with the whole hospital, before it is saved. Saving is an act on
record; the hospital's own files stay as they are, and the cameras work with the new zones at once.
"""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import FastAPI, Query
from starlette.requests import Request
from starlette.responses import Response

from safecare.console.acts import Desk
from safecare.console.deps import ConsoleDeps
from safecare.console.rights import Visitor, within
from safecare.console.views import still_url
from safecare.console.web import ProblemError, answer, not_found, read_struct, visitor_of, words_of
from safecare.console.wire.drawings import PlanSaved, VersionView
from safecare.console.wire.zones import CameraName, DrawZones, ZonesView
from safecare.console.words import Words
from safecare.formats.scene import ZonesFile, file_of
from safecare.formats.scene_text import compose, place_of
from safecare.model.events.acts import ZonesDrawn
from safecare.model.hospital import Asset
from safecare.model.text import say
from safecare.store.drawings import TakenError, ZonesVersion

ZONES_BYTES = 512 * 1024
"""Largest zones file that is sent. Chosen: 64 zones and as many masks of 200 corners each take 0.4 MB."""
PROBLEMS = 20
"""Problems told one by one (chosen: a screenful)."""


def cameras_of(deps: ConsoleDeps, visitor: Visitor) -> list[Asset]:
    """Return the cameras that `visitor` may see, by site and id."""
    found = [one for one in deps.hospital.assets if one.kind == "camera" and _may_see(visitor, one)]
    return sorted(found, key=lambda one: (one.site, one.id))


def _may_see(visitor: Visitor, camera: Asset) -> bool:
    return within(visitor, camera.site, [one for one in (camera.id, camera.zone) if one])


def camera_of(deps: ConsoleDeps, id: str, visitor: Visitor) -> Asset:
    """Return a camera. Raises `ProblemError` 404."""
    found = deps.hospital.asset(id)
    if found is None or found.kind != "camera" or not _may_see(visitor, found):
        raise not_found()
    return found


def view_of(deps: ConsoleDeps, camera: Asset, number: int | None, words: Words) -> ZonesView:
    """Return what version `number` (none: the newest) has drawn into the picture of `camera`. Blocking.

    Raises `KeyError`.
    """
    raw = deps.site.zones_file(camera.id, number)
    versions = deps.site.zones(camera.id)
    zone = deps.hospital.zone(camera.watches or camera.zone)
    here = {one.id for one in deps.hospital.zones if zone and one.level == zone.level}
    seen = deps.reader.last_still(camera.id)
    return ZonesView(
        camera=words.named(camera.id),
        level=zone.level if zone else None,
        doors=words.each(one.id for one in deps.hospital.assets if one.between and here & set(one.between)),
        still=still_url(seen.still) if seen else None,
        size=seen.size if seen and seen.size != (0, 0) else None,
        version=versions[-1].number if versions else 0,
        versions=[VersionView(one.number, one.at, words.person(one.author), one.comment, None) for one in versions],
        file=file_of(raw) if raw else ZonesFile(zones=()),
    )


def problems_of(deps: ConsoleDeps, camera: Asset, text: str, words: Words) -> list[str]:
    """Return what is wrong with `text` as the zones of `camera`, each with its place. Blocking."""
    told: list[str] = []
    for one in deps.site.check_zones(camera.id, text).problems:
        if one.level != "error":
            continue
        if one.file == f"cameras/{camera.id}.yaml":
            told.append(f"{place_of(text, one.line)}: {words.say(one.reason)}")
        else:
            told.append(f"{one.file}:{one.line}: {words.say(one.reason)}")
    return list(dict.fromkeys(told))[:PROBLEMS]


def routes(app: FastAPI, deps: ConsoleDeps) -> None:
    """Add the routes of cameras' zones."""
    desk = Desk(deps)

    @app.get("/api/cameras", name="cameras")
    async def cameras(request: Request) -> Response:
        words, scenes = words_of(request), deps.hospital.scenes
        return answer(
            [
                CameraName(
                    id=one.id,
                    name=words.named(one.id).name,
                    zones=len(scenes[one.id].areas) if one.id in scenes else 0,
                )
                for one in cameras_of(deps, visitor_of(request))
            ]
        )

    @app.get("/api/cameras/{camera}/zones", name="zones")
    async def zones(
        request: Request, camera: str, version: Annotated[int | None, Query(ge=0, le=1_000_000)] = None
    ) -> Response:
        found = camera_of(deps, camera, visitor_of(request))
        try:
            return answer(await asyncio.to_thread(view_of, deps, found, version, words_of(request)))
        except KeyError:
            raise not_found() from None

    @app.post("/api/cameras/{camera}/zones", name="draw_zones")
    async def draw_zones(request: Request, camera: str) -> Response:
        """Save a new version. Refused (422) with the reasons at their places, (409) where another one came."""
        visitor, words = visitor_of(request), words_of(request)
        found = camera_of(deps, camera, visitor)
        ask = await read_struct(request, DrawZones, ZONES_BYTES)
        text = compose(ask.file)
        wrong = await asyncio.to_thread(problems_of, deps, found, text, words)
        if wrong:
            raise ProblemError(422, say("These zones can't be used: {reasons}", reasons="; ".join(wrong)))
        other = ProblemError(409, say("Somebody else has saved zones of this camera meanwhile. Open it again."))
        versions = await asyncio.to_thread(deps.site.zones, found.id)
        if (versions[-1].number if versions else 0) != ask.base:
            raise other
        stamp = desk.stamp(visitor, ask.id, found.site)
        version = ZonesVersion(
            camera=found.id,
            number=ask.base + 1,
            at=stamp["at"],
            author=visitor.user,
            comment=ask.comment,
            text=text,
        )
        try:
            sha256 = await deps.site.save(version)
        except TakenError as taken:
            raise other from taken
        act = ZonesDrawn(**stamp, asset=found.id, version=version.number, sha256=sha256, comment=ask.comment)
        await desk.record(act, ask.id)
        return answer(PlanSaved(version.number), 201)
