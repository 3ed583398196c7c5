"""Putting incidents together and apart, what was similar before, suppressions with a preview, precision of rules."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import datetime, timedelta

import msgspec
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from safecare.console.acts import Desk
from safecare.console.deps import ConsoleDeps
from safecare.console.exercises import Exercises
from safecare.console.feed import Feed
from safecare.console.incidents import Incidents
from safecare.console.rights import Visitor, may_see, within
from safecare.console.web import ProblemError, answer, not_found, read_struct, visitor_of, words_of
from safecare.console.wire.asks import Arrange, Suppress
from safecare.console.wire.incidents import Named
from safecare.console.wire.platform import Done
from safecare.console.wire.tuning import ArrangementView, Hidden, RuleView, SimilarView, Undo, WindowView
from safecare.console.words import Words
from safecare.correlate.similar import likeness
from safecare.correlate.suppress import LONGEST, covers
from safecare.model.alert import Alert
from safecare.model.events.acts import IncidentArranged, Suppressed
from safecare.model.ids import AlertId, AssetId, EventId, IncidentId, SiteId, ZoneId
from safecare.model.incident import Incident
from safecare.model.text import say
from safecare.store.tuning import Precision, Tuning

PREVIEW = timedelta(days=7)
"""How far a preview looks back. Chosen: a week has all of a hospital's rhythms but the holidays."""
EXAMPLES = 20
"""Most alerts that a preview names, the gravest first. Chosen: one screen."""
SIMILAR = 10
"""Most similar incidents that are told."""


