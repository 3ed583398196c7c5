"""Recovery: how soon crews bring things and care back, in which order.

What is damaged (stated so, or by a lasting effect) needs work; what is only down because of something else comes back
with it: the rules read the other way round, which is what `safecare.cascade.simulate` does when a fact is repaired.
All that a thing hangs on is needed, of alternatives one. A thing can be worked on once the damaged things that it hangs
on are back. Crews are few, one works on one thing at a time, and needs `travel` to another site.

Order: the service with the most weighted loss per hour of work that it still waits for comes first, and what it
hangs on in the order of its dependencies (W. E. Smith's rule, Naval Research Logistics Quarterly 3, 1956, on groups of
tasks that only help together). It is no optimum: with several crews that problem is NP-hard.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from safecare.cascade.care import Care
from safecare.cascade.draws import delays
from safecare.cascade.engine import Cascade
from safecare.cascade.layout import Layout, lay_out
from safecare.cascade.simulate import Changes, Draws, Outcome, Repair, joined, simulate
from safecare.cascade.system import Floats
from safecare.cascade.words import Fact, Figure, Seed, key_number
from safecare.model.forecast import State
from safecare.model.hospital import Asset

HOUR = 3600.0
WORK: Mapping[str, Figure] = {
    "it": Figure(2 * HOUR, 8 * HOUR, 24 * HOUR),
    "network": Figure(0.5 * HOUR, 2 * HOUR, 8 * HOUR),
    "medical": Figure(1 * HOUR, 6 * HOUR, 48 * HOUR),
    "utility": Figure(1 * HOUR, 4 * HOUR, 24 * HOUR),
    "cold_chain": Figure(1 * HOUR, 4 * HOUR, 24 * HOUR),
}
"""Work of one crew on one damaged thing, by its group. Chosen: a machine is set up anew within a day; a site's own
figures go before these."""
OTHER = Figure(0.5 * HOUR, 2 * HOUR, 12 * HOUR)
"""Work on a thing of any other group. Chosen."""
MENDED = frozenset(State)
"""States that work on a thing ends: a machine that is set up anew is the attacker's no more."""


@dataclass(frozen=True)
class Crews:
    """`count` crews that begin at `begin` (seconds) and need `travel` seconds between sites; `work` by group."""

    count: int
    begin: float = 0.0
    travel: float = 0.0
    work: Mapping[str, Figure] = field(default_factory=dict)

    def on(self, asset: Asset) -> Figure:
        """Return the work on `asset`."""
        return self.work.get(asset.group) or WORK.get(asset.group, OTHER)


@dataclass(frozen=True)
class Recovery:
    """What crews achieve, sample by sample."""

    order: tuple[str, ...]
    """Damaged assets, the first to be worked on first."""
    finished: Floats
    """Seconds at which each of `order` is back, by sample; infinite where it wasn't damaged."""
    before: Outcome
    """Without crews."""
    after: Outcome
    care: tuple[Care, Care]
    """What care loses without crews, and with them."""

    def repaired(self, at: float) -> float:
        """Return the share of what is damaged that is back at `at` seconds, mean."""
        damaged = np.isfinite(self.finished).sum(axis=0)
        back = (self.finished <= at).sum(axis=0)
        return float(np.mean(back / np.maximum(damaged, 1)))

    def back(self, service: str) -> Floats:
        """Return when `service` is whole again in each sample; 0: it never suffers, infinite: not by the horizon."""
        found = np.zeros(self.after.samples)
        for state in (State.DOWN, State.DEGRADED):
            starts, ends = self.after.episodes(Fact(service, state))
            found = np.maximum(found, np.where(np.isfinite(starts), ends, 0.0).max(axis=0))
        return found


def recover(cascade: Cascade, seeds: Sequence[Seed], draws: Draws, crews: Crews) -> Recovery:
    """Return what `crews` bring back after `seeds`. Raises `ValueError` without a crew."""
    if crews.count < 1:
        raise ValueError("there is no crew")
    layout = lay_out(cascade.system, seeds, cascade.horizon)
    before = simulate(cascade.system, seeds, draws, cascade.horizon, layout=layout)
    damaged = _damaged(cascade, before)
    loss = cascade.care_of(before)
    everything = sorted({asset for one in damaged for asset in one})
    assets = {id: asset for id in everything if (asset := cascade.hospital.asset(id))}
    work = _work(tuple(assets.values()), draws, crews)
    into = _into(layout)
    hangs = {id: _behind(cascade, layout, into, id, set(everything)) for id in assets}
    mean = {id: crews.on(asset).mean for id, asset in assets.items()}
    needs: dict[str, set[str]] = {one.id: _behind(cascade, layout, into, one.id, set(hangs)) for one in loss.services}
    order = _order(loss, needs, hangs, mean)
    row_of = {id: row for row, id in enumerate(assets)}
    sites: dict[str, str] = {id: asset.site for id, asset in assets.items()}
    finished = np.full((len(order), draws.samples), np.inf)
    played: list[Outcome] = []
    for sample, hit in enumerate(damaged):
        tasks = [(id, float(work[row_of[id], sample])) for id in order if id in hit]
        done = _schedule(tasks, hangs, sites, crews)
        for row, id in enumerate(order):
            finished[row, sample] = done.get(id, np.inf)
        repairs = {Fact(id, state): Repair(at) for id, at in done.items() for state in MENDED}
        own = Draws(cascade.system, draws.seed, 1, draws.first + sample)
        played.append(simulate(cascade.system, seeds, own, cascade.horizon, Changes(repairs=repairs), layout=layout))
    after = joined(played)
    return Recovery(tuple(order), finished, before, after, (loss, cascade.care_of(after)))


