"""Procedures in plans: proposed for what was seen and is expected, begun by people only, told step by step."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

import msgspec
import pytest

from safecare.decide.procedures.compile import built_in_procedures, imported
from safecare.decide.stage import DecideStage
from safecare.formats.cacao import Cacao, Command, Step
from safecare.impact.stage import ImpactStage
from safecare.locale.catalogue import Catalogue
from safecare.model.event import Event
from safecare.model.events.acts import ProcedureActed
from safecare.model.plan import Plan, Procedure
from safecare.testing.cascade import START, incident_of, theft_alerts
from safecare.testing.hospital import small_hospital

pytestmark = pytest.mark.slow

HOSPITAL = small_hospital()
ALERTS = theft_alerts()
Outcome = Literal["begin", "stop", "success", "failure", "skipped", "yes", "no"]


def planned(stage: DecideStage, revision: int = 1) -> Plan:
    incident = incident_of(ALERTS, revision)
    (forecast,) = ImpactStage(HOSPITAL).feed([*ALERTS, incident])
    (plan,) = stage.feed([*ALERTS, incident, forecast])
    assert isinstance(plan, Plan)
    return plan


def act(plan: Plan, procedure: str, outcome: Outcome, key: str = "", minute: float = 61) -> ProcedureActed:
    at = START + timedelta(minutes=minute)
    return ProcedureActed(
        id=Event.id_for(at, "console", f"{procedure}/{outcome}/{key}/{minute}"),
        at=at,
        seen=at,
        source="console",
        site=plan.site,
        actor="user.7",
        plan=plan.id,
        procedure=procedure,
        outcome=outcome,
        key=key,
    )


def after(stage: DecideStage, *acts: ProcedureActed) -> Plan:
    plans = list(stage.feed(acts))
    assert plans
    assert isinstance(plans[-1], Plan)
    return plans[-1]


def found(plan: Plan, name: str) -> Procedure:
    return next(one for one in plan.procedures if one.name == name)


def test_a_theft_is_answered_with_procedures_that_say_why_and_none_begins() -> None:
    plan = planned(DecideStage(HOSPITAL))
    names = [one.name for one in plan.procedures]
    assert {"false-appointments", "ransomware"} <= set(names)
    assert "hazardous-release" not in names
    assert all(one.why and one.state == "proposed" and not one.open for one in plan.procedures)


def test_a_run_is_begun_answered_and_ended_by_people() -> None:
    stage = DecideStage(HOSPITAL)
    plan = planned(stage)
    id = found(plan, "false-appointments").id
    plan = after(stage, act(plan, id, "begin"))
    assert found(plan, "false-appointments").state == "running"
    minute = 62.0
    while (running := found(plan, "false-appointments")).open:
        step = running.open[0]
        plan = after(stage, act(plan, id, "no" if step.question else "success", step.key, minute))
        minute += 1
    assert running.state == "finished"
    assert [one.actor for one in running.taken] == ["user.7"] * len(running.taken)
    assert len(running.taken) == 5


def test_acts_that_do_not_fit_change_nothing() -> None:
    stage = DecideStage(HOSPITAL)
    plan = planned(stage)
    id = found(plan, "ransomware").id
    assert list(stage.feed([act(plan, id, "success", "no-such-step")])) == []
    plan = after(stage, act(plan, id, "begin"))
    assert list(stage.feed([act(plan, id, "begin", minute=70)])) == []
    step = found(plan, "ransomware").open[0]
    plan = after(stage, act(plan, id, "success", step.key))
    assert list(stage.feed([act(plan, id, "success", step.key)])) == []
    question = next((one for one in found(plan, "ransomware").open if one.question), None)
    assert question is None or list(stage.feed([act(plan, id, "success", question.key)])) == []
    assert list(stage.feed([act(plan, "playbook--no-such", "begin")])) == []
    plan = after(stage, act(plan, id, "stop", minute=80))
    assert found(plan, "ransomware").state == "stopped"
    assert list(stage.feed([act(plan, id, "success", step.key, minute=90)])) == []


def test_a_run_outlives_a_new_forecast_and_a_restart() -> None:
    stage = DecideStage(HOSPITAL)
    plan = planned(stage)
    plan = after(stage, act(plan, found(plan, "ransomware").id, "begin"))
    again = DecideStage(HOSPITAL)
    again.restore(stage.snapshot())
    for one in (stage, again):
        renewed = planned(one, revision=2)
        assert renewed.procedures[0].state == "running"
        assert sum(procedure.name == "ransomware" for procedure in renewed.procedures) == 1
    assert again.snapshot() == stage.snapshot()


def test_what_is_not_proposed_can_be_begun_and_what_the_site_took_away_stays_on_record() -> None:
    stage = DecideStage(HOSPITAL)
    plan = planned(stage)
    gas = next(one for one in built_in_procedures() if one.name == "medical-gas")
    plan = after(stage, act(plan, gas.id, "begin"))
    assert found(plan, "medical-gas").state == "running"
    without = DecideStage(HOSPITAL, procedures=[one for one in built_in_procedures() if one.id != gas.id])
    without.restore(stage.snapshot())
    step = found(plan, "medical-gas").open[0]
    plan = after(without, act(plan, gas.id, "success", step.key))
    kept = found(plan, "medical-gas")
    assert (kept.state, len(kept.taken)) == ("running", 1)
    assert msgspec.json.decode(msgspec.json.encode(plan), type=Plan) == plan


def test_the_commands_of_an_imported_step_are_shown_beside_its_name() -> None:
    start, action, end = (f"{kind}--00000000-0000-4000-8000-000000000001" for kind in ("start", "action", "end"))
    commands = (Command(type="bash", command_b64="aXAgbGluayBkb3du"), Command(type="manual", command="Tell the ward"))
    steps = {
        start: Step(type="start", on_completion=action),
        action: Step(type="action", name="Take it off", commands=commands, on_completion=end),
        end: Step(type="end"),
    }
    id = "playbook--00000000-0000-4000-8000-000000000001"
    book = Cacao(type="playbook", spec_version="cacao-2.0", id=id, name="T", workflow_start=start, workflow=steps)
    stage = DecideStage(HOSPITAL, procedures=[imported(book)])
    plan = after(stage, act(planned(stage), id, "begin"))
    (step,) = found(plan, id).open
    assert Catalogue.load().render(step.text, "fr", HOSPITAL) == "Take it off\u00a0: ip link down; Tell the ward"
