"""Made series in the manner of monitored machines, and the spans in which they are wrong. Nothing is taken over.

Loads, counts, volumes, travel times, temperatures: with steps, spikes, heavy tails, gaps, whole numbers, odd days; and
series in which nothing is wrong. Spans are a tenth of the series around what is wrong, as NAB draws them.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass, field

MINUTES5, HALF, HOUR = 300.0, 1800.0, 3600.0


@dataclass
class Made:
    """One series: values, seconds between them (or their times), and the spans (first and last place)."""

    name: str
    values: list[float]
    step: float = MINUTES5
    spans: list[tuple[int, int]] = field(default_factory=list)
    times: list[float] = field(default_factory=list)

    def seconds(self) -> list[float]:
        """Return the time of each value."""
        return self.times or [1.4e9 + self.step * place for place in range(len(self.values))]


def _around(count: int, *places: int) -> list[tuple[int, int]]:
    half = int(count * 0.05 / len(places))
    return [(max(0, place - half), min(count - 1, place + half)) for place in places]


def _peak(values: list[float], at: int, length: int, value: Callable[[float], float]) -> None:
    for place in range(at, min(len(values), at + length)):
        values[place] = value(values[place])


def shifted_load(chance: random.Random, count: int = 4032) -> Made:
    """A processor's load takes another level and keeps it."""
    level, at = chance.uniform(5, 40), int(count * chance.uniform(0.4, 0.9))
    after, noise = level * chance.choice((0.3, 1.8, 2.5)), level * chance.uniform(0.02, 0.1)
    values = [max(0.0, chance.gauss(level if place < at else after, noise)) for place in range(count)]
    return Made("shifted load", values, spans=_around(count, at))


def spiked_load(chance: random.Random, count: int = 4032) -> Made:
    """A load that is hardly there has two spikes."""
    base = chance.uniform(0.05, 2)
    values = [round(max(0.0, chance.gauss(base, base * 0.1)), 3) for _ in range(count)]
    places = sorted(int(count * chance.uniform(0.3, 0.95)) for _ in range(2))
    for at in places:
        _peak(values, at, chance.choice((1, 3, 10)), lambda _: base * chance.uniform(5, 40))
    return Made("spiked load", values, spans=_around(count, *places))


def bytes_in(chance: random.Random, count: int = 4032) -> Made:
    """Little comes in, and regularly much; then more than ever."""
    period, at = chance.choice((12, 36, 288)), int(count * chance.uniform(0.4, 0.9))
    values = [42 + abs(chance.gauss(0, 10)) if place % period else chance.uniform(1e5, 1e6) for place in range(count)]
    _peak(values, at, 20, lambda _: chance.uniform(3e6, 5e6))
    return Made("bytes in", values, spans=_around(count, at))


def sparse_writes(chance: random.Random, count: int = 4032) -> Made:
    """Nothing is written nine times out of ten; then much."""
    at = int(count * chance.uniform(0.4, 0.9))
    values = [0.0 if chance.random() < 0.9 else chance.expovariate(1 / 5e5) for _ in range(count)]
    _peak(values, at, 30, lambda _: chance.uniform(3e6, 1e7))
    return Made("sparse writes", values, spans=_around(count, at))


def mentions(chance: random.Random, count: int = 15_902) -> Made:
    """Counts with a daily swing and a heavy tail; four bursts."""
    level = chance.choice((2, 10, 40, 100))
    values: list[float] = []
    for place in range(count):
        mean = level * (1 + 0.6 * math.sin(2 * math.pi * place / 288)) * math.exp(chance.gauss(0, 0.3))
        value = max(0, round(chance.gauss(mean, math.sqrt(mean))))
        values.append(round(value * chance.uniform(2, 6)) if chance.random() < 0.002 else value)
    places = [int(count * (0.2 + 0.19 * (number + chance.random() * 0.8))) for number in range(4)]
    for at in places:
        peak = level * chance.uniform(10, 40)
        for place in range(at, min(count, at + 40)):
            values[place] += round(peak * math.exp((at - place) / 10))
    return Made("mentions", values, spans=_around(count, *places))


def travel_times(chance: random.Random, count: int = 2500) -> Made:
    """Whole seconds with two rush hours, at uneven times with gaps; then a standstill of the road."""
    now, times, values = 1.44e9, list[float](), list[float]()
    for _ in range(count):
        now += 300 * chance.choice((1, 1, 1, 2, 3)) if chance.random() > 0.005 else chance.uniform(3600, 90_000)
        hour = now / 3600 % 24
        rush = 150 * math.exp(-(((hour - 8) / 1.5) ** 2)) + 200 * math.exp(-(((hour - 17) / 1.5) ** 2))
        values.append(round(max(30, 90 + rush * chance.uniform(0.2, 1.2) + chance.expovariate(1 / 25))))
        times.append(now)
    at = int(count * chance.uniform(0.4, 0.9))
    _peak(values, at, 25, lambda _: round(chance.uniform(900, 4000)))
    return Made("travel times", values, spans=_around(count, at), times=times)


def passengers(chance: random.Random, count: int = 10_320) -> Made:
    """Half-hourly counts of a city with five days of another kind."""
    values: list[float] = []
    for place in range(count):
        base = 15_000 + 9000 * math.sin(2 * math.pi * (place % 48 / 2 - 13) / 24)
        values.append(round(max(100, base * math.exp(chance.gauss(0, 0.06)))))
    places = [int(count * share) for share in (0.56, 0.68, 0.83, 0.85, 0.96)]
    for at, factor in zip(places, (1.5, 0.6, 0.7, 1.5, 0.35), strict=True):
        _peak(values, at, 48, lambda value, factor=factor: round(value * factor))  # type: ignore[misc]
    return Made("passengers", values, HALF, _around(count, *places))


