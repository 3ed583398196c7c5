"""The care model: nothing lost without a cut, closed forms, and more cut never costs less."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from safecare.cascade.care import HARM, PATIENCE, care, present, service_losses
from safecare.cascade.simulate import Draws, simulate
from safecare.cascade.system import compile_rules
from safecare.cascade.words import Fact, Seed
from safecare.model.forecast import State
from safecare.model.hospital import Name, Service
from safecare.model.ids import ServiceId, SiteId
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


def loss(one: Service, cut: tuple[float, float], down: tuple[float, float]) -> tuple[float, float, float, float]:
    def hours(pair: tuple[float, float]) -> tuple[np.ndarray, np.ndarray]:
        return np.array([[pair[0] * HOUR]]), np.array([[pair[1] * HOUR]])

    found = service_losses([one], hours(cut), hours(down), HORIZON)
    return float(found[0][0, 0]), float(found[1][0, 0]), float(found[2][0, 0]), float(found[3][0, 0])


NEVER = (72.0, 72.0)


def test_without_a_cut_nothing_is_lost() -> None:
    assert loss(service(), NEVER, NEVER) == (0.0, 0.0, 0.0, 0.0)


def test_a_closed_service_follows_the_fluid_queue() -> None:
    """4 h closed at 10 arrivals an hour: 40 wait; worked off at a net 10 an hour in 4 h: area 80 + 80."""
    down, cut, patients, hours = loss(service(), NEVER, (10.0, 14.0))
    assert (down, cut, patients) == (4.0, 4.0, 40.0)
    assert hours == pytest.approx(160.0)


def test_fallback_that_carries_all_arrivals_costs_nothing() -> None:
    assert loss(service(efficiency=0.5), (0.0, 72.0), NEVER)[3] == 0.0


def test_nobody_waits_longer_than_patience() -> None:
    hours = loss(service(), NEVER, (0.0, 72.0))[3]
    assert hours == pytest.approx(10.0 * PATIENCE**2 / 2 + 10.0 * PATIENCE * (72.0 - PATIENCE))


def test_beds_count_while_a_ward_is_lost() -> None:
    ward = service(arrivals=0.5, capacity=1.0, stay=100.0, beds=30, weight=2.0)
    assert present(ward) == 30.0
    assert loss(ward, NEVER, (0.0, 2.0))[3] >= 2.0 * 30.0 * 2.0


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
    assert -1e-9 <= short[3] <= long[3] + 1e-6 * (1 + long[3])
    assert long[3] <= worst[3] + 1e-6 * (1 + worst[3])


def test_danger_counts_once_for_those_present() -> None:
    one = service()
    unsafe = Fact(one.id, State.UNSAFE)
    system = compile_rules([], [unsafe, Fact("other", State.DOWN)])
    outcome = simulate(system, [Seed(key="s", fact=unsafe, text=say("Seen"))], Draws(system, 1, 4), HORIZON)
    assert care([one], outcome, HORIZON).total.tolist() == [present(one) * HARM] * 4


def test_a_cascade_elsewhere_costs_a_service_nothing() -> None:
    other = Fact("other", State.DOWN)
    system = compile_rules([], [other])
    outcome = simulate(system, [Seed(key="s", fact=other, text=say("Seen"))], Draws(system, 1, 4), HORIZON)
    found = care([service()], outcome, HORIZON)
    assert found.services == ()
    assert found.total.tolist() == [0.0] * 4
