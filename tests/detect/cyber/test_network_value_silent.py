"""Values beyond what was ever written, and devices that fall silent: `ValueOutOfRange`, `DeviceSilent`."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from safecare.detect.cyber.network_silent import REGULAR, DeviceSilent
from safecare.detect.cyber.network_value import SAMPLES, ValueOutOfRange
from safecare.model.events.network import CommandSeen, ConnectionSeen
from safecare.testing.made import HOSPITAL, made, moment, restarted

MONITOR, PACS = "10.1.40.31", "10.1.40.10"


def write(second: float, value: str, target: str = "holding:7") -> CommandSeen:
    fields: dict[str, Any] = {"protocol": "modbus", "command": "write_single_register", "operation": "write"}
    fields["value"] = value
    return made(CommandSeen, second, src_ip="10.1.20.10", dst_ip="10.1.50.20", target=target, **fields)


def talk(second: float) -> ConnectionSeen:
    return made(ConnectionSeen, second, src_ip=MONITOR, dst_ip=PACS, dst_port=2575, outcome="open")


def test_range_is_learned_per_place_and_what_is_told_is_not_learned() -> None:
    rule = ValueOutOfRange(HOSPITAL)
    assert list(rule.feed([write(n, str(20 + n % 5)) for n in range(SAMPLES)])) == []
    assert list(rule.feed([write(100, "25"), write(101, "900", "holding:8"), write(102, "several,values")])) == []
    again = restarted(rule, ValueOutOfRange(HOSPITAL))
    assert len(list(again.feed([write(103, "90"), write(104, "95")]))) == 1
    assert len(list(again.feed([write(8000, "90")]))) == 1
    assert list(again.feed([write(9000, "21.5 at priority 8")])) == []


def test_silence_is_told_once_and_forgiven() -> None:
    rule = DeviceSilent(HOSPITAL)
    assert list(rule.feed([talk(n * 60.0) for n in range(REGULAR)])) == []
    last = moment((REGULAR - 1) * 60.0)
    assert list(rule.tick(last + timedelta(minutes=59))) == []
    told = list(rule.tick(last + timedelta(hours=1)))
    assert sorted(alert.assets[0] for alert in told) == ["monitor.ward.1", "server.pacs"]
    again = restarted(rule, DeviceSilent(HOSPITAL))
    assert list(again.tick(last + timedelta(hours=2))) == []
    list(again.feed([talk(9000.0)]))
    assert len(list(again.tick(moment(9000.0) + timedelta(hours=2)))) == 2


def test_few_words_make_no_habit() -> None:
    rule = DeviceSilent(HOSPITAL)
    list(rule.feed([talk(n * 60.0) for n in range(REGULAR - 1)]))
    assert list(rule.tick(moment(90_000.0))) == []
