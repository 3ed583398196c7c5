"""Cheapest cuts against trying all sets, and the graph's file format."""

from __future__ import annotations

import itertools
import json
import os
import random
from contextlib import suppress
from math import inf, isfinite
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from safecare.cascade.cut import Graph, Need, NoCutError, UnfinishedError, cheapest_cut, up
from safecare.formats.and_or_graph import read_and_or_graph
from safecare.formats.problem import ModelFileError

FOLDER = Path(os.environ.get("SAFECARE_DATA", "")) / "impact" / "meta4ics"


def random_graph(seed: int, nodes: int = 11) -> Graph:
    """Node 0 is the target; some edges lead back, so that there are circles."""
    chance = random.Random(seed)
    needs: list[Need] = [chance.choice(["all", "any"]) for _ in range(nodes)]
    before = []
    for node in range(nodes):
        later = [chance.randrange(node + 1, nodes) for _ in range(chance.randint(1, 3))] if node < nodes - 3 else []
        before.append((*later, *([chance.randrange(nodes)] if later and chance.random() < 0.2 else [])))
    costs = [chance.choice([inf, 0.0]) if chance.random() < 0.3 else float(chance.randint(1, 30)) for _ in range(nodes)]
    return Graph(tuple(needs), (inf, *costs[1:]), tuple(before), 0)


def tried(graph: Graph) -> float | None:
    free = [node for node, cost in enumerate(graph.costs) if isfinite(cost)]
    sets = itertools.chain.from_iterable(itertools.combinations(free, size) for size in range(len(free) + 1))
    return min(
        (sum(graph.costs[node] for node in one) for one in sets if graph.target not in up(graph, one)), default=None
    )


@pytest.mark.slow
@pytest.mark.parametrize("start", range(0, 120, 20))
def test_no_set_is_cheaper(start: int) -> None:
    for seed in range(start, start + 20):
        graph = random_graph(seed)
        best = tried(graph)
        if best is None:
            with pytest.raises(NoCutError):
                cheapest_cut(graph)
            continue
        found = cheapest_cut(graph)
        assert found.cost == pytest.approx(best)
        assert graph.target not in up(graph, found.nodes)


