"""Binary decision diagrams with bounded memory: functions by handle, garbage collected when room is short."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

import numpy as np

from safecare.cascade import bdd_kernel as kernel
from safecare.cascade.trim_kernel import forget, nodes_of, trim, weigh

FIRST_NODES = 1 << 16
CACHE = 1 << 20
"""Entries of the cache of operations, 12 bytes each. Chosen: hits stay above half up to some million nodes."""
STEPS = 24
"""Steps allowed for each node allowed. Chosen: four times what any published tree took."""
WORTH_COLLECTING = 0.6
"""Share of nodes in use up to which collecting comes before growing. Chosen."""


class TooLargeError(Exception):
    """The diagram needs more nodes or steps than allowed."""


class Diagram:
    """All functions over some ordered variables. `most`: nodes that may be in use, about 25 bytes each."""

    def __init__(self, most: int) -> None:
        self._most = most
        size = min(FIRST_NODES, most)
        self._levels, self._lows, self._highs = (np.zeros(size, np.int32) for _ in range(3))
        self._levels[0] = np.iinfo(np.int32).max
        self._table = np.zeros(_table_size(size), np.int32)
        self._count = np.array([1, 0, STEPS * most], np.int64)
        self._keys, self._known = np.zeros(CACHE, np.uint64), np.zeros(CACHE, np.int32)
        self._places = np.zeros(0, np.int32)
        self._edges: dict[int, int] = {}
        self._next = 0

    @property
    def nodes(self) -> int:
        """Nodes in use or not yet collected."""
        return int(self._count[0])

    def constant(self, value: bool) -> int:  # noqa: FBT001 - the truth value itself
        """Return a handle of true or false."""
        return self._keep(kernel.TRUE if value else kernel.FALSE)

    def variable(self, level: int) -> int:
        """Return a handle of the variable at `level` (0 is tested first)."""
        arrays = (self._levels, self._lows, self._highs, self._table, self._count)
        edge = kernel.make(level, kernel.FALSE, kernel.TRUE, *arrays)
        if edge < 0:
            self._make_room(collect=False)
            return self.variable(level)
        return self._keep(edge)

    def both(self, one: int, other: int) -> int:
        """Return a handle of "`one` and `other`"."""
        return self._operate(kernel.both, one, other)

    def differ(self, one: int, other: int) -> int:
        """Return a handle of "`one` xor `other`"."""
        return self._operate(kernel.differ, one, other)

    def opposite(self, one: int) -> int:
        """Return a handle of "not `one`"."""
        return self._keep(self._edges[one] ^ 1)

    def copy(self, one: int) -> int:
        """Return another handle of `one`."""
        return self._keep(self._edges[one])

    def free(self, one: int) -> None:
        """Give up handle `one`."""
        del self._edges[one]

    def probability(self, one: int, chances: Sequence[tuple[float, float]]) -> tuple[float, float]:
        """Return the probability of `one` and of its opposite; `chances` are those of the variables, by level."""
        self._table = np.zeros(1, np.int32)
        self._keys, self._known = np.zeros(1, np.uint64), np.zeros(1, np.int32)
        pairs = np.array(chances, np.float64).reshape(-1, 2)
        yes, no = np.ascontiguousarray(pairs[:, 0]), np.ascontiguousarray(pairs[:, 1])
        edge = self._edges[one]
        true, false = kernel.probabilities(edge, self._levels, self._lows, self._highs, self.nodes, yes, no)
        return float(true), float(false)

    def _operate(self, act: Callable[..., int], one: int, other: int) -> int:
        collect = True
        while True:
            arrays = (self._levels, self._lows, self._highs, self._table, self._count, self._keys, self._known)
            edge = act(self._edges[one], self._edges[other], *arrays)
            if edge >= 0:
                return self._keep(int(edge))
            self._make_room(collect=collect)
            collect = False

    def _keep(self, edge: int) -> int:
        self._next += 1
        self._edges[self._next] = edge
        return self._next

    def free_others(self, kept: Collection[int]) -> None:
        """Give up all handles but `kept`."""
        self._edges = {handle: self._edges[handle] for handle in kept}

    def allow(self, steps: int) -> None:
        """Allow `steps` from now on, whatever was done before."""
        self._count[1], self._count[2] = 0, steps

    def below(self, one: int, most: int, chances: Sequence[tuple[float, float]]) -> int:
        """Return a handle of a function of about `most` nodes that is true nowhere else than `one`.

        Where `one` is true and it isn't, are the least likely states. `chances` as in `probability`.
        """
        pairs = np.array(chances, np.float64).reshape(-1, 2)
        yes, no = np.ascontiguousarray(pairs[:, 0]), np.ascontiguousarray(pairs[:, 1])
        while True:
            edge, arrays = self._edges[one], (self._levels, self._lows, self._highs)
            if len(self._places) < len(self._levels):
                self._places = np.zeros(len(self._levels), np.int32)
            nodes = nodes_of(edge, self._lows, self._highs, self._places)
            if len(nodes) <= most:
                forget(nodes, self._places)
                return self.copy(one)
            own, turned = weigh(edge, nodes, self._places, *arrays, yes, no)
            weights = np.concatenate([own[own > 0.0], turned[turned > 0.0]])
            place = max(0, len(weights) - most)
            least = float(np.partition(weights, place)[place]) if len(weights) else 1.0
            found = trim(edge, nodes, self._places, own, turned, least, *arrays, self._table, self._count)
            forget(nodes, self._places)
            if found >= 0:
                return self._keep(int(found))
            self._make_room(collect=False)

    def _make_room(self, *, collect: bool) -> None:
        """Throw away what no handle leads to; grow, unless `collect` and that was enough. Raises `TooLargeError`.

        The functions that handles lead to are whole afterwards in any case.
        """
        before = self.nodes
        roots = np.array(list(self._edges.values()), np.int32)
        kernel.compact(roots, self._levels, self._lows, self._highs, self._count)
        self._edges = dict(zip(self._edges, roots.tolist(), strict=True))
        self._keys[:] = 0
        size = len(self._levels)
        spent = self._count[1] > self._count[2]
        full = not collect or self.nodes > WORTH_COLLECTING * before
        if full and size < self._most and not spent:
            size = min(2 * size, self._most)
            self._levels, self._lows, self._highs = (
                np.concatenate([old, np.zeros(size - len(old), np.int32)])
                for old in (self._levels, self._lows, self._highs)
            )
            full = False
        self._table = np.zeros(_table_size(size), np.int32)
        kernel.rehash(self._levels, self._lows, self._highs, self._table, self._count)
        if spent:
            raise TooLargeError(f"more than {self._count[2]} steps")
        if full:
            raise TooLargeError(f"more than {self._most} nodes")


def _table_size(nodes: int) -> int:
    """Return the power of two that is at least 1.5 times `nodes`."""
    return 1 << (3 * nodes // 2).bit_length()
