"""Drawing plans: reading a drawing that exists, checking what would change, saving a version, bringing one back.

A version is checked with the whole hospital before it is saved: what services, dependencies and people name must still
be there. Saving is an act on record; the files of the hospital stay as they are.
"""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import FastAPI, Query
from starlette.requests import Request
from starlette.responses import Response

from safecare.console.acts import Desk
from safecare.console.building import storeys_of
from safecare.console.deps import ConsoleDeps
from safecare.console.feed import Feed
from safecare.console.rights import Visitor, may, within
from safecare.console.web import ProblemError, answer, not_found, read_body, read_struct, visitor_of, words_of
from safecare.console.wire.drawings import (
    DrawnDoor,
    DrawnRoom,
    DrawPlan,
    EditorView,
    ImportView,
    PlanCheck,
    PlanSaved,
    RemarkView,
    ThingView,
    TwoNames,
    UndoPlan,
    VersionView,
)
from safecare.console.words import Words
from safecare.formats.drawing import DrawingError
from safecare.formats.drawing.compose import NewDoor, NewRoom, features_of, matched, plan_of
from safecare.formats.drawing.differences import differences
from safecare.formats.hospital import Loaded, Placed
from safecare.model.events.acts import PlanDrawn
from safecare.model.hospital import Asset, Level, Name
from safecare.model.ids import ZoneId
from safecare.model.text import say
from safecare.sources.files.drawings import read_confined
from safecare.store.drawings import TakenError, Version

DRAWING_BYTES = 32 * 1024 * 1024
"""Largest drawing that is sent. Chosen: the DXF of one furnished storey."""
PLAN_BYTES = 4 * 1024 * 1024
"""Largest plan from the editor. Chosen: 5,000 rooms of some hundred bytes."""
PROBLEMS = 50
"""Problems told one by one (chosen: a screenful)."""


