"""Items of the road for the store's tests, with as little in them as they need."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from safecare.model.alert import Alert, Domain
from safecare.model.event import Event
from safecare.model.events.acts import IncidentJudged, PlanDecided
from safecare.model.forecast import Forecast
from safecare.model.ids import (
    AlertId,
    ArtifactHash,
    EventId,
    IncidentId,
    NoticeId,
    PlanId,
    ReceiptId,
    SiteId,
    derived_id,
)
from safecare.model.incident import Incident, Link
from safecare.model.notice import Notice, Receipt
from safecare.model.plan import Plan
from safecare.model.text import say
from safecare.model.topics import Reject
from safecare.testing.clock import START

SITE = SiteId("site-1")
WORDS = say("Made for a test")


def later(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def alert(name: str, *because: Event, last: float = 0, **more: Any) -> Alert:
    return Alert(
        id=AlertId(derived_id(later(last), "alert", name)),
        rule="test.rule",
        rule_version=1,
        domain=Domain.PHYSICAL,
        site=SITE,
        first=later(last),
        last=later(last),
        severity=50,
        confidence=1.0,
        title=WORDS,
        why=(WORDS,),
        because=tuple(one.id for one in because),
        **more,
    )


def incident(name: str, revision: int, *alerts: Alert, state: Any = "new", updated: float = 0, **more: Any) -> Incident:
    return Incident(
        id=IncidentId(name),
        revision=revision,
        site=SITE,
        state=state,
        title=WORDS,
        story=(),
        severity=50,
        opened=START,
        updated=later(updated),
        links=tuple(Link(one.id, None, 1.0, WORDS) for one in alerts),
        domains=(Domain.PHYSICAL,),
        **more,
    )


def forecast(name: str, revision: int, at: float = 0) -> Forecast:
    return Forecast(
        incident=IncidentId(name),
        revision=revision,
        site=SITE,
        at=later(at),
        horizon=3600,
        samples=1,
        effects=(),
        losses=(),
        loss=(0.0, 0.0),
    )


def plan(name: str, of: str, revision: int, at: float = 0) -> Plan:
    return Plan(
        id=PlanId(name),
        incident=IncidentId(of),
        revision=revision,
        forecast_revision=revision,
        site=SITE,
        at=later(at),
        expires=later(at + 600),
        actions=(),
    )


def notice(name: str, of: str, revision: int = 1, at: float = 0, role: str = "guard") -> Notice:
    return Notice(
        id=NoticeId(name),
        revision=revision,
        incident=IncidentId(of),
        site=SITE,
        at=later(at),
        role=role,
        channel="page",
        severity=50,
        title=WORDS,
        body=WORDS,
    )


def receipt(name: str, to: Notice, outcome: Any, at: float = 0) -> Receipt:
    return Receipt(
        id=ReceiptId(name),
        notice=to.id,
        incident=to.incident,
        at=later(at),
        outcome=outcome,
        who="user-1",
        channel="page",
    )


def reject(name: str, at: float = 0, door: str = "door-1", artifact: str = "0" * 64) -> Reject:
    return Reject(id=name, at=later(at), door=door, artifact=ArtifactHash(artifact), size=3, reason="broken")


def judged(number: int, comment: str = "") -> IncidentJudged:
    return IncidentJudged(
        id=EventId(derived_id(later(number), "judged", str(number))),
        at=later(number),
        seen=later(number),
        source="console",
        site=SITE,
        actor="user-1",
        role="operator",
        incident=IncidentId("incident-1"),
        state="validated",
        comment=comment,
    )


def decided(number: int) -> PlanDecided:
    return PlanDecided(
        id=EventId(derived_id(later(number), "decided", str(number))),
        at=later(number),
        seen=later(number),
        source="console",
        site=SITE,
        actor="user-2",
        plan=PlanId("plan-1"),
        action="lock",
        decision="approved",
    )