def machine(chance: random.Random, count: int = 22_695) -> Made:
    """The temperature of a machine that wanders far by itself, and fails four times."""
    drift, values = 0.0, list[float]()
    for place in range(count):
        drift = 0.995 * drift + chance.gauss(0, 0.8)
        values.append(85 + drift + 3 * math.sin(2 * math.pi * place / 288) + chance.gauss(0, 0.5))
    places = [int(count * share) for share in (0.18, 0.72, 0.93, 0.985)]
    for at in places:
        for place in range(at, min(count, at + 200)):
            values[place] -= 40 * math.exp(-(((place - at - 100) / 50) ** 2))
    return Made("machine", values, spans=_around(count, *places))


def room(chance: random.Random, count: int = 7267) -> Made:
    """Hourly temperatures of a building whose climate plant fails twice."""
    drift, values = 0.0, list[float]()
    for place in range(count):
        drift = 0.98 * drift + chance.gauss(0, 0.35)
        values.append(71 + drift + 2 * math.sin(2 * math.pi * place / 24) + chance.gauss(0, 0.3))
    places = [int(count * 0.52), int(count * 0.86)]
    for at in places:
        for place in range(60):
            values[at + place] -= 10 * math.sin(math.pi * place / 60)
    return Made("room", values, HOUR, _around(count, *places))


def prices(chance: random.Random, count: int = 1600) -> Made:
    """Hourly prices with a swing; twice some hours at many times as much."""
    base = chance.uniform(0.05, 0.8)
    swing = [1 + 0.3 * math.sin(2 * math.pi * place / 24) for place in range(count)]
    values = [max(0.0, base * one + chance.gauss(0, base * 0.12)) for one in swing]
    places = [int(count * 0.45), int(count * 0.75)]
    for at in places:
        _peak(values, at, 4, lambda value: value * chance.uniform(3, 6))
    return Made("prices", values, HOUR, _around(count, *places))


def _days(chance: random.Random, tenth: Callable[[bool], float]) -> list[float]:
    values: list[float] = []
    for place in range(4032):
        on = 108 <= place % 288 < 216
        level = tenth(on) if place // 288 == 10 else 75.0 if on else 20.0
        values.append(level + chance.uniform(0, 12 if level > 30 else 3))
    return values


def flat_day(chance: random.Random) -> Made:
    """Every day a plateau, but for one."""
    return Made("day without its plateau", _days(chance, lambda _: 20.0), spans=_around(4032, 3030))


def high_day(chance: random.Random) -> Made:
    """Every day a plateau, once a far higher one."""
    return Made("day with a high plateau", _days(chance, lambda on: 150.0 if on else 20.0), spans=_around(4032, 3030))


def low_day(chance: random.Random) -> Made:
    """Every day a plateau, once a low one."""
    return Made("day with a low plateau", _days(chance, lambda on: 40.0 if on else 20.0), spans=_around(4032, 3030))


def working_week(chance: random.Random) -> Made:
    """A plateau on working days; once on a Sunday, and once not."""
    values: list[float] = []
    for place in range(35 * 288):
        day, on = (place // 288 + 3) % 7, 96 <= place % 288 < 216
        there = on and (day < 5 or place // 288 == 24) and place // 288 != 32
        values.append((60 if there else 20) + chance.gauss(0, 1.5) + (chance.uniform(0, 3) if there else 0))
    times = [1_400_112_000.0 + MINUTES5 * place for place in range(len(values))]
    return Made("working week", values, spans=_around(len(values), 24 * 288 + 144, 32 * 288 + 144), times=times)


def dense_spikes(chance: random.Random) -> Made:
    """Spikes of always the same height come four times as often for a while."""
    periods = [25 if 3024 <= place < 3424 else 100 for place in range(4032)]
    values = [(80 if place % one < 8 else 20) + chance.uniform(0, 3) for place, one in enumerate(periods)]
    return Made("dense spikes", values, spans=[(3024, 3426)])


def quiet(chance: random.Random) -> list[Made]:
    """Return series in which nothing is wrong."""
    waves = [50 + 30 * math.sin(2 * math.pi * place / 288) for place in range(4032)]
    return [
        Made("nothing: noise", [chance.uniform(20, 40) for _ in waves]),
        Made("nothing: square", [80.0 if place // 100 % 2 else 20.0 for place in range(4032)]),
        Made("nothing: constant", [45.0] * 4032),
        Made("nothing: days", waves),
        Made("nothing: noisy days", [one + chance.uniform(0, 6) for one in waves]),
    ]


KINDS: tuple[Callable[[random.Random], Made], ...] = (
    *(shifted_load, shifted_load, spiked_load, spiked_load, bytes_in, bytes_in, sparse_writes, mentions, mentions),
    *(travel_times, travel_times, passengers, machine, room, prices, prices, flat_day, high_day, low_day, dense_spikes),
)


def corpus(seed: int) -> list[Made]:
    """Return 26 series."""
    chance = random.Random(seed)
    return [*(kind(chance) for kind in KINDS), *quiet(chance), working_week(chance)]
