"""Ranking responses: the cascade is played with each of them, all with the same luck, and care losses compared.

Source: common random numbers and paired comparison (reference model of the project): paired differences need
some ten times fewer samples than independent runs. An action with a net loss never stands before ``wait``.

Order: (1) large proven gain: the weighted loss (`safecare.cascade.care`) falls for certain, and by `LARGE` of it
or with patients coming out of danger; the largest fall first; (2) containment: takes access from an attacker or
intruder (`contains` in the playbook), costs care nothing, and isn't certain to harm. What it saves beyond care
(goods, evidence, what the intruder does next) has no price in patient-hours, so that it is placed by this rule and
not by a figure; (3) smaller proven gains; (4) ``wait``; (5) the rest; (6) the forbidden.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from safecare.cascade.care import Care
from safecare.cascade.engine import Cascade
from safecare.cascade.simulate import Changes, Draws, Mask, Outcome
from safecare.cascade.statistics import mean_interval
from safecare.cascade.system import Floats
from safecare.cascade.words import Seed
from safecare.decide.constraints import infeasible
from safecare.decide.effects import RuleIndex, changes
from safecare.decide.playbook import Playbook, Target
from safecare.decide.relations import related
from safecare.model.hospital import Asset, Hospital, Service, Zone
from safecare.model.text import Text

LIKELY = 0.15
"""Probability from which a fact calls for a response. Chosen: below, watching is enough."""
MOST_PER_PLAYBOOK = 2
"""Targets tried per playbook, the most likely and critical first. Chosen: a list that a person can read."""
WORK = 1_500_000
"""Rule evaluations spent on all candidates (rules reached x samples x candidates); work, not time, so that a
replay ranks the same. Chosen: below a second on one core."""
LEAST_SAMPLES = 128
"""With common random numbers, 128 samples order 40 actions with tau 0.82 of what 2,000 do (measured, reference)."""
MOST_SAMPLES = 256
LARGE = 0.02
"""Share of all that is at stake from which a proven gain comes before containment. Chosen: smaller ones are within
the doubt of the figures, and taking an intruder's access costs care nothing."""
LEAST_SAFER = 0.05
"""Patients fewer in danger, mean, that count. Chosen: below, sampling noise speaks."""
LEAST_GAIN = 1e-9
"""Patient-hours below which a difference is rounding."""


@dataclass(frozen=True)
class Candidate:
    """A playbook on a target, with what it does to the loss of each sample."""

    playbook: Playbook
    target: str
    outcome: Outcome
    alone: tuple[Outcome, Care] | None
    """What the response alone does, without the incident; None when it brings nothing about."""
    gains: Floats
    """Weighted loss avoided by sample, net of the response's own cost: what is ranked by."""
    spared: Floats
    """Patient-hours of care spared by sample, unweighted, net of the response's own cost: what is told."""
    safer: float
    """Patients fewer in danger, mean."""
    infeasible: Text | None
    best: float = 0.0

    @property
    def gain(self) -> float:
        """Expected net gain, weighted."""
        return float(self.gains.mean())

    @property
    def interval(self) -> tuple[float, float]:
        """95 % interval of the gain."""
        return mean_interval(self.gains)

    @property
    def cost(self) -> float:
        """Care lost because of the response itself, patient-hours."""
        return float(self.alone[1].total_hours.mean()) if self.alone else 0.0


@dataclass(frozen=True)
class Ranking:
    """Candidates in order; `wait` stands before the candidate with index `wait_rank`."""

    baseline: Outcome
    care: Care
    candidates: tuple[Candidate, ...]
    wait_rank: int
    wait_best: float


