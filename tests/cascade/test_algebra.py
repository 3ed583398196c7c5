"""The algebra against brute force: earliest times, Monte-Carlo, k-of-n, cycles."""

from __future__ import annotations

from itertools import product
from math import inf, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safecare.cascade import front_kernel
from safecare.cascade.draws import uniforms
from safecare.cascade.simulate import Draws, simulate
from safecare.cascade.system import System, compile_rules
from safecare.cascade.words import Fact, Figure, Rule, Seed
from safecare.model.forecast import State
from safecare.model.text import say

NO_END = 1e12


def fact(number: int) -> Fact:
    return Fact(f"thing.{number}", State.DOWN)


def rule(key: str, tails: list[int], head: int, need: int = 1, delay: float = 0.0, p: float = 1.0) -> Rule:
    return Rule(
        key=key,
        kind="needs",
        tails=tuple(fact(tail) for tail in tails),
        need=need,
        head=fact(head),
        text=say("Because"),
        delay=Figure.exactly(delay),
        probability=Figure.exactly(p),
    )


def seed(number: int, at: float = 0.0, p: float = 1.0) -> Seed:
    return Seed(key=f"seed.{number}", fact=fact(number), text=say("Seen"), at=at, probability=Figure.exactly(p))


@st.composite
def systems(draw: st.DrawFn, most_rules: int = 12) -> tuple[list[Rule], list[int]]:
    """Small systems with cycles and k-of-n, and the facts that stand at the start."""
    facts = draw(st.integers(2, 7))
    number = st.integers(0, facts - 1)
    rules = []
    for index in range(draw(st.integers(1, most_rules))):
        tails = draw(st.lists(number, min_size=1, max_size=3, unique=True))
        need = draw(st.integers(1, len(tails)))
        delay = draw(st.integers(0, 5))
        chance = draw(st.sampled_from([0.0, 0.3, 0.7, 1.0]))
        rules.append(rule(f"r{index}", tails, draw(number), need, float(delay), chance))
    return rules, draw(st.lists(number, min_size=1, max_size=2, unique=True))


def earliest(system: System, start: dict[int, float], delays: list[float] | None = None) -> dict[int, float]:
    """Return when each fact comes about; without `delays` every rule succeeds after its shortest one."""
    rules = system.worst_case
    if delays is not None:
        rules = system.reader_items, *front_kernel.packed(system.need, system.head, np.array(delays, np.float64))
    begin = np.array(list(start), np.int32), np.array(list(start.values()), np.float64)
    times, order = front_kernel.front(system.reader_starts, *rules, *begin, inf)
    return dict(zip(order.tolist(), times[order].tolist(), strict=True))


def naive(rules: list[Rule], start: dict[Fact, float], delays: dict[str, float]) -> dict[Fact, float]:
    """Least fixpoint by going over all rules until nothing changes."""
    times = dict(start)
    changed = True
    while changed:
        changed = False
        for one in rules:
            known = sorted(times[tail] for tail in one.tails if tail in times)
            if len(known) < one.need:
                continue
            when = known[one.need - 1] + delays[one.key]
            if when < times.get(one.head, inf):
                times[one.head] = when
                changed = True
    return times


def times_of(system: System, found: dict[int, float]) -> dict[Fact, float]:
    return {system.facts[number]: at for number, at in found.items()}


@given(systems())
def test_earliest_times_equal_the_naive_fixpoint(case: tuple[list[Rule], list[int]]) -> None:
    rules, begin = case
    system = compile_rules(rules, (fact(number) for number in begin))
    start = {system.number[fact(number)]: 0.0 for number in begin}
    delays = {one.key: one.delay.low if one.probability.high > 0 else inf for one in rules}
    expected = {key: at for key, at in naive(rules, {fact(n): 0.0 for n in begin}, delays).items() if at < inf}
    assert times_of(system, earliest(system, start)) == expected


@given(systems(), st.integers(0, 2**63))
def test_every_sample_equals_dijkstra_on_its_own_draws(case: tuple[list[Rule], list[int]], luck: int) -> None:
    rules, begin = case
    system = compile_rules(rules, (fact(number) for number in begin))
    draws = Draws(system, luck, 8)
    seeds = [seed(number) for number in begin]
    outcome = simulate(system, seeds, draws, NO_END)
    rows = draws.rows(range(len(rules)))
    for sample in range(8):
        drawn = [float(row[sample]) for row in rows]
        alone = earliest(system, {system.number[fact(number)]: 0.0 for number in begin}, drawn)
        for number, name in enumerate(system.facts):
            assert float(outcome.start(name)[sample]) == alone.get(number, inf)


