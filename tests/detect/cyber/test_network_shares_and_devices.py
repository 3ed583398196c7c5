"""Shares made unreadable, exposed devices, unknown publishers: limits, pauses, state across restarts."""

from __future__ import annotations

from typing import Any

import pytest

from safecare.detect.cyber.mqtt_client import MqttClient
from safecare.detect.cyber.network_exposed import LEAST, DeviceExposed
from safecare.detect.cyber.share_encryption import ALONE, TOGETHER, ShareEncryption
from safecare.model.events.network import CommandSeen, ConnectionSeen
from safecare.testing.made import HOSPITAL, made, restarted

STATION, SERVER, SCANNER = "10.1.10.31", "10.1.20.10", "10.1.40.20"
DAY = 86_400.0


def touched(second: float, command: str, name: str, **facts: Any) -> CommandSeen:
    told = {"kind": "request"} | {key: str(value) for key, value in facts.items()}
    fields: dict[str, Any] = {"protocol": "smb", "command": command, "operation": "file", "target": name, "facts": told}
    return made(CommandSeen, second, src_ip=STATION, dst_ip=SERVER, **fields)


def severities(rule: Any, *events: Any) -> list[int]:
    return [alert.severity for alert in rule.feed(events)]


@pytest.mark.parametrize(("many", "told"), [(ALONE - 1, []), (ALONE, [65])])
def test_one_sign_alone_needs_many_files(many: int, told: list[int]) -> None:
    writes = [touched(n, "write", f"d\\{n}.txt", randomness=7.9) for n in range(many)]
    assert severities(ShareEncryption(HOSPITAL), *writes) == told
    slow = [touched(n * 60, "write", f"d\\{n}.txt", randomness=7.9) for n in range(many)]
    assert severities(ShareEncryption(HOSPITAL), *slow) == []


def test_two_signs_make_it_sure_even_across_a_restart() -> None:
    writes = [touched(n, "write", f"d\\{n}.txt", randomness=7.9) for n in range(TOGETHER)]
    renames = [touched(20 + n, "rename", f"d\\{n}.txt", new_name=f"d\\{n}.txt.xyz") for n in range(TOGETHER)]
    rule = ShareEncryption(HOSPITAL)
    assert severities(rule, *writes) == []
    assert severities(restarted(rule, ShareEncryption(HOSPITAL)), *renames, *renames) == [90]


def test_packed_kinds_and_names_without_a_new_ending_are_no_sign() -> None:
    packed = [touched(n, "write", f"d\\{n}.jpg", randomness=7.99) for n in range(90)]
    moved = [touched(n, "rename", f"d\\{n}.txt", new_name=f"e\\{n}.txt") for n in range(90)]
    assert severities(ShareEncryption(HOSPITAL), *packed, *moved) == []


def reached(second: float, source: str = "10.1.40.10", port: int = 104, outcome: str = "open") -> ConnectionSeen:
    return made(ConnectionSeen, second, src_ip=source, dst_ip=SCANNER, dst_port=port, outcome=outcome)


def test_a_service_is_new_only_when_it_answers_and_was_never_learned() -> None:
    rule = DeviceExposed(HOSPITAL)
    assert severities(rule, reached(0), reached(60, port=80)) == []
    assert severities(rule, reached(DAY, port=80), reached(DAY, port=22, outcome="refused")) == []
    assert len(severities(rule, reached(DAY, port=22), reached(DAY + 60, port=22))) == 1


def test_a_flood_is_told_even_without_learning() -> None:
    rule = DeviceExposed(HOSPITAL)
    assert len(severities(rule, *(reached(n / LEAST * 9) for n in range(LEAST + 50)))) == 1
    assert severities(DeviceExposed(HOSPITAL), *(reached(float(n)) for n in range(LEAST + 50))) == []


def test_a_client_is_known_by_its_name_and_its_station() -> None:
    def publish(second: float, client: str, source: str, topic: str = "ward/3/pump/rate") -> CommandSeen:
        fields: dict[str, Any] = {"protocol": "mqtt", "command": "publish", "operation": "publish", "target": topic}
        return made(CommandSeen, second, src_ip=source, dst_ip=SERVER, facts={"client_id": client}, **fields)

    rule = MqttClient(HOSPITAL)
    assert severities(rule, publish(0, "pump", SCANNER), publish(DAY, "pump", SCANNER)) == []
    assert severities(rule, publish(DAY, "pump", STATION), publish(DAY + 9, "pump", STATION)) == [55]
