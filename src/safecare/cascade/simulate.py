"""Monte-Carlo over the reached part of a system: many courses with drawn delays and luck, causes kept.

In each course, what holds at which times is the least solution of three sentences (decision 0030):

- A rule whose causes have been there without a break for its delay gives its effect as long as they stay; where it is
  `lasting`, for good.
- A fact holds while a seed says so or a rule gives it.
- A repair at t takes away what seeds and rules that had begun by t give the fact from then on (unless `whole`, not what
  lasts). Causes that come about later bring it back: a fact may have several episodes.

Each course is found exactly, in order of time (`safecare.cascade.course_kernel`). Probabilities are never combined per
node as if independent. A response is played on top of its baseline: only courses in which its changes can matter are
played again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import inf
from typing import NamedTuple, TypeVar

import numpy as np

from safecare.cascade.draws import columns_of, delays, lanes_of
from safecare.cascade.layout import Layout, lay_out
from safecare.cascade.system import Floats, Ints, Places, System
from safecare.cascade.words import Fact, Seed, key_number

Array = TypeVar("Array", Floats, Ints)


class Repair(NamedTuple):
    """A fact ends `at` seconds if it holds then; unless `whole`, lasting damage to it stays."""

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
    """The luck of `samples` courses, from number `first` on: every response meets the same."""

    def __init__(self, system: System, seed: int, samples: int, first: int = 0) -> None:
        self.system, self.seed, self.samples, self.first = system, seed, samples, first

    def rows(self, rules: Sequence[int]) -> Floats:
        """Return the drawn delays of `rules`, one row each; infinite where a rule fails."""
        system, chosen = self.system, list(rules)
        keys, delay, probability = system.keys[chosen], system.delay[chosen], system.probability[chosen]
        return delays(self.seed, keys, delay, probability, self.samples, self.first)

    def seeds(self, seeds: Sequence[Seed]) -> Floats:
        """Return the drawn start of `seeds`, one row each; infinite where a seed is not true."""
        keys = np.array([key_number(seed.key) for seed in seeds], np.uint64)
        still = np.zeros((len(seeds), 3))
        chance = np.array([seed.probability for seed in seeds], np.float64).reshape(-1, 3)
        starts = np.array([seed.at for seed in seeds], np.float64).reshape(-1, 1)
        return np.asarray(delays(self.seed, keys, still, chance, self.samples, self.first) + starts, np.float64)


Happened = tuple[Places, Ints, Floats, Floats, Ints]
"""What happened, sample after sample: where each sample begins; rows, starts, ends and causes of its episodes."""
NONE: Happened = (
    np.zeros(1, np.int64),
    np.empty(0, np.int32),
    np.empty(0),
    np.empty(0),
    np.empty(0, np.int32),
)


@dataclass(frozen=True)
class Outcome:
    """What happened in the samples, for the facts that can be reached at all."""

    system: System
    seeds: tuple[Seed, ...]
    layout: Layout
    happened: Happened

    @property
    def samples(self) -> int:
        """How many samples there are."""
        return len(self.happened[0]) - 1

    @cached_property
    def _by_row(self) -> tuple[Places, Places, Ints]:
        """Where each row begins, and for its entries the place in `happened` and the sample."""
        begins, rows = self.happened[:2]
        order = np.argsort(rows, kind="stable")
        samples = np.repeat(np.arange(self.samples, dtype=np.int32), np.diff(begins))
        starts = np.zeros(len(self.layout.facts) + 1, np.int64)
        starts[1:] = np.cumsum(np.bincount(rows, minlength=len(self.layout.facts)))
        return starts, order, samples[order]

    def entries(self, row: int) -> tuple[Places, Ints]:
        """Return where the episodes of `row` stand in `happened`, and their samples; in order of both."""
        starts, order, samples = self._by_row
        return order[starts[row] : starts[row + 1]], samples[starts[row] : starts[row + 1]]

    @cached_property
    def hits(self) -> Places:
        """In how many samples each fact happens, by row."""
        _, order, samples = self._by_row
        rows = self.happened[1][order]
        first = np.ones(len(rows), np.bool_)
        first[1:] = (rows[1:] != rows[:-1]) | (samples[1:] != samples[:-1])
        return np.bincount(rows[first], minlength=len(self.layout.facts))

    def same_as(self, other: Outcome) -> bool:
        """Return whether the same happens at the same times, course by course."""
        if self.layout is not other.layout or not np.array_equal(self.happened[1], other.happened[1]):
            return False
        return all(np.array_equal(self.happened[part], other.happened[part]) for part in (0, 2, 3))

    def seen(self) -> list[tuple[Fact, int]]:
        """Return the facts that happen in any sample, and in how many."""
        rows = np.flatnonzero(self.hits)
        facts, hits = self.layout.facts[rows].tolist(), self.hits[rows].tolist()
        return [(self.system.facts[fact], count) for fact, count in zip(facts, hits, strict=True)]

    def row(self, fact: Fact) -> int | None:
        """Return the row of `fact`, None if it can't be reached."""
        number = self.system.number.get(fact)
        row = -1 if number is None else int(self.layout.row_of[number])
        return None if row < 0 else row

    def earliest(self, fact: Fact) -> float:
        """Return the earliest possible time of `fact`; infinite if it can't be reached."""
        row = self.row(fact)
        return inf if row is None else float(self.layout.worst[row])

    def chance(self, fact: Fact) -> float:
        """Return the share of samples in which `fact` happens."""
        row = self.row(fact)
        return 0.0 if row is None else float(self.hits[row]) / self.samples

    def start(self, fact: Fact) -> Floats:
        """Return when `fact` first begins in each sample; infinite where it does not."""
        return self.starts(self.row(fact))

    def end(self, fact: Fact) -> Floats:
        """Return when `fact` ends for the last time in each sample; infinite where it stays, or never begins."""
        return np.asarray(self.episodes(fact)[1].max(axis=0), np.float64)

    def starts(self, row: int | None) -> Floats:
        """Return when the fact of `row` first begins in each sample; infinite where it does not."""
        return self._first(row, self.happened[2], np.full(self.samples, np.inf))

    def causes(self, row: int) -> Ints:
        """Return why: a place in the layout's rules, ``-2 - i`` for seed `i`, -1 where the fact does not happen."""
        return self._first(row, self.happened[4], np.full(self.samples, -1, np.int32))

    def episodes(self, fact: Fact) -> tuple[Floats, Floats]:
        """Return the starts and ends of all episodes, one row for each first, second, ... of a sample.

        Both are infinite where there is none, the end also where it is not within the horizon.
        """
        row = self.row(fact)
        if row is None:
            return np.full((1, self.samples), np.inf), np.full((1, self.samples), np.inf)
        places, samples = self.entries(row)
        number = np.arange(len(samples)) - np.searchsorted(samples, samples)
        found = np.full((2, int(number.max(initial=0)) + 1, self.samples), np.inf)
        found[0][number, samples], found[1][number, samples] = self.happened[2][places], self.happened[3][places]
        return found[0], found[1]

    def _first(self, row: int | None, values: Array, found: Array) -> Array:
        """Put the first entries of `row` in each sample, among `values`, into `found`."""
        if row is not None:
            places, samples = self.entries(row)
            kept, first = np.unique(samples, return_index=True)
            found[kept] = values[places[first]]
        return found


