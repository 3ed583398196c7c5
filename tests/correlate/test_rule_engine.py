"""The rule engine against the plain meaning of rules, whatever the order, the batches and the crashes."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from naive_rules import Naive

from safecare.correlate.rules.engine import Bounds, Engine, Match
from safecare.correlate.rules.rule import Condition, Correlation, Join, Pick, Rule, Story, Without
from safecare.correlate.rules.sign import Sign
from safecare.testing.hospital import small_hospital

HOSPITAL = small_hospital()
ASSETS = [asset.id for asset in HOSPITAL.assets]
ZONES = [zone.id for zone in HOSPITAL.zones]
NAMES = ["door.forced", "camera.lost", "network.scan", "badge.granted", "people.crowd"]
PLACES = ["room", "adjacent", "route", "compartment", "level", "building"]
IDENTITIES = ["person", "badge", "account", "device", "address"]
WAYS = ["needs", "powers", "hosts", "controls", "feeds", "opens", "protects", "any"]
STORY = Story(en="Something", fr="Quelque chose")
LATENESS = 20.0
WIDE = Bounds(crowd=1000, search=10**9, found=10**9)


def rule(name: str, alerts: dict[str, Pick], correlation: Correlation) -> Rule:
    return Rule(
        title=name,
        name=name,
        id=name,
        level="high",
        description="",
        alerts=alerts,
        correlation=correlation,
        story=STORY,
    )


@st.composite
def joins(draw: st.DrawFn, one: str, other: str) -> Join:
    between = draw(st.sampled_from([(one, other), (other, one)]))
    match draw(st.integers(0, 2)):
        case 0:
            return Join(between=between, place=draw(st.sampled_from(PLACES)))
        case 1:
            ways = tuple(draw(st.lists(st.sampled_from(WAYS), min_size=1, max_size=3, unique=True)))
            return Join(between=between, dependency=ways, steps=draw(st.integers(1, 3)))  # type: ignore[arg-type]
        case _:
            return Join(between=between, identity=draw(st.sampled_from(IDENTITIES)))


@st.composite
def rules(draw: st.DrawFn, number: int) -> Rule:
    pick = st.builds(
        Pick,
        rules=st.lists(st.sampled_from(NAMES), min_size=1, max_size=2).map(tuple),
        events=st.just(("badge.granted",)),
        severity=st.sampled_from([0, 0, 50]),
    )
    span = f"{draw(st.integers(1, 60))}s"
    if draw(st.integers(0, 3)) == 0:
        field = draw(st.sampled_from([None, "asset", "zone", "rule"]))
        condition = Condition(gte=draw(st.integers(2, 4)), field=field)  # type: ignore[arg-type]
        by = draw(st.sampled_from(["zone", "asset", "person", "address", "compartment", "level", "building"]))
        kind = "value_count" if field else "event_count"
        counting = Correlation(type=kind, rules=("a",), timespan=span, group_by=(by,), condition=condition)  # type: ignore[arg-type]
        return rule(f"rule-{number}", {"a": draw(pick)}, counting)
    names = ["a", "b", "c"][: draw(st.integers(2, 3))]
    tied = [draw(joins(one, other)) for one, other in pairwise(names)]
    if len(names) == 3 and draw(st.booleans()):
        tied.append(draw(joins("a", "c")))
    without = {}
    if draw(st.booleans()):
        before, after = (f"{draw(st.integers(0, 30))}s" for _ in range(2))
        without = {"n": Without(before=before, after=after)}
        tied.append(draw(joins("n", draw(st.sampled_from(names)))))
    correlation = Correlation(
        type=draw(st.sampled_from(["temporal", "temporal_ordered"])),
        rules=tuple(names),
        timespan=span,
        joins=tuple(draw(st.permutations(tied))),
        without=without,
    )
    return rule(f"rule-{number}", {name: draw(pick) for name in [*names, *without]}, correlation)


@st.composite
def signs(draw: st.DrawFn) -> list[Sign]:
    few_assets = draw(st.lists(st.sampled_from(ASSETS), min_size=2, max_size=6))
    few_zones = draw(st.lists(st.sampled_from(ZONES), min_size=2, max_size=4))
    return [
        Sign(
            id=f"sign-{number}",
            name=draw(st.sampled_from(NAMES)),
            start=float(draw(st.integers(0, 200))),
            alert=draw(st.booleans()),
            severity=draw(st.sampled_from([20, 60])),
            cyber=draw(st.booleans()),
            assets=tuple(draw(st.lists(st.sampled_from(few_assets), max_size=2, unique=True))),
            zones=tuple(draw(st.lists(st.sampled_from(few_zones), max_size=2, unique=True))),
            holders=tuple(draw(st.lists(st.sampled_from(["holder.1", "holder.2"]), max_size=1))),
            peers=tuple(draw(st.lists(st.sampled_from(["192.0.2.1", "192.0.2.2"]), max_size=1))),
        )
        for number in range(draw(st.integers(0, 14)))
    ]


def arrival(rng: random.Random, found: list[Sign]) -> list[Sign]:
    """Return `found` in an order in which nothing is later than `LATENESS`."""
    return sorted(found, key=lambda one: (one.start + rng.uniform(0, LATENESS * 0.99), rng.random()))


def told(matches: list[Match]) -> tuple[set[tuple[str, tuple[str, ...]]], set[tuple[str, str]]]:
    temporal = {
        (one.rule.name, tuple(s.id for s in one.signs)) for one in matches if not one.rule.correlation.condition
    }
    counted = {(one.rule.name, s.id) for one in matches if one.rule.correlation.condition for s in one.signs}
    return temporal, counted


def run(engine: Engine, found: list[Sign]) -> list[Match]:
    return [match for sign in found for match in engine.feed(sign)]


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.data(), signs(), st.randoms(use_true_random=False))
@pytest.mark.slow
def test_any_order_within_the_lateness_finds_what_the_rules_mean(
    data: st.DataObject, found: list[Sign], rng: random.Random
) -> None:
    some = [data.draw(rules(number)) for number in range(data.draw(st.integers(1, 4)))]
    naive = Naive(some, HOSPITAL)
    engine = Engine(some, HOSPITAL, bounds=WIDE, lateness=LATENESS)

    matches = run(engine, arrival(rng, found)) + engine.drain()

    assert told(matches) == (naive.temporal(found), naive.counted(found))
    assert engine.counts["cut"] == engine.counts["crowded"] == engine.counts["unsettled"] == 0


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.data(), signs(), st.randoms(use_true_random=False), st.integers(0, 14))
@pytest.mark.slow
def test_a_crash_at_any_moment_loses_and_doubles_nothing(
    data: st.DataObject, found: list[Sign], rng: random.Random, cut: int
) -> None:
    some = [data.draw(rules(number)) for number in range(3)]
    order = arrival(rng, found)
    straight = Engine(some, HOSPITAL, bounds=WIDE, lateness=LATENESS)
    expected = run(straight, order) + straight.drain()
    first = Engine(some, HOSPITAL, bounds=WIDE, lateness=LATENESS)
    before = run(first, order[:cut])
    reborn = Engine(some, HOSPITAL, bounds=WIDE, lateness=LATENESS)
    reborn.restore(first.snapshot())

    after = run(reborn, order[cut:]) + reborn.drain()

    assert [told([one]) for one in before + after] == [told([one]) for one in expected]
