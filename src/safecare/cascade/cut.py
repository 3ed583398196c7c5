"""The cheapest set of nodes whose loss takes the target of an AND/OR graph down: exact, by hitting its proofs.

A node is up when it isn't cut and, of the nodes before it, all (``all``) or one (``any``) are up; one with nothing
before it is up by itself. Nodes in a circle that nothing outside supports are down. A proof is a set of nodes that
together keep the target up: every cut hits each of them. So the cheapest set is looked for that hits the proofs found
so far (a small integer program); if the target is still up, its proof comes to them, and those of what is then left.
When it is down, nothing cheaper can be: the cost of hitting some of the proofs is never more than that of hitting all.

Source: M. Barrere et al., "Identifying security-critical cyber-physical components in industrial control systems"
(arXiv 1905.04796), for the problem; J. Davies, F. Bacchus, "Solving MAXSAT by solving a sequence of simpler SAT
instances", CP 2011, for the method; the programs are solved by HiGHS (Q. Huangfu, J. Hall, Math. Prog. Comp. 10, 2018).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from math import inf, isfinite
from time import monotonic
from typing import Literal, NamedTuple

import numpy as np

Need = Literal["all", "any"]
MOST_TRIED = 100_000_000
"""Nodes looked at while a cut that isn't known to be cheapest is trimmed. Chosen: about a minute."""


@dataclass(frozen=True)
class Graph:
    """Nodes by number. `before` are those that a node is supported by; cost infinite: it can't be cut."""

    needs: tuple[Need, ...]
    costs: tuple[float, ...]
    before: tuple[tuple[int, ...], ...]
    target: int


class Cut(NamedTuple):
    """Nodes to cut, in order, and what they cost together."""

    nodes: tuple[int, ...]
    cost: float


class NoCutError(Exception):
    """No set of nodes that can be cut takes the target down."""


class UnfinishedError(Exception):
    """The time is over; `best` is the cheapest cut found so far; none costs less than `bound`."""

    def __init__(self, best: Cut, bound: float) -> None:
        self.best, self.bound = best, bound
        super().__init__(f"no cut costs less than {bound:g}")


def cheapest_cut(graph: Graph, seconds: float = inf, rounds: int | None = None) -> Cut:
    """Return a cut of least cost. Raises `NoCutError`; `UnfinishedError` after `seconds` or so many `rounds`."""
    end = monotonic() + seconds
    walk = _Walk(graph)
    all_ = frozenset(node for node, cost in enumerate(graph.costs) if isfinite(cost))
    proofs: list[frozenset[int]] = []
    chosen, bound = frozenset[int](), 0.0
    best: tuple[float, frozenset[int]] = (inf, chosen)
    for _ in count() if rounds is None else range(rounds + 1):
        gone = chosen
        while (proof := walk.proof(gone)) is not None:
            if not proof:
                raise NoCutError
            proofs.append(proof)
            gone |= proof if monotonic() < end else all_
        if gone == chosen:
            return _least(graph, chosen)
        best = min(best, (sum(graph.costs[node] for node in gone), gone), key=lambda one: one[0])
        left = end - monotonic()
        hit, bound = _hit(proofs, graph.costs, left) if left > 0.0 else (None, bound)
        if hit is None:
            break
        chosen = hit
    raise UnfinishedError(_least(graph, best[1]), bound)