def joined(outcomes: Sequence[Outcome]) -> Outcome:
    """Return all samples of `outcomes`, which are of the same seeds and layout, as one."""
    first = outcomes[0]
    if len(outcomes) == 1:
        return first
    parts = [one.happened for one in outcomes]
    offsets = np.cumsum([0, *(len(part[1]) for part in parts)])
    begins = np.concatenate([[0], *(part[0][1:] + offset for part, offset in zip(parts, offsets, strict=False))])
    rest = (np.concatenate([part[column] for part in parts]) for column in range(1, 5))
    rows, starts, ends, causes = rest
    return Outcome(first.system, first.seeds, first.layout, (begins, rows, starts, ends, causes))


def simulate(
    system: System,
    seeds: Sequence[Seed],
    draws: Draws,
    horizon: float,
    changes: Changes = NO_CHANGES,
    base: Outcome | None = None,
    layout: Layout | None = None,
) -> Outcome:
    """Play all samples of `draws` up to `horizon` seconds, with `changes`.

    `base` is the outcome of the same seeds, draws and horizon without changes: it saves playing again the samples
    that the changes don't touch. `layout` is one that covers all seeds, if there is one already. Neither changes
    anything else. Raises `KeyError` when a seed names a fact that the system has no number for.
    """
    all_seeds = (*seeds, *changes.seeds)
    known = layout or (base.layout if base else None)
    if known is None or not known.covers(system, all_seeds):
        known = lay_out(system, all_seeds, horizon)
    return _play(system, all_seeds, draws, horizon, changes, base if base and base.layout is known else None, known)


