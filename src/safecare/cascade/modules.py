"""Independent parts of a fault tree. Source: Dutuit and Rauzy 1996 (see `safecare.cascade.exact`)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from safecare.cascade.fault_tree import FaultTree, Gate, reachable

MOST_BITS = 4_000_000_000
"""Nodes used more than once x gates up to which arguments are grouped by what they share. Chosen: half a gigabyte."""


def walk(gates: dict[int, Gate], top: int) -> Iterator[tuple[int, bool]]:
    """Yield (node, leaving) in depth-first order from `top`; a gate left already is met again as a leaf."""
    left: set[int] = set()
    stack = [(top, False)]
    while stack:
        node, leaving = stack.pop()
        if leaving:
            left.add(node)
            yield node, True
            continue
        yield node, False
        if node in gates and node not in left:
            stack.append((node, True))
            stack.extend((max(arg, ~arg), False) for arg in reversed(gates[node].args))


def modules(tree: FaultTree) -> list[tuple[int, list[int]]]:
    """Return every module gate with the gates below it (itself last), inner modules first.

    Gates inside a module stand in no other; an inner module counts as an event of the outer one.
    """
    if isinstance(tree.top, bool) or max(tree.top, ~tree.top) < tree.events:
        return []
    top = max(tree.top, ~tree.top)
    gates = {place + tree.events: gate for place, gate in enumerate(tree.gates)}
    first: dict[int, int] = {}
    last: dict[int, int] = {}
    left: dict[int, int] = {}
    for time, (node, leaving) in enumerate(walk(gates, top)):
        if leaving:
            left[node] = time
        first.setdefault(node, time)
        last[node] = time
    earliest, latest = dict(first), dict(last)
    found: list[tuple[int, list[int]]] = []
    is_module: set[int] = set()
    for node in sorted(left, key=lambda one: left[one]):
        inside = [max(arg, ~arg) for arg in gates[node].args]
        low = min(earliest[one] for one in inside)
        high = max(latest[one] for one in inside)
        if low > first[node] and high < left[node]:
            is_module.add(node)
            found.append((node, _below(gates, node, is_module)))
        earliest[node] = min(first[node], low)
        latest[node] = max(last[node], high)
    return found


def _below(gates: dict[int, Gate], top: int, is_module: set[int]) -> list[int]:
    """Return the gates of module `top` without those of modules in it, arguments first."""
    found: list[int] = []
    seen: set[int] = set()
    stack = [(top, False)]
    while stack:
        node, leaving = stack.pop()
        if leaving:
            found.append(node)
        elif node not in seen:
            seen.add(node)
            stack.append((node, True))
            inner = (max(arg, ~arg) for arg in gates[node].args)
            stack.extend((one, False) for one in inner if one in gates and one not in is_module)
    return found


def split_apart(tree: FaultTree) -> FaultTree:
    """Return `tree` with a gate of its own for each group of arguments of an AND or XOR that share events."""
    shared = _shared(tree)
    if isinstance(tree.top, bool) or len(shared) * len(tree.gates) > MOST_BITS:
        return tree
    below: list[int] = [shared.get(event, 0) for event in range(tree.events)]
    fresh = {node: node for node in range(tree.events)}
    gates: list[Gate] = []

    def renamed(literal: int) -> int:
        return ~fresh[~literal] if literal < 0 else fresh[literal]

    for place, gate in enumerate(tree.gates):
        bits = shared.get(place + tree.events, 0)
        for arg in gate.args:
            bits |= below[max(arg, ~arg)]
        below.append(bits)
        args: list[int] = []
        groups = _groups(gate.args, below) if gate.kind != "atleast" else [list(gate.args)]
        for group in groups:
            if len(group) == 1 or len(groups) == 1:
                args.extend(map(renamed, group))
            else:
                gates.append(Gate(gate.kind, tuple(sorted(map(renamed, group)))))
                args.append(tree.events + len(gates) - 1)
        gates.append(gate._replace(args=tuple(sorted(args))))
        fresh[place + tree.events] = tree.events + len(gates) - 1
    return reachable(FaultTree(tree.chances, tuple(gates), renamed(tree.top)))


def _shared(tree: FaultTree) -> dict[int, int]:
    """Return a bit for each node that is used more than once: only by such ones can two arguments share an event."""
    uses = Counter(max(arg, ~arg) for gate in tree.gates for arg in gate.args)
    return {node: 1 << place for place, node in enumerate(node for node, count in uses.items() if count > 1)}


def _groups(args: Sequence[int], below: Sequence[int]) -> list[list[int]]:
    """Return `args` in groups; two arguments that share an event stand in the same group."""
    once = twice = 0
    for arg in args:
        bits = below[max(arg, ~arg)]
        twice |= once & bits
        once |= bits
    groups: list[tuple[int, list[int]]] = []
    alone: list[list[int]] = []
    for arg in args:
        bits, members = below[max(arg, ~arg)] & twice, [arg]
        if not bits:
            alone.append(members)
            continue
        apart: list[tuple[int, list[int]]] = []
        for other, others in groups:
            if bits & other:
                bits, members = bits | other, [*others, *members]
            else:
                apart.append((other, others))
        groups = [*apart, (bits, members)]
    return [*alone, *(members for _, members in groups)]