class Plans:
    """What is read and checked of plans. Blocking."""

    def __init__(self, deps: ConsoleDeps) -> None:
        """Take the platform's parts."""
        self._deps = deps

    def level(self, id: str, visitor: Visitor) -> Level:
        """Return a level. Raises `ProblemError` 404."""
        found = storeys_of(self._deps.hospital, visitor).get(id)
        if found is None:
            raise not_found()
        return found

    def own(self, id: str, visitor: Visitor) -> Level:
        """Return a level that `visitor` may change. Raises `ProblemError` 404, 403."""
        found = self.level(id, visitor)
        if not self.may_change(found, visitor):
            raise ProblemError(403, say("Only who is responsible for the whole storey changes its plan."))
        return found

    def may_change(self, level: Level, visitor: Visitor) -> bool:
        """Tell whether all of `level` is where `visitor` is responsible, and drawing is part of the role."""
        if not may(visitor, "draw_plan") or not within(visitor, level.site):
            return False
        here = (str(zone.id) for zone in self._deps.hospital.zones if zone.level == level.id)
        return visitor.scope is None or visitor.scope.inside.issuperset(here)

    def editor(self, level: Level, words: Words, visitor: Visitor) -> EditorView:
        """Return the plan of `level` to be drawn on."""
        hospital = self._deps.hospital
        zones = [zone for zone in hospital.zones if zone.level == level.id]
        here = {zone.id for zone in zones}
        lines = features_of(self._deps.site.plan(level.id))
        versions = self._deps.site.versions(level.id)
        things = [
            one
            for one in hospital.assets
            if one.site == level.site and one.between is None and self._reaches(visitor, one, one.zone)
        ]
        things.sort(key=lambda one: (one.zone not in here, words.named(one.id).name))
        return EditorView(
            level=words.named(level.id),
            may=self.may_change(level, visitor),
            building=level.building_name.fr if words.language == "fr" else level.building_name.en,
            version=versions[-1].number if versions else 0,
            versions=[
                VersionView(one.number, one.at, words.person(one.author), one.comment, one.undoes) for one in versions
            ],
            rooms=[
                DrawnRoom(
                    id=one.id,
                    name=TwoNames(one.name.en, one.name.fr),
                    category=one.category,
                    security=one.security,
                    outline=one.outline,
                )
                for one in zones
            ],
            doors=[found for one in hospital.assets if (found := _door(one, lines.get(one.id)))],
            things=[
                ThingView(id=one.id, name=words.named(one.id).name, group=one.group, zone=one.zone, at=one.at)
                for one in things
            ],
        )

    @staticmethod
    def _reaches(visitor: Visitor, thing: Asset, zone: str | None) -> bool:
        """Tell whether `visitor` may have `thing` stand in `zone`."""
        return within(visitor, thing.site, [str(zone)] if zone else [])

    def drawn(self, level: Level, ask: DrawPlan, visitor: Visitor) -> tuple[bytes, dict[str, Placed]]:
        """Return the plan file of `ask`, and where things stand then that stand elsewhere now.

        Raises `ProblemError` 403 for a thing of another site, or from or to a place that is not the visitor's.
        """
        plan = plan_of(
            level,
            [
                NewRoom(one.id, Name(one.name.en, one.name.fr), one.category, one.outline, one.security)
                for one in ask.rooms
            ],
            [NewDoor(one.id, Name(one.name.en, one.name.fr), one.line, one.between) for one in ask.doors],
            features_of(self._deps.site.plan(level.id)),
        )
        placed: dict[str, Placed] = {}
        for thing in ask.things:
            known = self._deps.hospital.asset(thing.id)
            place = Placed(ZoneId(thing.zone) if thing.zone else None, thing.at)
            if known is not None and known.between is None and (known.zone, known.at) != (place.zone, place.at):
                fresh = {one.id for one in ask.rooms}
                there = place.zone if place.zone not in fresh else None  # a room of this storey: theirs
                if known.site != level.site or not all(self._reaches(visitor, known, at) for at in (known.zone, there)):
                    raise ProblemError(403, say("{thing} stands where others are responsible.", thing=thing.id))
                placed[thing.id] = place
        return plan, placed

    def checked(self, level: Level, loaded: Loaded, words: Words) -> PlanCheck:
        """Return in words what would change, or what is wrong."""
        wrong = [words.say(one.reason) for one in loaded.problems if one.level == "error"]
        if loaded.hospital is None:
            return PlanCheck([], list(dict.fromkeys(wrong))[:PROBLEMS])
        return PlanCheck(words.all(differences(self._deps.hospital, loaded.hospital, level.id)), [])


def _door(asset: Asset, feature: dict[str, object] | None) -> DrawnDoor | None:
    """Return the door of a plan with its line; None for what is no door of this plan."""
    if asset.between is None or feature is None:
        return None
    geometry = feature.get("geometry")
    line = geometry.get("coordinates") if isinstance(geometry, dict) else None
    if not isinstance(line, list):
        return None
    points = tuple((float(x), float(y)) for x, y in line)
    return DrawnDoor(
        id=asset.id,
        name=TwoNames(asset.name.en, asset.name.fr),
        line=points,
        between=(asset.between[0], asset.between[1]),
    )


