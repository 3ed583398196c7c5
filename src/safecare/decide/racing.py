"""Racing: every response is played on the same courses, block after block, and only some go on to the next block.

To the next block go those that may still be the best one (the better half), and, while there is work left to spend,
the others too, first those of which it isn't settled yet whether they help at all. All meet the same draws in the
same block, so that a few courses tell two responses apart.

Source: successive halving (Z. Karnin, T. Koren, O. Somekh, ICML 2013) with common random numbers (P. Glasserman,
D. Yao, Management Science 38, 1992).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

import numpy as np

from safecare.cascade.statistics import mean_interval
from safecare.cascade.system import Floats

SHARES = (1, 1, 2, 4)
"""Sizes of the blocks, in the least unit: each doubles what those who are left have run."""
LEAST_UNIT, MOST_UNIT = 8, 128
"""Courses of the first block. Chosen: 8 tell a large harm from a large help; beyond 1,024 in all nothing moves."""
LEAST_LEFT = 4
"""Runners that go on in any case, if there are as many. Chosen: what a crisis staff discusses."""
NOTHING = 1e-9
"""Difference of loss that is rounding."""


class Piece(Protocol):
    """What one response did in one block."""

    @property
    def gains(self) -> Floats:
        """Loss avoided, by course."""


P = TypeVar("P", bound=Piece)


def blocks_for(runners: int, most: float) -> tuple[int, ...]:
    """Return the courses of each block, so that `runners` can run about `most` courses together."""
    unit = min(float(MOST_UNIT), most / (len(SHARES) * max(1, runners)))
    return tuple(max(LEAST_UNIT, int(unit)) * share for share in SHARES)


def race(
    runners: int, play: Callable[[int, int], P], open_to: Sequence[bool], blocks: Sequence[int], most: float = 0.0
) -> list[list[P]]:
    """Return the pieces of each runner, one for each of `blocks` that it took part in.

    ``play(runner, block)`` plays one block. Runners for which `open_to` is false (not allowed) only run the first.
    `most`: courses up to which others than the better half go on too, those in doubt first.
    """
    pieces: list[list[P]] = [[] for _ in range(runners)]
    left, spent = list(range(runners)), 0
    for block, courses in enumerate(blocks):
        for runner in left:
            pieces[runner].append(play(runner, block))
        spent += courses * len(left)
        gains = {runner: np.concatenate([one.gains for one in pieces[runner]]) for runner in left}
        able = [one for one in left if open_to[one] and np.abs(gains[one]).max(initial=0.0) > NOTHING]
        able.sort(key=lambda one: -float(gains[one].mean()))
        half = able[: max(LEAST_LEFT, len(able) // 2)]
        rest = sorted(able[len(half) :], key=lambda one: settled(gains[one]))
        ahead = blocks[block + 1] if block + 1 < len(blocks) else 0
        room = int(max(0.0, min(most - spent - ahead * len(half), 1e9))) // max(1, ahead)
        left = [*half, *rest[:room]]
    return pieces


def settled(gains: Floats) -> bool:
    """Return whether the sign of the mean is beyond doubt (95 %), or there is no difference at all."""
    low, high = mean_interval(gains)
    return low > 0.0 or high < 0.0 or bool(np.abs(gains).max(initial=0.0) <= NOTHING)


def pareto(figures: Sequence[Sequence[float]]) -> list[bool]:
    """Return which rows of `figures` (more is better) no other row beats: nowhere worse, somewhere better."""
    table = np.array(figures, np.float64)
    found: list[bool] = []
    for row in table:
        better = (table >= row - NOTHING).all(axis=1) & (table > row + NOTHING).any(axis=1)
        found.append(not bool(better.any()))
    return found