def rank(
    cascade: Cascade, index: RuleIndex, playbooks: Sequence[Playbook], seeds: Sequence[Seed], draws_of: Draws
) -> Ranking:
    """Rank what `playbooks` can do about `seeds`. `draws_of` gives the luck (its samples: the baseline's)."""
    scout, _ = cascade.play(seeds, draws_of)
    pairs = list(_pairs(cascade.hospital, playbooks, scout))
    each = max(1, len(scout.layout.rules)) * max(1, len(pairs))
    samples = max(LEAST_SAMPLES, min(MOST_SAMPLES, WORK // each))
    draws = Draws(cascade.system, draws_of.seed, samples)
    baseline, care = cascade.play(seeds, draws)
    tried = [_try(cascade, index, playbook, target, seeds, draws, baseline, care) for playbook, target in pairs]
    return _ordered(baseline, care, tried)


def _pairs(hospital: Hospital, playbooks: Sequence[Playbook], outcome: Outcome) -> list[tuple[Playbook, str]]:
    likely = [(hits / outcome.samples, fact) for fact, hits in outcome.seen()]
    found: list[tuple[Playbook, str]] = []
    for playbook in playbooks:
        weights: dict[str, float] = defaultdict(float)
        for target in playbook.response.targets:
            for probability, fact in likely:
                thing = hospital.thing(fact.target)
                if fact.state is target.state and probability >= LIKELY and _fits(target, thing):
                    weight = probability * (thing.criticality if isinstance(thing, Asset) else 4)
                    for taken in related(hospital, fact.target, target.take):
                        weights[taken] = max(weights[taken], weight)
        best = sorted(weights, key=lambda one: (-weights[one], one))[:MOST_PER_PLAYBOOK]
        found.extend((playbook, target) for target in best)
    return found


def _fits(target: Target, thing: object) -> bool:
    if target.of == "asset":
        return (
            isinstance(thing, Asset)
            and (not target.groups or thing.group in target.groups)
            and (not target.kinds or thing.kind in target.kinds)
        )
    return isinstance(thing, Zone if target.of == "zone" else Service)


def _try(
    cascade: Cascade,
    index: RuleIndex,
    playbook: Playbook,
    target: str,
    seeds: Sequence[Seed],
    draws: Draws,
    baseline: Outcome,
    care: Care,
) -> Candidate:
    change = changes(playbook, target, cascade.hospital, index)
    alone = cascade.play((), draws, Changes(seeds=change.seeds)) if change.seeds else None
    apart = _apart(change.seeds, baseline)
    outcome, with_it = cascade.play(
        seeds, draws, replace(change, where={key: ~mask for key, mask in apart.items()}), baseline
    )
    gains, spared = care.total - with_it.total, care.total_hours - with_it.total_hours
    if alone and apart:
        share = np.mean(list(apart.values()), axis=0)
        gains, spared = gains - alone[1].total * share, spared - alone[1].total_hours * share
    safer = float(care.danger.sum(axis=0).mean() - with_it.danger.sum(axis=0).mean())
    reason = infeasible(playbook, target, cascade.hospital, baseline, alone[0] if alone else None)
    return Candidate(playbook, target, outcome, alone, gains, spared, safer, reason)


def _apart(brought: Sequence[Seed], baseline: Outcome) -> dict[str, Mask]:
    """Return in which samples what a response brings about is over before the incident does the same.

    There the two are no single long episode; what the response costs is then taken as it is alone.
    """
    later = {seed.key: baseline.start(seed.fact) for seed in brought}
    return {seed.key: np.isfinite(later[seed.key]) & (later[seed.key] > seed.until) for seed in brought}


def _ordered(baseline: Outcome, care: Care, tried: Sequence[Candidate]) -> Ranking:
    """Return the candidates in the order that the head of this module tells."""
    shares, wait_best = best_shares([one.gains for one in tried if one.infeasible is None], baseline.samples)
    share = iter(shares)
    weighed = [replace(one, best=next(share)) if one.infeasible is None else one for one in tried]
    large = LARGE * float(care.total.mean())
    weighed.sort(key=lambda one: _place(one, large))
    wait_rank = sum(1 for one in weighed if is_useful(one) or is_containment(one))
    return Ranking(baseline, care, tuple(weighed), wait_rank, wait_best)


def _place(candidate: Candidate, large: float) -> tuple[bool, int, float, float, str, str]:
    forbidden = candidate.infeasible is not None
    much = candidate.gain >= large or candidate.safer >= LEAST_SAFER
    groups = (is_useful(candidate) and much, is_containment(candidate), is_useful(candidate), True)
    return forbidden, groups.index(True), -candidate.gain, candidate.cost, candidate.playbook.name, candidate.target


def is_useful(candidate: Candidate) -> bool:
    """Return whether the net gain is above zero beyond the doubt of sampling (lower end of its 95 % interval)."""
    return candidate.infeasible is None and candidate.gain > LEAST_GAIN and candidate.interval[0] > 0.0


def is_containment(candidate: Candidate) -> bool:
    """Return whether it takes an attacker's access at no cost to care, with no proven gain and no certain harm."""
    free = candidate.alone is None or float(candidate.alone[1].total.mean()) <= LEAST_GAIN
    harmless = candidate.interval[1] >= -LEAST_GAIN
    contains = candidate.playbook.response.contains and candidate.infeasible is None
    return contains and free and harmless and not is_useful(candidate)


def best_shares(gains: Sequence[Floats], samples: int) -> tuple[list[float], float]:
    """Return in which share of samples each candidate is the best one, and in which waiting is; ties are shared."""
    table = np.stack([np.zeros(samples), *gains])
    table[np.abs(table) <= LEAST_GAIN] = 0.0
    top = table >= table.max(axis=0) - LEAST_GAIN
    top[1:] &= ~top[0]
    shares = (top / top.sum(axis=0)).mean(axis=1)
    return [float(value) for value in shares[1:]], float(shares[0])
