"""Commands, masters and conversations: what is learned, what never, what a frozen baseline allows."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from safecare.detect.cyber.network_command import POLLS, ControlCommand
from safecare.detect.cyber.network_conversation import NewConversation
from safecare.detect.cyber.network_write_stranger import WriteFromStranger
from safecare.detect.cyber.wire_words import CRITICAL, PHRASES, SEVERITY
from safecare.model.alert import Alert
from safecare.model.events.network import CommandSeen, ConnectionSeen
from safecare.model.network import Baseline, KnownCommand, KnownConversation
from safecare.testing.made import HOSPITAL, made, restarted

DAY = 86_400.0
MASTER, STRANGER, DEVICE = "10.1.50.10", "10.1.10.31", "10.1.50.20"


def command(second: float, source: str = MASTER, operation: str = "write", **more: Any) -> CommandSeen:
    fields = {"protocol": "modbus", "command": f"do_{operation}", "facts": {"kind": "request"}} | more
    return made(CommandSeen, second, operation=operation, src_ip=source, dst_ip=DEVICE, **fields)


def talk(second: float, source: str = MASTER, port: int = 502, **more: Any) -> ConnectionSeen:
    fields = {"service": "modbus", "outcome": "open"} | more
    return made(ConnectionSeen, second, src_ip=source, dst_ip=DEVICE, dst_port=port, **fields)


def rules(alerts: list[Alert]) -> list[str]:
    return [alert.rule for alert in alerts]


@pytest.mark.parametrize("operation", sorted(SEVERITY))
def test_only_what_stops_or_reprograms_is_told_while_learning(operation: str) -> None:
    rule = ControlCommand(HOSPITAL)
    assert bool(list(rule.feed([command(60, operation=operation)]))) is (operation in CRITICAL)
    assert bool(list(rule.feed([command(DAY + 60, operation=operation)]))) is (operation in CRITICAL)
    assert operation in PHRASES


def test_readings_answers_and_repeats_are_not_told() -> None:
    rule = ControlCommand(HOSPITAL)
    reads = [command(DAY * 2 + n, STRANGER, "read") for n in range(5)]
    answer = command(DAY * 2 + 9, STRANGER, "stop", facts={"kind": "response"})
    assert list(rule.feed([command(0, operation="read"), *reads, answer])) == []
    stops = [command(DAY * 3 + n, STRANGER, "stop") for n in range(5)]
    assert len(list(rule.feed(stops))) == 1


def test_a_person_may_declare_even_a_restart_normal() -> None:
    known = KnownCommand(MASTER, DEVICE, "modbus", "do_restart", "restart")
    hospital = msgspec.structs.replace(HOSPITAL, network=Baseline(commands=(known,), reviewed_by="somebody"))
    rule = ControlCommand(hospital, learning=timedelta(0))
    assert list(rule.feed([command(5, operation="restart")])) == []
    assert len(list(rule.feed([command(6, STRANGER, "restart")]))) == 1


def test_without_any_baseline_the_long_time_reader_may_write_and_others_not() -> None:
    reads = [command(n, operation="read") for n in range(POLLS + 5)]
    rule = ControlCommand(HOSPITAL, learning=timedelta(0))
    stranger = WriteFromStranger(HOSPITAL, learning=timedelta(0))
    list(rule.feed(reads))
    list(stranger.feed(reads))
    assert list(rule.feed([command(60)])) == []
    assert list(stranger.feed([command(60)])) == []
    assert rules(list(rule.feed([command(61, STRANGER)]))) == ["network.command"]
    assert rules(list(stranger.feed([command(61, STRANGER)]))) == ["network.write-from-non-master"]


def test_nothing_is_absorbed_after_learning_and_state_survives() -> None:
    rule = WriteFromStranger(HOSPITAL)
    list(rule.feed([command(0), command(60, operation="read")]))
    again = restarted(rule, WriteFromStranger(HOSPITAL))
    assert len(list(again.feed([command(DAY + 1, STRANGER)]))) == 1
    assert len(list(again.feed([command(DAY + 3600, STRANGER)]))) == 1
    assert list(again.feed([command(DAY + 7200)])) == []


def test_conversations_are_learned_then_told_by_who_is_new() -> None:
    rule = NewConversation(HOSPITAL)
    list(rule.feed([talk(0), talk(10, STRANGER, 443, service="")]))
    later = [talk(DAY + 1), talk(DAY + 2, STRANGER), talk(DAY + 3, "10.9.9.9"), talk(DAY + 4, port=80, service="http")]
    assert [alert.severity for alert in rule.feed(later)] == [50, 65]
    everything = NewConversation(HOSPITAL, learning=timedelta(seconds=5), everything=True)
    list(everything.feed([talk(0)]))
    broadcast = made(ConnectionSeen, 60, src_ip=MASTER, dst_ip="10.1.50.255", dst_port=9999, protocol="udp")
    chatter = made(ConnectionSeen, 60, src_ip=MASTER, dst_ip="10.1.50.255", dst_port=137, protocol="udp")
    assert [alert.severity for alert in everything.feed([broadcast, chatter, talk(61, port=80, service="http")])] == [
        10,
        40,
    ]


def test_frozen_baseline_is_the_only_truth_without_learning() -> None:
    known = KnownConversation(MASTER, DEVICE, "tcp", 502)
    hospital = msgspec.structs.replace(HOSPITAL, network=Baseline(conversations=(known,)))
    rule = NewConversation(hospital, learning=timedelta(0))
    assert list(rule.feed([talk(0)])) == []
    assert len(list(rule.feed([talk(1, STRANGER), talk(2, STRANGER)]))) == 1
    assert list(NewConversation(HOSPITAL, learning=timedelta(0)).feed([talk(0)])) == []
