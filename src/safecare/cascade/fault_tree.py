"""Fault trees: gates over basic events, in one small normal form.

A literal is an int: ``node`` or ``~node`` for its opposite. Nodes 0 .. events-1 are basic events, the others gates.
Gates are AND, AT LEAST k and XOR; OR is an AND of opposites, turned round, so that equal parts are one node however
they were written.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

Kind = Literal["and", "atleast", "xor"]


class Gate(NamedTuple):
    """`need` counts for ``atleast`` only. Arguments are literals."""

    kind: Kind
    args: tuple[int, ...]
    need: int = 0


@dataclass(frozen=True)
class FaultTree:
    """`chances[event]` is the probability of the event, `gates[node - len(chances)]` the gate `node`."""

    chances: tuple[float, ...]
    gates: tuple[Gate, ...]
    """Arguments stand before the gates that use them."""
    top: int | bool
    """A literal, or the truth value if the tree is constant."""

    @property
    def events(self) -> int:
        """How many basic events there are."""
        return len(self.chances)


Value = int | bool
"""A literal, or a truth value. ``True`` is no literal 1: always ask for bool first."""


class Builder:
    """Makes gates in normal form; equal gates are made once."""

    def __init__(self, chances: Sequence[float]) -> None:
        self.chances = tuple(chances)
        self.gates: list[Gate] = []
        self._known: dict[Gate, int] = {}

    def event(self, number: int) -> Value:
        """Return basic event `number`, or its truth value when it is certain or impossible."""
        chance = self.chances[number]
        return chance == 1.0 if chance in {0.0, 1.0} else number

    def all_of(self, args: Iterable[Value]) -> Value:
        """Return the AND of `args`."""
        kept: dict[int, None] = {}
        for arg in args:
            if isinstance(arg, bool):
                if not arg:
                    return False
            elif ~arg in kept:
                return False
            else:
                kept[arg] = None
        if not kept:
            return True
        return next(iter(kept)) if len(kept) == 1 else self._gate(Gate("and", tuple(sorted(kept))))

    def any_of(self, args: Iterable[Value]) -> Value:
        """Return the OR of `args`."""
        return opposite(self.all_of(opposite(arg) for arg in args))

    def at_least(self, need: int, args: Iterable[Value]) -> Value:
        """Return "at least `need` of `args`"; an argument counts as often as it stands there."""
        all_args = list(args)
        need -= sum(arg is True for arg in all_args)
        open_args = sorted(arg for arg in all_args if not isinstance(arg, bool))
        if need <= 0:
            return True
        if need > len(open_args):
            return False
        if need == 1:
            return self.any_of(open_args)
        if need == len(open_args):
            return self.all_of(open_args)
        return self._gate(Gate("atleast", tuple(open_args), need))

    def differ(self, args: Iterable[Value]) -> Value:
        """Return the XOR of `args`: an odd number of them is true."""
        flip, odd = False, Counter[int]()
        for arg in args:
            if isinstance(arg, bool):
                flip ^= arg
            else:
                flip ^= arg < 0
                odd[max(arg, ~arg)] += 1
        kept = tuple(sorted(node for node, count in odd.items() if count % 2))
        found: Value = False
        if kept:
            found = kept[0] if len(kept) == 1 else self._gate(Gate("xor", kept))
        return opposite(found) if flip else found

    def _gate(self, gate: Gate) -> int:
        known = self._known.get(gate)
        if known is None:
            known = self._known[gate] = len(self.chances) + len(self.gates)
            self.gates.append(gate)
        return known


def opposite(value: Value) -> Value:
    """Return "not `value`"."""
    return not value if isinstance(value, bool) else ~value


def tidy(tree: FaultTree) -> FaultTree:
    """Return the same function with fewer gates: an AND joins the AND that uses it alone, unused ones go."""
    if isinstance(tree.top, bool):
        return tree
    uses = _uses(tree)
    builder = Builder(tree.chances)
    made: dict[int, Value] = {}

    def value(literal: int) -> Value:
        node = max(literal, ~literal)
        found = made[node] if node >= tree.events else builder.event(node)
        return opposite(found) if literal < 0 else found

    joined = {
        arg
        for place, gate in enumerate(tree.gates)
        if gate.kind == "and" and uses[place + tree.events]
        for arg in gate.args
        if arg >= tree.events and uses[arg] == 1 and tree.gates[arg - tree.events].kind == "and"
    }
    for place, gate in enumerate(tree.gates):
        node = place + tree.events
        if not uses[node] or node in joined:
            continue
        if gate.kind == "and":
            made[node] = builder.all_of(map(value, _whole(tree, gate, joined)))
        elif gate.kind == "xor":
            made[node] = builder.differ(map(value, gate.args))
        else:
            made[node] = builder.at_least(gate.need, map(value, gate.args))
    top = value(tree.top)
    return reachable(FaultTree(tree.chances, tuple(builder.gates), top))


def _whole(tree: FaultTree, gate: Gate, joined: Collection[int]) -> Iterator[int]:
    """Yield the arguments of an AND, and in place of those that are `joined` to it theirs."""
    waiting = list(gate.args)
    while waiting:
        arg = waiting.pop()
        if arg in joined:
            waiting.extend(tree.gates[arg - tree.events].args)
        else:
            yield arg


def _uses(tree: FaultTree) -> Counter[int]:
    """Return how often each node that the top leads to is used."""
    uses: Counter[int] = Counter()
    if isinstance(tree.top, bool):
        return uses
    uses[max(tree.top, ~tree.top)] = 1
    for place in range(len(tree.gates) - 1, -1, -1):
        if uses[place + tree.events]:
            uses.update(max(arg, ~arg) for arg in tree.gates[place].args)
    return uses


def reachable(tree: FaultTree) -> FaultTree:
    """Return `tree` without gates that its top does not lead to."""
    uses = _uses(tree)
    fresh = {node: node for node in range(tree.events)}
    gates: list[Gate] = []

    def renamed(literal: int) -> int:
        return ~fresh[~literal] if literal < 0 else fresh[literal]

    for place, gate in enumerate(tree.gates):
        node = place + tree.events
        if uses[node]:
            fresh[node] = tree.events + len(gates)
            gates.append(gate._replace(args=tuple(map(renamed, gate.args))))
    return FaultTree(tree.chances, tuple(gates), tree.top if isinstance(tree.top, bool) else renamed(tree.top))
