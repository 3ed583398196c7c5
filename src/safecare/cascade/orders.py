"""Orders of the variables of a decision diagram. Sources: see `safecare.cascade.exact`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from safecare.cascade.fault_tree import Gate
from safecare.cascade.modules import walk

ROUNDS = 60
"""Most rounds of FORCE. Chosen: its authors saw it settle in a logarithmic number of rounds."""


def depth_first(gates: dict[int, Gate], top: int, first: Literal["given", "reversed", "small", "large"]) -> list[int]:
    """Return the variables as they are met from `top`, with the arguments of each gate in the wished order."""
    size = _sizes(gates, top)
    arranged: dict[str, Callable[[int], float]] = {
        "given": lambda arg: 0.0,
        "small": lambda arg: size[max(arg, ~arg)],
        "large": lambda arg: -size[max(arg, ~arg)],
    }
    if first == "reversed":
        sorted_gates = {node: gate._replace(args=gate.args[::-1]) for node, gate in gates.items()}
    else:
        sorted_gates = {
            node: gate._replace(args=tuple(sorted(gate.args, key=arranged[first]))) for node, gate in gates.items()
        }
    return list(dict.fromkeys(node for node, _ in walk(sorted_gates, top) if node not in gates))


def _sizes(gates: dict[int, Gate], top: int) -> dict[int, float]:
    """Return how many leaves are below each node, counted as often as they are used."""
    size: dict[int, float] = {}
    for node, leaving in walk(gates, top):
        if leaving:
            size[node] = sum(size[max(arg, ~arg)] for arg in gates[node].args)
        elif node not in gates:
            size[node] = 1.0
    return size


def by_weight(gates: dict[int, Gate], top: int) -> list[int]:
    """Return the variables by weight: 1 at the top, shared by arguments; the heaviest goes, all is weighed anew."""
    downward = [node for node, leaving in walk(gates, top) if leaving][::-1]
    alive = {node: {max(arg, ~arg) for arg in gate.args} for node, gate in gates.items()}
    users: dict[int, set[int]] = {}
    for node, args in alive.items():
        for arg in args:
            users.setdefault(arg, set()).add(node)
    order: list[int] = []
    variables = {node for node in users if node not in gates}
    while variables:
        weight = dict.fromkeys(users, 0.0)
        weight[top] = 1.0
        for node in downward:
            if alive[node]:
                share = weight[node] / len(alive[node])
                for arg in alive[node]:
                    weight[arg] += share
        heaviest = max(variables, key=lambda one: (weight[one], -one))
        order.append(heaviest)
        variables.discard(heaviest)
        gone = [heaviest]
        while gone:
            node = gone.pop()
            for user in users.get(node, ()):
                alive[user].discard(node)
                if not alive[user]:
                    gone.append(user)
    return order


def by_force(gates: dict[int, Gate], top: int) -> list[int]:
    """Return a depth-first order made tighter: each round moves nodes to the middle of the gates that they stand in."""
    order = [node for node, leaving in walk(gates, top) if leaving or node not in gates]
    place = {node: float(at) for at, node in enumerate(dict.fromkeys(order))}
    edges = [[node, *(max(arg, ~arg) for arg in gate.args)] for node, gate in gates.items()]
    best, least = place, float("inf")
    for _ in range(ROUNDS):
        middles = [sum(place[node] for node in edge) / len(edge) for edge in edges]
        total: dict[int, list[float]] = {node: [] for node in place}
        for edge, middle in zip(edges, middles, strict=True):
            for node in edge:
                total[node].append(middle)
        ranked = sorted(place, key=lambda one: sum(total[one]) / len(total[one]))
        place = {node: float(at) for at, node in enumerate(ranked)}
        span = sum(max(place[node] for node in edge) - min(place[node] for node in edge) for edge in edges)
        if span >= least:
            break
        best, least = place, span
    return [node for node in sorted(best, key=lambda one: best[one]) if node not in gates]
