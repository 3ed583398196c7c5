"""What ends: batteries that last until the generator, repairs, damage that stays, responses that switch rules off."""

from __future__ import annotations

from math import inf

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from safecare.cascade.simulate import Changes, Draws, Outcome, Repair, simulate
from safecare.cascade.system import System, compile_rules
from safecare.cascade.words import Fact, Figure, Rule, Seed
from safecare.model.forecast import State
from safecare.model.text import say

BOARD, UPS, SERVER, CARE = (Fact(name, State.DOWN) for name in ("board", "ups", "server", "care"))
GOODS = Fact("goods", State.DOWN)
HORIZON = 10_000.0


def rule(key: str, tail: Fact, head: Fact, delay: float = 0.0, *, lasting: bool = False) -> Rule:
    return Rule(
        key=key,
        kind=key,
        tails=(tail,),
        need=1,
        head=head,
        text=say("Because"),
        delay=Figure.exactly(delay),
        lasting=lasting,
    )


def seed(fact: Fact, at: float = 0.0, until: float = inf) -> Seed:
    return Seed(key=f"{fact.target}@{at}", fact=fact, text=say("Seen"), at=at, until=until)


SUPPLY = compile_rules(
    [
        rule("ups", BOARD, UPS, 900.0),
        rule("server", UPS, SERVER),
        rule("care", SERVER, CARE, 600.0),
        rule("warm", BOARD, GOODS, 3600.0, lasting=True),
    ]
)


def play(system: System, *seeds: Seed, changes: Changes | None = None) -> Outcome:
    return simulate(system, seeds, Draws(system, 1, 4), HORIZON, changes or Changes())


def span(outcome: Outcome, fact: Fact) -> tuple[float, float]:
    return float(outcome.start(fact)[0]), float(outcome.end(fact)[0])


def test_nothing_ends_without_reason() -> None:
    outcome = play(SUPPLY, seed(BOARD))
    assert span(outcome, CARE) == (1500.0, inf)
    assert span(outcome, GOODS) == (3600.0, inf)


def test_a_battery_that_lasts_until_power_is_back_hides_the_outage() -> None:
    outcome = play(SUPPLY, seed(BOARD), changes=Changes(repairs={BOARD: Repair(600.0)}))
    assert span(outcome, BOARD) == (0.0, 600.0)
    assert not np.isfinite(outcome.start(UPS)).any()
    assert not np.isfinite(outcome.start(GOODS)).any()


def test_effects_end_with_their_cause_but_damage_stays() -> None:
    outcome = play(SUPPLY, seed(BOARD), changes=Changes(repairs={BOARD: Repair(5000.0)}))
    assert span(outcome, SERVER) == (900.0, 5000.0)
    assert span(outcome, CARE) == (1500.0, 5000.0)
    assert span(outcome, GOODS) == (3600.0, inf)


def test_a_delay_counts_from_start_to_end_of_the_cause_through_the_chain() -> None:
    """The server is down from 900 to 1200 only: care, which bears 600 seconds, never notices."""
    outcome = play(SUPPLY, seed(BOARD), changes=Changes(repairs={BOARD: Repair(1200.0)}))
    assert span(outcome, SERVER) == (900.0, 1200.0)
    assert not np.isfinite(outcome.start(CARE)).any()


def test_a_seed_ends_by_itself() -> None:
    assert span(play(SUPPLY, seed(BOARD, 100.0, until=4000.0)), SERVER) == (1000.0, 4000.0)


def test_the_last_of_several_causes_counts() -> None:
    assert span(play(SUPPLY, seed(SERVER, 0.0, until=2000.0), seed(BOARD, 500.0, until=3000.0)), SERVER) == (
        0.0,
        3000.0,
    )


def test_a_repair_of_supply_does_not_undo_damage() -> None:
    fire = Fact("room", State.UNSAFE)
    system = compile_rules([rule("fire", fire, BOARD, 60.0, lasting=True), rule("server", BOARD, SERVER)])
    supply_only = Changes(repairs={BOARD: Repair(600.0, whole=False)})
    assert span(play(system, seed(fire), changes=supply_only), SERVER) == (60.0, inf)
    assert span(play(system, seed(BOARD), changes=supply_only), SERVER) == (0.0, 600.0)
    assert span(play(system, seed(fire), changes=Changes(repairs={BOARD: Repair(600.0)})), SERVER) == (60.0, 600.0)


def test_things_that_hold_each_other_down_come_back_together() -> None:
    system = compile_rules([rule("a", BOARD, UPS), rule("b", UPS, SERVER), rule("c", SERVER, UPS)])
    outcome = play(system, seed(BOARD), changes=Changes(repairs={BOARD: Repair(50.0)}))
    assert span(outcome, UPS) == (0.0, 50.0)
    assert span(outcome, SERVER) == (0.0, 50.0)


