"""Sites and plans of storeys, with the worst open incident of every room and thing. Stills of what was seen."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from safecare.console.deps import ConsoleDeps
from safecare.console.kept import kept
from safecare.console.rights import Visitor, may_see, within
from safecare.console.shared import Shared, view_of
from safecare.console.web import answer, not_found, visitor_of, words_of
from safecare.console.wire.places import AssetView, LevelName, LevelView, PlanState, SiteView, ZoneView
from safecare.console.words import Words
from safecare.model.hospital import Hospital
from safecare.model.hospital import Level as Storey
from safecare.model.incident import Incident
from safecare.model.severity import Level, level_of, rank_of

JPEG = b"\xff\xd8\xff"
"""First bytes of every JPEG file (ITU-T T.81, B.1.1.3: SOI marker, then another marker)."""
OPEN_INCIDENTS = 1000
"""Open incidents that colour a plan (chosen: far beyond what a site can have)."""


def storeys_of(hospital: Hospital, visitor: Visitor) -> dict[str, Storey]:
    """Return the storeys that `visitor` may see: those on which something of their place is."""
    mine = {one.level for one in hospital.zones if within(visitor, one.site, [one.id])}
    whole = visitor.scope is None
    return {one.id: one for one in hospital.levels if one.id in mine or (whole and visitor.site in {None, one.site})}


def site_views(hospital: Hospital, visitor: Visitor, words: Words) -> list[SiteView]:
    """Return the sites that `visitor` may see, with their storeys from the lowest."""
    storeys = storeys_of(hospital, visitor).values()
    return [
        SiteView(
            site.id,
            words.named(site.id).name,
            [
                LevelName(one.id, words.named(one.id).name, one.building, _building(one, words), one.ordinal)
                for one in sorted(storeys, key=lambda level: (level.building, level.ordinal))
                if one.site == site.id
            ],
        )
        for site in hospital.sites
        if visitor.site in {None, site.id}
    ]


def _building(level: Storey, words: Words) -> str:
    return level.building_name.fr if words.language == "fr" else level.building_name.en


def level_view(
    hospital: Hospital, level: Storey, incidents: Iterable[Incident], words: Words, visitor: Visitor
) -> LevelView:
    """Return the plan of a storey; what happens shows in the places of `visitor` alone."""
    zones = {zone.id: zone for zone in hospital.zones if zone.level == level.id}
    assets = [one for one in hospital.assets if one.zone in zones]
    return LevelView(
        id=level.id,
        name=words.named(level.id).name,
        zones=[
            ZoneView(
                id=zone.id,
                name=words.named(zone.id).name,
                category=zone.category,
                security=zone.security,
                outline=zone.outline,
                sector=zone.sector,
                fire_compartment=zone.fire_compartment,
            )
            for zone in zones.values()
        ],
        assets=[
            AssetView(
                id=one.id, name=words.named(one.id).name, kind=one.kind, group=one.group, at=one.at, zone=one.zone
            )
            for one in assets
        ],
        state=_state(
            {id for id in zones if within(visitor, level.site, [id])},
            {one.id for one in assets if within(visitor, level.site, [one.id])},
            incidents,
        ),
    )


def _state(zones: set[str], assets: set[str], incidents: Iterable[Incident]) -> PlanState:
    worst_zones: dict[str, Level] = {}
    worst_assets: dict[str, Level] = {}
    for incident in incidents:
        level = level_of(incident.severity)
        for worst, here, touched in ((worst_zones, zones, incident.zones), (worst_assets, assets, incident.assets)):
            for id in here.intersection(touched):
                if id not in worst or rank_of(level) > rank_of(worst[id]):
                    worst[id] = level
    return PlanState(worst_zones, worst_assets)


def routes(app: FastAPI, deps: ConsoleDeps, shared: Shared) -> None:
    """Add the routes of places."""

    @app.get("/api/sites", name="sites")
    async def sites(request: Request) -> Response:
        return answer(site_views(deps.hospital, visitor_of(request), words_of(request)))

    @app.get("/api/levels/{id}", name="level")
    async def level(request: Request, id: str) -> Response:
        visitor = visitor_of(request)
        storey = storeys_of(deps.hospital, visitor).get(id)
        if storey is None:
            raise not_found()
        words = words_of(request)

        def view() -> LevelView:
            found = deps.reader.incidents(open_only=True, limit=OPEN_INCIDENTS)
            seen = [one for one in found if may_see(visitor, one)]
            return level_view(deps.hospital, storey, seen, words, visitor)

        return await shared.answer(request, ("level", id, deps.site.changes, view_of(visitor, words.language)), view)

    @app.get("/api/stills/{hash}", name="still")
    async def still(request: Request, hash: str) -> Response:
        """Give a picture, and nothing else of the artifact store: mails and attachments stay where they are."""
        raw = await asyncio.to_thread(kept, deps, visitor_of(request), hash, "still")
        if not raw.startswith(JPEG):
            raise not_found()
        # What an address names never changes, but who may see it does: asked each time, and sent again only if needed.
        headers = {"Cache-Control": "private, no-cache", "ETag": f'"{hash}"'}
        known = hash in request.headers.get("if-none-match", "")
        return Response(b"" if known else raw, 304 if known else 200, headers, "image/jpeg")
