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


def test_a_fact_that_is_repaired_and_hit_again_has_two_episodes() -> None:
    """The server is repaired, and fails again when the battery of its room is empty; in between it works."""
    system = compile_rules([rule("virus", GOODS, SERVER, lasting=True), rule("ups", BOARD, SERVER, 900.0)])
    outcome = play(system, seed(GOODS), seed(BOARD), changes=Changes(repairs={SERVER: Repair(300.0)}))
    starts, ends = outcome.episodes(SERVER)
    assert starts[:, 0].tolist() == [0.0, 900.0]
    assert ends[:, 0].tolist() == [300.0, inf]
    assert span(outcome, SERVER) == (0.0, inf)
    assert outcome.chance(SERVER) == 1.0


def test_a_cause_that_goes_and_comes_back_gives_its_delay_anew() -> None:
    twice = play(SUPPLY, seed(BOARD, 0.0, until=1000.0), seed(BOARD, 2000.0))
    starts, ends = twice.episodes(UPS)
    assert list(zip(starts[:, 0], ends[:, 0], strict=True)) == [(900.0, 1000.0), (2900.0, inf)]


@st.composite
def busy(draw: st.DrawFn) -> tuple[System, list[Seed], Changes]:
    """A system with cycles, seeds that may end, and a response that does a bit of everything."""
    names = [Fact(f"t{number}", State.DOWN) for number in range(6)]
    one = st.sampled_from(names)
    delays = st.sampled_from([Figure.exactly(0.0), Figure.exactly(50.0), Figure(0.0, 50.0, 400.0)])
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
                delay=draw(delays),
                probability=Figure.exactly(draw(st.sampled_from([0.4, 1.0]))),
                lasting=draw(st.booleans()),
            )
        )
    starts, ends = st.sampled_from([-10.0, 0.0, 100.0, 650.0]), st.sampled_from([inf, 150.0, 700.0])
    seeds = [
        msgspec.structs.replace(seed(fact, draw(starts), draw(ends)), key=f"s{number}")
        for number, fact in enumerate(draw(st.lists(one, min_size=1, max_size=4)))
    ]
    which = st.integers(0, len(rules) - 1)
    repairs = draw(st.dictionaries(one, st.tuples(st.sampled_from([0.0, 100.0, 300.0]), st.booleans()), max_size=2))
    changes = Changes(
        stops={draw(which): 100.0} if draw(st.booleans()) else {},
        slows={draw(which): (50.0, 3.0)} if draw(st.booleans()) else {},
        repairs={fact: Repair(*repair) for fact, repair in repairs.items()},
        seeds=(seed(draw(one), 60.0, 500.0),) if draw(st.booleans()) else (),
    )
    return compile_rules(rules, names), seeds, changes


Times = list[tuple[float, float]]
"""Half-open spans in order, none touching another."""


def together(spans: Times) -> Times:
    """Return the union of `spans`."""
    found: Times = []
    for begin, end in sorted(spans):
        if begin < end and found and begin <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        elif begin < end:
            found.append((begin, end))
    return found


def at_least(need: int, parts: list[Times]) -> Times:
    """Return when at least `need` of `parts` hold."""
    moments = sorted({moment for part in parts for one in part for moment in one if moment < inf})
    held = [
        (moment, after)
        for moment, after in zip(moments, [*moments, inf][1:], strict=True)
        if sum(any(begin <= moment < end for begin, end in part) for part in parts) >= need
    ]
    return together(held)


def due(number: int, begin: float, delays: list[float], changes: Changes) -> float:
    """Return when rule `number` gives its effect, with causes from `begin` on; never where it fails or is stopped."""
    found = begin + delays[number]
    at, factor = changes.slows.get(number, (inf, 1.0))
    if inf > found > at:
        found = max(begin, at) + (found - max(begin, at)) * factor
    return found if found < changes.stops.get(number, inf) else inf


def least(system: System, seeds: list[Seed], starts: list[float], delays: list[float], changes: Changes) -> list[Times]:
    """Return what holds when without repairs: sets of times, from nothing, until nothing is added."""
    held: list[Times] = [[] for _ in system.facts]
    while True:
        given: list[Times] = [[] for _ in system.facts]
        for one, start in zip(seeds, starts, strict=True):
            if start < inf:
                given[system.number[one.fact]].append((start, one.until))
        for number, rule_ in enumerate(system.rules):
            for begin, end in at_least(rule_.need, [held[system.number[tail]] for tail in rule_.tails]):
                when = due(number, begin, delays, changes)
                if when < end:
                    given[system.number[rule_.head]].append((when, inf if rule_.lasting else end))
        fresh = [together(spans) for spans in given]
        if fresh == held:
            return held
        held = fresh


