"""Values outside their range: how often, how long, and back."""

from __future__ import annotations

import pytest

from safecare.detect.building.reading_out_of_range import OutOfRange
from safecare.model.alert import Alert
from safecare.model.event import Event
from safecare.model.events.building import Reading
from safecare.model.text import Amount
from safecare.testing.made import HOSPITAL, made, restarted

FREEZER = "freezer.1"


def rule() -> OutOfRange:
    return OutOfRange(HOSPITAL)


def feed(one: OutOfRange, *values: float, start: float = 0, asset: str = FREEZER) -> list[Alert]:
    return list(one.feed(reading(start + 60 * n, value, asset) for n, value in enumerate(values)))


def reading(second: float, value: float, asset: str = FREEZER, quantity: str = "temperature") -> Event:
    return made(Reading, second, asset, quantity=quantity, value=value, unit="Cel")


@pytest.mark.parametrize(
    ("values", "alerts"),
    [
        ([-20, -14, -20], 0),  # one bad sample
        ([-20, -14, -20, -14, -20], 0),
        ([-14, -13, -12, -11], 1),
        ([-26, -27], 1),
        ([-15, -25], 0),  # the limits are within
        ([-14, -13, -15.5, -14, -13], 1),  # not yet well within: the same excursion
        ([-14, -13, -17, -14, -13], 2),
        ([-14, -26], 1),
    ],
)
def test_in_a_row(values: list[float], alerts: int) -> None:
    assert len(feed(rule(), *values)) == alerts


def test_it_names_the_limit_that_was_crossed() -> None:
    (high,) = feed(rule(), -14, -13)
    (low,) = feed(rule(), -26, -27)
    assert [alert.why[0].args["limit"] for alert in (high, low)] == [Amount(-15.0, "Cel"), Amount(-25.0, "Cel")]
    assert len(high.because) == 2


def test_out_of_order_times_are_told_in_order() -> None:
    (alert,) = rule().feed([reading(60, -14), reading(0, -13)])
    assert alert.first < alert.last


def test_only_points_with_a_range_are_remembered() -> None:
    one = rule()
    assert not feed(one, 90, 90, asset="nothing")
    assert not list(one.feed([reading(0, 90, quantity="odd"), reading(1, 90, quantity="odd")]))
    assert not one._outside
    feed(one, -14, -13, -20)
    assert not one._outside


def test_state_survives_a_crash_between_two_readings() -> None:
    one = rule()
    assert not feed(one, -14)
    one = restarted(one, rule())
    (alert,) = feed(one, -13, start=60)
    assert len(alert.because) == 2
    assert not feed(restarted(one, rule()), -12, start=120)
