"""An incident with everything around it, as the road would make it."""

from __future__ import annotations

from datetime import datetime, timedelta

from safecare.model.alert import Alert, Domain
from safecare.model.event import Event
from safecare.model.events.acts import ExerciseSet
from safecare.model.events.doors import DoorOpened
from safecare.model.forecast import CareLoss, Effect, Forecast, Hop, State
from safecare.model.ids import (
    AlertId,
    AssetId,
    EventId,
    IncidentId,
    NoticeId,
    PlanId,
    ReceiptId,
    SiteId,
    ZoneId,
    new_id,
)
from safecare.model.incident import Incident, Link
from safecare.model.marking import Marking, Tlp
from safecare.model.notice import Notice, Outcome, Receipt
from safecare.model.plan import Action, Plan, Step
from safecare.model.text import Ref, say

SITE = SiteId("aurore")
ZONE = ZoneId("aurore.pharmacy")
OTHER = SiteId("tilleuls")


def opened(at: datetime) -> DoorOpened:
    return DoorOpened(id=EventId(new_id(at)), at=at, seen=at, source="test", site=SITE, zone=ZONE)


def alert(at: datetime, still: str | None = None, severity: int = 70) -> Alert:
    return Alert(
        id=AlertId(new_id(at)),
        rule="door.forced",
        rule_version=1,
        domain=Domain.PHYSICAL,
        site=SITE,
        first=at,
        last=at,
        severity=severity,
        confidence=0.9,
        title=say("Forced: {door}", door=Ref("aurore.pharmacy")),
        why=(say("No badge"),),
        because=(EventId(new_id(at)),),
        zones=(ZONE,),
        still=still,  # type: ignore[arg-type]
    )


def incident(
    at: datetime,
    *alerts: Alert,
    id: str = "",
    revision: int = 1,
    severity: int = 75,
    site: SiteId = SITE,
    tlp: Tlp = Tlp.AMBER_STRICT,
    into: str | None = None,
) -> Incident:
    return Incident(
        id=IncidentId(id or new_id(at)),
        revision=revision,
        site=site,
        state="new",
        title=say("Break-in at {zone}", zone=Ref("aurore.pharmacy")),
        story=(say("A door opened"),),
        severity=severity,
        opened=at,
        updated=at,
        links=tuple(Link(one.id, None, 1.0, say("First")) for one in alerts),
        domains=(Domain.PHYSICAL, Domain.CYBER),
        zones=(ZONE,),
        marking=Marking(tlp),
        into=IncidentId(into) if into else None,
    )


def forecast(of: Incident) -> Forecast:
    effect = Effect(
        target="service.pharmacy",
        kind="service",
        group="care",
        state=State.DOWN,
        probability=0.8,
        interval=(0.7, 0.9),
        earliest=600.0,
        likely=(700.0, 900.0, 1500.0),
        by=((3600.0, 0.8),),
        path=(Hop(say("Needs the freezer"), 600.0, "assumed"),),
    )
    loss = CareLoss(service="service.pharmacy", hours_down=2.0, patients=12.0, fallback=say("Use paper"))
    return Forecast(
        incident=of.id,
        revision=of.revision,
        site=of.site,
        at=of.updated,
        horizon=86400.0,
        samples=1000,
        effects=(effect,),
        losses=(loss,),
        loss=(10.0, 20.0),
        unknown=("mystery",),
        marking=of.marking,
    )


def plan(of: Incident, minutes: int = 30) -> Plan:
    def action(id: str, rank: int, **more: object) -> Action:
        return Action(
            id=id,
            playbook="lockdown",
            title=say("Lock the pharmacy"),
            rank=rank,
            gain=5.0,
            gain_interval=(3.0, 7.0),
            best=0.6,
            cost=1.0,
            cost_text=(say("Medicines come later"),),
            why=(say("It stops the thief"),),
            steps=(Step("guard", say("Go there")),),
            needs=("security",),
            **more,  # type: ignore[arg-type]
        )

    return Plan(
        id=PlanId(new_id(of.updated)),
        incident=of.id,
        revision=1,
        forecast_revision=of.revision,
        site=of.site,
        at=of.updated,
        expires=of.updated + timedelta(minutes=minutes),
        actions=(action("lock", 1), action("stop", 2, infeasible=say("Surgery is running"))),
    )


def notice(of: Incident, role: str = "guard", user: str = "") -> Notice:
    return Notice(
        id=NoticeId(new_id(of.updated)),
        revision=1,
        incident=of.id,
        site=of.site,
        at=of.updated,
        role=role,
        user=user,
        channel="page",
        severity=of.severity,
        title=say("Go to {zone}", zone=Ref("aurore.pharmacy")),
        body=say("Look & <listen>"),
        zone=ZONE,
    )


def receipt(of: Notice, outcome: Outcome = "acknowledged", who: str = "guard-1") -> Receipt:
    return Receipt(
        id=ReceiptId(new_id(of.at)),
        notice=of.id,
        incident=of.incident,
        at=of.at,
        outcome=outcome,
        who=who,
        channel="page",
    )


DOOR = AssetId("aurore.door")


def exercise(at: datetime, *, running: bool) -> ExerciseSet:
    """Return the act that begins or ends an exercise."""
    return ExerciseSet(
        id=Event.id_for(at, "t", str(running)),
        at=at,
        seen=at,
        source="t",
        site=SITE,
        actor="a",
        scenario="theft",
        running=running,
    )