def made(seed: int, nodes: int) -> Graph:
    """A graph like the published ones: joins and things, the nodes before one near behind it, circles among them."""
    chance = random.Random(seed)
    needs: list[Need] = []
    costs: list[float] = []
    before: list[tuple[int, ...]] = []
    for node in range(nodes):
        join = chance.random() < 0.5
        needs.append("any" if join and chance.random() < 0.6 else "all")
        costs.append(inf if join else float(chance.randint(1, 100)))
        ahead = range(node + 1, min(nodes, node + 1 + max(10, nodes // 20)))
        own = [chance.choice(ahead) for _ in range(chance.randint(2, 4) if join else 1)] if len(ahead) else []
        back = [chance.randrange(nodes)] if own and join and chance.random() < 0.1 else []
        before.append(tuple(dict.fromkeys([*own, *back])))
    return Graph(tuple(needs), (inf, *costs[1:]), tuple(before), 0)


def by_program(graph: Graph) -> float | None:
    """The same as one integer program of states and cuts (arXiv 1905.04796), solved by scipy: another method."""
    from scipy.optimize import Bounds, LinearConstraint, milp

    count = len(graph.needs)
    rows: list[tuple[dict[int, float], float]] = []
    for node, (need, before) in enumerate(zip(graph.needs, graph.before, strict=True)):
        own = {node: 1.0, **({count + node: 1.0} if isfinite(graph.costs[node]) else {})}
        others = [one for one in before if one != node]
        if not before:
            rows.append((own, 1.0))
        elif need == "any":
            rows += [({**own, one: -1.0}, 0.0) for one in others]
        elif len(others) == len(before):
            rows.append(({**own, **dict.fromkeys(others, -1.0)}, 1.0 - len(others)))
    table = np.zeros((len(rows), 2 * count))
    for place, (factors, _) in enumerate(rows):
        for column, factor in factors.items():
            table[place, column] = factor
    upper = np.ones(2 * count)
    upper[graph.target] = 0.0
    price = np.array([0.0] * count + [cost if isfinite(cost) else 0.0 for cost in graph.costs])
    limits = LinearConstraint(table, np.array([least for _, least in rows]), np.inf)
    kinds = np.array([0] * count + [1] * count)
    found = milp(price, constraints=limits, bounds=Bounds(np.zeros(2 * count), upper), integrality=kinds)
    return float(found.fun) if found.success else None


@pytest.mark.slow
@pytest.mark.parametrize("start", range(0, 60, 20))
def test_another_method_finds_the_same_cost(start: int) -> None:
    for seed in range(start, start + 20):
        graph = made(seed, 120)
        best = by_program(graph)
        try:
            found = cheapest_cut(graph)
        except NoCutError:
            assert best is None
            continue
        assert found.cost == pytest.approx(best)
        assert graph.target not in up(graph, found.nodes)


@pytest.mark.slow
def test_large_graphs_are_finished_and_what_is_not_tells_a_bound() -> None:
    for seed in range(4):
        graph = made(seed, 20_000)
        found = cheapest_cut(graph)
        assert graph.target not in up(graph, found.nodes)
    graph = next(graph for seed in range(99) if (graph := made(seed, 2_000)) and len(cheapest_cut(graph).nodes) > 2)
    with pytest.raises(UnfinishedError) as caught:
        cheapest_cut(graph, rounds=0)
    assert graph.target not in up(graph, caught.value.best.nodes)
    assert caught.value.bound <= cheapest_cut(graph).cost <= caught.value.best.cost


@pytest.mark.slow
@pytest.mark.skipif("SAFECARE_DATA" not in os.environ or not FOLDER.is_dir(), reason="SAFECARE_DATA is not set")
def test_published_optimum_is_met() -> None:
    for path in sorted(FOLDER.glob("*.json")):
        published = json.loads(path.read_bytes()).get("cut")
        if published:
            assert cheapest_cut(read_and_or_graph(path.read_bytes(), path.name).graph).cost == published["cost"]


def graph_file(**changes: object) -> bytes:
    graph: dict[str, object] = {
        "source": "s",
        "target": "t",
        "nodes": [
            {"id": "s", "type": "init", "value": "inf"},
            {"id": "a", "type": "sensor", "value": "2"},
            {"id": "t", "type": "actuator", "value": "inf"},
        ],
        "edges": [{"source": "s", "target": "a"}, {"source": "a", "target": "t"}],
    }
    return json.dumps({"graph": graph | changes}, indent=0).encode()


def told(raw: bytes) -> list[str]:
    with pytest.raises(ModelFileError) as caught:
        read_and_or_graph(raw, "g.json")
    return list(caught.value.told())


def test_what_is_wrong_is_named_with_its_line() -> None:
    assert told(b"{\n oops") == [
        "g.json:2: this is no JSON: Expecting property name enclosed in double quotes (column 2)"
    ]
    assert told(b"[]") == ["g.json:1: there is no object called graph"]
    assert told(graph_file(target="x")) == ["g.json:4: graph.target names no node: 'x'"]
    assert told(graph_file(edges=[{"source": "s", "target": "b"}]))[0].endswith("graph.edges[0]: there is no node b")
    for cost in ("-1", "nan", "x", True, [1]):
        nodes = [{"id": "s", "type": "init", "value": "inf"}, {"id": "t", "type": "a", "value": cost}]
        assert (
            f"node t: {cost!r} is no cost: a number from 0 on, inf or none"
            in told(graph_file(nodes=nodes, edges=[]))[0]
        )
    twice = [{"id": "s", "type": "init"}, {"id": "s", "type": "a"}, {"id": "t", "type": "and"}]
    reasons = told(graph_file(nodes=twice, edges=[]))
    assert any("node s stands there twice" in one for one in reasons)
    assert any("node t (and) has no edge into it" in one for one in reasons)


def test_a_circle_is_told_and_survived() -> None:
    edges = [{"source": "s", "target": "a"}, {"source": "a", "target": "t"}, {"source": "t", "target": "a"}]
    read = read_and_or_graph(graph_file(edges=edges), "g.json")
    assert "in a circle" in str(read.warnings[0])
    assert cheapest_cut(read.graph).cost == 0.0  # a and t wait for each other


@given(st.binary(max_size=60), st.integers(0, 420), st.integers(0, 40))
def test_damaged_graphs_are_read_or_refused(noise: bytes, at: int, cut: int) -> None:
    raw = graph_file()
    with suppress(ModelFileError):
        read = read_and_or_graph(raw[:at] + noise + raw[at + cut :], "g.json")
        with suppress(NoCutError):
            cheapest_cut(read.graph)


WRONG: list[Any] = [None, True, -1, "", "nan", "-inf", 1e400, [], {}, "a", ["a"], {"a": "b"}, "\ud800", 10**400]


@given(st.sampled_from(["source", "target", "nodes", "edges", "id", "type", "value"]), st.sampled_from(WRONG))
def test_absurd_fields_are_named(name: str, value: Any) -> None:
    document = json.loads(graph_file())["graph"]
    for one in [document, *document["nodes"], *document["edges"]]:
        if name in one:
            one[name] = value
            break
    try:
        raw = json.dumps({"graph": document}).encode()
    except (ValueError, UnicodeEncodeError):
        return
    with suppress(ModelFileError, NoCutError):
        cheapest_cut(read_and_or_graph(raw, "g.json").graph)


def test_a_graph_with_too_many_proofs_ends_with_what_is_known() -> None:
    many = 200
    needs: list[Need] = ["all" for _ in range(many)]
    needs.append("any")
    leaves = Graph(tuple(needs), (1.0,) * many + (inf,), ((),) * many + (tuple(range(many)),), many)
    with pytest.raises(UnfinishedError) as caught:
        cheapest_cut(leaves, seconds=0.0)
    assert caught.value.best.cost == many
    sure = Graph(("all", "all", "any"), (1.0, inf, inf), ((), (), (0, 1)), 2)
    with pytest.raises(NoCutError):
        cheapest_cut(sure, seconds=0.0)
