"""Incidents: reading them, their forecast and plan, and judging them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime

from fastapi import FastAPI, Query
from starlette.requests import Request
from starlette.responses import Response

from safecare.console.acts import Desk
from safecare.console.clips import clip_views, missing_texts
from safecare.console.deps import ConsoleDeps
from safecare.console.exercises import Exercises, exercise_at
from safecare.console.feed import Feed
from safecare.console.outlook import forecast_view, plan_view
from safecare.console.rights import APPROVERS, Visitor, may_see, may_see_at
from safecare.console.untold import reasons
from safecare.console.views import incident_view, listed_alert
from safecare.console.web import ProblemError, answer, not_found, read_struct, visitor_of, words_of
from safecare.console.wire.asks import ActOnProcedure, Decide, Judge
from safecare.console.wire.incidents import IncidentView, KnownProcedure, ListedAlert
from safecare.console.wire.platform import Done
from safecare.console.words import Words
from safecare.model.events.acts import IncidentJudged, PlanDecided, ProcedureActed
from safecare.model.ids import AlertId, IncidentId, PlanId
from safecare.model.incident import Incident
from safecare.model.notice import Notice
from safecare.model.plan import Action, Plan
from safecare.model.text import Text, say

ALERTS = 1000
"""Most alerts in one answer (chosen: some seconds of reading for a person, a few hundred kB)."""
BEHIND: Mapping[str, tuple[str, ...]] = {"validated": ("contained", "closed"), "contained": ("closed",)}
"""States that a word comes too late for: somebody else was quicker, and only ``new`` opens what is closed again."""
STANDS: Mapping[str, tuple[str, ...]] = {
    "approved": ("proposed", "approved"),
    "refused": ("proposed", "approved"),
    "done": ("approved",),
}
"""States of an action in which a decision changes something: the rule of the stage that decides, told at once."""


class Incidents:
    """What is read of incidents. Blocking."""

    def __init__(self, deps: ConsoleDeps, feed: Feed) -> None:
        """Take the platform's parts; `feed` knows whose screens are open."""
        self._deps = deps
        self._feed = feed

    def get(self, id: str, visitor: Visitor) -> Incident:
        """Return the latest revision. Raises `ProblemError` 404, also when it is not shared with `visitor`."""
        found = self._deps.reader.incident(IncidentId(id))
        if found is None or not may_see(visitor, found):
            raise not_found()
        return found

    def whole(self, id: str, visitor: Visitor, words: Words) -> IncidentView:
        """Return the incident with alerts, notices and history. Raises `ProblemError` 404."""
        incident = self.get(id, visitor)
        reader = self._deps.reader
        alerts = {alert.id: alert for alert in reader.alerts(ids=[link.alert for link in incident.links], limit=ALERTS)}
        shared = {id: alert for id, alert in alerts.items() if may_see(visitor, alert)}
        notices = [one for one in reader.notices(incident=incident.id) if _may_see_notice(visitor, one)]
        receipts = reader.receipts(incident=incident.id) if notices else []
        untold = reasons(
            incident,
            notices,
            receipts,
            self._deps.hospital,
            self._feed.present(),
            self._deps.devices.roles(incident.site),
            self._deps.clock.now(),
        )
        exercise = Exercises(reader).of([incident])[incident.id]
        history, clips = reader.history(incident.id), clip_views(self._deps, visitor, shared)
        missing = missing_texts(self._deps, shared)
        return incident_view(incident, history, shared, notices, receipts, words, untold, exercise, clips, missing)

    def alerts(self, visitor: Visitor, words: Words, limit: int, since: datetime | None) -> list[ListedAlert]:
        """Return the latest alerts with their incidents, newest first."""
        reader = self._deps.reader
        found = [one for one in reader.alerts(since=since, limit=limit) if may_see(visitor, one)]
        played = Exercises(reader).periods()
        return [
            listed_alert(one, reader.alert_incident(one.id), words, exercise_at(played, one.last))
            for one in reversed(found)
        ]

    def check_alerts(self, ids: Sequence[str], visitor: Visitor) -> None:
        """Raise `ProblemError` 404 unless `visitor` may see all alerts `ids` that are there."""
        if not all(may_see(visitor, one) for one in self._deps.reader.alerts(ids=[AlertId(id) for id in ids])):
            raise not_found()

    def plan(self, id: str, visitor: Visitor) -> Plan:
        """Return the plan called `id`. Raises `ProblemError` 404."""
        found = self._deps.reader.plan_by_id(PlanId(id))
        if found is None or not may_see_at(visitor, found.site, found.marking):
            raise not_found()
        self.get(found.incident, visitor)
        return found


def _may_see_notice(visitor: Visitor, notice: Notice) -> bool:
    return may_see_at(visitor, notice.site, notice.marking, [notice.zone] if notice.zone else [])


