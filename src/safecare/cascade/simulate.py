"""Monte-Carlo over the reached part of a system: all samples at once, label correcting, causes kept.

Each row is a fact or rule, each column a sample. Starting from "never", times only fall, and each is
the time of a finite chain of causes; so what remains is the least fixpoint that `earliest` gives for
the same draws, cycles included. Probabilities are never combined per node as if independent.

Facts may end: a seed has an `until`, a response repairs. A rule whose cause ends before its delay is
over does not fire (a battery that lasts until the generator runs), and an effect that is not lasting
ends with its cause. Two episodes of one fact count as one from the first start to the last end.

A response is played on top of its baseline: only what lies downstream of its changes is played again.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import inf
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from safecare.cascade.draws import delays
from safecare.cascade.layout import Layout, lay_out
from safecare.cascade.system import Floats, Ints, System
from safecare.cascade.words import Fact, Seed, key_number

Mask = npt.NDArray[np.bool_]
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
    where: Mapping[str, Mask] = field(default_factory=dict)
    """Key of one of `seeds` -> samples in which it is brought about; absent: in all."""


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
    layout: Layout
    starts: Floats
    """Start of every fact (row) in every sample (column), seconds; infinite: never."""
    ends: Floats
    causes: Ints
    """Place in the layout's rules, or ``-2 - i`` for seed `i`, or `NOTHING`."""
    fires: list[Floats]
    """When each rule gives its effect, by place in the layout's rules."""

    @property
    def rows(self) -> dict[int, int]:
        """Row by fact number."""
        return self.layout.rows

    @property
    def samples(self) -> int:
        """How many samples there are."""
        return int(self.starts.shape[1])

    @cached_property
    def chances(self) -> list[float]:
        """Share of samples in which each fact happens, by row."""
        found: list[float] = np.isfinite(self.starts).mean(axis=1).tolist()
        return found

    def row(self, fact: Fact) -> int | None:
        """Return the row of `fact`, None if it can't be reached."""
        return self.layout.rows.get(self.system.number.get(fact, -1))

    def chance(self, fact: Fact) -> float:
        """Return the share of samples in which `fact` happens."""
        row = self.row(fact)
        return 0.0 if row is None else self.chances[row]

    def start(self, fact: Fact) -> Floats:
        """Return when `fact` begins in each sample; infinite where it does not."""
        row = self.row(fact)
        return np.full(self.samples, np.inf) if row is None else self.starts[row]

    def end(self, fact: Fact) -> Floats:
        """Return when `fact` ends in each sample; infinite where it stays."""
        row = self.row(fact)
        return np.full(self.samples, np.inf) if row is None else self.ends[row]


def simulate(
    system: System,
    seeds: Sequence[Seed],
    draws: Draws,
    horizon: float,
    changes: Changes = NO_CHANGES,
    base: Outcome | None = None,
) -> Outcome:
    """Play all samples of `draws` up to `horizon` seconds, with `changes`.

    `base` is the outcome of the same seeds, draws and horizon without changes: it saves playing again what
    the changes don't touch, and changes nothing else. Raises `KeyError` when a seed names a fact that the
    system has no number for.
    """
    all_seeds = (*seeds, *changes.seeds)
    if base is not None and not changes.seeds:
        layout = base.layout
    else:
        first: dict[int, float] = {}
        for seed in all_seeds:
            if seed.probability.high > 0.0:
                number = system.number[seed.fact]
                first[number] = min(first.get(number, inf), seed.at)
        layout = lay_out(system, first, horizon, base.layout if base else None)
    return _Run(system, all_seeds, draws, changes, layout).play(horizon, base, len(seeds))