def stepped(
    system: System, seeds: list[Seed], starts: list[float], delays: list[float], changes: Changes
) -> list[Times]:
    """Return what holds when, repairs too: at each moment anew the least that follows, given what was before."""
    moments = {*starts, *(one.until for one in seeds), *(repair.at for repair in changes.repairs.values())}
    since: dict[int, float] = {}
    marks: list[tuple[Fact, float]] = []
    found: list[Times] = [[] for _ in system.facts]
    held: set[Fact] = set()
    now = -inf

    def kept(fact: Fact, begin: float, lasts: bool) -> bool:
        repair = changes.repairs.get(fact)
        return repair is None or not begin <= repair.at <= now or (lasts and not repair.whole)

    while later := [one for one in moments if now < one < inf]:
        now, before, spans = min(later), held, dict(since)
        held = {fact for fact, begin in marks if kept(fact, begin, lasts=True)}
        held |= {
            one.fact
            for one, start in zip(seeds, starts, strict=True)
            if start <= now < one.until and kept(one.fact, start, lasts=False)
        }
        while True:
            fresh = set(held)
            for number, one in enumerate(system.rules):
                if sum(tail in held for tail in one.tails) >= one.need:
                    begin = spans.setdefault(number, now)
                    when = due(number, begin, delays, changes)
                    if when <= now and kept(one.head, when, one.lasting):
                        fresh.add(one.head)
            if fresh == held:
                break
            held = fresh
        since = {
            n: at for n, at in spans.items() if sum(t in held for t in system.rules[n].tails) >= system.rules[n].need
        }
        for number, begin in since.items():
            when = due(number, begin, delays, changes)
            moments.add(when)
            if when <= now and system.rules[number].lasting:
                marks.append((system.rules[number].head, when))
        for number, fact in enumerate(system.facts):
            if fact in held and fact not in before:
                found[number].append((now, inf))
            elif fact in before and fact not in held:
                found[number][-1] = (found[number][-1][0], now)
    return found


@given(busy())
def test_every_course_is_what_the_definition_says(case: tuple[System, list[Seed], Changes]) -> None:
    """Circles, ends, repairs, damage that stays, responses: each course, however it hangs together, has one answer."""
    system, seeds, changes = case
    draws = Draws(system, 11, 8)
    all_seeds = [*seeds, *changes.seeds]
    delays, starts = draws.rows(range(len(system.rules))), draws.seeds(all_seeds)
    plain = Changes(changes.stops, changes.slows, seeds=changes.seeds)
    for response, definition in ((changes, stepped), (plain, stepped), (plain, least)):
        outcome = simulate(system, seeds, draws, HORIZON, response)
        for sample in range(draws.samples):
            wanted = definition(system, all_seeds, starts[:, sample].tolist(), delays[:, sample].tolist(), response)
            for fact, spans in zip(system.facts, wanted, strict=True):
                assert times(outcome, fact, sample) == [one for one in spans if one[0] <= HORIZON]


def times(outcome: Outcome, fact: Fact, sample: int) -> Times:
    starts, ends = (part[:, sample] for part in outcome.episodes(fact))
    return [(float(begin), float(end)) for begin, end in zip(starts, ends, strict=True) if begin < inf]


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
        for sample in range(draws.samples):
            assert times(whole, fact, sample) == times(on_top, fact, sample), fact


@given(busy())
def test_a_response_that_brings_nothing_about_hastens_and_lengthens_nothing(
    case: tuple[System, list[Seed], Changes],
) -> None:
    """Stopped and slowed rules, repairs and all of them together, with circles and ends: the whole of decision 0030."""
    system, seeds, changes = case
    draws = Draws(system, 11, 16)
    base = simulate(system, seeds, draws, HORIZON)
    helped = simulate(system, seeds, draws, HORIZON, Changes(changes.stops, changes.slows, changes.repairs))
    for fact in system.facts:
        assert (helped.start(fact) >= base.start(fact)).all()
        for sample in range(draws.samples):
            before, after = times(base, fact, sample), times(helped, fact, sample)
            assert together([*before, *after]) == before


@given(busy(), st.sampled_from([100.0, 300.0]))
def test_where_nothing_is_repaired_more_of_a_response_never_does_less(
    case: tuple[System, list[Seed], Changes], later: float
) -> None:
    """Rules stopped sooner, and seeds that end sooner, leave less. With repairs it need not: what begins later than
    the repair isn't repaired."""
    system, seeds, changes = case
    draws = Draws(system, 11, 16)
    late = simulate(system, seeds, draws, HORIZON, Changes(dict.fromkeys(changes.stops, 100.0 + later), changes.slows))
    sooner = [msgspec.structs.replace(one, until=min(one.until, later)) for one in seeds]
    soon = simulate(system, sooner, draws, HORIZON, Changes(changes.stops, changes.slows))
    for fact in system.facts:
        for sample in range(draws.samples):
            before, after = times(late, fact, sample), times(soon, fact, sample)
            assert together([*before, *after]) == before
