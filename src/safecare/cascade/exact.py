"""The exact probability of a fault tree's top event: independent parts one by one, each by a decision diagram.

A gate of which nothing below is used elsewhere is a module: for the rest of the tree it is one more basic event.
Arguments of an AND that share events only among themselves become a gate of their own, so that more modules show.
A module whose arguments share nothing needs no diagram. Others get one with several orders of the variables in turn,
first with little room, then with more, because the best order isn't known beforehand and a bad one costs 1,000 times.

Sources: Y. Dutuit, A. Rauzy, "A linear-time algorithm to find modules of fault trees", IEEE Trans. Reliability 45
(1996); S. Minato et al., "Shared BDD with attributed edges", DAC 1990 (weights); F. Aloul, I. Markov, K. Sakallah,
"FORCE: a fast and easy-to-implement variable-ordering heuristic", GLSVLSI 2003.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from math import inf
from time import process_time
from typing import NamedTuple

import numpy as np

from safecare.cascade.bdd import Diagram, TooLargeError
from safecare.cascade.bounds import enclose
from safecare.cascade.fault_tree import FaultTree, Gate, tidy
from safecare.cascade.modules import modules, split_apart
from safecare.cascade.orders import by_force, by_weight, depth_first

ROOMS = (100_000, 1_000_000, 6_000_000, 32_000_000)
"""Nodes allowed in the first, second, ... round of orders; 32 million are about 0.9 GB."""
ALL_ORDERS = 2
"""Rounds in which every order is tried. Chosen: how far an order comes with a million nodes tells its worth."""
HOPELESS = 1 / 3
"""Share of the gates to which the best order must have come by then; else more room is not tried. Chosen: trees that
were solved later had come to 0.7 of them, the one that never was to 0.3."""
MOST_VARIABLES = 200_000
"""Most variables of one diagram: operations go as deep as there are variables."""
STACK = 512 << 20
"""Bytes of stack for operations, 2.6 kB for each level; taken only as far as it is used."""
MOST_WEIGHED = 50_000_000
"""Square of the number of gates up to which variables are ordered by weight, which takes the more of them the longer
for each. Chosen: about half a minute."""
TIDYINGS = 4
"""Most rounds of simplification. Chosen: nothing changed after the third on any published tree."""

ENCLOSING = 60.0
"""Seconds of processor time in which an enclosure is made narrower. Chosen."""
ENCLOSING_ROOMS = (2_000, 10_000, 50_000, 250_000, 1_000_000)
"""Nodes of one function in the first, second, ... enclosure."""

Chance = tuple[float, float]
"""Probability of an event and of its opposite, each with all its digits."""


class Solution(NamedTuple):
    """What was found, and how much work it was."""

    probability: float
    opposite: float
    modules: int
    """Independent parts."""
    largest: int
    """Nodes of the largest diagram."""


class Enclosure(NamedTuple):
    """Two figures between which the probability lies, where it can't be had itself."""

    low: float
    high: float
    reason: str
    """Why there is no exact figure."""
    modules: int


def solve(tree: FaultTree, rooms: Sequence[int] = ROOMS, seconds: float = inf) -> Solution:
    """Return the exact probability of the top of `tree`.

    Raises `TooLargeError` when a part of it fits into no diagram of the last of `rooms`, with any order, or when
    `seconds` of processor time are over.
    """
    found = solve_or_enclose(tree, rooms, seconds, 0.0)
    if isinstance(found, Enclosure):
        raise TooLargeError(found.reason)
    return found


def solve_or_enclose(
    tree: FaultTree, rooms: Sequence[int] = ROOMS, seconds: float = inf, more: float = ENCLOSING
) -> Solution | Enclosure:
    """Return the exact probability of the top of `tree`, or two figures between which it lies for certain.

    Exact within `rooms` and `seconds` of processor time; after that `more` seconds are spent on the two figures.
    """
    found: list[Solution | Enclosure] = []
    failed: list[Exception] = []

    def work() -> None:
        try:
            found.append(_Solver(tree, rooms, seconds).found(more))
        except Exception as error:  # noqa: BLE001 - raised again below
            failed.append(error)

    before = threading.stack_size(STACK)
    try:
        thread = threading.Thread(target=work, name="exact")
        thread.start()
    finally:
        threading.stack_size(before)
    thread.join()
    if failed:
        raise failed[0]
    return found[0]