def routes(app: FastAPI, deps: ConsoleDeps, feed: Feed) -> None:
    """Add the routes of the plan editor."""
    plans, desk = Plans(deps), Desk(deps)

    @app.get("/api/drawings/{level}", name="drawing")
    async def drawing(request: Request, level: str) -> Response:
        found = plans.level(level, visitor_of(request))
        return answer(await asyncio.to_thread(plans.editor, found, words_of(request), visitor_of(request)))

    @app.post("/api/drawings/{level}/import", name="import_drawing")
    async def import_drawing(
        request: Request,
        level: str,
        form: Annotated[str, Query(max_length=10)],
        storey: Annotated[str, Query(max_length=40)] = "",
        unit: Annotated[float, Query(ge=0, le=1000)] = 0.0,
    ) -> Response:
        """Read a drawing in a confined process and propose its rooms and doors; nothing is saved."""
        found, words = plans.own(level, visitor_of(request)), words_of(request)
        raw = await read_body(request, DRAWING_BYTES)
        try:
            read = await asyncio.to_thread(read_confined, raw, form, storey, unit)
        except DrawingError as error:
            if not error.place:
                raise ProblemError(422, error.reason) from error
            raise ProblemError(422, say("{place}: {reason}", place=error.place, reason=error.reason)) from error
        zones = [zone for zone in deps.hospital.zones if zone.level == found.id]
        here = {zone.id for zone in zones}
        doors = [one for one in deps.hospital.assets if one.between and here & set(one.between)]
        rooms, ways = await asyncio.to_thread(matched, read, found.id, zones, doors)
        return answer(
            ImportView(
                [
                    DrawnRoom(
                        id=one.id,
                        name=TwoNames(one.name.en, one.name.fr),
                        category=one.category,
                        security=one.security,  # type: ignore[arg-type]
                        outline=one.outline,
                    )
                    for one in rooms
                ],
                [
                    DrawnDoor(id=one.id, name=TwoNames(one.name.en, one.name.fr), line=one.line, between=one.between)
                    for one in ways
                ],
                [RemarkView(one.place, words.say(one.reason)) for one in read.remarks],
                read.unit,
            )
        )

    @app.post("/api/drawings/{level}/preview", name="preview_plan")
    async def preview_plan(request: Request, level: str) -> Response:
        visitor, words = visitor_of(request), words_of(request)
        found = plans.own(level, visitor)
        ask = await read_struct(request, DrawPlan, PLAN_BYTES)

        def look() -> PlanCheck:
            plan, placed = plans.drawn(found, ask, visitor)
            return plans.checked(found, deps.site.check(found.id, plan, placed), words)

        return answer(await asyncio.to_thread(look))

    @app.post("/api/drawings/{level}", name="draw_plan")
    async def draw_plan(request: Request, level: str) -> Response:
        """Save a new version. Refused (422) where the hospital would not fit together, (409) where another one came."""
        visitor = visitor_of(request)
        found = plans.own(level, visitor)
        ask = await read_struct(request, DrawPlan, PLAN_BYTES)
        plan, placed = await asyncio.to_thread(plans.drawn, found, ask, visitor)
        before = await asyncio.to_thread(deps.site.versions, found.id)
        kept = {**(before[-1].placed if before else {}), **placed}
        return await save(request, found, plan, kept, ask.base, ask.comment, ask.id, None)

    @app.post("/api/drawings/{level}/undo", name="undo_plan")
    async def undo_plan(request: Request, level: str) -> Response:
        """Bring back an older version as a new one."""
        found = plans.own(level, visitor_of(request))
        ask = await read_struct(request, UndoPlan)
        try:
            plan = await asyncio.to_thread(deps.site.plan, found.id, ask.to)
        except KeyError:
            raise not_found() from None
        versions = await asyncio.to_thread(deps.site.versions, found.id)
        placed = next((one.placed for one in versions if one.number == ask.to), {})
        return await save(request, found, plan, placed, ask.base, "", ask.id, ask.to)

    async def save(
        request: Request,
        level: Level,
        plan: bytes,
        placed: dict[str, Placed],
        base: int,
        comment: str,
        given: str,
        undoes: int | None,
    ) -> Response:
        visitor, words = visitor_of(request), words_of(request)
        checked = plans.checked(level, await asyncio.to_thread(deps.site.check, level.id, plan, placed), words)
        if checked.problems:
            reason = "; ".join(checked.problems)
            raise ProblemError(422, say("The hospital would not fit together: {reason}", reason=reason))
        other = ProblemError(409, say("Somebody else has saved this plan meanwhile. Open it again."))
        versions = await asyncio.to_thread(deps.site.versions, level.id)
        if (versions[-1].number if versions else 0) != base:
            raise other
        stamp = desk.stamp(visitor, given, level.site)
        version = Version(
            level=level.id,
            number=base + 1,
            at=stamp["at"],
            author=visitor.user,
            comment=comment,
            plan=plan.decode(),
            placed=placed,
            undoes=undoes,
        )
        try:
            sha256 = await deps.site.save(version)
        except TakenError as taken:
            raise other from taken
        act = PlanDrawn(**stamp, level=level.id, version=version.number, sha256=sha256, comment=comment)
        await desk.record(act, given)
        feed.redrawn(level.id, level.site)
        return answer(PlanSaved(version.number), 201)
