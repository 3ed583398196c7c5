"""Dynamic fault trees: spares and functional dependencies as rules, against the model checker Storm.

The expected values were computed once with stormpy 2.0.0 (GPL-3, therefore no dependency of ours) on the Galileo trees
in the comments; those of the cold spare are also 1 - exp(-t/2)(1 + t/2), those of the vote a sum of exponentials.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, inf, sqrt

import numpy as np
import pytest

from safecare.cascade.simulate import Draws, simulate
from safecare.cascade.system import compile_rules
from safecare.cascade.words import Fact, Figure, Rule, Seed
from safecare.model.forecast import State
from safecare.model.text import say

SAMPLES = 100_000
TIMES = (0.5, 1.0, 3.0)


def fails(name: str, *after: str, rate: float = inf, need: int = 1) -> Rule:
    """`name` fails at `rate`, without memory, once `need` of `after` have (nothing: from the start)."""
    tails = tuple(Fact(one, State.DOWN) for one in after or ("start",))
    delay = Figure.exactly(0.0) if rate == inf else Figure(0.0, 1.0 / rate, inf)
    key = f"{name}<{'+'.join(after)}@{rate}"
    return Rule(
        key=key, kind="x", tails=tails, need=need, head=Fact(name, State.DOWN), text=say("Because"), delay=delay
    )


def spare(name: str, first: str, other: str, active: float, dormant: float) -> list[Rule]:
    """`name` fails when `other`, which stands in for `first`, has failed too.

    Failures have no memory: while dormant, `other` fails at `dormant`; from the failure of `first` on it also fails at
    the rest of its active rate.
    """
    rules = [fails(name, first, rate=active - dormant)]
    if dormant:
        rules += [fails(f"{other}, dormant", rate=dormant), fails(name, first, f"{other}, dormant", need=2)]
    return rules


CASES: dict[str, tuple[list[Rule], Sequence[float]]] = {
    # T csp A B; A lambda=0.5 dorm=0; B lambda=0.5 dorm=0
    "cold spare": (
        [fails("A", rate=0.5), *spare("T", "A", "B", 0.5, 0.0)],
        (0.026499021160743923, 0.09020401043104986, 0.44217459962892525),
    ),
    # T wsp A B; A lambda=0.5 dorm=0.3; B lambda=0.5 dorm=0.3
    "warm spare": (
        [fails("A", rate=0.5), *spare("T", "A", "B", 0.5, 0.15)],
        (0.03362111883081954, 0.11185306378197533, 0.5073495446451826),
    ),
    # T wsp A B; A lambda=0.2 dorm=1; B lambda=1.0 dorm=0.1
    "warm spare, unlike": (
        [fails("A", rate=0.2), *spare("T", "A", "B", 1.0, 0.1)],
        (0.022540491474776318, 0.07471530991908229, 0.34925048065662073),
    ),
    # T and A B; F fdep C A; G fdep C B; C lambda=0.3; A lambda=0.4; B lambda=0.7
    "functional dependency": (
        [
            fails("C", rate=0.3),
            fails("A", rate=0.4),
            fails("B", rate=0.7),
            fails("A", "C"),
            fails("B", "C"),
            fails("T", "A", "B", need=2),
        ],
        (0.18536655436006266, 0.3821322189787546, 0.8427520801996318),
    ),
    # T 2of3 A B D; F fdep C A; G fdep C B; C lambda=0.1; A lambda=0.4; B lambda=0.7; D lambda=0.2
    "2 of 3 with a common trigger": (
        [
            fails("C", rate=0.1),
            fails("A", rate=0.4),
            fails("B", rate=0.7),
            fails("D", rate=0.2),
            fails("A", "C"),
            fails("B", "C"),
            fails("T", "A", "B", "D", need=2),
        ],
        (0.1331402220574458, 0.32753497100815904, 0.830423934572817),
    ),
    # T and S R; S csp A B; R wsp D E; A lambda=0.5; B lambda=1.0 dorm=0; D lambda=0.8; E lambda=0.8 dorm=0.5
    "two supplies with spares": (
        [
            fails("A", rate=0.5),
            *spare("S", "A", "B", 1.0, 0.0),
            fails("D", rate=0.8),
            *spare("R", "D", "E", 0.8, 0.4),
            fails("T", "S", "R", need=2),
        ],
        (0.00424034859651003, 0.039385967271960066, 0.47225580875737355),
    ),
    # T or S G; S csp A B; G and C D; F fdep C A; A lambda=0.5; B lambda=0.25 dorm=0; C lambda=0.3; D lambda=0.6
    "spare behind a trigger": (
        [
            fails("A", rate=0.5),
            fails("A", "C"),
            fails("C", rate=0.3),
            fails("D", rate=0.6),
            *spare("S", "A", "B", 0.25, 0.0),
            fails("G", "C", "D", need=2),
            fails("T", "S"),
            fails("T", "G"),
        ],
        (0.05478295676088524, 0.1725010007662396, 0.6483566709002846),
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_the_cascade_meets_storm_within_four_standard_errors(name: str) -> None:
    rules, expected = CASES[name]
    system = compile_rules(rules)
    begin = Seed(key="start", fact=Fact("start", State.DOWN), text=say("Begins"))
    when = simulate(system, [begin], Draws(system, 20261126, SAMPLES), 10.0).start(Fact("T", State.DOWN))
    for time, chance in zip(TIMES, expected, strict=True):
        measured = float(np.mean(when <= time))
        assert abs(measured - chance) <= 4.0 * sqrt(chance * (1.0 - chance) / SAMPLES), time


def test_closed_forms_are_what_storm_says() -> None:
    """Erlang's distribution of the cold spare: so that the file of references is not taken on trust alone."""
    for time, chance in zip(TIMES, CASES["cold spare"][1], strict=True):
        assert 1.0 - exp(-time / 2.0) * (1.0 + time / 2.0) == pytest.approx(chance, abs=1e-6)


def test_an_exponential_delay_is_one_whole_distribution() -> None:
    rule = fails("A", rate=0.01)
    system = compile_rules([rule])
    begin = Seed(key="start", fact=Fact("start", State.DOWN), text=say("Begins"))
    draws = Draws(system, 5, 40_000)
    when = simulate(system, [begin], draws, 1e9).start(Fact("A", State.DOWN))
    assert np.allclose(when, draws.rows([0])[0])
    assert float(when.mean()) == pytest.approx(100.0, rel=0.02)
    assert float(when.std()) == pytest.approx(100.0, rel=0.03)
    assert rule.delay.mean == 100.0
    with pytest.raises(ValueError, match="delay"):
        Rule(
            key="r",
            kind="x",
            tails=rule.tails,
            need=1,
            head=rule.head,
            text=say("Because"),
            delay=Figure(1.0, 2.0, inf),
        )
