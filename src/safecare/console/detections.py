"""Rules at work: how often each spoke, what people judged of it, and what a threshold would have hidden."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import timedelta

from fastapi import FastAPI, Query
from starlette.requests import Request
from starlette.responses import Response

from safecare.console.deps import ConsoleDeps
from safecare.console.exercises import Exercises
from safecare.console.rights import Visitor, may_see
from safecare.console.web import answer, visitor_of
from safecare.console.wire.platform import RuleView
from safecare.model.alert import Alert
from safecare.model.incident import Incident

ALERTS = 20_000
"""Latest alerts that are counted (chosen: a flood of a day; read in about a second)."""
STEPS = range(10, 100, 10)
"""Severities for which it is told what a threshold would have hidden (chosen: tens are what people choose)."""


def rules(seen: Iterable[tuple[Alert, Incident | None]], active: Iterable[str]) -> list[RuleView]:
    """Return the figures by rule, the most frequent first; `active` are the rules that run, silent ones too."""
    alerts: dict[str, list[Alert]] = defaultdict(list)
    incidents: dict[str, dict[str, Incident]] = defaultdict(dict)
    for alert, incident in seen:
        alerts[alert.rule].append(alert)
        if incident is not None:
            incidents[alert.rule][incident.id] = incident
    running = set(active)
    found = [_rule(name, alerts[name], list(incidents[name].values()), running) for name in {*alerts, *running}]
    return sorted(found, key=lambda one: (-one.alerts, one.rule))


def _rule(name: str, alerts: list[Alert], incidents: list[Incident], running: set[str]) -> RuleView:
    verdicts = Counter(one.verdict for one in incidents if one.state == "closed")
    return RuleView(
        rule=name,
        domain=str(alerts[0].domain) if alerts else "",
        alerts=len(alerts),
        incidents=len(incidents),
        true=verdicts["true"],
        benign=verdicts["benign"],
        false=verdicts["false"],
        open=sum(one.state != "closed" for one in incidents),
        last=max((one.last for one in alerts), default=None),
        active=name in running,
        below=[(step, sum(one.severity < step for one in alerts)) for step in STEPS],
    )


class Detections:
    """Reads what the figures are made of. Blocking."""

    def __init__(self, deps: ConsoleDeps) -> None:
        """Take the platform's parts."""
        self._deps = deps

    def read(self, visitor: Visitor, days: int) -> list[RuleView]:
        """Return the rules with their figures of the last `days`.

        What belongs to an exercise does not count: what was played says nothing of how often a rule is right.
        """
        reader, now = self._deps.reader, self._deps.clock.now()
        alerts = [one for one in reader.alerts(since=now - timedelta(days=days), limit=ALERTS) if may_see(visitor, one)]
        owners = reader.incidents_of([one.id for one in alerts])
        played = Exercises(reader).of(list({one.id: one for one in owners.values()}.values()))
        seen = ((one, owners.get(one.id)) for one in alerts)
        return rules(((one, owner) for one, owner in seen if not (owner and played[owner.id])), self._deps.detectors())


def routes(app: FastAPI, deps: ConsoleDeps) -> None:
    """Add the route of detections."""
    detections = Detections(deps)

    @app.get("/api/detections", name="detections")
    async def read(request: Request, days: int = Query(7, ge=1, le=90)) -> Response:
        return answer(await asyncio.to_thread(detections.read, visitor_of(request), days))
