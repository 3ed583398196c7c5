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
    number = outcome.system.number.get(fact, -1)
    row = outcome.rows.get(number)
    if row is None:
        return []
    columns = np.flatnonzero(np.isfinite(outcome.starts[row]))
    steps: list[tuple[int, Rule | Seed]] = []
    seen: set[int] = set()
    while row is not None and columns.size and row not in seen:
        seen.add(row)
        causes, counts = np.unique(outcome.causes[row, columns], return_counts=True)
        cause = int(causes[np.argmax(counts)])
        columns = columns[outcome.causes[row, columns] == cause]
        if cause < 0:
            steps.append((row, outcome.seeds[-2 - cause]))
            break
        rule = outcome.layout.rules[cause]
        steps.append((row, outcome.system.rules[rule]))
        row, columns = _binding(outcome, rule, columns)
    facts = {local: outcome.system.facts[global_] for global_, local in outcome.rows.items() if local in seen}
    return [Cause(facts[at], by, float(outcome.starts[at, columns].min())) for at, by in reversed(steps)]


def _binding(
    outcome: Outcome, rule: int, columns: np.ndarray[tuple[int], np.dtype[np.intp]]
) -> tuple[int, np.ndarray[tuple[int], np.dtype[np.intp]]]:
    """Return the tail that made `rule` fire (its need-th in time) in most of `columns`, and those columns."""
    tails = [outcome.rows[tail] for tail in outcome.system.tails_of[rule] if tail in outcome.rows]
    need = outcome.system.needs[rule]
    last = np.argsort(outcome.starts[tails][:, columns], axis=0, kind="stable")[need - 1]
    choice = int(np.argmax(np.bincount(last)))
    return tails[choice], columns[last == choice]
