"""Exact probabilities against counting all states, and against published fault trees."""

from __future__ import annotations

import itertools
import random
from math import expm1, log1p

import pytest

from safecare.cascade.bdd import TooLargeError
from safecare.cascade.exact import solve
from safecare.cascade.fault_tree import Builder, FaultTree, Value, opposite

pytestmark = pytest.mark.slow


def random_tree(seed: int, events: int = 9, gates: int = 12) -> tuple[FaultTree, list[tuple[str, int, list[int]]]]:
    """A tree, and its gates as they were drawn: kind, need, arguments (negative: opposite, counted from -1)."""
    chance = random.Random(seed)
    builder = Builder(
        [
            chance.choice([0.0, 1.0, chance.random()]) if chance.random() < 0.2 else chance.random()
            for _ in range(events)
        ]
    )
    values: list[Value] = [builder.event(event) for event in range(events)]
    drawn: list[tuple[str, int, list[int]]] = []
    for _ in range(gates):
        kind = chance.choice(["and", "or", "xor", "atleast"])
        args = [chance.randrange(max(0, len(values) - 9), len(values)) for _ in range(chance.randint(1, 4))]
        args = [~arg if chance.random() < 0.25 else arg for arg in args]
        need = chance.randint(0, len(args) + 1)
        drawn.append((kind, need, args))
        own = [opposite(values[~arg]) if arg < 0 else values[arg] for arg in args]
        made = {"and": builder.all_of, "or": builder.any_of, "xor": builder.differ}
        values.append(builder.at_least(need, own) if kind == "atleast" else made[kind](own))
    return FaultTree(builder.chances, tuple(builder.gates), values[-1]), drawn


def counted(chances: tuple[float, ...], drawn: list[tuple[str, int, list[int]]]) -> float:
    total = 0.0
    for states in itertools.product([False, True], repeat=len(chances)):
        weight = 1.0
        for state, chance in zip(states, chances, strict=True):
            weight *= chance if state else 1.0 - chance
        values = list(states)
        for kind, need, args in drawn:
            own = [not values[~arg] if arg < 0 else values[arg] for arg in args]
            values.append(
                {"and": all(own), "or": any(own), "xor": sum(own) % 2 == 1, "atleast": sum(own) >= need}[kind]
            )
        total += weight * values[-1]
    return total


@pytest.mark.parametrize("seed", range(60))
def test_random_trees_are_solved_as_counted(seed: int) -> None:
    tree, drawn = random_tree(seed)
    assert solve(tree).probability == pytest.approx(counted(tree.chances, drawn), rel=1e-9, abs=1e-15)


def test_tiny_probabilities_keep_their_digits() -> None:
    builder = Builder([1e-7] * 4)
    one = builder.any_of([builder.all_of([0, 1]), builder.all_of([1, 2, 3]), builder.all_of([0, 2, 3])])
    found = solve(FaultTree(builder.chances, tuple(builder.gates), one))
    assert found.probability == pytest.approx(1e-14 + 2e-21 - 2e-28, rel=1e-12)


def test_what_does_not_fit_is_said() -> None:
    chance = random.Random(4)
    builder = Builder([0.5] * 120)
    pairs = [builder.any_of(chance.sample(range(120), 3)) for _ in range(300)]
    tree = FaultTree(builder.chances, (), False)
    top = builder.all_of(pairs)
    tree = FaultTree(builder.chances, tuple(builder.gates), top)
    with pytest.raises(TooLargeError):
        solve(tree, rooms=(2_000,))


def test_collecting_garbage_changes_nothing() -> None:
    """Little room for the same tree: nodes are collected and renumbered on the way."""
    chance = random.Random(1)
    builder = Builder([chance.random() for _ in range(40)])
    parts = [builder.at_least(2, chance.sample(range(40), 5)) for _ in range(12)]
    tops = [builder.any_of(parts[:6]), builder.differ(parts[6:])]
    top = builder.all_of(tops)
    tree = FaultTree(builder.chances, tuple(builder.gates), top)
    wide = solve(tree)
    assert wide.largest > 0
    tight = solve(tree, rooms=(wide.largest // 2, wide.largest, 4 * wide.largest))
    assert tight.probability == pytest.approx(wide.probability, rel=1e-12)


@pytest.mark.timeout(120)
def test_long_and_wide_trees_take_no_longer_than_they_are_large() -> None:
    many = 20_000
    builder = Builder([1e-5] * many)
    long = builder.event(0)
    for event in range(1, many):
        long = builder.any_of([long, builder.event(event)])
    for top in (long, builder.any_of(range(many))):
        found = solve(FaultTree(builder.chances, tuple(builder.gates), top))
        assert found.probability == pytest.approx(-expm1(many * log1p(-1e-5)), rel=1e-9)
        assert found.largest == 0
    half = builder.at_least(many // 4, range(many // 2))
    assert solve(FaultTree((0.5,) * many, tuple(builder.gates), half)).probability == pytest.approx(0.5, abs=0.01)
