"""A forecast from an incident and its alerts: effects with probability, times and reasons, and what care loses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from safecare.cascade.care import Care
from safecare.cascade.engine import Cascade
from safecare.cascade.simulate import Outcome
from safecare.cascade.statistics import tail_mean, wilson
from safecare.cascade.trace import Cause, chain
from safecare.cascade.words import Fact, Rule
from safecare.impact.totals import totals
from safecare.model.alert import Alert
from safecare.model.forecast import CareLoss, Effect, Forecast, Hop
from safecare.model.hospital import Asset, Hospital, Service
from safecare.model.incident import Incident
from safecare.model.text import Span, say

HOUR = 3600.0
MARKS = (0.25 * HOUR, 1 * HOUR, 4 * HOUR, 12 * HOUR, 24 * HOUR, 72 * HOUR)
"""Times (seconds) by which probabilities are told. Chosen: a guard's, a shift's, a crisis staff's horizon."""
LEAST_PROBABILITY = 0.02
"""Effects below are noise at some hundred samples (the upper bound of 0 in 200 is 1.9 %, Wilson)."""
MOST_EFFECTS = 160
"""Longest list. Chosen: room for both states of some forty services and the first of every family."""
PER_FAMILY = 12
"""Effects of each family that are told before the rest is filled by importance. Chosen: a screenful."""
FIRST_SAMPLES = 32
"""Courses of a first estimate. Chosen: a probability is told to +-17 points at most, in a sixth of the time."""
LEAST_FOR_TIMES = 5
"""Fewest samples with the effect from which quantiles of its time are told."""
FAMILIES = {
    "it": "it",
    "network": "network",
    "pharmacy": "pharmacy",
    "cold_chain": "cold_chain",
    "utility": "utility",
    "medical": "medical",
    "door": "physical",
    "camera": "physical",
    "fire": "physical",
}
"""Family on screen by group of the asset; everything else is ``other``."""


def forecast(cascade: Cascade, incident: Incident, alerts: Sequence[Alert], *, first: bool = False) -> Forecast:
    """Return what `incident`, with `alerts`, breaks next; if `first`, from few courses where more would take long.

    The times of the worst case are the same in both.
    """
    seeds = cascade.seeds(incident, alerts)
    samples = cascade.samples_for(seeds)
    rough = first and cascade.takes_long(seeds)
    if rough:
        samples = FIRST_SAMPLES
    outcome, care = cascade.play(seeds, cascade.draws(incident, samples))
    effects, left_out = effects_of(cascade, outcome)
    return Forecast(
        incident=incident.id,
        revision=incident.revision,
        site=incident.site,
        at=cascade.start(incident),
        horizon=cascade.horizon,
        samples=samples,
        rough=rough,
        effects=effects,
        losses=losses_of(care),
        loss=(float(care.total_hours.mean()), tail_mean(care.total_hours)),
        endangered=float(care.danger.sum(axis=0).mean()),
        totals=totals(cascade.hospital, outcome, care),
        unknown=cascade.unknown(alerts),
        left_out=left_out,
        marking=incident.marking,
    )


def effects_of(cascade: Cascade, outcome: Outcome) -> tuple[tuple[Effect, ...], int]:
    """Return the effects worth telling, most important first, and how many more there are.

    All services and the first of each family come before the rest.
    """
    weighed: list[tuple[float, Fact, Asset | Service, int]] = []
    for fact, hits in outcome.seen():
        thing = cascade.hospital.thing(fact.target)
        if isinstance(thing, Asset | Service) and hits >= LEAST_PROBABILITY * outcome.samples:
            weighed.append((_importance(thing, hits / outcome.samples), fact, thing, hits))
    weighed.sort(key=lambda one: (-one[0], one[1]))
    places: Counter[str] = Counter()
    first: list[tuple[bool, int]] = []
    for place, (_, fact, thing, _) in enumerate(weighed):
        group = family(cascade.hospital, fact.target)
        places[group] += 1
        first.append((not isinstance(thing, Service) and places[group] > PER_FAMILY, place))
    kept = sorted(place for _, place in sorted(first)[:MOST_EFFECTS])
    told = tuple(_effect(outcome, cascade, fact, thing, hits) for _, fact, thing, hits in (weighed[at] for at in kept))
    return told, len(weighed) - len(told)


def _importance(thing: Asset | Service, probability: float) -> float:
    """Services stand before all assets; assets by criticality times probability."""
    return 10.0 + probability if isinstance(thing, Service) else float(thing.criticality) * probability


def _effect(outcome: Outcome, cascade: Cascade, fact: Fact, thing: Asset | Service, hits: int) -> Effect:
    starts = np.maximum(outcome.start(fact), 0.0)
    happens = starts[np.isfinite(starts)]
    likely = tuple(float(time) for time in np.quantile(happens, (0.1, 0.5, 0.9)))
    return Effect(
        target=fact.target,
        kind="service" if isinstance(thing, Service) else "asset",
        group=family(cascade.hospital, fact.target),
        state=fact.state,
        probability=hits / outcome.samples,
        interval=wilson(hits, outcome.samples),
        earliest=max(0.0, outcome.earliest(fact)),
        likely=(likely[0], likely[1], likely[2]) if hits >= LEAST_FOR_TIMES else None,
        by=tuple((mark, float(np.mean(starts <= mark))) for mark in MARKS if mark <= cascade.horizon),
        path=tuple(_hop(cause) for cause in chain(outcome, fact)),
    )


def family(hospital: Hospital, target: str) -> str:
    """Return the family on screen of an asset or service."""
    thing = hospital.thing(target)
    if isinstance(thing, Service):
        return "care"
    return FAMILIES.get(thing.group, "other") if isinstance(thing, Asset) else "physical"


def _hop(cause: Cause) -> Hop:
    rule = cause.by.key if isinstance(cause.by, Rule) else ""
    return Hop(cause.by.text, max(0.0, cause.after), cause.by.source, rule)


def losses_of(care: Care) -> tuple[CareLoss, ...]:
    """Loss by service, the heaviest (weighted) first; services that lose nothing are left out."""
    told: list[tuple[float, CareLoss]] = []
    for row, service in enumerate(care.services):
        mean, cut, down = (
            float(care.hours[row].mean()),
            float(care.hours_cut[row].mean()),
            float(care.hours_down[row].mean()),
        )
        danger = float(care.danger[row].mean())
        if mean <= 0.0 and cut <= 0.0 and danger <= 0.0:
            continue
        text = None
        if service.fallback is not None and cut > down:
            share = round(100 * service.fallback_efficiency)
            text = say(
                "In fallback for {span}, at {share} % of its capacity", span=Span((cut - down) * HOUR), share=share
            )
        patients = float(care.patients[row].mean())
        loss = CareLoss(
            service=service.id, hours_down=down, patients=patients, hours=mean, endangered=danger, fallback=text
        )
        told.append((float(care.loss[row].mean()), loss))
    return tuple(loss for _, loss in sorted(told, key=lambda one: -one[0]))