class _Walk:
    """Finds proofs that the target is up."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._after = _after(graph)

    def proof(self, gone: Collection[int]) -> frozenset[int] | None:
        """Return nodes that can be cut and together keep the target up without `gone`; None when it is down.

        Of several supports the one that comes up first is taken, so that nothing holds itself.
        """
        graph = self._graph
        first: dict[int, int] = {}
        for node, support in _rising(graph, self._after, gone):
            first[node] = support
            if node == graph.target:
                break
        if graph.target not in first:
            return None
        held, waiting = {graph.target}, [graph.target]
        while waiting:
            node = waiting.pop()
            one_of = graph.needs[node] == "any" and graph.before[node]
            for other in (first[node],) if one_of else graph.before[node]:
                if other not in held:
                    held.add(other)
                    waiting.append(other)
        return frozenset(node for node in held if isfinite(graph.costs[node]))


def _hit(
    proofs: Sequence[frozenset[int]], costs: Sequence[float], seconds: float
) -> tuple[frozenset[int] | None, float]:
    """Return the cheapest nodes that hit all `proofs`, and their cost; None and a bound of it when the time is over."""
    import highspy

    nodes = sorted(frozenset[int]().union(*proofs))
    place = {node: at for at, node in enumerate(nodes)}
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = len(nodes), len(proofs)
    lp.col_cost_ = np.array([costs[node] for node in nodes])
    lp.col_lower_, lp.col_upper_ = np.zeros(len(nodes)), np.ones(len(nodes))
    lp.row_lower_, lp.row_upper_ = np.ones(len(proofs)), np.full(len(proofs), highspy.kHighsInf)
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.start_ = np.cumsum([0, *map(len, proofs)])
    lp.a_matrix_.index_ = np.array([place[node] for proof in proofs for node in sorted(proof)])
    lp.a_matrix_.value_ = np.ones(sum(map(len, proofs)))
    lp.integrality_ = [highspy.HighsVarType.kInteger] * len(nodes)
    solver = highspy.Highs()  # type: ignore[no-untyped-call]
    for name, value in (("output_flag", False), ("mip_rel_gap", 0.0), ("mip_abs_gap", 1e-9), ("threads", 1)):
        solver.setOptionValue(name, value)
    if isfinite(seconds):
        solver.setOptionValue("time_limit", seconds)
    solver.passModel(lp)
    solver.run()
    if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        return None, max(0.0, float(solver.getInfo().mip_dual_bound))
    values = solver.getSolution().col_value
    chosen = frozenset(node for node in nodes if values[place[node]] > 0.5)
    return chosen, float(sum(costs[node] for node in chosen))


def up(graph: Graph, cut: Iterable[int]) -> set[int]:
    """Return the nodes that are up when those in `cut` are lost: the least state that the rules allow."""
    return {node for node, _ in _rising(graph, _after(graph), set(cut))}


def _after(graph: Graph) -> list[list[int]]:
    after: list[list[int]] = [[] for _ in graph.needs]
    for node, before in enumerate(graph.before):
        for other in before:
            after[other].append(node)
    return after


def _rising(graph: Graph, after: Sequence[Sequence[int]], gone: Collection[int]) -> Iterator[tuple[int, int]]:
    """Yield the nodes as they come up without `gone`, each with the last one that it waited for (-1: none)."""
    missing = [len(before) if need == "all" else min(1, len(before)) for need, before in zip_nodes(graph)]
    waiting = deque((node, -1) for node, least in enumerate(missing) if not least and node not in gone)
    while waiting:
        node, support = waiting.popleft()
        yield node, support
        for other in after[node]:
            missing[other] -= 1
            if missing[other] == 0 and other not in gone:
                waiting.append((other, node))


def zip_nodes(graph: Graph) -> Iterator[tuple[Need, tuple[int, ...]]]:
    """Yield what each node needs, and the nodes before it."""
    return zip(graph.needs, graph.before, strict=True)


def _least(graph: Graph, chosen: Iterable[int]) -> Cut:
    """Return `chosen` without nodes that aren't needed, dearest first, unless it is so much that it takes too long."""
    kept = dict.fromkeys(sorted(chosen))
    if len(kept) * len(graph.needs) > MOST_TRIED:
        return Cut(tuple(kept), float(sum(graph.costs[node] for node in kept)))
    for node in sorted(kept, key=lambda one: -graph.costs[one]):
        del kept[node]
        if graph.target in up(graph, kept):
            kept[node] = None
    nodes = tuple(sorted(kept))
    return Cut(nodes, float(sum(graph.costs[node] for node in nodes)))
