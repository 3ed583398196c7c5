"""The stage that answers each forecast with a plan, and keeps what people decide about it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from safecare.cascade.engine import Cascade
from safecare.cascade.memory import AlertMemory
from safecare.decide.approval import carried_over, decided, expired
from safecare.decide.effects import RuleIndex
from safecare.decide.playbook import Playbook, built_in_playbooks
from safecare.decide.procedures.compile import Procedure, built_in_procedures
from safecare.decide.procedures.desk import ProcedureDesk, merged
from safecare.decide.ranking import rank
from safecare.decide.wording import actions
from safecare.model.alert import Alert
from safecare.model.events.acts import PlanDecided, ProcedureActed
from safecare.model.forecast import Forecast
from safecare.model.hospital import Hospital
from safecare.model.ids import IncidentId, PlanId, derived_id
from safecare.model.incident import Incident
from safecare.model.layout import laid_out
from safecare.model.plan import Plan
from safecare.model.topics import Item

VALID = timedelta(hours=4)
"""How long a plan may be approved. Chosen: a clinical approval can take hours (SOARCA's ten minutes are too short),
and after half a shift figures are stale; each new forecast starts it anew."""
MOST = 2000
"""Incidents and plans remembered; the oldest are forgotten first. Chosen: far more than are ever open."""


class _State(msgspec.Struct):
    alerts: list[bytes]
    incidents: dict[IncidentId, Incident]
    plans: dict[PlanId, Plan]


class DecideStage:
    """Makes a plan from each forecast; of several forecasts of one incident in a batch only the newest counts."""

    group = "decide"
    topics = frozenset({"forecast", "incident", "alert", "event"})

    def __init__(
        self,
        hospital: Hospital,
        cascade: Cascade | None = None,
        playbooks: Sequence[Playbook] | None = None,
        procedures: Sequence[Procedure] | None = None,
    ) -> None:
        self._cascade = cascade or Cascade.of(hospital)
        self._index = RuleIndex(self._cascade.system)
        self._playbooks = tuple(built_in_playbooks() if playbooks is None else playbooks)
        self._procedures = ProcedureDesk(
            hospital, built_in_procedures() if procedures is None else procedures, self._playbooks
        )
        self._alerts = AlertMemory()
        self._incidents: dict[IncidentId, Incident] = {}
        self._plans: dict[PlanId, Plan] = {}
        self._now: datetime | None = None

    def feed(self, items: Sequence[Any]) -> Iterable[Item]:
        """Take alerts, incidents, forecasts and acts; yield plans."""
        newest = {item.incident: item for item in items if isinstance(item, Forecast)}
        for item in items:
            match item:
                case Alert():
                    self._alerts.keep(item)
                case Incident():
                    yield from self._remember(item)
                case Forecast() if newest[item.incident] is item:
                    yield from self._plan(item)
                case PlanDecided():
                    yield from self._decide(item)
                case ProcedureActed() if item.plan in self._plans:
                    yield from self._revise(self._procedures.after(self._plans[item.plan], item))
                case _:
                    pass

    def _remember(self, incident: Incident) -> Iterator[Item]:
        known = self._incidents.get(incident.id)
        if known is not None and known.revision >= incident.revision:
            return
        if incident.state != "closed" and incident.into is None:
            _put(self._incidents, incident.id, incident)
            return
        self._incidents.pop(incident.id, None)
        plan = self._plans.get(plan_id(incident))
        if plan is not None:
            yield from self._revise(expired(plan))

    def _plan(self, forecast: Forecast) -> Iterator[Item]:
        incident = self._incidents.get(forecast.incident)
        if incident is None:
            return
        id = plan_id(incident)
        known = self._plans.get(id)
        if known is not None and (known.forecast_revision, not known.rough) >= (forecast.revision, not forecast.rough):
            return
        alerts = list(self._alerts.find(link.alert for link in incident.links))
        seeds = self._cascade.seeds(incident, alerts)
        draws = self._cascade.draws(incident, forecast.samples)
        fresh = actions(self._cascade, rank(self._cascade, self._index, self._playbooks, seeds, draws))
        proposed = self._procedures.proposed(alerts, forecast)
        plan = Plan(
            id=id,
            incident=incident.id,
            revision=known.revision + 1 if known else 1,
            forecast_revision=forecast.revision,
            rough=forecast.rough,
            site=incident.site,
            at=forecast.at,
            expires=(self._now or forecast.at) + VALID,  # by our clock: a recording is of another time
            actions=carried_over(fresh, known.actions) if known else fresh,
            procedures=merged(proposed, known.procedures if known else ()),
            marking=incident.marking,
        )
        yield from self._revise(plan)

    def _decide(self, act: PlanDecided) -> Iterator[Item]:
        plan = self._plans.get(act.plan)
        if plan is not None:
            yield from self._revise(decided(plan, act))

    def _revise(self, plan: Plan | None) -> Iterator[Item]:
        if plan is not None:
            _put(self._plans, plan.id, plan)
            yield plan

    def tick(self, now: datetime) -> Iterable[Item]:
        """Expire what nobody has decided in time."""
        self._now = now
        for plan in [one for one in self._plans.values() if one.expires <= now]:
            yield from self._revise(expired(plan))

    def snapshot(self) -> bytes:
        """Return the state that is needed to go on from here."""
        return msgspec.msgpack.encode(_State(self._alerts.snapshot(), self._incidents, self._plans))

    def restore(self, state: bytes) -> None:
        """Go back to the state that `snapshot` gave; empty bytes mean a fresh start."""
        kept = msgspec.msgpack.decode(state, type=laid_out(_State)) if state else _State([], {}, {})
        self._alerts.restore(kept.alerts)
        self._incidents, self._plans = kept.incidents, kept.plans


def plan_id(incident: Incident) -> PlanId:
    """Return the id of the plan of `incident`: each incident has one plan, in revisions."""
    return PlanId(derived_id(incident.opened, "plan", incident.id))


def _put(kept: dict[Any, Any], id: str, item: object) -> None:
    kept.pop(id, None)
    kept[id] = item
    while len(kept) > MOST:
        del kept[next(iter(kept))]
