"""Why a fact becomes true: the most frequent chain of causes, back to a seed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from safecare.cascade.simulate import Outcome
from safecare.cascade.words import Fact, Rule, Seed


@dataclass(frozen=True)
class Cause:
    """One step of a chain: by which rule or seed `fact` came about, and when at the earliest in this chain."""

    fact: Fact
    by: Rule | Seed
    after: float


def chain(outcome: Outcome, fact: Fact) -> list[Cause]:
    """Return the chain from a seed to `fact`: at each step the commonest cause among the samples still followed.

    Empty if the fact never happens. Times are the least of the samples that share the whole chain.
    """
    row = outcome.row(fact)
    if row is None:
        return []
    columns = np.flatnonzero(np.isfinite(outcome.starts(row)))
    steps: list[tuple[int, Rule | Seed]] = []
    seen: set[int] = set()
    while row is not None and columns.size and row not in seen:
        seen.add(row)
        own = outcome.causes(row)[columns]
        causes, counts = np.unique(own, return_counts=True)
        cause = int(causes[np.argmax(counts)])
        columns = columns[own == cause]
        if cause < 0:
            steps.append((row, outcome.seeds[-2 - cause]))
            break
        steps.append((row, outcome.system.rules[int(outcome.layout.rules[cause])]))
        row, columns = _binding(outcome, cause, columns)
    facts = {local: outcome.system.facts[int(outcome.layout.facts[local])] for local in seen}
    return [Cause(facts[at], by, float(outcome.starts(at)[columns].min())) for at, by in reversed(steps)]


def _binding(
    outcome: Outcome, place: int, columns: np.ndarray[tuple[int], np.dtype[np.intp]]
) -> tuple[int, np.ndarray[tuple[int], np.dtype[np.intp]]]:
    """Return the tail by which the rule at `place` fired (its need-th) in most of `columns`, and those columns."""
    tails = outcome.layout.tails_of(place)
    need = int(outcome.layout.needs[place])
    last = np.argsort(np.stack([outcome.starts(tail)[columns] for tail in tails]), axis=0, kind="stable")[need - 1]
    choice = int(np.argmax(np.bincount(last)))
    return tails[choice], columns[last == choice]