def routes(app: FastAPI, deps: ConsoleDeps, feed: Feed) -> None:
    """Add the routes of incidents."""
    incidents = Incidents(deps, feed)
    desk = Desk(deps)

    @app.get("/api/incidents/{id}", name="incident")
    async def incident(request: Request, id: str) -> Response:
        return answer(await asyncio.to_thread(incidents.whole, id, visitor_of(request), words_of(request)))

    @app.get("/api/incidents/{id}/forecast", name="forecast")
    async def forecast(request: Request, id: str) -> Response:
        await asyncio.to_thread(incidents.get, id, visitor_of(request))
        found = await asyncio.to_thread(deps.reader.forecast, IncidentId(id))
        if found is None:
            raise not_found()
        return answer(forecast_view(found, words_of(request)))

    @app.get("/api/incidents/{id}/plan", name="plan")
    async def plan(request: Request, id: str) -> Response:
        await asyncio.to_thread(incidents.get, id, visitor_of(request))
        found = await asyncio.to_thread(deps.reader.plan, IncidentId(id))
        if found is None:
            raise not_found()
        return answer(await asyncio.to_thread(plan_view, found, words_of(request)))

    @app.get("/api/alerts", name="alerts")
    async def alerts(
        request: Request, limit: int = Query(200, ge=1, le=ALERTS), since: datetime | None = None
    ) -> Response:
        if since is not None and since.tzinfo is None:
            raise ProblemError(422, say("A time needs its time zone."))
        seen = await asyncio.to_thread(incidents.alerts, visitor_of(request), words_of(request), limit, since)
        return answer(seen)

    @app.post("/api/incidents/{id}/judge", name="judge")
    async def judge(request: Request, id: str) -> Response:
        visitor = visitor_of(request)
        ask = await read_struct(request, Judge)
        found = await asyncio.to_thread(incidents.get, id, visitor)
        if found.into is not None and ask.state != "new":  # that takes it out again
            raise ProblemError(409, say("This incident is now part of another one."))
        if found.state in BEHIND.get(ask.state, ()):
            raise ProblemError(409, say("Somebody has judged this incident meanwhile. Look at it again."))
        act = IncidentJudged(
            **desk.stamp(visitor, ask.id, found.site),
            incident=found.id,
            state=ask.state,
            verdict=ask.verdict,
            comment=ask.comment,
        )
        return answer(Done(await desk.record(act, ask.id)))

    @app.post("/api/plans/{id}/decide", name="decide")
    async def decide(request: Request, id: str) -> Response:
        visitor = visitor_of(request)
        ask = await read_struct(request, Decide)
        found = await asyncio.to_thread(incidents.plan, id, visitor)
        _check_decision(found, ask, visitor, deps.clock.now())
        act = PlanDecided(
            **desk.stamp(visitor, ask.id, found.site),
            plan=found.id,
            action=ask.action,
            decision=ask.decision,
            step=ask.step,
            comment=ask.comment,
        )
        return answer(Done(await desk.record(act, ask.id)))

    @app.get("/api/procedures", name="procedures")
    async def procedures(request: Request) -> Response:
        words, home = words_of(request), desk.home(visitor_of(request))
        named = [KnownProcedure(id, words.say(title, home)) for id, title in deps.procedures.items()]
        return answer(sorted(named, key=lambda one: one.title))

    @app.post("/api/plans/{id}/procedures/{procedure}", name="act_on_procedure")
    async def act_on_procedure(request: Request, id: str, procedure: str) -> Response:
        visitor = visitor_of(request)
        ask = await read_struct(request, ActOnProcedure)
        found = await asyncio.to_thread(incidents.plan, id, visitor)
        _check_procedure(found, procedure, ask, deps.procedures)
        act = ProcedureActed(
            **desk.stamp(visitor, ask.id, found.site),
            plan=found.id,
            procedure=procedure,
            outcome=ask.outcome,
            key=ask.key,
            comment=ask.comment,
        )
        return answer(Done(await desk.record(act, ask.id)))


def _check_procedure(plan: Plan, procedure: str, ask: ActOnProcedure, known: Mapping[str, Text]) -> None:
    """Raise `ProblemError` when this step can't be taken now: it is told at once, not lost on the road."""
    found = next((one for one in plan.procedures if one.id == procedure), None)
    if found is None and procedure not in known:
        raise not_found()
    if ask.outcome == "begin":
        if found is not None and found.state != "proposed":
            raise ProblemError(409, say("This procedure was begun already."))
        return
    if found is None or found.state != "running":
        raise ProblemError(409, say("This procedure does not run."))
    if ask.outcome != "stop" and all(one.key != ask.key for one in found.open):
        raise ProblemError(409, say("Somebody has done this step already."))


def _check_decision(plan: Plan, ask: Decide, visitor: Visitor, now: datetime) -> None:
    """Raise `ProblemError` when this decision may not be taken, or not by this visitor, or not any more."""
    action = next((one for one in plan.actions if one.id == ask.action), None)
    if action is None:
        raise not_found()
    if visitor.role not in APPROVERS[ask.step]:
        raise ProblemError(403, say("Your role can't give this approval."))
    if action.state not in STANDS[ask.decision]:
        raise ProblemError(409, say("Somebody has decided on this action meanwhile. Look at it again."))
    if ask.decision != "approved":
        return
    if now >= plan.expires:
        raise ProblemError(409, say("This plan is out of date: the situation has changed since."))
    if action.infeasible is not None:
        raise ProblemError(409, say("This action can't be approved: {reason}", reason=action.infeasible))
    _check_step(action, ask)


def _check_step(action: Action, ask: Decide) -> None:
    if action.needs and ask.step not in action.needs:
        raise ProblemError(409, say("This action does not need that approval."))
