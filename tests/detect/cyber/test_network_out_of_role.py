"""Controllers that leave their role: what began before is usual, helpers are, and masters may come back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from safecare.detect.cyber.network_out_of_role import OutOfRole
from safecare.model.alert import Alert
from safecare.model.events.network import CommandSeen, ConnectionSeen
from safecare.testing.made import HOSPITAL, made, restarted

MASTER, CONTROLLER, OTHER = "10.1.50.10", "10.1.50.20", "10.1.50.99"


def polls(source: str = MASTER, protocol: str = "modbus", begin: float = 0.0) -> list[CommandSeen]:
    fields: dict[str, Any] = {
        "protocol": protocol,
        "command": "read_coils",
        "operation": "read",
        "dst_ip": CONTROLLER,
        "dst_port": 502,
    }
    return [made(CommandSeen, begin + n, src_ip=source, facts={"kind": "request"}, **fields) for n in range(30)]


def talk(second: float, source: str, target: str, port: int = 4445, **more: Any) -> ConnectionSeen:
    fields: dict[str, Any] = {"outcome": "open", "dst_port": port} | more
    return made(ConnectionSeen, second, src_ip=source, dst_ip=target, **fields)


def told(*events: CommandSeen | ConnectionSeen, learning: float = 0.0) -> list[Alert]:
    return list(OutOfRole(HOSPITAL, learning=timedelta(seconds=learning)).feed(events))


def test_a_controller_that_only_answered_connects() -> None:
    found = told(*polls(), talk(60, CONTROLLER, MASTER))
    assert [alert.severity for alert in found] == [70]
    assert "T0867" in found[0].techniques


def test_what_began_before_all_was_steady_is_usual() -> None:
    late = talk(5, CONTROLLER, MASTER)  # told when it ended, at the end of the capture
    assert told(*polls(), late, talk(90, CONTROLLER, MASTER)) == []


def test_names_and_times_are_asked_for_by_every_device() -> None:
    assert told(*polls(), talk(60, CONTROLLER, OTHER, 53), talk(70, CONTROLLER, OTHER, 514)) == []


def test_attempts_that_nobody_takes_are_left_to_the_rule_of_scans() -> None:
    assert told(*polls(), talk(60, CONTROLLER, MASTER, outcome="refused")) == []


def test_a_stranger_connects_where_nothing_was_learned() -> None:
    stranger = talk(60, OTHER, CONTROLLER, 502, service="modbus")
    assert len(told(*polls(), stranger)) == 1
    assert told(*polls(), stranger, learning=20.0) == []  # told by the rule of new conversations


def test_a_master_comes_back_by_another_connection() -> None:
    assert told(*polls(), talk(60, MASTER, CONTROLLER, 502, service="modbus", src_port=1999)) == []


def test_a_master_that_uses_another_service_is_told() -> None:
    assert len(told(*polls(), talk(60, MASTER, CONTROLLER, 4444))) == 1


def test_too_few_or_too_short_polls_make_no_controller() -> None:
    assert told(*polls()[:15], talk(60, CONTROLLER, MASTER)) == []
    assert told(*polls(protocol="bacnet"), talk(60, CONTROLLER, MASTER)) == []


def test_state_survives_a_restart() -> None:
    first = OutOfRole(HOSPITAL, learning=timedelta(0))
    assert list(first.feed(polls())) == []
    second = restarted(first, OutOfRole(HOSPITAL, learning=timedelta(0)))
    assert len(list(second.feed([talk(60, CONTROLLER, MASTER), talk(61, CONTROLLER, MASTER)]))) == 1
