"""Readings against commands, neighbours and their own past: limits, noise, state across restarts."""

from __future__ import annotations

import random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from safecare.detect.building.reading_command import AgainstCommand
from safecare.detect.building.reading_neighbours import Groups, UnlikeNeighbours
from safecare.detect.building.reading_replay import LONG, ReplayedReading, Tape, repeats
from safecare.model.event import Event
from safecare.model.events.building import Reading
from safecare.model.events.network import CommandSeen
from safecare.testing.made import HOSPITAL, made, restarted

MINUTE, HOUR = 60.0, 3600.0


def reading(second: float, value: float, asset: str = "ahu.north", quantity: str = "supply_temperature") -> Reading:
    return made(Reading, second, asset, quantity=quantity, value=value, unit="Cel")


def written(second: float, value: float, **more: Any) -> CommandSeen:
    fields: dict[str, Any] = {
        "protocol": "modbus", "command": "write_single_register", "operation": "write", "src_ip": "10.1.20.10",
        "dst_ip": "127.0.0.1", "dst_port": 15020, "unit": "4", "target": "holding:7", "value": str(value),
    } | more  # fmt: skip
    return made(CommandSeen, second, facts={"kind": "request"}, **fields)


def plant(hours: int, points: dict[int, float], moves: dict[int, float], sign: float = 1.0) -> list[Event]:
    """Set points written at some hours (`points`), and the values that the plant then takes (`moves`)."""
    chance, level = random.Random(3), 18.0
    events: list[Event] = [written(-1, 18.0)]
    for step in range(hours * 30):
        second, hour = step * 2 * MINUTE, step / 30
        if hour in points:
            events.append(written(second, points[int(hour)]))
        if hour in moves:
            level = 18.0 + sign * (moves[int(hour)] - 18.0)
        events.append(reading(second + 1, level + chance.gauss(0, 0.05)))
    return events


CYCLE = {hour: 20.0 if hour % 4 else 17.0 for hour in range(2, 22, 2)}


def titles(rule: Any, events: list[Event]) -> list[str]:
    return [alert.title.key for alert in rule.feed(events)]


def test_a_plant_that_follows_is_silent() -> None:
    assert titles(AgainstCommand(HOSPITAL), plant(30, CYCLE, CYCLE)) == []


def test_moves_untold_not_followed_and_against() -> None:
    assert titles(AgainstCommand(HOSPITAL), plant(30, CYCLE, CYCLE | {26: 24.0})) == [
        "{asset}: {quantity} moves without a command"
    ]
    assert titles(AgainstCommand(HOSPITAL), plant(30, CYCLE | {26: 24.0}, CYCLE)) == [
        "{asset}: {quantity} does not follow a command"
    ]
    wrong = plant(30, CYCLE | {26: 24.0}, CYCLE | {26: 12.0})
    assert titles(AgainstCommand(HOSPITAL), wrong) == ["{asset}: {quantity} moves against a command"]


def test_what_was_learned_survives_a_restart() -> None:
    events = plant(30, CYCLE, CYCLE | {26: 24.0})
    rule = AgainstCommand(HOSPITAL)
    assert titles(rule, events[:700]) == []
    assert len(titles(restarted(rule, AgainstCommand(HOSPITAL)), events[700:])) == 1


def test_without_commands_nothing_is_expected() -> None:
    moves = {hour: 17.0 + hour % 3 for hour in range(2, 28, 2)}
    assert titles(AgainstCommand(HOSPITAL), plant(30, {}, moves)) == []
    again = [written(hour * HOUR, 18.0) for hour in range(30)]
    assert titles(AgainstCommand(HOSPITAL), sorted([*plant(30, {}, moves), *again], key=lambda one: one.at)) == []


def test_neighbours_are_those_of_the_room_and_only_fresh_ones_count() -> None:
    freezer = HOSPITAL.asset("freezer.1")
    assert freezer is not None
    assert [one.id for one in Groups(HOSPITAL).near(freezer)] == ["freezer.2"]
    chance, rule = random.Random(5), UnlikeNeighbours(HOSPITAL)
    both = [
        reading(step * 300.0 + n, -20 + chance.gauss(0, 0.2), f"freezer.{n}", "temperature")
        for step in range(200)
        for n in (1, 2)
    ]
    assert list(rule.feed(both)) == []
    late = [reading(86_400.0 + step * 300, -14.0, "freezer.2", "temperature") for step in range(20)]
    assert list(rule.feed(late)) == []  # the other one has long been silent


def test_a_recording_needs_length_and_variety() -> None:
    chance = random.Random(9)
    past = [round(chance.gauss(0, 1), 2) for _ in range(200)]
    tape = Tape()
    assert not any(repeats(tape, value) for value in past)
    assert [repeats(tape, value) for value in past[50 : 50 + LONG]] == [False] * (LONG - 1) + [True]
    short = Tape()
    assert not any(repeats(short, value) for value in [*past, *past[50 : 50 + LONG - 1], *past[:10]])
    rule = ReplayedReading(HOSPITAL)
    assert list(rule.feed([reading(n * 300.0, float(n % 4)) for n in range(400)])) == []


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True), max_size=120))
def test_no_values_do_harm(values: list[float]) -> None:
    events: list[Event] = [reading(n * 300.0, value, "freezer.1", "temperature") for n, value in enumerate(values)]
    for rule in (AgainstCommand(HOSPITAL), UnlikeNeighbours(HOSPITAL), ReplayedReading(HOSPITAL)):
        list(rule.feed([written(0, 1.0), *events]))
