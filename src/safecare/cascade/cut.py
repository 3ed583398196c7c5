"""The cheapest set of nodes whose loss takes the target of an AND/OR graph down: exact, by integer programming.

A node is up when it isn't cut and, of the nodes before it, all (``all``) or one (``any``) are up; one with nothing
before it is up by itself. Nodes in a circle that nothing outside supports are down. With x = 1 for a cut node and y
the state, the program asks y >= sum of y before - (how many - 1) - x for ``all``, y >= each y before - x for ``any``,
and y = 0 at the target. Any y that fits is at least the real state, so that circles need nothing special.

Source: M. Barrere et al., "Identifying security-critical cyber-physical components in industrial control systems"
(arXiv 1905.04796), whose MaxSAT form this is; solved by HiGHS (Q. Huangfu, J. Hall, Math. Prog. Comp. 10, 2018).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import inf, isfinite
from typing import Literal, NamedTuple

import numpy as np

Need = Literal["all", "any"]


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
    """The time is over; `best` is the cheapest cut found so far, and none costs less than `bound`."""

    def __init__(self, best: Cut | None, bound: float) -> None:
        self.best, self.bound = best, bound
        super().__init__(f"no cut costs less than {bound:g}")


def cheapest_cut(graph: Graph, seconds: float = inf, branchings: int | None = None) -> Cut:
    """Return a cut of least cost. Raises `NoCutError`; `UnfinishedError` after `seconds` or so many `branchings`."""
    if graph.target in up(graph, (node for node, cost in enumerate(graph.costs) if isfinite(cost))):
        raise NoCutError
    if graph.target not in up(graph, ()):
        return Cut((), 0.0)
    chosen, bound, finished = _solved(graph, sorted(_support(graph)), seconds, branchings)
    best = None if chosen is None else _least(graph, chosen)
    if best is None or not finished:
        raise UnfinishedError(best, bound)
    return best


def up(graph: Graph, cut: Iterable[int]) -> set[int]:
    """Return the nodes that are up when those in `cut` are lost: the least state that the rules allow."""
    gone = set(cut)
    after: list[list[int]] = [[] for _ in graph.needs]
    for node, before in enumerate(graph.before):
        for other in before:
            after[other].append(node)
    missing = [len(before) if need == "all" else min(1, len(before)) for need, before in zip_nodes(graph)]
    waiting = deque(node for node, count in enumerate(missing) if not count and node not in gone)
    found = set(waiting)
    while waiting:
        for node in after[waiting.popleft()]:
            missing[node] -= 1
            if missing[node] == 0 and node not in gone:
                found.add(node)
                waiting.append(node)
    return found


def zip_nodes(graph: Graph) -> Iterator[tuple[Need, tuple[int, ...]]]:
    """Yield what each node needs, and the nodes before it."""
    return zip(graph.needs, graph.before, strict=True)


def _support(graph: Graph) -> set[int]:
    """Return the target and all nodes that it hangs on."""
    found, waiting = {graph.target}, [graph.target]
    while waiting:
        for node in graph.before[waiting.pop()]:
            if node not in found:
                found.add(node)
                waiting.append(node)
    return found


def _least(graph: Graph, chosen: Sequence[int]) -> Cut:
    """Return `chosen` without nodes that aren't needed, dearest first."""
    kept = dict.fromkeys(sorted(chosen))
    for node in sorted(chosen, key=lambda one: -graph.costs[one]):
        del kept[node]
        if graph.target in up(graph, kept):
            kept[node] = None
    nodes = tuple(sorted(kept))
    return Cut(nodes, float(sum(graph.costs[node] for node in nodes)))


def _solved(
    graph: Graph, nodes: Sequence[int], seconds: float, branchings: int | None
) -> tuple[list[int] | None, float, bool]:
    """Return the cut nodes that HiGHS finds (None: none yet), the bound it proved, and whether it finished."""
    import highspy

    place = {node: at for at, node in enumerate(nodes)}
    cuttable = [node for node in nodes if isfinite(graph.costs[node])]
    x = {node: len(nodes) + at for at, node in enumerate(cuttable)}
    rows = list(_rows(graph, nodes, place, x))
    columns = len(nodes) + len(cuttable)
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = columns, len(rows)
    lp.col_cost_ = np.array([0.0] * len(nodes) + [graph.costs[node] for node in cuttable])
    upper = np.ones(columns)
    upper[place[graph.target]] = 0.0
    lp.col_lower_, lp.col_upper_ = np.zeros(columns), upper
    lp.row_lower_ = np.array([least for _, _, least in rows])
    lp.row_upper_ = np.full(len(rows), highspy.kHighsInf)
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.start_ = np.cumsum([0, *(len(at) for at, _, _ in rows)])
    lp.a_matrix_.index_ = np.array([one for at, _, _ in rows for one in at])
    lp.a_matrix_.value_ = np.array([one for _, values, _ in rows for one in values])
    kinds = (highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger)
    lp.integrality_ = [kinds[at >= len(nodes)] for at in range(columns)]
    solver = highspy.Highs()  # type: ignore[no-untyped-call]
    for name, value in (("output_flag", False), ("mip_rel_gap", 0.0), ("mip_abs_gap", 1e-9), ("threads", 1)):
        solver.setOptionValue(name, value)
    if isfinite(seconds):
        solver.setOptionValue("time_limit", seconds)
    if branchings is not None:
        solver.setOptionValue("mip_max_nodes", branchings)
    solver.passModel(lp)
    solver.run()
    information = solver.getInfo()
    values = solver.getSolution().col_value
    chosen = [node for node in cuttable if values[x[node]] > 0.5] if len(values) else []
    if graph.target in up(graph, chosen):
        return None, float(information.mip_dual_bound), False
    finished = solver.getModelStatus() == highspy.HighsModelStatus.kOptimal
    return chosen, float(information.mip_dual_bound), finished


def _rows(
    graph: Graph, nodes: Sequence[int], place: dict[int, int], x: dict[int, int]
) -> Iterator[tuple[list[int], list[float], float]]:
    """Yield the rows of the program: columns, factors, and what their sum is at least."""
    for node in nodes:
        before = list(dict.fromkeys(graph.before[node]))
        own, factors = [place[node]], [1.0]
        if node in x:
            own, factors = [*own, x[node]], [1.0, 1.0]
        if not before:
            yield own, factors, 1.0
        elif graph.needs[node] == "all":
            others = [place[one] for one in before if one != node]
            if len(others) == len(before):
                yield [*own, *others], [*factors, *[-1.0] * len(others)], 1.0 - len(others)
        else:
            for one in before:
                if one != node:
                    yield [*own, place[one]], [*factors, -1.0], 0.0
