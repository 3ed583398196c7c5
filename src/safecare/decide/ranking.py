"""Ranking responses: the cascade is played with each of them, all with the same luck, and care losses compared.

Source: common random numbers and paired comparison (reference model of the project): paired differences need
some ten times fewer samples than independent runs; how many courses each gets: `safecare.decide.racing`. An action
with a net loss never stands before ``wait``.

Order: (1) large proven gain: the weighted loss (`safecare.cascade.care`) falls for certain, and by `LARGE` of it
or with patients coming out of danger; the largest fall first; (2) containment: takes access from an attacker or
intruder (`contains` in the playbook), costs care nothing, and isn't certain to harm. What it saves beyond care
(goods, evidence, what the intruder does next) has no price in patient-hours, so that it is placed by this rule and
not by a figure; (3) smaller proven gains; (4) ``wait``; (5) the rest; (6) the forbidden.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from safecare.cascade.care import Care
from safecare.cascade.engine import Cascade
from safecare.cascade.layout import lay_out
from safecare.cascade.simulate import Changes, Draws, Outcome, joined
from safecare.cascade.statistics import mean_interval, tail_mean
from safecare.cascade.system import Floats
from safecare.cascade.words import Seed
from safecare.decide.candidates import candidates
from safecare.decide.constraints import infeasible
from safecare.decide.effects import RuleIndex, changes
from safecare.decide.observation import Observation, missing_observation
from safecare.decide.playbook import Playbook
from safecare.decide.racing import blocks_for, pareto, race
from safecare.model.text import Text

WORK = 1_800_000
"""Facts that may come about in all courses of all candidates, before only the better half goes on; work, not time, so
that a replay ranks the same. Chosen: below a second on one core."""
ALONE = 128
"""Courses of a response without the incident, in which its own cost and hard constraints are judged."""
LARGE = 0.02
"""Share of all that is at stake from which a proven gain comes before containment. Chosen: smaller ones are within
the doubt of the figures, and taking an intruder's access costs care nothing."""
LEAST_SAFER = 0.05
"""Patients fewer in danger, mean, that count. Chosen: below, sampling noise speaks."""
LEAST_GAIN = 1e-9
"""Patient-hours below which a difference is rounding."""


@dataclass(frozen=True)
class Candidate:
    """A playbook on a target, with what it does to the loss of each course that it was played in."""

    playbook: Playbook
    target: str
    before: Outcome
    """The same courses without it."""
    outcome: Outcome
    alone: tuple[Outcome, Care] | None
    """What the response alone does, without the incident; None when it brings nothing about."""
    losses: Floats
    """Weighted loss without it."""
    gains: Floats
    """Weighted loss avoided, net of the response's own cost: what is ranked by."""
    spared: Floats
    """Patient-hours of care spared, unweighted, net of the response's own cost: what is told."""
    safer: float
    """Patients fewer in danger, mean."""
    infeasible: Text | None
    saves: str = ""
    """Service to whose loss the cheapest set of responses, of which this is one, closes every usual way; else empty."""
    best: float = 0.0
    """Share of courses in which it is the best of those that were played to the end; 0 for those that weren't."""
    pareto: bool = False
    """Whether no other response, nor waiting, is at least as good in mean, worst tenth, worst course and own cost."""

    @property
    def gain(self) -> float:
        """Expected net gain, weighted."""
        return float(self.gains.mean())

    @property
    def interval(self) -> tuple[float, float]:
        """95 % interval of the gain."""
        return mean_interval(self.gains)

    @property
    def tail(self) -> float:
        """By how much the mean of the worst tenth (CVaR90) of the weighted loss falls."""
        return tail_mean(self.losses) - tail_mean(self.losses - self.gains)

    @property
    def worst(self) -> float:
        """Patient-hours spared in the course, and so with the parameters, in which it does worst."""
        return float(self.spared.min())

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
    wait_pareto: bool
    observation: tuple[Observation, Candidate | None, Candidate | None] | None
    """What is in doubt and would change the order; the best response if it is true, and if not (None: waiting)."""


@dataclass(frozen=True)
class _Piece:
    """What one response does in one block of courses."""

    outcome: Outcome
    gains: Floats
    spared: Floats
    safer: Floats


