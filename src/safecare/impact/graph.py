"""The forecast as a graph: what leads to what, from the evidence to care, and what holds at which time.

Only what happened in the courses is drawn: an edge is a rule that was the cause in at least one course in fifty, with
the share of courses in which it was. Nothing is taken from the dependencies alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import msgspec
import numpy as np

from safecare.cascade.engine import Cascade
from safecare.cascade.simulate import Outcome
from safecare.cascade.system import Mask
from safecare.cascade.words import Fact
from safecare.impact.forecast import HOUR, LEAST_PROBABILITY, family
from safecare.model.forecast import State
from safecare.model.hospital import Asset, Hospital, Service
from safecare.model.text import Text

TIMES = (0.0, 300.0, 900.0, 1800.0, *(hours * HOUR for hours in (1, 2, 4, 8, 12, 24, 36, 48, 72)))
"""Seconds at which the graph tells what holds. Chosen: closer together where a person can still do something."""
MOST_NODES = 500
"""Most things drawn, the likeliest first. Chosen: what a screen can hold in groups."""


class Cause(msgspec.Struct, frozen=True):
    """One rule that led from one thing to another; `share` of the courses in which it did."""

    rule: str
    text: Text
    source: str
    share: float


class Edge(msgspec.Struct, frozen=True):
    """From one thing to another, with the rules that led there, the most frequent first."""

    of: str
    on: str
    causes: tuple[Cause, ...]


class Holding(msgspec.Struct, frozen=True):
    """A state of a thing: the share of courses in which it ever begins, and in which it holds at each of `TIMES`."""

    state: State
    probability: float
    earliest: float
    holds: tuple[float, ...]


class Node(msgspec.Struct, frozen=True, kw_only=True):
    """A thing that is or may be hit. `holds`: share of courses in which any of its states holds, at each of `TIMES`."""

    id: str
    kind: str
    """asset, service or zone."""
    group: str
    layer: int
    """Column: 0 is the evidence, then steps away from it; care stands in the last one."""
    evidence: tuple[Text, ...]
    """What alerts said of it; empty: nothing."""
    probability: float
    earliest: float
    holds: tuple[float, ...]
    states: tuple[Holding, ...]


class Graph(msgspec.Struct, frozen=True):
    """What may come of an incident. `left_out`: things too many to be drawn."""

    times: tuple[float, ...]
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    left_out: int


def graph_of(cascade: Cascade, outcome: Outcome) -> Graph:
    """Return `outcome` as a graph."""
    least = LEAST_PROBABILITY * outcome.samples
    facts: dict[str, list[Fact]] = defaultdict(list)
    for fact, hits in outcome.seen():
        if hits >= least and cascade.hospital.thing(fact.target) is not None:
            facts[fact.target].append(fact)
    evidence: dict[str, dict[str, Text]] = defaultdict(dict)
    for seed in outcome.seeds:
        evidence[seed.fact.target][seed.key] = seed.text
    times = tuple(time for time in TIMES if time <= cascade.horizon)
    drawn = {target: one for target, found in facts.items() if (one := _drawn(outcome, found, times)).states}

    def order(target: str) -> tuple[bool, bool, float, str]:
        care = _is_care(cascade.hospital, target)
        return target not in evidence, not care, -drawn[target].probability, target

    ranked = sorted(drawn, key=order)
    kept = set(ranked[:MOST_NODES])
    edges = _edges(outcome, kept, least)
    layers = _layers(kept & evidence.keys(), edges, kept)
    last = max((layer for id, layer in layers.items() if not _is_care(cascade.hospital, id)), default=0) + 1
    nodes = tuple(
        Node(
            id=id,
            kind=_kind(cascade.hospital, id),
            group=family(cascade.hospital, id),
            layer=last if _is_care(cascade.hospital, id) else layers[id],
            evidence=tuple(evidence[id].values()) if id in evidence else (),
            probability=drawn[id].probability,
            earliest=min(one.earliest for one in drawn[id].states),
            holds=drawn[id].holds,
            states=drawn[id].states,
        )
        for id in ranked[:MOST_NODES]
    )
    return Graph(times, nodes, edges, len(ranked) - len(nodes))


def _is_care(hospital: Hospital, id: str) -> bool:
    return isinstance(hospital.thing(id), Service)


def _kind(hospital: Hospital, id: str) -> str:
    match hospital.thing(id):
        case Service():
            return "service"
        case Asset():
            return "asset"
        case _:
            return "zone"


class _Drawn(NamedTuple):
    probability: float
    holds: tuple[float, ...]
    states: tuple[Holding, ...]


def _drawn(outcome: Outcome, found: Iterable[Fact], times: tuple[float, ...]) -> _Drawn:
    """Return what of the facts holds from now on: in which share of courses any of them does, ever and at each time."""
    ever: Mask = np.zeros(outcome.samples, np.bool_)
    any_at: Mask = np.zeros((len(times), outcome.samples), np.bool_)
    states: list[Holding] = []
    at = np.array(times).reshape(-1, 1)
    for fact in found:
        start, end = outcome.start(fact), outcome.end(fact)
        happens = np.isfinite(start) & (end > 0.0)  # what was over before the start is no forecast
        if happens.mean() < LEAST_PROBABILITY:
            continue
        holds = (start <= at) & (end > at)
        ever |= happens
        any_at |= holds
        earliest = max(0.0, float(start[happens].min()))
        states.append(Holding(fact.state, float(happens.mean()), earliest, _shares(holds)))
    states.sort(key=lambda one: (-one.probability, one.earliest, one.state))
    return _Drawn(float(ever.mean()), _shares(any_at), tuple(states))


def _shares(holds: Mask) -> tuple[float, ...]:
    return tuple(float(share) for share in holds.mean(axis=1))


def _edges(outcome: Outcome, kept: set[str], least: float) -> tuple[Edge, ...]:
    layout, system = outcome.layout, outcome.system
    causes: dict[tuple[str, str], dict[int, int]] = defaultdict(dict)
    for row in np.flatnonzero(outcome.hits >= least).tolist():
        head = system.facts[int(layout.facts[row])].target
        if head not in kept:
            continue
        places, counts = np.unique(outcome.causes(row), return_counts=True)
        for place, count in zip(places.tolist(), counts.tolist(), strict=True):
            if place < 0 or count < least:
                continue
            rule = int(layout.rules[place])
            for tail in layout.tails_of(place):
                target = system.facts[int(layout.facts[tail])].target
                if target in kept and target != head and outcome.hits[tail] >= least:
                    known = causes[target, head]
                    known[rule] = max(known.get(rule, 0), count)
    return tuple(Edge(of, on, _told(outcome, found)) for (of, on), found in sorted(causes.items()))


def _told(outcome: Outcome, found: Mapping[int, int]) -> tuple[Cause, ...]:
    rules = outcome.system.rules
    ranked = sorted(found.items(), key=lambda one: (-one[1], rules[one[0]].key))
    return tuple(Cause(rules[at].key, rules[at].text, rules[at].source, hits / outcome.samples) for at, hits in ranked)


def _layers(evidence: set[str], edges: Iterable[Edge], kept: set[str]) -> dict[str, int]:
    """Return the fewest steps from the evidence to each thing; 1 where no drawn edge leads."""
    follow: dict[str, list[str]] = defaultdict(list)
    for edge in edges:
        follow[edge.of].append(edge.on)
    layers = dict.fromkeys(evidence, 0)
    front, depth = sorted(evidence), 0
    while front:
        depth += 1
        front = [other for other in dict.fromkeys(one for id in front for one in follow[id]) if other not in layers]
        layers.update(dict.fromkeys(front, depth))
    return {id: layers.get(id, 1) for id in kept}
