"""Compiled kernel that makes a decision diagram smaller and its function smaller or equal: unlikely parts become false.

Source: K. Ravi, F. Somenzi, "High-density reachability analysis", ICCAD 1995 (subsets of diagrams), here weighed by
probability. An edge and its opposite lose different states, so that each node counts twice: as it is, and turned round.
"""

from __future__ import annotations

import numpy as np

from safecare.cascade.bdd_kernel import FALSE, FULL, TRUE, Counts, Edges, Reals, make
from safecare.cascade.compiled import compiled


@compiled
def weigh(
    root: int, levels: Edges, lows: Edges, highs: Edges, size: int, yes: Reals, no: Reals
) -> tuple[Reals, Reals, int]:
    """Return what `root` loses when a node, or a node turned round, becomes false; and how many nodes it has.

    A node that `root` doesn't lead to loses -1. `yes` and `no` are the chances of the variables, by level.
    """
    true = np.zeros(size, np.float64)
    false = np.zeros(size, np.float64)
    true[0] = 1.0
    for node in range(1, size):
        p, q = yes[levels[node]], no[levels[node]]
        high, low = highs[node] >> 1, lows[node] >> 1
        if lows[node] & 1:
            true[node] = p * true[high] + q * false[low]
            false[node] = p * false[high] + q * true[low]
        else:
            true[node] = p * true[high] + q * true[low]
            false[node] = p * false[high] + q * false[low]
    own = np.full(size, -1.0)
    turned = np.full(size, -1.0)
    if root & 1:
        turned[root >> 1] = 1.0
    else:
        own[root >> 1] = 1.0
    reached = 0
    for node in range(root >> 1, 0, -1):
        if own[node] < 0.0 and turned[node] < 0.0:
            continue
        reached += 1
        p, q = yes[levels[node]], no[levels[node]]
        high, low = highs[node] >> 1, lows[node] >> 1
        if own[node] >= 0.0:
            own[high] = max(own[high], 0.0) + p * own[node]
            if lows[node] & 1:
                turned[low] = max(turned[low], 0.0) + q * own[node]
            else:
                own[low] = max(own[low], 0.0) + q * own[node]
            own[node] *= true[node]
        if turned[node] >= 0.0:
            turned[high] = max(turned[high], 0.0) + p * turned[node]
            if lows[node] & 1:
                own[low] = max(own[low], 0.0) + q * turned[node]
            else:
                turned[low] = max(turned[low], 0.0) + q * turned[node]
            turned[node] *= false[node]
    return own, turned, reached


@compiled
def trim(
    root: int,
    own: Reals,
    turned: Reals,
    least: float,
    levels: Edges,
    lows: Edges,
    highs: Edges,
    table: Edges,
    count: Counts,
) -> int:
    """Return the edge of a function below `root`: what loses less than `least` is false. `FULL`: no room."""
    last = root >> 1
    as_is = np.full(last + 1, FALSE, np.int32)
    opposite = np.full(last + 1, FALSE, np.int32)
    as_is[0] = TRUE
    for node in range(1, last + 1):
        high, low, turn = highs[node] >> 1, lows[node] >> 1, lows[node] & 1
        if own[node] >= least:
            below = opposite[low] if turn else as_is[low]
            found = make(levels[node], below, as_is[high], levels, lows, highs, table, count)
            if found == FULL:
                return FULL
            as_is[node] = found
        if turned[node] >= least:
            below = as_is[low] if turn else opposite[low]
            found = make(levels[node], below, opposite[high], levels, lows, highs, table, count)
            if found == FULL:
                return FULL
            opposite[node] = found
    chosen = opposite if root & 1 else as_is
    return int(chosen[last])