def test_a_stopped_rule_gives_nothing_from_then_on() -> None:
    number = next(n for n, one in enumerate(SUPPLY.rules) if one.key == "care")
    assert span(play(SUPPLY, seed(BOARD), changes=Changes(stops={number: 1500.0})), CARE)[0] == inf
    assert span(play(SUPPLY, seed(BOARD), changes=Changes(stops={number: 1501.0})), CARE)[0] == 1500.0


def test_a_slowed_rule_stretches_what_is_left_of_its_delay() -> None:
    number = next(n for n, one in enumerate(SUPPLY.rules) if one.key == "warm")
    slow = Changes(slows={number: (600.0, 2.0)})
    assert span(play(SUPPLY, seed(BOARD), changes=slow), GOODS)[0] == pytest.approx(600.0 + 2 * 3000.0)


def test_two_supplies_fail_when_both_are_gone_at_the_same_time() -> None:
    both = Rule(
        key="both",
        kind="powers",
        tails=(BOARD, UPS),
        need=2,
        head=SERVER,
        text=say("Because"),
        delay=Figure.exactly(10.0),
    )
    system = compile_rules([both])
    assert span(play(system, seed(BOARD, 0.0, until=100.0), seed(UPS, 50.0)), SERVER) == (60.0, 100.0)
    assert span(play(system, seed(BOARD, 0.0, until=55.0), seed(UPS, 50.0)), SERVER)[0] == inf


@st.composite
def busy(draw: st.DrawFn) -> tuple[System, list[Seed], Changes]:
    """A system with cycles, seeds that may end, and a response that does a bit of everything."""
    names = [Fact(f"t{number}", State.DOWN) for number in range(6)]
    one = st.sampled_from(names)
    rules = []
    for number in range(draw(st.integers(1, 10))):
        tails = draw(st.lists(one, min_size=1, max_size=3, unique=True))
        rules.append(
            Rule(
                key=f"r{number}",
                kind="x",
                tails=tuple(tails),
                need=draw(st.integers(1, len(tails))),
                head=draw(one),
                text=say("Because"),
                delay=Figure(0.0, 50.0, 400.0),
                probability=Figure.exactly(draw(st.sampled_from([0.4, 1.0]))),
                lasting=draw(st.booleans()),
            )
        )
    ends = st.sampled_from([inf, 150.0, 700.0])
    seeds = [seed(fact, 0.0, draw(ends)) for fact in draw(st.lists(one, min_size=1, max_size=2, unique=True))]
    which = st.integers(0, len(rules) - 1)
    changes = Changes(
        stops={draw(which): 100.0} if draw(st.booleans()) else {},
        slows={draw(which): (50.0, 3.0)} if draw(st.booleans()) else {},
        repairs={draw(one): Repair(300.0, draw(st.booleans()))} if draw(st.booleans()) else {},
        seeds=(seed(draw(one), 60.0, 500.0),) if draw(st.booleans()) else (),
    )
    return compile_rules(rules, names), seeds, changes


@given(busy())
def test_a_response_on_top_of_its_baseline_is_the_response_played_whole(
    case: tuple[System, list[Seed], Changes],
) -> None:
    system, seeds, changes = case
    draws = Draws(system, 11, 16)
    base = simulate(system, seeds, draws, HORIZON)
    whole = simulate(system, seeds, draws, HORIZON, changes)
    on_top = simulate(system, seeds, draws, HORIZON, changes, base)
    for fact in system.facts:
        assert np.array_equal(whole.start(fact), on_top.start(fact)), fact
        assert np.array_equal(whole.end(fact), on_top.end(fact)), fact


@given(busy())
def test_stopping_and_slowing_never_makes_anything_happen_sooner_where_nothing_ends(
    case: tuple[System, list[Seed], Changes],
) -> None:
    system, seeds, changes = case
    seeds = [msgspec.structs.replace(one, until=inf) for one in seeds]
    never_sooner(system, seeds, Changes(changes.stops, changes.slows))


@given(busy())
def test_repairing_never_makes_anything_happen_sooner_without_circles(
    case: tuple[System, list[Seed], Changes],
) -> None:
    """Circles of facts that end need not settle; a few courses in thousands break this there (decision 0020)."""
    system, seeds, changes = case
    straight = [rule for rule in system.rules if all(tail.target < rule.head.target for tail in rule.tails)]
    never_sooner(compile_rules(straight, list(system.facts)), seeds, Changes(repairs=changes.repairs))


def never_sooner(system: System, seeds: list[Seed], changes: Changes) -> None:
    """Fail where something begins sooner with `changes` than without."""
    draws = Draws(system, 11, 16)
    base = simulate(system, seeds, draws, HORIZON)
    helped = simulate(system, seeds, draws, HORIZON, changes)
    for fact in system.facts:
        assert (helped.start(fact) >= base.start(fact)).all()
