"""Compiled kernel of binary decision diagrams with complement edges: nodes in arrays, operations in numba.

An edge is ``node << 1 | complement``. Node 0 is the constant true, so that edge 0 is true and edge 1 is false. The
then-edge of a node is never a complement: each function has one edge only. Children have smaller numbers than
their parents, so that one pass over the arrays meets every child before its parent.

Source: K. S. Brace, R. L. Rudell, R. E. Bryant, "Efficient implementation of a BDD package", DAC 1990.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from safecare.cascade.compiled import compiled

TRUE, FALSE = 0, 1
FULL = -1
"""What an operation returns when the arrays have no room left, or the steps are used up."""
XOR_BIT = np.uint64(1 << 63)

Edges: TypeAlias = npt.NDArray[np.int32]
Counts: TypeAlias = npt.NDArray[np.int64]
"""Nodes in use, steps done, most steps."""
Words: TypeAlias = npt.NDArray[np.uint64]
Reals: TypeAlias = npt.NDArray[np.float64]


@compiled
def _mixed(word: Any) -> Any:
    """Return the bits of `word` well mixed."""
    word = np.uint64(word)
    word = (word ^ (word >> np.uint64(33))) * np.uint64(0xFF51AFD7ED558CCD)
    return word ^ (word >> np.uint64(29))


@compiled
def make(level: int, low: int, high: int, levels: Edges, lows: Edges, highs: Edges, table: Edges, count: Counts) -> int:
    """Return the edge of "if the variable at `level` then `high` else `low`", `FULL` when there is no room."""
    if low == high:
        return low
    flip = high & 1
    low ^= flip
    high ^= flip
    mask = np.uint64(len(table) - 1)
    word = (np.uint64(low) << np.uint64(32)) ^ np.uint64(high) ^ (np.uint64(level) * np.uint64(0x9E3779B97F4A7C15))
    slot = _mixed(word) & mask
    while True:
        node = table[slot]
        if node == 0:
            break
        if levels[node] == level and lows[node] == low and highs[node] == high:
            return (node << 1) | flip
        slot = (slot + np.uint64(1)) & mask
    node = count[0]
    if node >= len(levels):
        return FULL
    count[0] = node + 1
    levels[node], lows[node], highs[node] = level, low, high
    table[slot] = node
    return (node << 1) | flip


@compiled
def both(
    one: int,
    other: int,
    levels: Edges,
    lows: Edges,
    highs: Edges,
    table: Edges,
    count: Counts,
    keys: Words,
    known: Edges,
) -> int:
    """Return the edge of "`one` and `other`"; `keys` and `known` are a cache that forgets."""
    if one == FALSE or other == FALSE or one == (other ^ 1):
        return FALSE
    if one == TRUE or one == other:  # noqa: SIM109 - compiled
        return other
    if other == TRUE:
        return one
    if one > other:
        one, other = other, one
    key = (np.uint64(one) << np.uint64(32)) | np.uint64(other)
    slot = _mixed(key) & np.uint64(len(keys) - 1)
    if keys[slot] == key:
        return known[slot]
    count[1] += 1
    if count[1] > count[2]:
        return FULL
    a, b = one >> 1, other >> 1
    level = min(levels[a], levels[b])
    one_low = one_high = one
    if levels[a] == level:
        one_low, one_high = lows[a] ^ (one & 1), highs[a] ^ (one & 1)
    other_low = other_high = other
    if levels[b] == level:
        other_low, other_high = lows[b] ^ (other & 1), highs[b] ^ (other & 1)
    high = both(one_high, other_high, levels, lows, highs, table, count, keys, known)
    if high < 0:
        return FULL
    low = both(one_low, other_low, levels, lows, highs, table, count, keys, known)
    if low < 0:
        return FULL
    found = make(level, low, high, levels, lows, highs, table, count)
    if found >= 0:
        keys[slot], known[slot] = key, found
    return found


@compiled
def differ(
    one: int,
    other: int,
    levels: Edges,
    lows: Edges,
    highs: Edges,
    table: Edges,
    count: Counts,
    keys: Words,
    known: Edges,
) -> int:
    """Return the edge of "`one` xor `other`"."""
    flip = (one & 1) ^ (other & 1)
    one, other = one & ~1, other & ~1
    if one == other:
        return FALSE ^ flip
    if one == TRUE:
        return other ^ 1 ^ flip
    if other == TRUE:
        return one ^ 1 ^ flip
    if one > other:
        one, other = other, one
    key = (np.uint64(one) << np.uint64(32)) | np.uint64(other) | XOR_BIT
    slot = _mixed(key) & np.uint64(len(keys) - 1)
    if keys[slot] == key:
        return known[slot] ^ flip
    count[1] += 1
    if count[1] > count[2]:
        return FULL
    a, b = one >> 1, other >> 1
    level = min(levels[a], levels[b])
    one_low = one_high = one
    if levels[a] == level:
        one_low, one_high = lows[a], highs[a]
    other_low = other_high = other
    if levels[b] == level:
        other_low, other_high = lows[b], highs[b]
    high = differ(one_high, other_high, levels, lows, highs, table, count, keys, known)
    if high < 0:
        return FULL
    low = differ(one_low, other_low, levels, lows, highs, table, count, keys, known)
    if low < 0:
        return FULL
    found = make(level, low, high, levels, lows, highs, table, count)
    if found < 0:
        return FULL
    keys[slot], known[slot] = key, found
    return found ^ flip


@compiled
def rehash(levels: Edges, lows: Edges, highs: Edges, table: Edges, count: Counts) -> None:
    """Fill `table`, which is empty, with all nodes."""
    mask = np.uint64(len(table) - 1)
    for node in range(1, count[0]):
        word = (
            (np.uint64(lows[node]) << np.uint64(32))
            ^ np.uint64(highs[node])
            ^ (np.uint64(levels[node]) * np.uint64(0x9E3779B97F4A7C15))
        )
        slot = _mixed(word) & mask
        while table[slot] != 0:
            slot = (slot + np.uint64(1)) & mask
        table[slot] = node


@compiled
def compact(roots: Edges, levels: Edges, lows: Edges, highs: Edges, count: Counts) -> None:
    """Keep the nodes that `roots` lead to, in their order, and renumber `roots`."""
    places = np.zeros(count[0], np.int32)
    for root in roots:
        places[root >> 1] = 1
    for node in range(count[0] - 1, 0, -1):
        if places[node]:
            places[lows[node] >> 1] = 1
            places[highs[node] >> 1] = 1
    places[0] = 0
    fresh = 1
    for node in range(1, count[0]):
        if places[node]:
            places[node] = fresh
            levels[fresh] = levels[node]
            lows[fresh] = (places[lows[node] >> 1] << 1) | (lows[node] & 1)
            highs[fresh] = (places[highs[node] >> 1] << 1) | (highs[node] & 1)
            fresh += 1
    for index in range(len(roots)):
        roots[index] = (places[roots[index] >> 1] << 1) | (roots[index] & 1)
    count[0] = fresh


@compiled
def probabilities(
    root: int, levels: Edges, lows: Edges, highs: Edges, size: int, yes: Reals, no: Reals
) -> tuple[float, float]:
    """Return the probability of `root` and of its opposite; `yes` and `no` are those of the variable of a level.

    Both are sums of products, never 1 minus the other, so that 1e-13 keeps all its digits.
    """
    true = np.zeros(size, np.float64)
    false = np.zeros(size, np.float64)
    true[0] = 1.0
    for node in range(1, size):
        p, q = yes[levels[node]], no[levels[node]]
        high, low = highs[node] >> 1, lows[node] >> 1
        if lows[node] & 1:
            low_true, low_false = false[low], true[low]
        else:
            low_true, low_false = true[low], false[low]
        true[node] = p * true[high] + q * low_true
        false[node] = p * false[high] + q * low_false
    if root & 1:
        return false[root >> 1], true[root >> 1]
    return true[root >> 1], false[root >> 1]