class _Run:
    """One simulation: starts and ends of what is reached, in rounds until they agree."""

    def __init__(self, system: System, seeds: tuple[Seed, ...], draws: Draws, changes: Changes, layout: Layout) -> None:
        self.system, self.seeds, self.layout = system, seeds, layout
        self.delays = draws.rows(layout.rules)
        self.seed_starts = draws.seeds(seeds)
        for index, seed in enumerate(seeds):
            if seed.key in changes.where:
                self.seed_starts[index][~changes.where[seed.key]] = np.inf
        self.seed_rows = [layout.rows.get(system.number[seed.fact], -1) for seed in seeds]
        self.stops = {at: changes.stops[rule] for at, rule in enumerate(layout.rules) if rule in changes.stops}
        self.slows = {at: changes.slows[rule] for at, rule in enumerate(layout.rules) if rule in changes.slows}
        rows = ((layout.rows.get(system.number.get(fact, -1)), repair) for fact, repair in changes.repairs.items())
        self.repairs = {row: repair for row, repair in rows if row is not None}
        until = (row for row, seed in zip(self.seed_rows, seeds, strict=True) if row >= 0 and seed.until < inf)
        self.mortal = layout.ending_with({*self.repairs, *until})
        self.shaky = {rule for row in self.mortal for rule in layout.readers[row]}
        shape = (len(layout.rows), draws.samples)
        self.starts, self.ends = np.full(shape, np.inf), np.full(shape, np.inf)
        self.causes: Ints = np.full(shape, NOTHING, np.int32)
        self.fires: list[Floats] = [np.full(shape[1], np.inf)] * len(layout.rules)

    def play(self, horizon: float, base: Outcome | None, old_seeds: int) -> Outcome:
        """Play and return what happened."""
        dirty: Iterable[int] = range(len(self.layout.rows))
        if base is not None:
            known = len(base.starts)
            self.starts[:known], self.ends[:known], self.causes[:known] = base.starts, base.ends, base.causes
            self.fires[: len(base.fires)] = base.fires
            changed = {self.layout.heads[rule] for rule in (*self.stops, *self.slows)}
            fresh = (row for row in self.seed_rows[old_seeds:] if row >= 0)
            dirty = self.layout.downstream({*changed, *fresh, *self.repairs, *range(known, len(self.starts))})
            self.ends[list(dirty)] = np.inf
        self._begin(set(dirty))
        for _ in range(ROUNDS if self.mortal else 0):
            moved = self._finish()
            if not moved:
                break
            self._begin(
                self.layout.downstream(self.layout.heads[rule] for row in moved for rule in self.layout.readers[row])
            )
        late = self.starts > horizon
        self.starts[late], self.causes[late] = np.inf, NOTHING
        self.ends[np.isinf(self.starts)] = np.inf
        return Outcome(self.system, self.seeds, self.layout, self.starts, self.ends, self.causes, self.fires)

    def _begin(self, rows: set[int]) -> None:
        """Find the starts of `rows` anew, all others standing as they are."""
        if not rows:
            return
        chosen = list(rows)
        self.starts[chosen], self.causes[chosen] = np.inf, NOTHING
        for index, row in enumerate(self.seed_rows):
            if row in rows:
                self._lower(row, self.seed_starts[index], -2 - index)
        queue = sorted(rule for row in rows for rule in self.layout.makers[row])
        queued = set(queue)
        while queue:
            rule = heapq.heappop(queue)
            queued.discard(rule)
            self.fires[rule] = when = self._effect(rule)
            head = self.layout.heads[rule]
            if self._lower(head, when, rule):
                for reader in self.layout.readers[head]:
                    if reader not in queued:
                        queued.add(reader)
                        heapq.heappush(queue, reader)

    def _lower(self, row: int, when: Floats, cause: int) -> bool:
        """Take `when` for fact `row` where it is earlier; return whether it was anywhere."""
        better = when < self.starts[row]
        if not better.any():
            return False
        np.copyto(self.starts[row], when, where=better)
        self.causes[row][better] = cause
        return True

    def _effect(self, rule: int) -> Floats:
        """When `rule` gives its effect, by sample."""
        tails, need = self.layout.tails[rule], self.layout.needs[rule]
        if len(tails) == 1:
            fire = self.starts[tails[0]]
        else:
            fire = np.partition(self.starts[tails], need - 1, axis=0)[need - 1]
        when: Floats = fire + self.delays[rule]
        if rule in self.slows:
            at, factor = self.slows[rule]
            late = np.isfinite(when) & (when > at)
            begun = np.maximum(fire[late], at)
            when[late] = begun + (when[late] - begun) * factor
        if rule in self.shaky:
            when[when > self._support_ends(rule)] = np.inf
        if rule in self.stops:
            when[when >= self.stops[rule]] = np.inf
        return when

    def _support_ends(self, rule: int) -> Floats:
        """Until when at least `need` tails of `rule` are true."""
        tails, need = self.layout.tails[rule], self.layout.needs[rule]
        held = np.where(np.isfinite(self.starts[tails]), self.ends[tails], -np.inf)
        if len(tails) == 1:
            return np.asarray(held[0], np.float64)
        return np.asarray(np.partition(held, len(tails) - need, axis=0)[len(tails) - need], np.float64)

    def _finish(self) -> list[int]:
        """Find the least ends that the causes allow; return the rows whose ends have moved.

        An effect ends when the last rule or seed that holds it ends. Facts that can't end keep "never".
        """
        mortal = sorted(self.mortal)
        before = self.ends[mortal].copy()
        self.ends[mortal] = -np.inf
        for index, row in enumerate(self.seed_rows):
            if row in self.mortal:
                true = np.isfinite(self.seed_starts[index])
                self._hold(row, np.where(true, self.seeds[index].until, -np.inf), lasting=False)
        queue = sorted(rule for row in mortal for rule in self.layout.makers[row])
        queued = set(queue)
        while queue:
            rule = heapq.heappop(queue)
            queued.discard(rule)
            lasting, head = self.layout.lasting[rule], self.layout.heads[rule]
            held = np.inf if lasting else self._support_ends(rule)
            if self._hold(head, np.where(np.isfinite(self.fires[rule]), held, -np.inf), lasting=lasting):
                for reader in self.layout.readers[head]:
                    if self.layout.heads[reader] in self.mortal and reader not in queued:
                        queued.add(reader)
                        heapq.heappush(queue, reader)
        self.ends[mortal] = np.where(np.isfinite(self.starts[mortal]), self.ends[mortal], np.inf)
        changed = (self.ends[mortal] != before).any(axis=1)
        return [row for row, moved in zip(mortal, changed.tolist(), strict=True) if moved]

    def _hold(self, row: int, until: Floats, *, lasting: bool) -> bool:
        """Let fact `row` last to `until`, unless it is repaired before; return whether that is later than known."""
        repair = self.repairs.get(row)
        if repair and (repair.whole or not lasting):
            until = np.where(self.starts[row] <= repair.at, np.minimum(until, repair.at), until)
        if not (until > self.ends[row]).any():
            return False
        np.maximum(self.ends[row], until, out=self.ends[row])
        return True