class Tuner:
    """What the routes answer. Blocking."""

    def __init__(self, deps: ConsoleDeps) -> None:
        """Take the platform's parts."""
        self._deps = deps
        self._tuning = Tuning(deps.reader)

    def similar(self, id: str, incidents: Incidents, visitor: Visitor, words: Words) -> list[SimilarView]:
        """Return closed incidents that were like the one called `id`, most alike first."""
        incident = incidents.get(id, visitor)
        past = [one for one in self._tuning.closed() if one.id != incident.id and may_see(visitor, one)]
        rules = self._tuning.rules_of([incident.id, *(one.id for one in past)])
        found = [(likeness(incident, rules[incident.id], one, rules[one.id]), one) for one in past]
        found = sorted((pair for pair in found if pair[0] > 0), key=lambda pair: (-pair[0], pair[1].id))[:SIMILAR]
        return [
            SimilarView(
                one.id, words.say(one.title, one.site), one.opened, one.verdict, len(one.links), round(score, 2)
            )
            for score, one in found
        ]

    def arrangements(self, id: str, incidents: Incidents, visitor: Visitor, words: Words) -> list[ArrangementView]:
        """Return what people changed about what belongs to the incident called `id`, latest first."""
        incident = incidents.get(id, visitor)
        held = {link.alert for link in incident.links}
        found = []
        for act in self._tuning.arranged(incident.id):
            other = act.other if act.incident == incident.id else act.incident
            alerts = [one for one in self._deps.reader.alerts(act.alerts) if may_see(visitor, one)]
            found.append(
                ArrangementView(
                    id=act.id,
                    change=act.change,
                    at=act.at,
                    who=words.person(act.actor),
                    other=self._named(other, visitor, words) if other else None,
                    alerts=[Named(one.id, words.say(one.title, one.site)) for one in alerts],
                    comment=act.comment,
                    undo=self._undo(act, incident, held),
                )
            )
        return found

    def _named(self, id: IncidentId, visitor: Visitor, words: Words) -> Named | None:
        found = self._deps.reader.incident(id)
        if found is None or not may_see(visitor, found):
            return None
        return Named(found.id, words.say(found.title, found.site))

    def _undo(self, act: IncidentArranged, incident: Incident, held: set[AlertId]) -> Undo:
        """Return what turns `act` back, as things stand now."""
        if act.incident != incident.id:
            return ""
        if act.change == "merge":
            other = self._deps.reader.incident(act.other) if act.other else None
            return "reopen" if other is not None and other.into == incident.id else ""
        inside = held.issuperset(act.alerts)
        if act.change == "attach":
            return "detach" if inside and len(held) > len(act.alerts) else ""
        return "" if inside else "attach"

    def windows(self, visitor: Visitor, words: Words) -> list[WindowView]:
        """Return all suppressions and windows, those that hold first, with what each has hidden so far."""
        now = self._deps.clock.now()
        found = []
        for one in self._tuning.windows():
            if not self._touches(visitor, one):
                continue
            told = self._tuning.alerts(one.rules, one.begins, min(now, one.expires))
            hidden = sum(1 for alert in told if _hides(one, alert) and may_see(visitor, alert))
            holds = not one.ended and one.begins <= now <= one.expires
            found.append(
                WindowView(
                    id=one.suppression,
                    window=one.window,
                    reason=one.reason,
                    author=words.person(one.actor),
                    set=one.at,
                    rules=list(one.rules),
                    assets=words.each(one.assets),
                    zones=words.each(one.zones),
                    severity=one.severity,
                    begins=one.begins,
                    expires=one.expires,
                    ended=one.ended,
                    holds=holds,
                    hidden=hidden,
                )
            )
        return sorted(found, key=lambda one: not one.holds)

    def _touches(self, visitor: Visitor, window: Suppressed) -> bool:
        """Tell whether `window` may hide what `visitor` sees, whoever set it."""
        if visitor.site is not None and window.only not in {None, visitor.site}:
            return False
        named = {str(one) for one in (*window.zones, *window.assets)}
        house = self._deps.hospital
        sites = {one.site for one in house.zones if one.id in named}
        sites |= {one.site for one in house.assets if one.id in named}
        return not sites or any(within(visitor, site, named) for site in sites)

    def known(self, id: str, visitor: Visitor) -> Suppressed | None:
        """Return the window called `id`, or None for a new one (no id).

        Raises `ProblemError` 404, and 403 for one that hides more than what `visitor` is responsible for.
        """
        if not id:
            return None
        found = next((one for one in self._tuning.windows() if one.suppression == id), None)
        if found is None or not self._touches(visitor, found):
            raise not_found()
        if visitor.site not in {None, found.only} or not _inside(visitor, found.zones, found.assets):
            raise ProblemError(403, say("This hides more than your own place: only who sees all of it changes it."))
        return found

    def preview(self, ask: Suppress, visitor: Visitor, words: Words) -> Hidden:
        """Return what a window like `ask` would have hidden in the last `PREVIEW`."""
        now = self._deps.clock.now()
        window = self.window(ask, visitor, "", now - PREVIEW, now)
        alerts = [one for one in self._tuning.alerts(ask.rules, now - PREVIEW, now) if may_see(visitor, one)]
        hidden = [one for one in alerts if _hides(window, one)]
        shown = sorted(hidden, key=lambda one: (-one.severity, one.id))[:EXAMPLES]
        incidents = {incident for one in hidden if (incident := self._deps.reader.alert_incident(one.id))}
        sentence = say("Would have hidden {count} alerts in {days} days", count=len(hidden), days=PREVIEW.days)
        return Hidden(
            alerts=len(hidden),
            of=len(alerts),
            incidents=len(incidents),
            days=PREVIEW.days,
            sentence=words.say(sentence),
            gravest=[words.say(one.title, one.site) for one in shown],
        )

    def window(self, ask: Suppress, visitor: Visitor, id: str, begins: datetime, expires: datetime) -> Suppressed:
        """Return the window that `ask` describes, for trying it out."""
        now = self._deps.clock.now()
        return Suppressed(
            id=EventId(id),
            at=now,
            seen=now,
            source="console",
            site=SiteId(visitor.site or ""),
            actor=visitor.user,
            suppression=id,
            window=ask.window,
            reason=ask.reason,
            rules=tuple(ask.rules),
            begins=begins,
            expires=expires,
            severity=ask.severity,
            assets=tuple(map(AssetId, ask.assets)),
            zones=tuple(map(ZoneId, ask.zones)),
            only=SiteId(visitor.site) if visitor.site else None,
        )

    def rules(self) -> list[RuleView]:
        """Return the correlation rules, and every rule that had part in a judged incident.

        Exercises don't count: what was played says nothing of how often a rule is right.
        """
        closed = self._tuning.closed()
        played = Exercises(self._deps.reader).of(closed)
        precision = self._tuning.precision([one for one in closed if not played[one.id]])
        known = {rule.name: rule for rule in self._deps.rules()}
        return [
            _rule(name, precision.get(name, Precision()), rule.title, rule.level, rule.description)
            if (rule := known.get(name))
            else _rule(name, precision[name])
            for name in [*known, *sorted(precision.keys() - known.keys())]
        ]


