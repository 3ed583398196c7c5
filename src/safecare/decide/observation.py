"""The one missing observation that would change the order: which doubt is worth clearing before anyone acts.

Each course of the forecast has its own truth about what is only suspected. Where the best response differs between
the courses in which a suspicion is true and those in which it isn't, finding out is worth the difference: the expected
value of perfect information (R. A. Howard, IEEE Trans. Systems Science and Cybernetics 2, 1966).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from safecare.cascade.system import Floats
from safecare.cascade.words import Fact, Seed

LEAST_COURSES = 8
"""Fewest courses on either side of a doubt. Chosen: below, a mean says nothing."""
SURE = 2.0
"""Standard errors by which another response must be better, on one side of the doubt."""


class Observation(NamedTuple):
    """`fact` is in doubt, and knowing it is worth `value` (weighted loss, as in ranking)."""

    fact: Fact
    value: float
    if_true: int
    """Index of the best response then; -1 is waiting."""
    if_false: int


def missing_observation(seeds: Sequence[Seed], truths: Floats, gains: Sequence[Floats]) -> Observation | None:
    """Return the doubt whose clearing is worth most, None when none changes the order.

    `truths` are the drawn starts of `seeds`, one row each (infinite: not true); `gains` those of each response, all on
    the same courses.
    """
    if not gains:
        return None
    table = np.stack([np.zeros(truths.shape[1]), *gains])
    best = int(table.mean(axis=1).argmax())
    found: list[Observation] = []
    for seed, starts in zip(seeds, truths, strict=True):
        true = np.isfinite(starts)
        sides = [_best(table, side, best) for side in (true, ~true)]
        if min(true.sum(), (~true).sum()) < LEAST_COURSES or sides[0] == sides[1]:
            continue
        value = sum(
            float((table[one] - table[best])[side].sum()) / len(true)
            for one, side in zip(sides, (true, ~true), strict=True)
        )
        found.append(Observation(seed.fact, value, sides[0] - 1, sides[1] - 1))
    return max(found, key=lambda one: one.value, default=None)


def _best(table: Floats, side: np.ndarray[tuple[int], np.dtype[np.bool_]], usual: int) -> int:
    """Return the best row on `side`; the `usual` one unless another is better there beyond doubt."""
    if side.sum() < LEAST_COURSES:
        return usual
    one = int(table[:, side].mean(axis=1).argmax())
    apart = (table[one] - table[usual])[side]
    error = float(apart.std(ddof=1)) / np.sqrt(side.sum())
    return one if apart.mean() > SURE * error and apart.mean() > 0.0 else usual
