"""Between which two figures the probability of a function lies that is too large for a decision diagram. Rigorous.

Each gate is built twice: a function that is true only where the gate is, and one that is true only where it is not.
Where a diagram grows beyond its room, its least likely states are given up, in the one and in the other, each for
itself; AND, OR, at least k of n and XOR keep both promises. What neither claims is the width between the figures.

Source: K. Ravi, F. Somenzi (see `safecare.cascade.trim_kernel`); the pair is Kleene's third truth value.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from safecare.cascade.bdd import Diagram, TooLargeError
from safecare.cascade.fault_tree import Gate

NODES = 24_000_000
"""Most nodes of all functions together, some 0.6 GB."""
STEPS = 400
"""Steps of one operation for each node that a function may have; beyond, its arguments are made smaller first."""
SMALLEST = 16
"""Nodes below which a function is not made smaller any more. Chosen."""

Chance = tuple[float, float]


class Pair(NamedTuple):
    """Handles: where the gate is true for certain, and where it is false for certain."""

    yes: int
    no: int


def enclose(
    gates: Mapping[int, Gate],
    below: Sequence[int],
    order: Sequence[int],
    chances: Mapping[int, Chance],
    room: int,
    over: Callable[[], bool],
) -> tuple[float, float] | None:
    """Return figures between which the probability of the last gate of `below` lies; None when `over` says stop.

    `below`: gates, arguments first; `order`: the variables; `room`: nodes that one function may have.
    """
    built = _Built(gates, order, chances, room)
    for node in below:
        if over():
            return None
        built.add(node, gates[node])
    return built.between(below[-1])


class _Built:
    def __init__(
        self, gates: Mapping[int, Gate], order: Sequence[int], chances: Mapping[int, Chance], room: int
    ) -> None:
        self._diagram, self._room = Diagram(NODES), room
        self._level = {node: place for place, node in enumerate(order)}
        self._chances = [chances[node] for node in order]
        self._pairs: dict[int, Pair] = {}
        self._left = Counter(max(arg, ~arg) for gate in gates.values() for arg in gate.args)

    def between(self, node: int) -> tuple[float, float]:
        pair = self._pairs[node]
        low = self._probability(pair.yes)[0]
        high = self._probability(pair.no)[1]
        return min(low, high), max(low, high)

    def _probability(self, handle: int) -> Chance:
        return self._diagram.probability(handle, self._chances)

    def add(self, node: int, gate: Gate) -> None:
        """Build a gate, and forget those that nothing above uses."""
        self._pairs[node] = self._pair(gate)
        for arg in gate.args:
            used = max(arg, ~arg)
            self._left[used] -= 1
            if not self._left[used]:
                del self._pairs[used]
        self._diagram.free_others({handle for pair in self._pairs.values() for handle in pair})

    def _pair(self, gate: Gate) -> Pair:
        pairs = [self._literal(arg) for arg in gate.args]
        if gate.kind == "atleast":
            rest = len(pairs) - gate.need + 1
            yes = self._count(gate.need, [one.yes for one in pairs])
            no = self._count(rest, [one.no for one in pairs])
            return Pair(yes, no)
        act = self._both if gate.kind == "and" else self._differ
        found = pairs[0]
        for pair in pairs[1:]:
            found = act(found, pair)
        return found

    def _literal(self, literal: int) -> Pair:
        node = max(literal, ~literal)
        if node not in self._pairs:
            variable = self._diagram.variable(self._level[node])
            self._pairs[node] = Pair(variable, self._diagram.opposite(variable))
        pair = self._pairs[node]
        return pair if literal >= 0 else Pair(pair.no, pair.yes)

    def _both(self, one: Pair, other: Pair) -> Pair:
        return Pair(self._and(one.yes, other.yes), self._or(one.no, other.no))

    def _differ(self, one: Pair, other: Pair) -> Pair:
        yes = self._or(self._and(one.yes, other.no), self._and(one.no, other.yes))
        no = self._or(self._and(one.yes, other.yes), self._and(one.no, other.no))
        return Pair(yes, no)

    def _count(self, need: int, args: Sequence[int]) -> int:
        rows = [self._diagram.constant(True), *(self._diagram.constant(False) for _ in range(need))]
        for arg in args:
            for count in range(need, 0, -1):
                rows[count] = self._or(rows[count], self._and(rows[count - 1], arg))
        return rows[-1]

    def _and(self, one: int, other: int) -> int:
        return self._smaller(one, other, self._diagram.both)

    def _or(self, one: int, other: int) -> int:
        return self._smaller(one, other, self._either)

    def _either(self, one: int, other: int) -> int:
        not_one, not_other = self._diagram.opposite(one), self._diagram.opposite(other)
        neither = self._diagram.both(not_one, not_other)
        found = self._diagram.opposite(neither)
        for handle in (not_one, not_other, neither):
            self._diagram.free(handle)
        return found

    def _smaller(self, one: int, other: int, act: Callable[[int, int], int]) -> int:
        """Return what `act` makes of the two within the room; both only become smaller where they must."""
        room = self._room
        while True:
            try:
                self._diagram.allow(STEPS * self._room)
                whole = act(one, other)
            except TooLargeError:
                room //= 4
                if room < SMALLEST:
                    return self._diagram.constant(False)
                one, other = (self._below(handle, room) for handle in (one, other))
                continue
            found = self._below(whole, self._room)
            self._diagram.free(whole)
            return found

    def _below(self, handle: int, room: int) -> int:
        return self._diagram.below(handle, room, self._chances)