class TuningDesk:
    """Takes the acts: each check is made here, whichever page or program asks."""

    def __init__(self, deps: ConsoleDeps, feed: Feed) -> None:
        """Take the platform's parts."""
        self.incidents = Incidents(deps, feed)
        self.tuner = Tuner(deps)
        self._clock, self._desk = deps.clock, Desk(deps)

    async def arrange(self, id: str, ask: Arrange, visitor: Visitor) -> str:
        """Put together or take apart; return the act's id. Raises `ProblemError`."""
        found = await asyncio.to_thread(self.incidents.get, id, visitor)
        if found.into is not None:
            raise ProblemError(409, say("This incident is now part of another one."))
        if ask.change == "merge":
            if not ask.other or ask.other == found.id:
                raise ProblemError(422, say("Say which other incident is to be put together with this one."))
            await asyncio.to_thread(self.incidents.get, ask.other, visitor)
        else:
            _check_alerts(ask, {link.alert for link in found.links})
            await asyncio.to_thread(self.incidents.check_alerts, ask.alerts, visitor)
        act = IncidentArranged(
            **self._desk.stamp(visitor, ask.id, found.site),
            incident=found.id,
            change=ask.change,
            other=IncidentId(ask.other) if ask.other else None,
            alerts=tuple(map(AlertId, ask.alerts)),
            comment=ask.comment,
        )
        return await self._desk.record(act, ask.id)

    async def suppress(self, ask: Suppress, visitor: Visitor) -> str:
        """Set, change or end a window; return the act's id. Raises `ProblemError`."""
        now = self._clock.now()
        known = await asyncio.to_thread(self.tuner.known, ask.suppression, visitor)
        begins, expires = ask.begins or (known.begins if known else now), ask.expires
        if expires is None or not begins < expires <= begins + LONGEST or (expires <= now and not ask.ended):
            raise ProblemError(
                422, say("A window needs an end, at most {days} days after its start.", days=LONGEST.days)
            )
        if not ask.reason.strip():
            raise ProblemError(422, say("Say why."))
        if not _inside(visitor, ask.zones, ask.assets):
            raise ProblemError(403, say("You can do this for your own place only: name rooms or things of it."))
        stamp = self._desk.stamp(visitor, ask.id, self._desk.home(visitor))
        wanted = self.tuner.window(ask, visitor, ask.suppression or stamp["id"], begins, expires)
        fields = ("suppression", "window", "reason", "rules", "begins", "expires", "severity", "assets", "zones")
        only = wanted.only or (known.only if known else None)  # who sees all sites changes it and does not widen it
        act = Suppressed(**stamp, **{name: getattr(wanted, name) for name in fields}, only=only, ended=ask.ended)
        return await self._desk.record(act, ask.id)


def routes(app: FastAPI, deps: ConsoleDeps, feed: Feed) -> None:
    """Add the routes."""
    desk = TuningDesk(deps, feed)
    tuner, incidents = desk.tuner, desk.incidents

    @app.post("/api/incidents/{id}/arrange", name="arrange")
    async def arrange(request: Request, id: str) -> Response:
        return answer(Done(await desk.arrange(id, await read_struct(request, Arrange), visitor_of(request))))

    @app.get("/api/incidents/{id}/similar", name="similar")
    async def similar(request: Request, id: str) -> Response:
        return answer(await asyncio.to_thread(tuner.similar, id, incidents, visitor_of(request), words_of(request)))

    @app.get("/api/incidents/{id}/arrangements", name="arrangements")
    async def arrangements(request: Request, id: str) -> Response:
        visitor, words = visitor_of(request), words_of(request)
        return answer(await asyncio.to_thread(tuner.arrangements, id, incidents, visitor, words))

    @app.get("/api/suppressions", name="suppressions")
    async def suppressions(request: Request) -> Response:
        return answer(await asyncio.to_thread(tuner.windows, visitor_of(request), words_of(request)))

    @app.post("/api/suppressions/preview", name="preview_suppression")
    async def preview(request: Request) -> Response:
        ask = await read_struct(request, Suppress)
        return answer(await asyncio.to_thread(tuner.preview, ask, visitor_of(request), words_of(request)))

    @app.post("/api/suppressions", name="suppress")
    async def suppress(request: Request) -> Response:
        return answer(Done(await desk.suppress(await read_struct(request, Suppress), visitor_of(request))))

    @app.get("/api/rules", name="rules")
    async def rules(request: Request) -> Response:
        return answer(await asyncio.to_thread(tuner.rules))


def _check_alerts(ask: Arrange, held: Iterable[str]) -> None:
    """Raise `ProblemError` when what is asked of the alerts can't be done."""
    mine, asked = set(held), set(ask.alerts)
    if not asked:
        raise ProblemError(422, say("Say which alerts."))
    if ask.change == "attach":
        return
    if not asked <= mine:
        raise ProblemError(409, say("These alerts are not all part of this incident."))
    if asked == mine:
        raise ProblemError(409, say("Nothing would be left of the incident: close it instead."))


def _inside(visitor: Visitor, zones: Iterable[str], assets: Iterable[str]) -> bool:
    """Tell whether all that is named, and something is, lies where `visitor` is kept to; true for who is not."""
    return visitor.scope is None or visitor.scope.inside.issuperset({*zones, *assets} or {""})


def _hides(window: Suppressed, alert: Alert) -> bool:
    return covers(window if not window.ended else _again(window), alert)


def _again(window: Suppressed) -> Suppressed:
    """Return an ended window as it was while it held: until the act that ended it."""
    return msgspec.structs.replace(window, ended=False, expires=min(window.at, window.expires))


def _rule(name: str, judged: Precision, title: str = "", level: str = "", description: str = "") -> RuleView:
    return RuleView(name, title or name, level, description, judged.true, judged.benign, judged.false, judged.share)