def _play(
    system: System,
    seeds: tuple[Seed, ...],
    draws: Draws,
    horizon: float,
    changes: Changes,
    base: Outcome | None,
    layout: Layout,
) -> Outcome:
    from safecare.cascade import course_kernel as kernel

    seed_starts = draws.seeds(seeds)
    seed_rows = np.array([layout.row_of[system.number[seed.fact]] for seed in seeds], np.int32)
    untils = np.array([seed.until for seed in seeds], np.float64)
    change_of, stops, slows_at, slows_by = _changes(layout, changes)
    repaired = {
        int(layout.row_of[system.number[fact]]): repair
        for fact, repair in changes.repairs.items()
        if fact in system.number and layout.row_of[system.number[fact]] >= 0
    }
    repair_rows = np.array(list(repaired), np.int32)
    repair_at = np.array([repair.at for repair in repaired.values()], np.float64)
    repair_whole = np.array([repair.whole for repair in repaired.values()], np.bool_)
    again = np.ones(draws.samples, np.bool_)
    if base is not None:
        tails = layout.tail_starts, layout.tails, layout.needs
        changed = np.flatnonzero(change_of >= 0).astype(np.int32)
        again = kernel.touched(changed, *tails, repair_rows, repair_at, len(layout.facts), *base.happened[:3])
        again |= np.isfinite(seed_starts[len(base.seeds) :]).any(axis=0)
    happened = kernel.courses(
        layout.reader_starts,
        layout.readers,
        layout.chances,
        layout.lasting,
        lanes_of(draws.seed),
        columns_of(draws.samples, draws.first),
        seed_rows,
        seed_starts,
        untils,
        change_of,
        stops,
        slows_at,
        slows_by,
        repair_rows,
        repair_at,
        repair_whole,
        np.unique(np.concatenate([untils[untils < np.inf], repair_at])),
        horizon,
        again,
        NONE if base is None else base.happened,
    )
    return Outcome(system, seeds, layout, happened)


def _changes(layout: Layout, changes: Changes) -> tuple[Ints, Floats, Floats, Floats]:
    """Return which change concerns each rule (-1: none), and when each stops it, slows it, and by what factor."""
    numbers = [rule for rule in {*changes.stops, *changes.slows} if layout.place_of[rule] >= 0]
    change_of = np.full(len(layout.rules), -1, np.int32)
    change_of[layout.place_of[numbers]] = np.arange(len(numbers), dtype=np.int32)
    slows = [changes.slows.get(rule, (inf, 1.0)) for rule in numbers]
    return (
        change_of,
        np.array([changes.stops.get(rule, inf) for rule in numbers], np.float64),
        np.array([at for at, _ in slows], np.float64),
        np.array([factor for _, factor in slows], np.float64),
    )