def rank(
    cascade: Cascade, index: RuleIndex, playbooks: Sequence[Playbook], seeds: Sequence[Seed], draws_of: Draws
) -> Ranking:
    """Rank what `playbooks` can do about `seeds`. `draws_of` gives the luck."""
    scout, scouted = cascade.play(seeds, draws_of)
    own_draws = Draws(cascade.system, draws_of.seed, ALONE)

    def allowed(playbook: Playbook, target: str) -> bool:
        brought = changes(playbook, target, cascade.hospital, index).seeds
        own = cascade.outcome((), own_draws, Changes(seeds=brought)) if brought else None
        return infeasible(playbook, target, cascade.hospital, scout, own) is None

    pairs, cut, saves = candidates(cascade.hospital, playbooks, index, scout, scouted, allowed)
    made = [changes(playbook, target, cascade.hospital, index) for playbook, target in pairs]
    layout = lay_out(cascade.system, (*seeds, *(seed for one in made for seed in one.seeds)), cascade.horizon)
    most = WORK / max(1.0, len(scout.happened[1]) / scout.samples)
    blocks = blocks_for(len(pairs), most)
    firsts = np.cumsum((0, *blocks))
    draws = [
        Draws(cascade.system, draws_of.seed, block, int(first)) for block, first in zip(blocks, firsts, strict=False)
    ]
    baselines = [cascade.play(seeds, block, layout=layout) for block in draws]

    def play(runner: int, block: int) -> _Piece:
        return _piece(cascade, made[runner], seeds, draws[block], *baselines[block])

    alone = [
        cascade.play((), own_draws, Changes(seeds=one.seeds), layout=layout) if one.seeds else None for one in made
    ]
    reasons = [
        infeasible(playbook, target, cascade.hospital, scout, own[0] if own else None)
        for (playbook, target), own in zip(pairs, alone, strict=True)
    ]
    pieces = race(len(pairs), play, [reason is None for reason in reasons], blocks, most)
    tried = [
        _candidate(pair, own, baselines[: len(own)], cost, reason, saves if place in cut else "")
        for place, (pair, own, cost, reason) in enumerate(zip(pairs, pieces, alone, reasons, strict=True))
    ]
    whole = joined([outcome for outcome, _ in baselines])
    truths = Draws(cascade.system, draws_of.seed, whole.samples).seeds(seeds)
    return _ordered(whole, cascade.care_of(whole), tried, truths)


def _piece(
    cascade: Cascade, change: Changes, seeds: Sequence[Seed], draws: Draws, baseline: Outcome, care: Care
) -> _Piece:
    outcome = cascade.outcome(seeds, draws, change, baseline)
    if outcome.same_as(baseline):
        nothing = np.zeros(draws.samples)
        return _Piece(baseline, nothing, nothing, nothing)
    with_it = cascade.care_of(outcome)
    gains, spared = care.total - with_it.total, care.total_hours - with_it.total_hours
    return _Piece(outcome, gains, spared, care.danger.sum(axis=0) - with_it.danger.sum(axis=0))


def _candidate(
    pair: tuple[Playbook, str],
    pieces: Sequence[_Piece],
    baselines: Sequence[tuple[Outcome, Care]],
    alone: tuple[Outcome, Care] | None,
    reason: Text | None,
    saves: str,
) -> Candidate:
    return Candidate(
        playbook=pair[0],
        target=pair[1],
        before=joined([outcome for outcome, _ in baselines]),
        outcome=joined([piece.outcome for piece in pieces]),
        alone=alone,
        losses=np.concatenate([care.total for _, care in baselines]),
        gains=np.concatenate([piece.gains for piece in pieces]),
        spared=np.concatenate([piece.spared for piece in pieces]),
        safer=float(np.concatenate([piece.safer for piece in pieces]).mean()),
        infeasible=reason,
        saves=saves,
    )


def _ordered(baseline: Outcome, care: Care, tried: Sequence[Candidate], truths: Floats) -> Ranking:
    """Return the candidates in the order that the head of this module tells. `truths`: starts of the seeds."""
    able = [one for one in tried if one.infeasible is None]
    front = pareto(
        [*((float(one.spared.mean()), one.tail, one.worst, -one.cost) for one in able), (0.0, 0.0, 0.0, 0.0)]
    )
    able = [replace(one, pareto=on_front) for one, on_front in zip(able, front, strict=False)]
    final = [at for at, one in enumerate(able) if len(one.gains) == baseline.samples]
    shares, wait_best = best_shares([able[at].gains for at in final], baseline.samples)
    for at, share in zip(final, shares, strict=True):
        able[at] = replace(able[at], best=share)
    found = missing_observation(baseline.seeds, truths, [able[at].gains for at in final])
    observation = None
    if found:
        if_true, if_false = (able[final[at]] if at >= 0 else None for at in (found.if_true, found.if_false))
        observation = (found, if_true, if_false)
    weighed = [*able, *(one for one in tried if one.infeasible is not None)]
    large = LARGE * float(care.total.mean())
    weighed.sort(key=lambda one: _place(one, large))
    wait_rank = sum(1 for one in weighed if is_useful(one) or is_containment(one))
    return Ranking(baseline, care, tuple(weighed), wait_rank, wait_best, front[-1], observation)


def _place(candidate: Candidate, large: float) -> tuple[bool, int, float, float, str, str]:
    forbidden = candidate.infeasible is not None
    much = candidate.gain >= large or candidate.safer >= LEAST_SAFER
    groups = (is_useful(candidate) and much, is_containment(candidate), is_useful(candidate), True)
    return forbidden, groups.index(True), -candidate.gain, candidate.cost, candidate.playbook.name, candidate.target


def is_useful(candidate: Candidate) -> bool:
    """Return whether the net gain is above zero beyond the doubt of sampling (lower end of its 95 % interval).

    Care that is spared weighted by urgency, at the expense of more hours of less urgent care, is no net gain, unless
    patients come out of danger.
    """
    proven = candidate.infeasible is None and candidate.gain > LEAST_GAIN and candidate.interval[0] > 0.0
    return proven and (float(candidate.spared.mean()) > 0.0 or candidate.safer >= LEAST_SAFER)


def is_containment(candidate: Candidate) -> bool:
    """Return whether it takes an attacker's access at no cost to care, with no proven gain and no expected harm."""
    free = candidate.alone is None or float(candidate.alone[1].total.mean()) <= LEAST_GAIN
    harmless = min(candidate.gain, float(candidate.spared.mean())) >= -LEAST_GAIN
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
