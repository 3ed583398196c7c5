"""The network's stations: what was heard of each, and which asset it is."""

from __future__ import annotations

import asyncio

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from safecare.console.deps import ConsoleDeps
from safecare.console.rights import Visitor, within
from safecare.console.web import answer, visitor_of, words_of
from safecare.console.wire.network import SaidView, StationView
from safecare.console.words import Words
from safecare.formats.inventory import Station, stations

MOST = 5000
"""Stations in one answer (chosen: more than a hospital's technical and medical networks hold)."""


def station_view(one: Station, words: Words) -> StationView:
    """Return a station in the reader's language."""
    return StationView(
        ip=one.ip,
        state=one.state,
        name=one.name,
        mac=one.mac,
        maker=one.maker,
        asset=words.named(one.asset) if one.asset else None,
        zone=words.named(one.zone) if one.zone else None,
        first=one.first,
        last=one.last,
        says=[SaidView(said.system, said.value) for said in one.says],
        doubts=words.all(one.doubts, one.site),
    )


def visible(one: Station, visitor: Visitor) -> bool:
    """Tell whether a station stands where the visitor may look."""
    return within(visitor, one.site, [id for id in (one.asset, one.zone) if id])


def routes(app: FastAPI, deps: ConsoleDeps) -> None:
    """Add the route of the inventory."""

    @app.get("/api/inventory", name="inventory")
    async def inventory(request: Request) -> Response:
        words, visitor = words_of(request), visitor_of(request)

        def view() -> list[StationView]:
            found = [one for one in stations(deps.reader.stations(), deps.hospital) if visible(one, visitor)]
            return [station_view(one, words) for one in found[:MOST]]

        return answer(await asyncio.to_thread(view))
