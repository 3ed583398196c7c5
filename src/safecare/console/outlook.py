"""Forecasts and plans as the browser sees them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from safecare.cascade.statistics import wilson
from safecare.console.wire.incidents import (
    ActionView,
    ApprovalView,
    EffectGroup,
    EffectView,
    ForecastView,
    HopView,
    LossView,
    OpenStepView,
    PlanView,
    ProcedureView,
    StepTakenView,
    StepView,
)
from safecare.console.words import Words
from safecare.impact.states import STATES
from safecare.model.forecast import Effect, Forecast
from safecare.model.plan import Action, Plan, Procedure
from safecare.model.text import Text, say

GROUPS: Mapping[str, Text] = MappingProxyType(
    {
        "care": say("Care"),
        "pharmacy": say("Pharmacy"),
        "cold_chain": say("Cold chain"),
        "medical": say("Medical devices"),
        "it": say("Computers"),
        "network": say("Network"),
        "utility": say("Utilities"),
        "physical": say("Rooms and doors"),
        "door": say("Doors"),
        "camera": say("Cameras"),
        "fire": say("Fire detectors"),
        "other": say("Other"),
    }
)
"""Families in the order in which they are shown: care first."""


def forecast_view(forecast: Forecast, words: Words) -> ForecastView:
    """Return a forecast with its effects by family, the most probable first."""
    by_group: dict[str, list[Effect]] = {}
    for effect in forecast.effects:
        by_group.setdefault(effect.group, []).append(effect)
    order = [group for group in GROUPS if group in by_group] + sorted(by_group.keys() - GROUPS.keys())
    return ForecastView(
        at=forecast.at,
        horizon=forecast.horizon,
        samples=forecast.samples,
        rough=forecast.rough,
        groups=[_group(group, by_group[group], forecast.samples, words) for group in order],
        losses=[
            LossView(
                service=loss.service,
                name=words.named(loss.service).name,
                hours_down=loss.hours_down,
                patients=loss.patients,
                fallback=words.say(loss.fallback, forecast.site) if loss.fallback else None,
            )
            for loss in forecast.losses
        ],
        loss=forecast.loss,
        endangered=forecast.endangered,
        totals=forecast.totals,
        unknown=words.each(forecast.unknown),
        revision=forecast.revision,
    )


def _group(group: str, effects: list[Effect], samples: int, words: Words) -> EffectGroup:
    name = words.say(GROUPS[group]) if group in GROUPS else group
    ranked = sorted(effects, key=lambda one: (-one.probability, one.earliest, one.target))
    return EffectGroup(group, name, [_effect(one, samples, words) for one in ranked])


def _effect(effect: Effect, samples: int, words: Words) -> EffectView:
    return EffectView(
        target=effect.target,
        name=words.named(effect.target).name,
        kind=effect.kind,
        state=effect.state,
        state_name=words.say(STATES[effect.state]),
        probability=effect.probability,
        low=effect.interval[0],
        high=effect.interval[1],
        earliest=effect.earliest,
        likely=effect.likely,
        by=tuple((until, chance, *wilson(round(chance * samples), samples)) for until, chance in effect.by),
        path=[HopView(words.say(hop.text), hop.after, hop.source) for hop in effect.path],
    )


def plan_view(plan: Plan, words: Words) -> PlanView:
    """Return a plan, best action first."""
    actions = sorted(plan.actions, key=lambda one: one.rank)
    return PlanView(
        id=plan.id,
        revision=plan.revision,
        at=plan.at,
        expires=plan.expires,
        rough=plan.rough,
        actions=[_action(action, plan.site, words) for action in actions],
        procedures=[_procedure(one, plan.site, words) for one in plan.procedures],
    )


def _procedure(one: Procedure, site: str, words: Words) -> ProcedureView:
    return ProcedureView(
        id=one.id,
        title=words.say(one.title, site),
        description=words.say(one.description, site),
        why=words.all(one.why, site),
        steps=[StepView(step.role, words.role(step.role), words.say(step.text, site)) for step in one.steps],
        frameworks=list(one.frameworks),
        techniques=list(one.techniques),
        state=one.state,
        open=[
            OpenStepView(step.key, step.role, words.role(step.role), words.say(step.text, site), step.question)
            for step in one.open
        ],
        taken=[
            StepTakenView(
                text=words.say(step.text, site),
                outcome=step.outcome,
                actor=words.person(step.actor),
                at=step.at,
                comment=step.comment,
            )
            for step in one.taken
        ],
        begun_by=words.person(one.begun_by) if one.begun_by else "",
        begun_at=one.begun_at,
    )


def _action(action: Action, site: str, words: Words) -> ActionView:
    return ActionView(
        id=action.id,
        title=words.say(action.title, site),
        rank=action.rank,
        gain=action.gain,
        gain_low=action.gain_interval[0],
        gain_high=action.gain_interval[1],
        best=action.best,
        tail=action.tail,
        worst=action.worst,
        safer=action.safer,
        pareto=action.pareto,
        cost=action.cost,
        cost_text=words.all(action.cost_text, site),
        why=words.all(action.why, site),
        steps=[StepView(step.role, words.role(step.role), words.say(step.text, site)) for step in action.steps],
        needs=list(action.needs),
        reversible=action.reversible,
        infeasible=words.say(action.infeasible, site) if action.infeasible else None,
        techniques=list(action.techniques),
        state=action.state,
        approvals=[
            ApprovalView(one.step, words.person(one.actor), one.at, one.decision, one.comment)
            for one in action.approvals
        ],
    )
