"""The forecast of an incident as a graph, and the same with a change that a person tries out: on the same draws."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from math import inf

import msgspec

from safecare.cascade.care import Care
from safecare.cascade.engine import Cascade
from safecare.cascade.simulate import NO_CHANGES, Changes, Repair
from safecare.cascade.statistics import mean_interval, tail_mean
from safecare.cascade.system import System
from safecare.cascade.words import Fact
from safecare.impact.graph import Graph, graph_of
from safecare.impact.outlook import Gain
from safecare.model.alert import Alert
from safecare.model.incident import Incident


class Looked(msgspec.Struct, frozen=True):
    """What may come, and its loss of care: mean and CVaR90, patient-hours. `gain`: spared by the change, if any."""

    graph: Graph
    loss: tuple[float, float]
    loss_without: tuple[float, float]
    """The loss if the change is not made."""
    gain: Gain | None


def look_at(cascade: Cascade, incident: Incident, alerts: Sequence[Alert], changes: Changes = NO_CHANGES) -> Looked:
    """Return what `incident` may break with `changes`, with as many courses as its forecast has."""
    seeds = cascade.seeds(incident, alerts)
    draws = cascade.draws(incident, cascade.samples_for(seeds))
    outcome, care = cascade.play(seeds, draws)
    without = _loss(care)
    if changes == NO_CHANGES:
        return Looked(graph_of(cascade, outcome), without, without, None)
    other, with_it = cascade.play(seeds, draws, changes, outcome)
    spared = care.total_hours - with_it.total_hours
    low, high = mean_interval(spared)
    return Looked(
        graph_of(cascade, other), _loss(with_it), without, Gain(mean=float(spared.mean()), low=low, high=high)
    )


def _loss(care: Care) -> tuple[float, float]:
    return float(care.total_hours.mean()), tail_mean(care.total_hours)


def kept_from_harm(system: System, things: Collection[str], rules: Collection[str], at: float) -> Changes:
    """Return the change that from `at` seconds on nothing more happens to `things`, and `rules` (keys) hold no more.

    What was true of the things by then ends, lasting damage with it.
    """
    wanted, named = frozenset(things), frozenset(rules)
    return Changes(
        stops={
            number: at for number, rule in enumerate(system.rules) if rule.head.target in wanted or rule.key in named
        },
        repairs={fact: Repair(at) for fact in system.facts if fact.target in wanted},
    )


def together(changes: Sequence[Changes]) -> Changes:
    """Return all `changes` as one: the earliest stop and repair count, the strongest slowing down."""
    stops: dict[int, float] = {}
    slows: dict[int, tuple[float, float]] = {}
    repairs: dict[Fact, Repair] = {}
    for one in changes:
        stops.update((rule, min(at, stops.get(rule, inf))) for rule, at in one.stops.items())
        for rule, (at, factor) in one.slows.items():
            known = slows.get(rule, (inf, 1.0))
            slows[rule] = (min(at, known[0]), max(factor, known[1]))
        for fact, repair in one.repairs.items():
            if fact not in repairs or repair.at < repairs[fact].at:
                repairs[fact] = repair
    seeds = {seed.key: seed for one in changes for seed in one.seeds}
    return Changes(stops=stops, slows=slows, repairs=repairs, seeds=tuple(seeds.values()))
