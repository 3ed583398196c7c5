"""What is tried at all: playbooks on likely facts, and those that make up the cheapest cut before a loss.

A playbook is tried on the few things on which its facts are most likely and matter most. Beside these stands the
cheapest set of responses that together leave no way by which the service that loses most is usually lost: the least
cut of the AND/OR graph of what is likely to follow, at the times at which it usually does.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import combinations
from math import comb, inf
from typing import NamedTuple

import numpy as np

from safecare.cascade.care import Care
from safecare.cascade.cut import Graph, Need, NoCutError, UnfinishedError, cheapest_cut
from safecare.cascade.simulate import Outcome
from safecare.cascade.words import Fact
from safecare.decide.effects import RuleIndex, changes
from safecare.decide.playbook import Playbook, Target
from safecare.decide.relations import related
from safecare.model.forecast import State
from safecare.model.hospital import Asset, Hospital, Service, Zone

LIKELY = 0.15
"""Probability from which a fact calls for a response. Chosen: below, watching is enough."""
MOST_PER_PLAYBOOK = 2
"""Targets tried per playbook, the most likely and critical first. Chosen: a list that a person can read."""
MOST_FOR_CUT = 12
"""Targets of a playbook that may stand in a cut. Chosen: with 30 playbooks some hundred responses."""
MOST_NODES = 6_000
"""Largest graph of which the cheapest cut is sought. Chosen: below half a second; larger incidents do without."""
MOST_ROUNDS = 60
"""Rounds of the search for it: work, not time, so that a replay tries the same."""
MOST_WAYS = 20
"""Ways to have k of n causes that are told apart; with more, one cause counts as enough, and the cut holds as well."""
LIKELY_WAY = 0.05
"""Probability from which a fact stands in the graph. Chosen: rarer things are not the usual way."""
MOST_TRIES = 6
"""Cuts that are looked for, each without the responses of the last that are forbidden. Chosen."""
HOUR = 3600.0
OWN_COST = 1.0
"""Cost of each response in a cut beside the hours of care that it costs: of two cuts the one with fewer responses."""

Pair = tuple[Playbook, str]


class Candidates(NamedTuple):
    """What is tried, and of it what makes up the cheapest cut before the loss of `saves` (empty: there is none)."""

    pairs: list[Pair]
    cut: frozenset[int]
    """Places in `pairs`."""
    saves: str


def candidates(
    hospital: Hospital,
    playbooks: Sequence[Playbook],
    index: RuleIndex,
    outcome: Outcome,
    care: Care,
    allowed: Callable[[Playbook, str], bool],
) -> Candidates:
    """Return what is tried about `outcome`, the incident without any response. A cut holds what is `allowed` only."""
    ranked = {one.id: _targets(hospital, one, outcome) for one in playbooks}
    pairs = [(one, target) for one in playbooks for target in ranked[one.id][:MOST_PER_PLAYBOOK]]
    wider = [(one, target) for one in playbooks for target in ranked[one.id][:MOST_FOR_CUT]]
    saves = _worst_service(outcome, care)
    found: list[Pair] = []
    for _ in range(MOST_TRIES if saves else 0):
        found = _cheapest(hospital, index, outcome, wider, saves)
        forbidden = [pair for pair in found if not allowed(*pair)]
        if not forbidden:
            break
        found, wider = [], [pair for pair in wider if pair not in forbidden]
    pairs += [pair for pair in found if pair not in pairs]
    return Candidates(pairs, frozenset(pairs.index(pair) for pair in found), saves if found else "")


def _targets(hospital: Hospital, playbook: Playbook, outcome: Outcome) -> list[str]:
    """Return what `playbook` may act on, the most likely and critical first."""
    weights: dict[str, float] = defaultdict(float)
    for target in playbook.response.targets:
        for fact, hits in outcome.seen():
            probability, thing = hits / outcome.samples, hospital.thing(fact.target)
            if fact.state is target.state and probability >= LIKELY and _fits(target, thing):
                weight = probability * (thing.criticality if isinstance(thing, Asset) else 4)
                for taken in related(hospital, fact.target, target.take):
                    weights[taken] = max(weights[taken], weight)
    return sorted(weights, key=lambda one: (-weights[one], one))


def _fits(target: Target, thing: object) -> bool:
    if target.of == "asset":
        return (
            isinstance(thing, Asset)
            and (not target.groups or thing.group in target.groups)
            and (not target.kinds or thing.kind in target.kinds)
        )
    return isinstance(thing, Zone if target.of == "zone" else Service)


def _worst_service(outcome: Outcome, care: Care) -> str:
    """Return the service that loses most by being lost, if it isn't lost already; else nothing."""
    losses = sorted(((-float(care.loss[row].mean()), one.id) for row, one in enumerate(care.services)))
    for loss, id in losses:
        row = outcome.row(Fact(id, State.DOWN))
        if loss < 0.0 and row is not None and outcome.hits[row] and outcome.layout.worst[row] > 0.0:
            return id
    return ""


