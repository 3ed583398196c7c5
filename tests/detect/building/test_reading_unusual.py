"""Series: jumps, drifts, standstills and impossible values are told; ordinary days are not."""

from __future__ import annotations

import math
import random

import pytest

from safecare.detect.building.reading_unusual import UnusualReading
from safecare.detect.building.series import ALERT, Judged, Series
from safecare.detect.building.tail import Tail
from safecare.model.events.building import Reading
from safecare.testing.made import HOSPITAL, made, restarted
from safecare.testing.nab import Labelled, raw_score, standard_score

STEP = 300.0


def ordinary(seed: int, count: int) -> list[float]:
    chance = random.Random(seed)
    return [20.0 + 3.0 * math.sin(n / 288 * 2 * math.pi) + chance.gauss(0, 0.3) for n in range(count)]


def judged(values: list[float]) -> list[Judged]:
    series = Series()
    return [series.step(1.75e9 + n * STEP, value) for n, value in enumerate(values)]


def changed(kind: str, values: list[float]) -> list[float]:
    at = 1500
    tail = values[at:]
    match kind:
        case "jump":
            return values[:at] + [one + 12 for one in tail]
        case "low":
            return values[:at] + [one - 15 for one in tail]
        case "drift":
            return values[:at] + [one + min(9.0, 0.06 * n) for n, one in enumerate(tail)]
        case "stuck":
            return values[:at] + [values[at]] * len(tail)
        case _:
            return values[:at] + [20 + (one - 20) * 4 for one in tail]


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["jump", "low", "drift", "stuck", "loud"])
def test_failures_are_told_soon_after_they_begin(kind: str) -> None:
    found = judged(changed(kind, ordinary(1, 1900)))
    first = next(n for n, one in enumerate(found) if n >= 1500 and one.new)
    assert first < 1500 + (300 if kind == "drift" else 60)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_ordinary_weeks_are_quiet(seed: int) -> None:
    found = judged(ordinary(seed, 4000))
    assert sum(one.new for one in found[300:]) <= 3
    assert all(0.0 <= one.score <= 1.0 for one in found)


def test_what_goes_on_is_not_told_again() -> None:
    found = judged([*ordinary(1, 1000), *[60.0 + n % 3 for n in range(50)]])
    assert sum(one.new for one in found[1000:]) == 1
    assert found[1000].score >= ALERT > max(one.score for one in found[1001:])


@pytest.mark.parametrize(("value", "unit"), [(-300.0, "Cel"), (140.0, "%"), (math.inf, ""), (-1.0, "K")])
def test_impossible_values_are_told_once_and_not_learned(value: float, unit: str) -> None:
    rule = UnusualReading(HOSPITAL)
    readings = [made(Reading, n * STEP, "freezer.1", quantity="temperature", value=value, unit=unit) for n in range(3)]
    assert [alert.severity for alert in rule.feed(readings)] == [65]
    assert rule._series == {}


def test_state_survives_a_restart() -> None:
    rule = UnusualReading(HOSPITAL)
    values = ordinary(3, 200)
    readings = [
        made(Reading, n * STEP, "freezer.1", quantity="temperature", value=value, unit="Cel")
        for n, value in enumerate(values)
    ]
    list(rule.feed(readings[:150]))
    again = restarted(rule, UnusualReading(HOSPITAL))
    assert again._series == rule._series
    assert list(again.feed(readings[150:])) == list(rule.feed(readings[150:]))


def test_tail_tells_how_rare() -> None:
    chance, tail = random.Random(5), Tail()
    assert tail.rarity(1e9) == 1.0
    for _ in range(5000):
        tail.add(chance.expovariate(1.0))
    assert tail.rarity(1.0) == 1.0
    assert 1e-5 < tail.rarity(10.0) < 1e-3  # exp(-10) = 4.5e-5
    assert tail.rarity(30.0) < 1e-7
    assert len(tail.largest) <= 80


def test_score_of_the_benchmark() -> None:
    silent = Labelled([0.0] * 1000, [(500, 599)])
    perfect = Labelled([float(n == 500) for n in range(1000)], [(500, 599)])
    late = Labelled([float(n == 599) for n in range(1000)], [(500, 599)])
    noisy = Labelled([float(n % 10 == 0) for n in range(1000)], [(500, 599)])
    assert standard_score([silent], 0.5) == (0.0, 0.5)
    assert round(standard_score([perfect])[0], 1) == 100.0
    assert 50.0 < standard_score([late], 0.5)[0] < 60.0
    assert raw_score(noisy, 0.5) < 0.0


def new_after(found: list[Judged], begin: int, end: int) -> int:
    return sum(one.new for one in found[begin:end])


def test_what_has_passed_is_told_again_when_it_comes_again() -> None:
    values, places = ordinary(4, 6700), (1500, 3900, 6200)  # more than a week apart
    for at in places:
        values[at : at + 20] = [one + 9 for one in values[at : at + 20]]
    found = judged(values)
    assert [new_after(found, at, at + 20) for at in places] == [1, 1, 1]


def test_what_comes_more_than_once_a_week_is_usual_in_the_end() -> None:
    values, places = ordinary(4, 4000), (1500, 2100, 2700, 3300)
    for at in places:
        values[at : at + 20] = [one + 9 for one in values[at : at + 20]]
    found = judged(values)
    assert new_after(found, 1500, 1520) == 1
    assert new_after(found, 3300, 3320) == 0


def test_what_stays_is_told_and_then_usual() -> None:
    found = judged(changed("jump", ordinary(5, 2600)))
    assert 1 <= new_after(found, 1500, 1700) <= 2
    assert new_after(found, 1900, 2600) <= 1


def test_a_day_that_differs_at_its_usual_hours_is_told() -> None:
    chance = random.Random(6)
    days = [[(80 if 18 <= n // 6 < 36 else 20) + chance.uniform(0, 5) for n in range(288)] for _ in range(12)]
    days[10] = [20 + chance.uniform(0, 5) for _ in range(288)]
    found = judged([one for day in days for one in day])
    assert new_after(found, 2 * 288, 10 * 288) == 0
    assert new_after(found, 10 * 288, 11 * 288) >= 1


@pytest.mark.parametrize("odd", [24, 32])  # a Sunday with a working day's plateau, a Monday without
def test_a_day_unlike_its_kind_of_day_is_told(odd: int) -> None:
    chance, series = random.Random(8), Series()
    told = set[int]()
    for place in range(35 * 288):
        day = place // 288
        on = 96 <= place % 288 < 216 and ((day % 7 < 5) != (day == odd))
        if series.step(1_400_457_600 + 300.0 * place, (60 if on else 20) + chance.gauss(0, 1.5)).new:
            told.add(day)
    assert {day for day in told if day >= 14} - {odd + 1} == {odd}  # what a weekend is must be seen first


@pytest.mark.slow
def test_a_year_with_its_seasons_is_followed() -> None:
    """Summer comes slowly: 20 K between January and July bring no more than some alerts in 35,000 readings."""
    chance, series, drift, told = random.Random(7), Series(), 0.0, 0
    for quarter in range(365 * 96):
        drift = 0.98 * drift + chance.gauss(0, 0.1)
        day, year = math.sin(2 * math.pi * quarter / 96), math.sin(2 * math.pi * quarter / (365 * 96))
        told += series.step(1.7e9 + 900 * quarter, 20 + 10 * year + 2 * day + drift + chance.gauss(0, 0.2)).new
    assert told <= 12