def exact(rules: list[Rule], begin: list[int], target: Fact) -> float:
    """Probability by enumerating which rules succeed."""
    total = 0.0
    for choice in product((False, True), repeat=len(rules)):
        weight = 1.0
        for one, works in zip(rules, choice, strict=True):
            weight *= one.probability.usual if works else 1.0 - one.probability.usual
        if weight == 0.0:
            continue
        delays = {one.key: 0.0 if works else inf for one, works in zip(rules, choice, strict=True)}
        reached = naive(rules, {fact(number): 0.0 for number in begin}, delays)
        total += weight * (reached.get(target, inf) < inf)
    return total


@pytest.mark.slow
@settings(max_examples=25, deadline=None, derandomize=True)
@given(systems(most_rules=7))
def test_monte_carlo_meets_exact_enumeration(case: tuple[list[Rule], list[int]]) -> None:
    rules, begin = case
    samples = 20_000
    system = compile_rules(rules, (fact(number) for number in begin))
    outcome = simulate(system, [seed(number) for number in begin], Draws(system, 20260303, samples), NO_END)
    for target in system.facts:
        expected = exact(rules, begin, target)
        measured = float(np.isfinite(outcome.start(target)).mean())
        # 25 fixed systems with up to 7 facts each: 4.5 sigma leaves room for the largest of 175 deviations
        assert abs(measured - expected) <= 4.5 * sqrt(expected * (1 - expected) / samples) + 1e-9


def test_two_of_three_and_common_cause() -> None:
    """1-of-2 redundancy with a common cause fails as often as the cause (Guy's and St Thomas', 2022)."""
    common = [rule("heat.a", [0], 1), rule("heat.b", [0], 2), rule("both", [1, 2], 3, need=2)]
    system = compile_rules(common)
    outcome = simulate(system, [seed(0, p=0.3)], Draws(system, 1, 20_000), NO_END)
    assert float(np.isfinite(outcome.start(fact(3))).mean()) == pytest.approx(0.3, abs=0.015)

    vote = compile_rules([rule("vote", [0, 1, 2], 3, need=2)])
    outcome = simulate(vote, [seed(n, p=0.2) for n in range(3)], Draws(vote, 1, 20_000), NO_END)
    assert float(np.isfinite(outcome.start(fact(3))).mean()) == pytest.approx(3 * 0.04 * 0.8 + 0.008, abs=0.01)


def test_a_cycle_without_a_cause_stays_false() -> None:
    system = compile_rules([rule("a", [0], 1), rule("b", [1], 0), rule("c", [2], 3)])
    outcome = simulate(system, [seed(2)], Draws(system, 1, 16), NO_END)
    assert not np.isfinite(outcome.start(fact(0))).any()
    assert np.isfinite(outcome.start(fact(3))).all()


def test_luck_hangs_on_the_rule_not_on_the_system() -> None:
    one = compile_rules([rule("same", [0], 1, p=0.5)])
    other = compile_rules([rule("more", [0], 2, p=0.5), rule("same", [0], 1, p=0.5)])
    first = simulate(one, [seed(0)], Draws(one, 7, 256), NO_END).start(fact(1))
    second = simulate(other, [seed(0)], Draws(other, 7, 256), NO_END).start(fact(1))
    assert np.array_equal(first, second)


def test_neighbouring_seeds_and_streams_share_nothing() -> None:
    keys = np.arange(50, dtype=np.uint64)
    tables = [uniforms(luck, keys, stream, 400).ravel() for luck in (1, 2, 3) for stream in (0, 1)]
    correlation = np.corrcoef(np.stack(tables)) - np.eye(len(tables))
    assert abs(correlation).max() < 4.5 / sqrt(20_000)
    assert abs(float(np.mean(tables)) - 0.5) < 4.5 * sqrt(1 / 12 / 120_000)


def test_delays_come_from_the_whole_triangle() -> None:
    wide = Rule(
        key="wide",
        kind="needs",
        tails=(fact(0),),
        need=1,
        head=fact(1),
        text=say("Because"),
        delay=Figure(10.0, 20.0, 60.0),
    )
    system = compile_rules([wide])
    times = simulate(system, [seed(0)], Draws(system, 3, 20_000), NO_END).start(fact(1))
    assert 10.0 <= times.min() < 12.0
    assert 55.0 < times.max() <= 60.0
    assert float(times.mean()) == pytest.approx(30.0, abs=0.4)


@pytest.mark.parametrize(
    "make",
    [
        lambda: rule("r", [], 0),
        lambda: rule("r", [1, 2], 0, need=3),
        lambda: rule("r", [1, 1], 0, need=2),
        lambda: rule("r", [1], 0, delay=-1.0),
        lambda: rule("r", [1], 0, p=1.5),
        lambda: rule("r", [1], 0, delay=float("nan")),
        lambda: compile_rules([rule("twice", [0], 1), rule("twice", [0], 2)]),
    ],
)
def test_what_no_system_can_hold_is_refused(make: object) -> None:
    assert callable(make)
    with pytest.raises(ValueError):
        make()