def _cheapest(hospital: Hospital, index: RuleIndex, outcome: Outcome, wider: Sequence[Pair], saves: str) -> list[Pair]:
    """Return the cheapest of `wider` that together keep `saves` from being lost; none if that can't be."""
    fires = _usual_times(outcome)
    stops: dict[int, list[int]] = defaultdict(list)
    costs: list[float] = []
    for place, (playbook, target) in enumerate(wider):
        made = changes(playbook, target, hospital, index)
        costs.append(OWN_COST + sum(seed.until - seed.at for seed in made.seeds) / HOUR)
        for rule, at in made.stops.items():
            local = int(outcome.layout.place_of[rule])
            if fires.get(local, -inf) >= at:
                stops[local].append(place)
    graph = _graph(outcome, fires, stops, costs, Fact(saves, State.DOWN))
    if graph is None or not stops:
        return []
    try:
        cut = cheapest_cut(graph, rounds=MOST_ROUNDS)
    except (NoCutError, UnfinishedError):
        return []
    return [wider[node] for node in cut.nodes]


def _usual_times(outcome: Outcome) -> dict[int, float]:
    """Return when each rule between likely facts usually fires, by its place."""
    layout = outcome.layout
    likely = np.flatnonzero(outcome.hits >= LIKELY_WAY * outcome.samples).tolist()
    usual = {row: float(np.median(starts[np.isfinite(starts)])) for row in likely for starts in [outcome.starts(row)]}
    found: dict[int, float] = {}
    for local in range(len(layout.rules)):
        causes = sorted(usual[row] for row in layout.tails_of(local) if row in usual)
        need = int(layout.needs[local])
        if len(causes) >= need and int(layout.heads[local]) in usual:
            found[local] = causes[need - 1] + float(layout.chances["usual"][local])
    return found


def _graph(
    outcome: Outcome,
    fires: Mapping[int, float],
    stops: Mapping[int, Sequence[int]],
    costs: Sequence[float],
    goal: Fact,
) -> Graph | None:
    """Return what usually follows as an AND/OR graph: responses (which can be cut: carried out), facts, rules.

    A rule stands while its causes do and none of the responses that stop it is carried out.
    """
    layout, row = outcome.layout, outcome.row(goal)
    first = len(costs)
    if row is None or first + len(layout.facts) + len(fires) > MOST_NODES:
        return None
    seeded = {int(layout.row_of[outcome.system.number[seed.fact]]) for seed in outcome.seeds}
    needs: list[Need] = []
    needs += ["all"] * first
    needs += ["any"] * len(layout.facts)
    before: list[list[int]] = [[] for _ in needs]
    for local in fires:
        head = int(layout.heads[local])
        if head in seeded:
            continue
        causes = [first + tail for tail in layout.tails_of(local)]
        for enough in _ways(causes, int(layout.needs[local])):
            needs.append("all")
            before.append([*enough, *stops.get(local, ())])
            before[first + head].append(len(needs) - 1)
    nothing = len(needs)  # facts that usually don't come about: an "any" of nothing would hold by itself
    needs.append("any")
    before.append([nothing])
    for fact in range(len(layout.facts)):
        if fact not in seeded and not before[first + fact]:
            before[first + fact].append(nothing)
    all_costs = [*costs, *[inf] * (len(needs) - first)]
    return Graph(tuple(needs), tuple(all_costs), tuple(map(tuple, before)), first + row)


def _ways(causes: list[int], need: int) -> Iterator[tuple[int, ...]]:
    """Yield the least sets of `causes` that are enough."""
    yield from combinations(causes, need if comb(len(causes), need) <= MOST_WAYS else 1)
