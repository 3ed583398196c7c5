"""What zones would have told of the last day, before they are saved: stored sightings through the same rules.

Nothing is stored and nobody is told. What a mask would have hidden, and other pictures per second, make no difference
here: sightings are replayed as they were seen.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import timedelta

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from safecare.console.deps import ConsoleDeps
from safecare.console.web import ProblemError, answer, read_struct, visitor_of, words_of
from safecare.console.wire.zones import TriedAlarm, TriedZones, TryZones
from safecare.console.words import Words
from safecare.console.zones import ZONES_BYTES, camera_of, problems_of
from safecare.detect.stage import DetectStage, build
from safecare.formats.scene_text import compose
from safecare.model.alert import Alert, Domain
from safecare.model.events.video import PeopleSeen, ThingsSeen
from safecare.model.hospital import Asset, Hospital
from safecare.model.text import say

DAY = timedelta(days=1)
MOST = 20_000
"""Most sightings that are replayed, the newest (chosen: three hours of a camera with people in it, about a second)."""
SHOWN = 50
"""Most kinds of alarms that are told (chosen: a screenful)."""


def tried(deps: ConsoleDeps, camera: Asset, hospital: Hospital, words: Words) -> TriedZones:
    """Return what the rules would have told with `hospital`. Blocking."""
    wanted = {PeopleSeen, ThingsSeen}
    rules = [one for one in build(hospital) if one.domain is Domain.PHYSICAL and wanted & set(one.wants)]
    stage = DetectStage(rules)
    since = deps.clock.now() - DAY
    seen = [
        event
        for event in deps.reader.events_about(asset=camera.id, since=since, limit=MOST)
        if isinstance(event, PeopleSeen | ThingsSeen)
    ]
    alerts: list[Alert] = []
    for event in seen:
        alerts += [*stage.feed([event]), *stage.tick(event.at)]
    return TriedZones(since=seen[0].at if seen else since, seen=len(seen), alarms=_alarms(alerts, words))


def _alarms(alerts: Iterable[Alert], words: Words) -> list[TriedAlarm]:
    """Return `alerts` by their titles, the most frequent first."""
    kinds: dict[tuple[str, str], list[Alert]] = {}
    for alert in alerts:
        kinds.setdefault((alert.rule, words.say(alert.title, alert.site)), []).append(alert)
    found = [TriedAlarm(rule, title, len(some), some[0].first, some[-1].last) for (rule, title), some in kinds.items()]
    return sorted(found, key=lambda one: -one.count)[:SHOWN]


def routes(app: FastAPI, deps: ConsoleDeps) -> None:
    """Add the route."""

    @app.post("/api/cameras/{camera}/zones/try", name="try_zones")
    async def try_zones(request: Request, camera: str) -> Response:
        """Tell what these zones would have told. Refused (422) with the reasons where they can't be used."""
        words = words_of(request)
        found = camera_of(deps, camera, visitor_of(request))
        text = compose((await read_struct(request, TryZones, ZONES_BYTES)).file)
        wrong = await asyncio.to_thread(problems_of, deps, found, text, words)
        hospital = (await asyncio.to_thread(deps.site.check_zones, found.id, text)).hospital
        if wrong or hospital is None:
            raise ProblemError(422, say("These zones can't be used: {reasons}", reasons="; ".join(wrong)))
        return answer(await asyncio.to_thread(tried, deps, found, hospital, words))