class _Solver:
    """Solves the independent parts of a tree one by one; what fits into no diagram is enclosed in the end."""

    def __init__(self, tree: FaultTree, rooms: Sequence[int], seconds: float) -> None:
        for _ in range(TIDYINGS):
            before, tree = tree, split_apart(tidy(tree))
            if tree == before:
                break
        self.tree, self.rooms, self.end = tree, rooms, process_time() + seconds
        self.chances: dict[int, Chance] = {event: (chance, 1.0 - chance) for event, chance in enumerate(tree.chances)}
        self.largest = 0

    def found(self, more: float) -> Solution | Enclosure:
        """Return what was found; the enclosure may take `more` seconds."""
        tree, top = self.tree, self.tree.top
        if isinstance(top, bool):
            return Solution(float(top), float(not top), 0, 0)
        parts = modules(tree)
        reason, open_ = "", list[int]()
        for node, below in parts:
            used = {max(arg, ~arg) for gate in below for arg in tree.gates[gate - tree.events].args}
            if reason and not used.isdisjoint(open_):
                open_ += below
                continue
            try:
                self.chances[node] = self._part(node, below)
            except TooLargeError as error:
                reason, open_ = reason or str(error), [*open_, *below]
        node = max(top, ~top)
        if not reason:
            yes, no = self.chances[node]
            return Solution(*((yes, no) if top >= 0 else (no, yes)), len(parts), self.largest)
        low, high = self._enclosed(node, open_, process_time() + more) if more else (0.0, 1.0)
        return Enclosure(*((low, high) if top >= 0 else (1.0 - high, 1.0 - low)), reason, len(parts))

    def _part(self, node: int, below: Sequence[int]) -> Chance:
        found = _without_diagram(self.tree, node, self.chances)
        if found is None:
            found, nodes = _with_diagram(self.tree, node, below, self.chances, self.rooms, self.end)
            self.largest = max(self.largest, nodes)
        return found

    def _enclosed(self, top: int, open_: Sequence[int], end: float) -> tuple[float, float]:
        """Return the best of what several orders and rooms say about the gates `open_`."""
        gates = {node: self.tree.gates[node - self.tree.events] for node in open_}
        orders = [by_weight(gates, top)] if len(gates) ** 2 <= MOST_WEIGHED else []
        orders.append(depth_first(gates, top, "given"))
        low, high = 0.0, 1.0
        for room in ENCLOSING_ROOMS:
            for order in orders:
                found = enclose(gates, open_, order, self.chances, room, lambda: process_time() > end)
                if found is None:
                    return low, high
                low, high = max(low, found[0]), min(high, found[1])
        return low, high


def _of(literal: int, chances: dict[int, Chance]) -> Chance:
    return chances[literal] if literal >= 0 else chances[~literal][::-1]


def _without_diagram(tree: FaultTree, node: int, chances: dict[int, Chance]) -> Chance | None:
    """Return the probability of a module whose arguments are independent events or modules, else None."""
    gate = tree.gates[node - tree.events]
    nodes = [max(arg, ~arg) for arg in gate.args]
    if any(arg not in chances for arg in nodes) or len(set(nodes)) < len(nodes):
        return None
    own = [_of(arg, chances) for arg in gate.args]
    if gate.kind == "and":
        return _all(own)
    return _odd(own) if gate.kind == "xor" else _at_least(gate.need, own)


def _all(own: Sequence[Chance]) -> Chance:
    yes, no = 1.0, 0.0
    for p, q in own:
        yes, no = yes * p, no + yes * q
    return yes, no


def _odd(own: Sequence[Chance]) -> Chance:
    yes, no = 0.0, 1.0
    for p, q in own:
        yes, no = yes * q + no * p, no * q + yes * p
    return yes, no


def _at_least(need: int, own: Sequence[Chance]) -> Chance:
    counts = np.zeros(len(own) + 1)
    counts[0] = 1.0
    for p, q in own:
        counts[1:] = counts[1:] * q + counts[:-1] * p
        counts[0] *= q
    return float(counts[need:].sum()), float(counts[:need].sum())


