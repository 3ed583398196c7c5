"""How soon crews bring back what an incident breaks, and in which order: played by the server's own cascade."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import msgspec
import numpy as np
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from safecare.cascade.recovery import Crews
from safecare.cascade.recovery import recover as bring_back
from safecare.cascade.simulate import Draws
from safecare.cascade.words import key_number
from safecare.console.deps import ConsoleDeps
from safecare.console.incidents import Incidents
from safecare.console.rights import may_see
from safecare.console.web import ProblemError, answer, visitor_of, words_of
from safecare.console.whatif import Player, compiled
from safecare.console.wire.study import BackView, RecoveryView
from safecare.console.words import Words
from safecare.model.alert import Alert
from safecare.model.incident import Incident
from safecare.model.layout import laid_out
from safecare.model.text import say

DAY = 86_400.0
HORIZON = 14 * DAY
"""Seconds looked ahead. Chosen: the published attacks on hospitals took one to three weeks for most of care."""
SAMPLES = 100
"""Courses played. Chosen: an order and a time of days are told, not a probability; half a second here."""
MOST_CREWS = 100
LEAST = 0.05
"""Share of courses in which a thing is damaged, or a service suffers, from which it is told."""
POINTS = (0.1, 0.5, 0.9)


class Back(msgspec.Struct, frozen=True):
    """A damaged thing, or a service that suffers, in which share of courses, and when it is back.

    `back`: seconds (10, 50, 90 %); None: not within the horizon.
    """

    id: str
    probability: float
    back: tuple[float | None, ...]


class Recovered(msgspec.Struct, frozen=True):
    """What crews achieve. Loss of care in patient-hours, mean, within `HORIZON`: without them, and with them."""

    crews: int
    order: tuple[Back, ...]
    services: tuple[Back, ...]
    loss: tuple[float, float]


class _Asked(msgspec.Struct, frozen=True):
    """One question, as it goes to the process."""

    incident: Incident
    alerts: list[Alert]
    crews: int


def play(hospital: bytes, asked: bytes) -> Recovered:
    """Play one question (MessagePack of `_Asked`). Runs in the process."""
    one = msgspec.msgpack.decode(asked, type=laid_out(_Asked))
    cascade = replace(compiled(hospital)[0], horizon=HORIZON)
    seeds = cascade.seeds(one.incident, one.alerts)
    draws = Draws(cascade.system, key_number(one.incident.id), SAMPLES)
    found = bring_back(cascade, seeds, draws, Crews(one.crews))
    order = [_back(id, row[np.isfinite(row)]) for id, row in zip(found.order, found.finished, strict=True)]
    services: list[Back] = []
    for service in cascade.hospital.services:
        times = found.back(service.id)
        services.append(_back(service.id, times[times > 0.0]))
    services.sort(key=lambda back: (-back.probability, back.id))
    without, with_them = (float(care.total_hours.mean()) for care in found.care)
    return Recovered(one.crews, _likely(order), _likely(services), (without, with_them))


def _likely(some: Sequence[Back]) -> tuple[Back, ...]:
    return tuple(back for back in some if back.probability >= LEAST)


def _back(id: str, times: np.ndarray[tuple[int], np.dtype[np.float64]]) -> Back:
    if not len(times):
        return Back(id, 0.0, ())
    points = np.quantile(times, POINTS, method="higher").tolist()
    return Back(id, len(times) / SAMPLES, tuple(time if np.isfinite(time) else None for time in points))


def recovery_view(found: Recovered, words: Words) -> RecoveryView:
    """Return the same with names."""

    def view(back: Back) -> BackView:
        return BackView(back.id, words.named(back.id).name, back.probability, back.back)

    return RecoveryView(
        crews=found.crews,
        order=[view(one) for one in found.order],
        services=[view(one) for one in found.services],
        loss_without=found.loss[0],
        loss=found.loss[1],
        horizon=HORIZON,
    )


def routes(app: FastAPI, deps: ConsoleDeps, incidents: Incidents, player: Player) -> None:
    """Add the route of recovery."""

    def read(id: str, request: Request, crews: int) -> _Asked:
        visitor = visitor_of(request)
        incident = incidents.get(id, visitor)
        alerts = deps.reader.alerts(ids=[link.alert for link in incident.links])
        return _Asked(incident, [one for one in alerts if may_see(visitor, one)], crews)

    @app.get("/api/incidents/{id}/recovery", name="recovery")
    async def recovery(request: Request, id: str) -> Response:
        """Tell what so many crews bring back, `crews` at once. Nothing is done, nothing is recorded."""
        text = request.query_params.get("crews", "3")
        if not (text.isascii() and text.isdigit() and len(text) < 4 and 1 <= int(text) <= MOST_CREWS):
            raise ProblemError(422, say("Crews: a number from 1 to {most}.", most=MOST_CREWS))
        asked = await asyncio.to_thread(read, id, request, int(text))
        found = await player.run(deps.hospital, play, msgspec.msgpack.encode(asked))
        return answer(recovery_view(found, words_of(request)))
