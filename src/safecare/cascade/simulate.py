"""Monte-Carlo over the reached part of a system: all samples at once, label correcting, causes kept.

Each row is a fact or rule, each column a sample. Starting from "never", times only fall, and each is
the time of a finite chain of causes; so what remains is the least fixpoint that `earliest` gives for
the same draws, cycles included. Probabilities are never combined per node as if independent.

Facts may end: a seed has an `until`, a response repairs. A rule whose cause ends before its delay is
over does not fire (a battery that lasts until the generator runs), and an effect that is not lasting
ends with its cause. Two episodes of one fact count as one from the first start to the last end.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from safecare.cascade.draws import delays
from safecare.cascade.earliest import earliest
from safecare.cascade.system import Floats, Ints, System
from safecare.cascade.words import Fact, Seed, key_number

NOTHING = -1
"""Cause of a fact that does not happen in a sample."""
ROUNDS = 6
"""Most rounds between starts and ends. Each round can only take effects away, so stopping early errs to the worse."""


class Repair(NamedTuple):
    """A fact ends `at` seconds if it has begun by then; unless `whole`, lasting damage to it stays."""

    at: float
    whole: bool = True


@dataclass(frozen=True)
class Changes:
    """What a response changes: rules stopped or slowed from a time on, facts repaired, facts brought about."""

    stops: Mapping[int, float] = field(default_factory=dict)
    """Rule number -> seconds from which on it no longer gives its effect."""
    slows: Mapping[int, tuple[float, float]] = field(default_factory=dict)
    """Rule number -> (seconds, factor): what is left of the delay then takes `factor` times as long."""
    repairs: Mapping[Fact, Repair] = field(default_factory=dict)
    seeds: tuple[Seed, ...] = ()


NO_CHANGES = Changes()


class Draws:
    """Drawn delays by rule, kept: every response meets the same ones."""

    def __init__(self, system: System, seed: int, samples: int) -> None:
        self.system, self.seed, self.samples = system, seed, samples
        self._rows: dict[int, Floats] = {}

    def rows(self, rules: Sequence[int]) -> list[Floats]:
        """Return the drawn delays of `rules`, one row each."""
        fresh = [rule for rule in rules if rule not in self._rows]
        if fresh:
            system = self.system
            drawn = delays(self.seed, system.keys[fresh], system.delay[fresh], system.probability[fresh], self.samples)
            self._rows.update(zip(fresh, drawn, strict=True))
        return [self._rows[rule] for rule in rules]

    def seeds(self, seeds: Sequence[Seed]) -> Floats:
        """Return the drawn start of `seeds`, one row each; infinite where a seed is not true."""
        keys = np.array([key_number(seed.key) for seed in seeds], np.uint64)
        still = np.zeros((len(seeds), 3))
        chance = np.array([seed.probability for seed in seeds], np.float64).reshape(-1, 3)
        starts = np.array([seed.at for seed in seeds], np.float64).reshape(-1, 1)
        return np.asarray(delays(self.seed, keys, still, chance, self.samples) + starts, np.float64)


@dataclass(frozen=True)
class Outcome:
    """What happened in the samples, for the facts that can be reached at all."""

    system: System
    seeds: tuple[Seed, ...]
    rules: tuple[int, ...]
    """Rule numbers in the order of `fires`."""
    rows: dict[int, int]
    """Row by fact number."""
    starts: Floats
    """Start of every fact (row) in every sample (column), seconds; infinite: never."""
    ends: Floats
    causes: Ints
    """Index into `rules`, or ``-2 - i`` for seed `i`, or `NOTHING`."""
    worst: dict[int, float]
    """Earliest possible time by fact number (every rule succeeds at once)."""

    @property
    def samples(self) -> int:
        """How many samples there are."""
        return int(self.starts.shape[1])

    def start(self, fact: Fact) -> Floats:
        """Return when `fact` begins in each sample; infinite where it does not."""
        row = self.rows.get(self.system.number.get(fact, -1))
        return np.full(self.samples, np.inf) if row is None else self.starts[row]

    def end(self, fact: Fact) -> Floats:
        """Return when `fact` ends in each sample; infinite where it stays."""
        row = self.rows.get(self.system.number.get(fact, -1))
        return np.full(self.samples, np.inf) if row is None else self.ends[row]


def simulate(
    system: System, seeds: Sequence[Seed], draws: Draws, horizon: float, changes: Changes = NO_CHANGES
) -> Outcome:
    """Play all samples of `draws` up to `horizon` seconds, with `changes`.

    Raises `KeyError` when a seed names a fact that the system has no number for.
    """
    all_seeds = (*seeds, *changes.seeds)
    first: dict[int, float] = {}
    for seed in all_seeds:
        if seed.probability.high > 0.0:
            number = system.number[seed.fact]
            first[number] = min(first.get(number, inf), seed.at)
    worst = earliest(system, first, horizon=horizon)
    return _Run(system, all_seeds, draws, horizon, changes, worst).outcome()


class _Run:
    """One simulation: local numbering of what can be reached, then rounds of starts and ends."""

    def __init__(
        self,
        system: System,
        seeds: tuple[Seed, ...],
        draws: Draws,
        horizon: float,
        changes: Changes,
        worst: dict[int, float],
    ) -> None:
        self.system, self.seeds, self.horizon, self.changes, self.worst = system, seeds, horizon, changes, worst
        self.rows = {fact: row for row, fact in enumerate(worst)}
        self.rules = self._reached_rules()
        self.delays = draws.rows(self.rules)
        self.tails = [[self.rows[tail] for tail in system.tails_of[rule] if tail in worst] for rule in self.rules]
        self.needs = [system.needs[rule] for rule in self.rules]
        self.heads = [self.rows[system.heads[rule]] for rule in self.rules]
        self.readers: list[list[int]] = [[] for _ in self.rows]
        for local, tails in enumerate(self.tails):
            for tail in tails:
                self.readers[tail].append(local)
        self.seed_rows = [self.rows.get(system.number[seed.fact], -1) for seed in seeds]
        self.seed_starts = draws.seeds(seeds)
        self.shape = (len(self.rows), draws.samples)
        self.repairs = {self.rows[system.number[fact]]: repair for fact, repair in self._known(changes.repairs).items()}

    def _known(self, repairs: Mapping[Fact, Repair]) -> dict[Fact, Repair]:
        return {fact: at for fact, at in repairs.items() if self.system.number.get(fact, -1) in self.rows}

    def _reached_rules(self) -> tuple[int, ...]:
        """Rules that can fire, in the order in which they can: a good order for label correcting."""
        met: dict[int, int] = {}
        found: list[int] = []
        for fact in self.worst:
            for rule in self.system.readers[fact]:
                met[rule] = met.get(rule, 0) + 1
                if met[rule] == self.system.needs[rule] and self.system.heads[rule] in self.worst:
                    found.append(rule)
        return tuple(found)

    def outcome(self) -> Outcome:
        """Play and return what happened."""
        ends = np.full(self.shape, np.inf)
        starts, causes, fires = self._starts(ends)
        if self.repairs or any(seed.until < inf for seed in self.seeds):
            for _ in range(ROUNDS):
                new_ends = self._ends(starts, fires)
                if np.array_equal(new_ends, ends):
                    break
                ends = new_ends
                starts, causes, fires = self._starts(ends)
        return Outcome(self.system, self.seeds, self.rules, self.rows, starts, ends, causes, self.worst)

    def _starts(self, ends: Floats) -> tuple[Floats, Ints, list[Floats]]:
        starts = np.full(self.shape, np.inf)
        causes: Ints = np.full(self.shape, NOTHING, np.int32)
        for index, row in enumerate(self.seed_rows):
            if row >= 0:
                _lower(starts, causes, row, self.seed_starts[index], -2 - index)
        mortal: npt.NDArray[np.bool_] = np.asarray(np.isfinite(ends).any(axis=1))
        fires: list[Floats] = [np.full(self.shape[1], np.inf)] * len(self.rules)
        queue = list(range(len(self.rules)))
        queued = [True] * len(self.rules)
        while queue:
            local = heapq.heappop(queue)
            queued[local] = False
            fires[local] = when = self._effect(local, starts, ends, mortal)
            if not _lower(starts, causes, self.heads[local], when, local):
                continue
            for reader in self.readers[self.heads[local]]:
                if not queued[reader]:
                    queued[reader] = True
                    heapq.heappush(queue, reader)
        return starts, causes, fires

    def _effect(self, local: int, starts: Floats, ends: Floats, mortal: npt.NDArray[np.bool_]) -> Floats:
        """When rule `local` gives its effect, by sample."""
        tails, need = self.tails[local], self.needs[local]
        fire = starts[tails[0]] if len(tails) == 1 else np.partition(starts[tails], need - 1, axis=0)[need - 1]
        when: Floats = fire + self.delays[local]
        rule = self.rules[local]
        slow = self.changes.slows.get(rule)
        if slow:
            at, factor = slow
            late = np.isfinite(when) & (when > at)
            begun = np.maximum(fire[late], at)
            when[late] = begun + (when[late] - begun) * factor
        if mortal[tails].any():
            when[when > self._support_ends(local, starts, ends)] = np.inf
        stop = self.changes.stops.get(rule)
        if stop is not None:
            when[when >= stop] = np.inf
        when[when > self.horizon] = np.inf
        return when

    def _support_ends(self, local: int, starts: Floats, ends: Floats) -> Floats:
        """Until when at least `need` tails of rule `local` are true."""
        tails, need = self.tails[local], self.needs[local]
        held = np.where(np.isfinite(starts[tails]), ends[tails], -np.inf)
        found: Floats = np.partition(held, len(tails) - need, axis=0)[len(tails) - need]
        return found

    def _ends(self, starts: Floats, fires: list[Floats]) -> Floats:
        """Least ends that the causes allow: an effect ends when the last rule that holds it ends."""
        ends = np.full(self.shape, -np.inf)
        for index, row in enumerate(self.seed_rows):
            if row >= 0:
                true = np.isfinite(self.seed_starts[index])
                ends[row][true] = np.maximum(ends[row][true], self.seeds[index].until)
        for row, repair in self.repairs.items():
            ends[row] = np.where(starts[row] <= repair.at, np.minimum(ends[row], repair.at), ends[row])
        queue = list(range(len(self.rules)))
        queued = [True] * len(self.rules)
        while queue:
            local = heapq.heappop(queue)
            queued[local] = False
            row = self.heads[local]
            lasting = self.system.rules[self.rules[local]].lasting
            held = np.inf if lasting else self._support_ends(local, starts, ends)
            until = np.where(np.isfinite(fires[local]), held, -np.inf)
            mended = self.repairs.get(row)
            if mended and (mended.whole or not lasting):
                until = np.where(starts[row] <= mended.at, np.minimum(until, mended.at), until)
            if not (until > ends[row]).any():
                continue
            ends[row] = np.maximum(ends[row], until)
            for reader in self.readers[row]:
                if not queued[reader]:
                    queued[reader] = True
                    heapq.heappush(queue, reader)
        return np.where(np.isfinite(starts), ends, np.inf)


def _lower(starts: Floats, causes: Ints, row: int, when: Floats, cause: int) -> bool:
    """Take `when` for fact `row` where it is earlier; return whether it was anywhere."""
    better = when < starts[row]
    if not better.any():
        return False
    starts[row][better] = when[better]
    causes[row][better] = cause
    return True
