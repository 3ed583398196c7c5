"""Compiled kernel that makes a decision diagram smaller and its function smaller or equal: unlikely parts become false.

Only the nodes that the function leads to are looked at, however many there are. An edge and its opposite lose different
states, so that each node counts twice: as it is, and turned round.

Source: K. Ravi, F. Somenzi, "High-density reachability analysis", ICCAD 1995 (subsets of diagrams), here weighed by
probability.
"""

from __future__ import annotations

import numpy as np

from safecare.cascade.bdd_kernel import FALSE, FULL, TRUE, Counts, Edges, Reals, make
from safecare.cascade.compiled import compiled


@compiled
def nodes_of(root: int, lows: Edges, highs: Edges, places: Edges) -> Edges:
    """Return the nodes that `root` leads to, children first, the constant among them at the very first.

    ``places[node]`` is where each stands in what is returned; `forget` puts back the zeros that it is given as.
    """
    found = np.empty(1024, np.int32)
    found[0] = root >> 1
    places[root >> 1] = 1
    count, looked = 1, 0
    while looked < count:
        node = found[looked]
        looked += 1
        if node == 0:
            continue
        if count + 2 > len(found):
            found = np.concatenate((found, np.empty(len(found), np.int32)))
        for child in (lows[node] >> 1, highs[node] >> 1):
            if places[child] == 0:
                places[child] = 1
                found[count] = child
                count += 1
    found = np.sort(found[:count])
    for place in range(count):
        places[found[place]] = place
    return found


@compiled
def forget(nodes: Edges, places: Edges) -> None:
    """Set `places` of `nodes` to zero again."""
    for node in nodes:
        places[node] = 0


@compiled
def weigh(
    root: int, nodes: Edges, places: Edges, levels: Edges, lows: Edges, highs: Edges, yes: Reals, no: Reals
) -> tuple[Reals, Reals]:
    """Return by how much `root` becomes less likely when a node, or a node turned round, becomes false.

    -1 where `root` doesn't lead to it that way. `yes` and `no` are the chances of the variables, by level.
    """
    size = len(nodes)
    true = np.zeros(size, np.float64)
    false = np.zeros(size, np.float64)
    true[0] = 1.0
    own = np.full(size, -1.0)
    turned = np.full(size, -1.0)
    for at in range(1, size):
        node = nodes[at]
        p, q = yes[levels[node]], no[levels[node]]
        high, low = places[highs[node] >> 1], places[lows[node] >> 1]
        if lows[node] & 1:
            true[at] = p * true[high] + q * false[low]
            false[at] = p * false[high] + q * true[low]
        else:
            true[at] = p * true[high] + q * true[low]
            false[at] = p * false[high] + q * false[low]
    if root & 1:
        turned[size - 1] = 1.0
    else:
        own[size - 1] = 1.0
    for at in range(size - 1, 0, -1):
        node = nodes[at]
        p, q = yes[levels[node]], no[levels[node]]
        high, low, turn = places[highs[node] >> 1], places[lows[node] >> 1], lows[node] & 1
        if own[at] >= 0.0:
            own[high] = max(own[high], 0.0) + p * own[at]
            if turn:
                turned[low] = max(turned[low], 0.0) + q * own[at]
            else:
                own[low] = max(own[low], 0.0) + q * own[at]
            own[at] *= true[at]
        if turned[at] >= 0.0:
            turned[high] = max(turned[high], 0.0) + p * turned[at]
            if turn:
                own[low] = max(own[low], 0.0) + q * turned[at]
            else:
                turned[low] = max(turned[low], 0.0) + q * turned[at]
            turned[at] *= false[at]
    return own, turned


@compiled
def trim(
    root: int,
    nodes: Edges,
    places: Edges,
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
    size = len(nodes)
    as_is = np.full(size, FALSE, np.int32)
    opposite = np.full(size, FALSE, np.int32)
    as_is[0] = TRUE
    for at in range(1, size):
        node = nodes[at]
        high, low, turn = places[highs[node] >> 1], places[lows[node] >> 1], lows[node] & 1
        if own[at] >= least:
            below = opposite[low] if turn else as_is[low]
            found = make(levels[node], below, as_is[high], levels, lows, highs, table, count)
            if found == FULL:
                return FULL
            as_is[at] = found
        if turned[at] >= least:
            below = as_is[low] if turn else opposite[low]
            found = make(levels[node], below, opposite[high], levels, lows, highs, table, count)
            if found == FULL:
                return FULL
            opposite[at] = found
    chosen = opposite if root & 1 else as_is
    return int(chosen[size - 1])