def _damaged(cascade: Cascade, outcome: Outcome) -> list[set[str]]:
    """Return, by sample, the assets that need work: hit by a seed or a lasting effect that does not end by itself."""
    begins, rows, _, ends, causes = outcome.happened
    by_itself = causes < -1
    by_rule = causes >= 0
    by_itself[by_rule] = outcome.layout.lasting[causes[by_rule]]
    facts = [outcome.system.facts[number] for number in outcome.layout.facts.tolist()]
    ids = {asset.id for asset in cascade.hospital.assets}
    return [
        {
            facts[rows[place]].target
            for place in range(begins[sample], begins[sample + 1])
            if by_itself[place] and np.isinf(ends[place]) and facts[rows[place]].target in ids
        }
        for sample in range(outcome.samples)
    ]


def _work(assets: Sequence[Asset], draws: Draws, crews: Crews) -> Floats:
    keys = np.array([key_number(f"repair:{asset.id}") for asset in assets], np.uint64)
    figures = np.array([crews.on(asset) for asset in assets], np.float64).reshape(-1, 3)
    return delays(draws.seed, keys, figures, np.ones((len(assets), 3)), draws.samples, draws.first)


def _behind(
    cascade: Cascade, layout: Layout, into: Mapping[int, Sequence[int]], target: str, damaged: set[str]
) -> set[str]:
    """Return those of `damaged` that `target` hangs on by effects that end with their causes."""
    system = cascade.system
    numbers = [
        system.number[fact] for state in (State.DOWN, State.DEGRADED) if (fact := Fact(target, state)) in system.number
    ]
    waiting = [int(layout.row_of[number]) for number in numbers if layout.row_of[number] >= 0]
    seen, found = set(waiting), set[str]()
    while waiting:
        for local in into.get(waiting.pop(), ()):
            for row in layout.tails_of(local):
                if row not in seen:
                    seen.add(row)
                    waiting.append(row)
                    found.add(system.facts[int(layout.facts[row])].target)
    return (found & damaged) - {target}


def _into(layout: Layout) -> dict[int, list[int]]:
    found: dict[int, list[int]] = defaultdict(list)
    for local in np.flatnonzero(~layout.lasting).tolist():
        found[int(layout.heads[local])].append(local)
    return found


def _order(
    care: Care, needs: Mapping[str, set[str]], hangs: Mapping[str, set[str]], mean: Mapping[str, float]
) -> list[str]:
    """Return the damaged assets in the order in which they are worked on; `mean` is the work on each."""
    loss: dict[str, float] = {one.id: float(care.loss[row].mean()) for row, one in enumerate(care.services)}
    found: dict[str, None] = {}
    open_ = [id for id in needs if needs[id]]
    while open_:
        left = {id: [one for one in needs[id] if one not in found] for id in open_}
        open_ = [id for id in open_ if left[id]]
        if not open_:
            break
        best = max(open_, key=lambda one: (loss[one] / max(1.0, sum(mean[asset] for asset in left[one])), one))
        found.update(dict.fromkeys(sorted(left[best], key=lambda one: (len(hangs[one]), mean[one], one))))
        open_.remove(best)
    rest = [id for id in hangs if id not in found]
    found.update(dict.fromkeys(sorted(rest, key=lambda one: (len(hangs[one]), mean[one], one))))
    return list(found)


def _schedule(
    tasks: Sequence[tuple[str, float]], hangs: Mapping[str, set[str]], sites: Mapping[str, str], crews: Crews
) -> dict[str, float]:
    """Return when each task is done: each in turn by the crew that can begin first."""
    done: dict[str, float] = {}
    if not tasks:
        return done
    free: dict[str, list[float]] = defaultdict(list)
    free[sites[tasks[0][0]]] = [crews.begin] * crews.count
    for id, work in tasks:
        here = sites[id]
        offers = ((times[0] + (0.0 if site == here else crews.travel), site) for site, times in free.items() if times)
        begin, site = min(offers)
        heapq.heappop(free[site])
        ready = max((done[one] for one in hangs[id] if one in done), default=0.0)
        done[id] = max(begin, ready) + work
        heapq.heappush(free[here], done[id])
    return done