def _with_diagram(
    tree: FaultTree, top: int, below: Sequence[int], chances: dict[int, Chance], rooms: Sequence[int], end: float
) -> tuple[Chance, int]:
    """Return the probability of the module `top` with the gates `below` it, and how many nodes it took.

    In each round the order that came furthest in the last one goes first; from the third round on only the better half
    is tried, and the others at the end, with all the room.
    """
    gates = {node: tree.gates[node - tree.events] for node in below}
    variables = {max(arg, ~arg) for gate in gates.values() for arg in gate.args} - gates.keys()
    if len(variables) > MOST_VARIABLES:
        raise TooLargeError(f"a part with more than {MOST_VARIABLES} variables")
    reason = TooLargeError("no room")
    trials: list[_Trial] = []
    for order in _orders(gates, top):
        if process_time() > end:
            raise TooLargeError("the time is over")
        trials.append(_Trial(gates, below, order))
        try:
            return trials[-1].build(chances, rooms[0], end)
        except TooLargeError as error:
            reason = error
    for round_, room in enumerate(rooms[1:], 1):
        trials.sort(key=lambda one: -one.done)
        for trial in trials[: len(trials) if round_ < ALL_ORDERS else (len(trials) + 1) // 2]:
            try:
                return trial.build(chances, room, end)
            except TooLargeError as error:
                reason = error
        if round_ == ALL_ORDERS - 1 and max(trial.done for trial in trials) < HOPELESS * len(below):
            raise reason
    for trial in trials[(len(trials) + 1) // 2 :] if len(rooms) > ALL_ORDERS else ():
        try:
            return trial.build(chances, rooms[-1], end)
        except TooLargeError as error:
            reason = error
    raise reason


def _orders(gates: dict[int, Gate], top: int) -> Iterator[list[int]]:
    """Yield orders of the variables below `top`, the usual ones first; each is made only when it is asked for."""
    yield depth_first(gates, top, "given")
    yield by_force(gates, top)
    if len(gates) ** 2 <= MOST_WEIGHED:
        yield by_weight(gates, top)
    yield depth_first(gates, top, "small")
    yield depth_first(gates, top, "large")
    yield depth_first(gates, top, "reversed")


class _Trial:
    """One module with one order of its variables."""

    def __init__(self, gates: dict[int, Gate], below: Sequence[int], order: list[int]) -> None:
        self.gates, self.below, self.order = gates, below, order
        self.level = {node: place for place, node in enumerate(order)}
        self.lowest = _lowest(gates, below, self.level)
        self.done = 0
        """Gates that the last build came to."""

    def build(self, chances: dict[int, Chance], room: int, end: float) -> tuple[Chance, int]:
        """Return probability and nodes. Raises `TooLargeError`."""
        self._diagram = Diagram(room)
        self._left: Counter[int] = Counter()
        for gate in self.gates.values():
            self._left.update(max(arg, ~arg) for arg in gate.args)
        self._handles: dict[int, int] = {}
        for done, node in enumerate(self.below):
            self.done = done
            if process_time() > end:
                raise TooLargeError("the time is over")
            self._handles[node] = self._gate(node)
        nodes = self._diagram.nodes
        own = [chances[node] for node in self.order]
        return self._diagram.probability(self._handles[self.below[-1]], own), nodes

    def _gate(self, node: int) -> int:
        gate = self.gates[node]
        args = sorted(gate.args, key=lambda arg: -self.lowest[max(arg, ~arg)])
        if gate.kind == "atleast":
            return _count(self._diagram, gate.need, map(self._take, args))
        act = self._diagram.both if gate.kind == "and" else self._diagram.differ
        found = self._take(args[0])
        for arg in args[1:]:
            found = _joined(self._diagram, act, found, self._take(arg))
        return found

    def _take(self, literal: int) -> int:
        """Return a handle of `literal`, which the caller frees."""
        node = max(literal, ~literal)
        self._left[node] -= 1
        if node not in self.gates:
            found = self._diagram.variable(self.level[node])
        elif self._left[node]:
            found = self._diagram.copy(self._handles[node])
        else:
            found = self._handles.pop(node)
        if literal >= 0:
            return found
        turned = self._diagram.opposite(found)
        self._diagram.free(found)
        return turned


def _joined(diagram: Diagram, act: Callable[[int, int], int], one: int, other: int) -> int:
    """Return what `act` makes of two handles that are then given up."""
    found = act(one, other)
    diagram.free(one)
    diagram.free(other)
    return found


def _lowest(gates: dict[int, Gate], below: Sequence[int], level: dict[int, int]) -> dict[int, int]:
    """Return the first level that each node depends on: arguments are joined from the last variables upward."""
    first = dict(level)
    for node in below:
        first[node] = min(first[max(arg, ~arg)] for arg in gates[node].args)
    return first


def _count(diagram: Diagram, need: int, args: Iterator[int]) -> int:
    """Return "at least `need` of `args`": row by row, ``sum[k]`` says that k of the arguments so far are true."""

    def either(one: int, other: int) -> int:
        a, b = diagram.opposite(one), diagram.opposite(other)
        both = _joined(diagram, diagram.both, a, b)
        found = diagram.opposite(both)
        diagram.free(both)
        return found

    rows = [diagram.constant(True), *(diagram.constant(False) for _ in range(need))]
    for arg in args:
        for count in range(need, 0, -1):
            more = diagram.both(rows[count - 1], arg)
            old = rows[count]
            rows[count] = _joined(diagram, either, old, more)
        diagram.free(arg)
    for row in rows[:-1]:
        diagram.free(row)
    return rows[-1]
