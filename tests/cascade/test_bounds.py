"""Trees without a diagram are enclosed: the probability always lies between the two figures."""

from __future__ import annotations

import random

import pytest
from test_exact import counted, random_tree

from safecare.cascade.bounds import enclose
from safecare.cascade.exact import Enclosure, solve, solve_or_enclose
from safecare.cascade.fault_tree import Builder, FaultTree
from safecare.cascade.modules import walk
from safecare.cascade.orders import depth_first

pytestmark = pytest.mark.slow
SLACK = 1e-12


def enclosed(tree: FaultTree, room: int) -> tuple[float, float]:
    assert not isinstance(tree.top, bool)
    gates = {place + tree.events: gate for place, gate in enumerate(tree.gates)}
    top = max(tree.top, ~tree.top)
    below = list(dict.fromkeys(node for node, leaving in walk(gates, top) if leaving))
    chances = {event: (chance, 1.0 - chance) for event, chance in enumerate(tree.chances)}
    found = enclose(gates, below, depth_first(gates, top, "given"), chances, room, lambda: False)
    assert found is not None
    low, high = found
    return (low, high) if tree.top >= 0 else (1.0 - high, 1.0 - low)


@pytest.mark.parametrize("seed", range(40))
def test_the_probability_lies_between_the_figures_however_little_room_there_is(seed: int) -> None:
    tree, drawn = random_tree(seed, events=10, gates=16)
    if isinstance(tree.top, bool) or not tree.gates or max(tree.top, ~tree.top) < tree.events:
        return
    exact, widths = counted(tree.chances, drawn), []
    for room in (1, 4, 12, 100_000):
        low, high = enclosed(tree, room)
        assert low - SLACK <= exact <= high + SLACK
        widths.append(high - low)
    assert widths[-1] <= SLACK


def sparse(seed: int, events: int, sums: int) -> FaultTree:
    """An AND of ORs over the same few events: hard for any order of them."""
    chance = random.Random(seed)
    builder = Builder([10 ** chance.uniform(-3, -0.1) for _ in range(events)])
    pairs = [builder.any_of(chance.sample(range(events), 4)) for _ in range(sums)]
    top = builder.all_of(pairs)
    return FaultTree(builder.chances, tuple(builder.gates), top)


def test_what_does_not_fit_is_enclosed_and_the_rest_of_the_tree_is_exact() -> None:
    tree = sparse(3, 40, 14)
    exact = solve(tree).probability
    found = solve_or_enclose(tree, rooms=(200,), more=30.0)
    assert isinstance(found, Enclosure)
    assert found.reason
    assert found.low * (1.0 - SLACK) <= exact <= found.high * (1.0 + SLACK)
    assert found.high - found.low <= 0.01 * exact


def test_no_time_for_figures_gives_the_widest_ones() -> None:
    found = solve_or_enclose(sparse(3, 40, 14), rooms=(200,), more=1e-9)
    assert isinstance(found, Enclosure)
    assert (found.low, found.high) == (0.0, 1.0)
