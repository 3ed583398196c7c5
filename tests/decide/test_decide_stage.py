"""Plans: revisions, approvals in two steps, refusal, expiry, replay."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Literal

import msgspec
import pytest

from safecare.decide.stage import VALID, DecideStage, plan_id
from safecare.impact.stage import ImpactStage
from safecare.model.event import Event
from safecare.model.events.acts import PlanDecided
from safecare.model.forecast import Forecast
from safecare.model.plan import Action, Plan
from safecare.model.topics import decode, encode
from safecare.testing.cascade import START, incident_of, theft_alerts
from safecare.testing.hospital import small_hospital

pytestmark = pytest.mark.slow

HOSPITAL = small_hospital()
ALERTS = theft_alerts()
Step = Literal["security", "clinical"]


def only(items: Iterable[object]) -> Plan:
    (found,) = items
    assert isinstance(found, Plan)
    return found


def planned(stage: DecideStage, count: int = 10, revision: int = 1) -> Plan:
    alerts, incident = ALERTS[:count], incident_of(ALERTS[:count], revision)
    (forecast,) = ImpactStage(HOSPITAL).feed([*alerts, incident])
    return only(stage.feed([*alerts, incident, forecast]))


def act(
    plan: Plan,
    action: str,
    decision: Literal["approved", "refused", "done"] = "approved",
    step: Step = "security",
    minute: float = 61,
) -> PlanDecided:
    at = START + timedelta(minutes=minute)
    ref = f"{action}/{decision}/{step}/{minute}"
    return PlanDecided(
        id=Event.id_for(at, "console", ref),
        at=at,
        seen=at,
        source="console",
        site=plan.site,
        actor="user.7",
        plan=plan.id,
        action=action,
        decision=decision,
        step=step,
    )


def named(plan: Plan, name: str) -> Action:
    return next(one for one in plan.actions if one.title.key == name)


RESTORE = "Restore {target} from the last good copy"
POWER = "Feed {target} from the emergency generator"


@pytest.fixture
def stage() -> DecideStage:
    return DecideStage(HOSPITAL)


def test_a_plan_is_ranked_told_and_waits_for_people(stage: DecideStage) -> None:
    plan = planned(stage)
    assert (plan.revision, plan.forecast_revision) == (1, 1)
    assert plan.expires == plan.at + VALID
    assert [one.rank for one in plan.actions] == list(range(1, len(plan.actions) + 1))
    wait = next(one for one in plan.actions if one.id == "wait")
    before = plan.actions[: wait.rank - 1]
    proven = [one for one in before if one.why[0].key.startswith("Spares care")]
    free = [one for one in before if one.why[0].key.startswith("Takes access")]
    rescues = [one for one in before if one not in proven and one.why[1:2] and "out of danger" in one.why[1].key]
    assert len(before) == len(proven) + len(free) + len(rescues)
    assert before[0] in proven
    assert proven
    assert free
    assert all(one.gain > 0 for one in proven)
    assert all(one.cost == 0.0 for one in free)
    for one in plan.actions:
        assert one.state == "proposed"
        assert one.cost_text
        assert one.steps
        assert one.cost >= 0
        if one.cost > 0:
            assert "clinical" in one.needs
    assert len({one.id for one in plan.actions}) == len(plan.actions)
    assert decode("plan", encode(plan)) == plan


def test_two_steps_are_needed_where_care_pays(stage: DecideStage) -> None:
    plan = planned(stage)
    restore = named(plan, RESTORE)
    assert set(restore.needs) == {"security", "clinical"}
    once = only(stage.feed([act(plan, restore.id)]))
    assert named(once, RESTORE).state == "proposed"
    both = only(stage.feed([act(plan, restore.id, step="clinical", minute=63)]))
    assert named(both, RESTORE).state == "approved"
    assert [one.step for one in named(both, RESTORE).approvals] == ["security", "clinical"]
    done = only(stage.feed([act(plan, restore.id, "done", minute=90)]))
    assert named(done, RESTORE).state == "done"
    assert [one.revision for one in (plan, once, both, done)] == [1, 2, 3, 4]


def test_a_refusal_is_final(stage: DecideStage) -> None:
    plan = planned(stage)
    power = named(plan, POWER)
    refused = only(stage.feed([act(plan, power.id, "refused")]))
    assert named(refused, POWER).state == "refused"
    assert list(stage.feed([act(plan, power.id, minute=70)])) == []


def test_acts_that_mean_nothing_change_nothing(stage: DecideStage) -> None:
    plan = planned(stage)
    forbidden = next(one for one in plan.actions if one.infeasible is not None)
    assert list(stage.feed([act(plan, "no.such.action")])) == []
    assert list(stage.feed([act(plan, forbidden.id)])) == []
    assert list(stage.feed([act(plan, named(plan, POWER).id, "done")])) == []
    assert list(DecideStage(HOSPITAL).feed([act(plan, "wait")])) == []
    assert only(stage.feed([act(plan, "wait")])).revision == 2


def test_the_same_act_twice_counts_once(stage: DecideStage) -> None:
    plan = planned(stage)
    restore = named(plan, RESTORE)
    only(stage.feed([act(plan, restore.id)]))
    assert list(stage.feed([act(plan, restore.id)])) == []


def test_decisions_outlive_a_new_forecast(stage: DecideStage) -> None:
    plan = planned(stage, count=4)
    restore = named(plan, RESTORE)
    only(stage.feed([act(plan, restore.id)]))
    later = planned(stage, count=10, revision=2)
    assert later.id == plan.id
    assert (later.revision, later.forecast_revision) == (3, 2)
    assert [one.actor for one in named(later, RESTORE).approvals] == ["user.7"]
    assert named(later, POWER).state == "proposed"


def test_what_nobody_decides_expires(stage: DecideStage) -> None:
    plan = planned(stage)
    only(stage.feed([act(plan, named(plan, POWER).id)]))
    assert list(stage.tick(plan.expires - timedelta(seconds=1))) == []
    late = only(stage.tick(plan.expires))
    assert {one.state for one in late.actions} == {"approved", "expired"}
    assert named(late, POWER).state == "approved"
    assert list(stage.tick(plan.expires)) == []
    assert list(stage.feed([act(plan, named(plan, RESTORE).id, minute=400)])) == []


def test_a_plan_about_an_old_recording_can_be_approved(stage: DecideStage) -> None:
    now = START + timedelta(days=365)
    assert list(stage.tick(now)) == []
    plan = planned(stage)
    assert plan.expires == now + VALID
    assert list(stage.tick(now + timedelta(minutes=1))) == []
    assert named(only(stage.feed([act(plan, named(plan, POWER).id)])), POWER).state == "approved"


def test_closing_the_incident_ends_its_plan(stage: DecideStage) -> None:
    planned(stage)
    ended = only(stage.feed([incident_of(ALERTS, 2, "closed")]))
    assert {one.state for one in ended.actions} == {"expired"}


def test_an_older_forecast_and_one_without_incident_give_no_plan(stage: DecideStage) -> None:
    impact = ImpactStage(HOSPITAL)
    (forecast,) = impact.feed([*ALERTS, incident_of(ALERTS)])
    assert list(stage.feed([forecast])) == []
    plan = only(stage.feed([*ALERTS, incident_of(ALERTS), forecast]))
    assert list(stage.feed([forecast])) == []
    assert plan.id == plan_id(incident_of(ALERTS))


def test_a_restart_goes_on_and_a_replay_repeats(stage: DecideStage) -> None:
    plan = planned(stage)
    again = DecideStage(HOSPITAL)
    again.restore(stage.snapshot())
    step = act(plan, named(plan, POWER).id)
    assert list(again.feed([step])) == list(stage.feed([step]))
    assert again.snapshot() == stage.snapshot()
    fresh = DecideStage(HOSPITAL)
    fresh.restore(b"")
    assert planned(fresh) == plan


def test_times_are_those_of_the_incident(stage: DecideStage) -> None:
    plan = planned(stage)
    assert plan.at == START + timedelta(minutes=60)
    assert isinstance(plan.expires, datetime)
    assert plan.expires.utcoffset() == timedelta(0)


def test_a_plan_from_a_first_estimate_is_made_anew_from_the_refined_forecast() -> None:
    incident = incident_of(ALERTS)
    (forecast,) = ImpactStage(HOSPITAL).feed([*ALERTS, incident])
    assert isinstance(forecast, Forecast)
    stage = DecideStage(HOSPITAL)
    first = only(stage.feed([*ALERTS, incident, msgspec.structs.replace(forecast, rough=True)]))
    second = only(stage.feed([forecast]))
    assert [(one.revision, one.rough) for one in (first, second)] == [(1, True), (2, False)]
    assert list(stage.feed([forecast, msgspec.structs.replace(forecast, rough=True)])) == []
