"""The care model: nothing lost without a cut, closed forms, and more cut never costs less."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from safecare.cascade.care import HARM, MISLED, care, present, service_losses
from safecare.cascade.simulate import Draws, simulate
from safecare.cascade.system import compile_rules
from safecare.cascade.words import Fact, Seed
from safecare.model.forecast import State
from safecare.model.hospital import Name, Service
from safecare.model.ids import ServiceId, SiteId, ZoneId
from safecare.model.text import say

HOUR = 3600.0
HORIZON = 72 * HOUR


def service(**figures: float) -> Service:
    return Service(
        id=ServiceId("service.x"),
        site=SiteId("aurore"),
        name=Name("X", "X"),
        kind="ward",
        arrivals=figures.get("arrivals", 10.0),
        capacity=figures.get("capacity", 20.0),
        stay=figures.get("stay", 0.5),
        beds=int(figures.get("beds", 0)),
        fallback_efficiency=figures.get("efficiency", 0.25),
        weight=figures.get("weight", 1.0),
    )


def loss(
    one: Service, cut: tuple[float, float], down: tuple[float, float], emptied: tuple[float, float] = (72.0, 72.0)
) -> tuple[float, float, float, float]:
    """Hours down, hours cut, patients, patient-hours of care."""

    def hours(pair: tuple[float, float]) -> tuple[np.ndarray, np.ndarray]:
        return np.full((1, 1, 1), pair[0] * HOUR), np.full((1, 1, 1), pair[1] * HOUR)

    found = service_losses([one], hours(cut), hours(down), hours(emptied), HORIZON)
    return tuple(float(part[0, 0]) for part in (found.hours_down, found.hours_cut, found.patients, found.hours))  # type: ignore[return-value]


NEVER = (72.0, 72.0)


def test_without_a_cut_nothing_is_lost() -> None:
    assert loss(service(), NEVER, NEVER) == (0.0, 0.0, 0.0, 0.0)


def test_a_closed_clinic_loses_the_stays_of_those_it_turns_away() -> None:
    """4 h closed at 10 arrivals an hour with half an hour each: 40 patients, 20 patient-hours of care."""
    down, cut, patients, hours = loss(service(), NEVER, (10.0, 14.0))
    assert (down, cut) == (4.0, 4.0)
    assert patients == pytest.approx(40.0)
    assert hours == pytest.approx(20.0)


def test_fallback_that_carries_all_arrivals_costs_nothing() -> None:
    assert loss(service(efficiency=0.5), (0.0, 72.0), NEVER)[3] == 0.0


def test_a_ward_that_admits_nobody_empties_with_the_stays() -> None:
    ward = service(arrivals=0.1, capacity=0.2, stay=100.0, beds=30)
    assert present(ward) == 10.0
    hours = loss(ward, NEVER, (0.0, 72.0))[3]
    assert hours == pytest.approx(10.0 * (72.0 - 100.0 * (1.0 - np.exp(-0.72))))


def test_patients_who_must_be_moved_count_at_once() -> None:
    ward = service(arrivals=0.5, capacity=1.0, stay=100.0, beds=30)
    _, _, patients, hours = loss(ward, NEVER, (70.0, 72.0), (70.0, 72.0))
    assert hours == pytest.approx(2.0 * 30.0)
    assert patients == pytest.approx(30.0 + 2.0 * 0.5)


times = st.floats(0.0, 72.0)


@given(times, times, times, times, st.floats(0.0, 1.0), st.floats(0.1, 40.0), st.floats(0.1, 40.0))
def test_a_longer_cut_never_costs_less(
    a: float, b: float, c: float, d: float, efficiency: float, arrivals: float, capacity: float
) -> None:
    first, second, third, fourth = sorted((a, b, c, d))
    one = service(efficiency=efficiency, arrivals=arrivals, capacity=capacity)
    short = loss(one, (second, third), (third, third))
    long = loss(one, (first, fourth), (fourth, fourth))
    worst = loss(one, (fourth, fourth), (first, fourth))
    moved = loss(one, (fourth, fourth), (first, fourth), (first, fourth))
    assert -1e-9 <= short[3] <= long[3] + 1e-6 * (1 + long[3])
    assert long[3] <= worst[3] + 1e-6 * (1 + worst[3])
    assert moved[3] <= present(one) * 72.0 * (1 + 1e-9)
    assert worst[3] <= present(one) * 72.0 * (1 + 1e-9)
    assert worst[2] <= one.arrivals * 72.0 * (1 + 1e-9)


@pytest.mark.parametrize("fire", [True, False])
def test_danger_counts_once_for_those_present(fire: bool) -> None:
    one = msgspec.structs.replace(service(), zones=(ZoneId("room"),))
    facts = [Fact(one.id, State.UNSAFE), *([Fact("room", State.UNSAFE)] if fire else [])]
    system = compile_rules([], [*facts, Fact("other", State.DOWN)])
    seeds = [Seed(key=fact.target, fact=fact, text=say("Seen")) for fact in facts]
    found = care([one], simulate(system, seeds, Draws(system, 1, 4), HORIZON), HORIZON)
    share = 1.0 if fire else MISLED
    assert found.danger.tolist() == [[share * present(one)] * 4]
    assert found.total.tolist() == pytest.approx([share * present(one) * HARM] * 4)
    assert found.total_hours.tolist() == [0.0] * 4


def test_a_weight_changes_the_ranking_and_not_the_hours() -> None:
    hours = []
    for weight in (1.0, 20.0):
        one = service(weight=weight)
        down = Fact(one.id, State.DOWN)
        system = compile_rules([], [down])
        outcome = simulate(system, [Seed(key="s", fact=down, text=say("Seen"))], Draws(system, 1, 4), HORIZON)
        found = care([one], outcome, HORIZON)
        assert found.total == pytest.approx(weight * found.total_hours)
        hours.append(found.total_hours)
    assert hours[0].tolist() == hours[1].tolist()


def test_a_cascade_elsewhere_costs_a_service_nothing() -> None:
    other = Fact("other", State.DOWN)
    system = compile_rules([], [other])
    outcome = simulate(system, [Seed(key="s", fact=other, text=say("Seen"))], Draws(system, 1, 4), HORIZON)
    found = care([service()], outcome, HORIZON)
    assert found.services == ()
    assert found.total.tolist() == [0.0] * 4
