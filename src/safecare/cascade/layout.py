"""What can be reached from some seeds at all: local numbers for its facts and rules.

The cost of a simulation follows what is reached, not the size of the hospital.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import inf
from typing import Any

import numpy as np

from safecare.cascade.system import Floats, Ints, Mask, System
from safecare.cascade.words import Seed


@dataclass(frozen=True)
class Layout:
    """Reached facts (rows, in order of time) and rules (by place in `rules`), and how they hang together."""

    facts: Ints
    """Fact number by row."""
    row_of: Ints
    """Row by fact number, -1 for what can't be reached."""
    worst: Floats
    """Earliest possible time by row: every rule succeeds as fast as it can."""
    rules: Ints
    """Rule numbers, in the order in which they can fire."""
    place_of: Ints
    """Place in `rules` by rule number, -1 for what can't fire."""
    tail_starts: Ints
    tails: Ints
    """Rows by place of the rule; see `safecare.cascade.front_kernel`."""
    reader_starts: Ints
    readers: Ints
    """Places of the rules by row that stands among their tails."""
    needs: Ints
    heads: Ints
    lasting: Mask
    chances: Any
    """Rules with their random parts, see `safecare.cascade.draw_kernel.CHANCE`."""

    def covers(self, system: System, seeds: Iterable[Seed]) -> bool:
        """Return whether nothing new can be reached from `seeds`."""
        rows = ((self.row_of[system.number[seed.fact]], seed.at) for seed in seeds if seed.probability.high > 0.0)
        return all(row >= 0 and self.worst[row] <= at for row, at in rows)

    def tails_of(self, place: int) -> list[int]:
        """Return the rows of the reached tails of the rule at `place`."""
        found: list[int] = self.tails[self.tail_starts[place] : self.tail_starts[place + 1]].tolist()
        return found


def lay_out(system: System, seeds: Sequence[Seed], horizon: float) -> Layout:
    """Return the layout of what is reached from `seeds` by `horizon` seconds.

    Raises `KeyError` when a seed names a fact that the system has no number for.
    """
    from safecare.cascade import front_kernel as kernel
    from safecare.cascade.draw_kernel import chances

    first: dict[int, float] = {}
    for seed in seeds:
        if seed.probability.high > 0.0:
            number = system.number[seed.fact]
            first[number] = min(first.get(number, inf), seed.at)
    begin = np.array(list(first), np.int32), np.array(list(first.values()), np.float64)
    readers = system.reader_starts, system.reader_items
    times, order = kernel.front(system.reader_starts, *system.worst_case, *begin, horizon)
    rules, counts = kernel.reached_rules(order, times, *readers, system.need, system.head)
    row_of = np.full(len(times), -1, np.int32)
    row_of[order] = np.arange(len(order), dtype=np.int32)
    tail_starts, tails, reader_starts, items = kernel.local_tails(
        rules, counts, system.tail_start, system.tails, row_of, len(order)
    )
    place_of = np.full(len(system.head), -1, np.int32)
    place_of[rules] = np.arange(len(rules), dtype=np.int32)
    needs, heads = system.need[rules], row_of[system.head[rules]]
    return Layout(
        facts=order,
        row_of=row_of,
        worst=times[order],
        rules=rules,
        place_of=place_of,
        tail_starts=tail_starts,
        tails=tails,
        reader_starts=reader_starts,
        readers=items,
        needs=needs,
        heads=heads,
        lasting=system.lasting[rules],
        chances=chances(needs, heads, system.keys[rules], system.delay[rules], system.probability[rules]),
    )
