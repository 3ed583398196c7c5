"""SAFECARE's published mode: which incident may follow on which asset, with impactScore = 1 - gamma, and nothing else.

For comparison with the project's results. It has no time, probability, redundancy or patients: every rule of the
cascade is taken as "one of its causes may bring its effect". The score of an effect on an asset is one minus the
protection that is left for that asset, whatever the score of its cause; an effect with score 0 is a barrier, behind
which this path doesn't go on. A protection that is itself hit protects no more.

Source: Hannou et al., "Semantic-Based Approach for Cyber-Physical Cascading Effects Within Healthcare
Infrastructures", IEEE Access 10 (2022), doi 10.1109/ACCESS.2022.3171252. The paper leaves gamma to the experts; the
project's demonstration counted firewall and segmentation of together more than 100 % as full protection, which is the
capped sum. Degrees of protection are not published: `DEGREES` are ours.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import Any

from safecare.cascade.system import System
from safecare.cascade.words import Fact, Seed
from safecare.model.forecast import State
from safecare.model.hospital import Asset, Hospital

DEGREES = {"camera": 0.3, "door": 0.6, "fire": 0.4}
"""Degree of protection by the protecting thing's group. Chosen: a camera only sees, a locked door stops most."""
OTHER_DEGREE = 0.3
"""Of any other protecting thing, a guard post for example. Chosen."""
HURT = frozenset({State.DOWN, State.COMPROMISED})
"""States in which a protecting thing protects no more."""
GAMMAS: dict[str, Callable[[Sequence[float]], float]] = {
    "max": lambda degrees: max(degrees, default=0.0),
    "sum": lambda degrees: min(1.0, sum(degrees)),
    "product": lambda degrees: 1.0 - prod(1.0 - degree for degree in degrees),
}
"""How degrees of several protections are put together; ``sum`` is what the demonstration did."""


def published(hospital: Hospital, system: System, seeds: Sequence[Seed], gamma: str = "sum") -> dict[str, Any]:
    """Return the scored impacts of `seeds`, as plain values. Raises `KeyError` for an unknown `gamma`."""
    guards: dict[str, list[Asset]] = defaultdict(list)
    for asset in hospital.assets:
        for protected in asset.protects:
            guards[protected].append(asset)
    start = [system.number[seed.fact] for seed in seeds]
    hurt = {seed.fact.target for seed in seeds if seed.fact.state in HURT}
    scores: dict[int, float] = {}
    steps: dict[int, int] = dict.fromkeys(start, 0)
    waiting = deque(start)
    while waiting:
        number = waiting.popleft()
        for rule in system.reader_items[system.reader_starts[number] : system.reader_starts[number + 1]]:
            head = int(system.head[rule])
            if head in steps:
                continue
            score = 1.0 - GAMMAS[gamma](_degrees(hospital, system.facts[head], guards, hurt))
            steps[head], scores[head] = steps[number] + 1, score
            if score > 0.0:
                waiting.append(head)
    impacts = [
        {
            "asset": system.facts[one].target,
            "impact": str(system.facts[one].state),
            "score": round(score, 6),
            "hops": steps[one],
        }
        for one, score in sorted(scores.items(), key=lambda item: (-item[1], steps[item[0]], item[0]))
        if hospital.thing(system.facts[one].target) is not None
    ]
    return {"mode": "published", "gamma": gamma, "impacts": impacts}


def _degrees(hospital: Hospital, fact: Fact, guards: Mapping[str, list[Asset]], hurt: set[str]) -> list[float]:
    """Return the degrees of what protects the target of `fact`: the thing itself and the zone where it stands."""
    asset = hospital.asset(fact.target)
    places = (fact.target, *((asset.zone,) if asset and asset.zone else ()))
    unique = {guard.id: guard for place in places for guard in guards.get(place, ()) if guard.id not in hurt}
    return [DEGREES.get(guard.group, OTHER_DEGREE) for guard in unique.values()]
