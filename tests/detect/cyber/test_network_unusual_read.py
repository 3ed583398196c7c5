"""A round of reads that was long the same, and what is read beside it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from safecare.detect.cyber.network_unusual_read import MANY, PLACES, SAME, UnusualRead
from safecare.model.alert import Alert
from safecare.model.events.network import CommandSeen
from safecare.testing.made import HOSPITAL, made, restarted

LONG = SAME.total_seconds() + 60


def read(second: float, place: int, protocol: str = "modbus") -> CommandSeen:
    fields: dict[str, Any] = {"command": "read_holding_registers", "operation": "read", "target": f"holding:{place}"}
    ends: dict[str, Any] = {"src_ip": "10.1.50.10", "dst_ip": "10.1.50.20", "protocol": protocol}
    return made(CommandSeen, second, facts={"kind": "request"}, **fields, **ends)


def told(*events: CommandSeen) -> list[Alert]:
    return list(UnusualRead(HOSPITAL, learning=timedelta(0)).feed(events))


ROUND = [read(second, second % 3) for second in range(0, int(LONG), 5)]


@pytest.mark.parametrize("many", [MANY - 1, MANY, MANY + 20])
def test_many_new_places_within_a_minute_are_told_once(many: int) -> None:
    assert len(told(*ROUND, *(read(LONG + n, 100 + n) for n in range(many)))) == (many >= MANY)


def test_a_slow_walk_is_not_told() -> None:
    assert told(*ROUND, *(read(LONG + 30 * n, 100 + n) for n in range(30))) == []


def test_what_is_first_read_at_the_beginning_is_no_sweep() -> None:
    assert told(*(read(n, n) for n in range(60))) == []


def test_a_round_that_still_grows_is_not_judged() -> None:
    growing = [read(60 * n, n) for n in range(30)]
    assert told(*growing, *(read(1800 + n, 100 + n) for n in range(20))) == []


def test_the_memory_is_bounded() -> None:
    rule = UnusualRead(HOSPITAL)
    assert list(rule.feed(read(n, n) for n in range(PLACES + 500))) == []
    assert len(next(iter(rule._rounds.values())).places) <= PLACES


def test_state_survives_a_restart() -> None:
    rule = UnusualRead(HOSPITAL, learning=timedelta(0))
    assert list(rule.feed(ROUND)) == []
    after = restarted(rule, UnusualRead(HOSPITAL, learning=timedelta(0)))
    assert len(list(after.feed(read(LONG + n, 100 + n) for n in range(MANY)))) == 1
