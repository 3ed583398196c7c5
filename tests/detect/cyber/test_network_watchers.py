"""Probes, identities, clinical traffic, beacons and volumes: limits, pauses, state across restarts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from safecare.detect.cyber.dicom_access import DicomAccess
from safecare.detect.cyber.hl7_interface import Hl7Interface
from safecare.detect.cyber.inventory_changed import ChangedStation
from safecare.detect.cyber.inventory_moved import MovedStation
from safecare.detect.cyber.inventory_unknown import UnknownStation
from safecare.detect.cyber.network_beacon import Beaconing
from safecare.detect.cyber.network_clear_text import ClearText
from safecare.detect.cyber.network_identity import DoubledIdentity
from safecare.detect.cyber.network_probe import KINDS, ProtocolProbe
from safecare.detect.cyber.network_volume import LEAST, UnusualVolume
from safecare.model.alert import Alert
from safecare.model.events.network import CommandSeen, ConnectionSeen, IdentitySeen
from safecare.testing.made import HOSPITAL, made, restarted

STATION, DEVICE, OUTSIDE = "10.1.10.31", "10.1.50.20", "203.0.113.66"
DAY = 86_400.0


def command(second: float, kind: str = "request", source: str = STATION, **more: Any) -> CommandSeen:
    facts = {"kind": kind} | more.pop("facts", {})
    fields = {"protocol": "modbus", "command": "read_coils", "operation": "read", "dst_ip": DEVICE} | more
    return made(CommandSeen, second, src_ip=source, facts=facts, **fields)


def talk(second: float, target: str = OUTSIDE, port: int = 443, **more: Any) -> ConnectionSeen:
    return made(ConnectionSeen, second, src_ip=STATION, dst_ip=target, dst_port=port, **({"outcome": "open"} | more))


def said(second: float, ip: str, value: str, system: str = "mac", **more: Any) -> IdentitySeen:
    return made(IdentitySeen, second, ip=ip, system=system, value=value, **more)


def told(rule: Any, *events: Any) -> list[Alert]:
    return list(rule.feed(events))


@pytest.mark.parametrize("above", [False, True])
def test_units_are_counted_within_the_window(above: bool) -> None:
    many = KINDS["units"].many if above else KINDS["units"].many - 1
    asked = [command(n, unit=str(n)) for n in range(many)]
    assert len(told(ProtocolProbe(HOSPITAL), *asked, *asked)) == above
    slow = [command(n * 30, unit=str(n)) for n in range(40)]
    assert told(ProtocolProbe(HOSPITAL), *slow) == []


def test_malformed_bytes_count_only_where_honest_devices_send_none() -> None:
    bad = [command(n, "error", operation="malformed", command="no message", protocol="modbus") for n in range(2)]
    assert len(told(ProtocolProbe(HOSPITAL), *bad)) == 1
    other = [command(n, "error", operation="malformed", command="no message", protocol="s7") for n in range(9)]
    assert told(ProtocolProbe(HOSPITAL), *other) == []


def test_guessed_password_survives_a_restart() -> None:
    refused = {"result_code": "password-failure"}
    rule = ProtocolProbe(HOSPITAL)
    tries = [command(n, "error", protocol="bacnet", command="x", outcome="refused", facts=refused) for n in range(3)]
    assert [alert.severity for alert in told(rule, *tries)] == [60]
    taken = command(9, "response", protocol="bacnet", command="x", outcome="ok")
    assert [alert.severity for alert in told(restarted(rule, ProtocolProbe(HOSPITAL)), taken)] == [80]


def test_second_claim_soon_is_a_double_and_late_a_change() -> None:
    scanner = "10.1.40.20"
    soon, late = [[said(0, scanner, "aa"), said(second, scanner, "bb")] for second in (60, DAY)]
    assert [len(told(DoubledIdentity(HOSPITAL), *events)) for events in (soon, late)] == [1, 0]
    assert [len(told(ChangedStation(HOSPITAL), *events)) for events in (soon, late)] == [0, 1]
    leased = [said(0, scanner, "aa"), said(30, scanner, "bb", "dhcp.lease"), said(60, scanner, "bb")]
    assert told(DoubledIdentity(HOSPITAL), *leased) == []


def test_name_on_two_addresses_is_a_double_and_later_a_move() -> None:
    soon, late = [[said(0, DEVICE, "CT9", "dicom"), said(second, STATION, "CT9", "dicom")] for second in (60, DAY)]
    assert [len(told(DoubledIdentity(HOSPITAL), *events)) for events in (soon, late)] == [1, 0]
    assert [len(told(MovedStation(HOSPITAL), *events)) for events in (soon, late)] == [0, 1]
    rule = MovedStation(HOSPITAL)
    assert len(told(rule, said(0, "10.1.40.77", "02:00:00:00:40:20"), said(1, "10.1.40.20", "02:00:00:00:40:20"))) == 1


def test_one_mac_with_many_addresses_and_new_stations() -> None:
    rule = DoubledIdentity(HOSPITAL)
    claims = [said(n, f"10.1.50.{n}", "aa") for n in range(1, 8)]
    assert [alert.severity for alert in told(rule, *claims)] == [65]
    strangers, known = UnknownStation(HOSPITAL), said(0, "10.1.40.20", "dd")
    stranger = told(strangers, known, said(DAY + 60, "10.1.10.201", "cc"), said(DAY + 90, "10.1.40.20", "dd"))
    assert [(alert.peers, alert.assets) for alert in stranger] == [(("10.1.10.201",), ("net.staff",))]
    again = restarted(strangers, UnknownStation(HOSPITAL))
    assert told(again, said(DAY + 99, "10.1.10.201", "cc")) == []
    assert told(UnknownStation(HOSPITAL, learning=timedelta(0)), known, said(DAY + 9, STATION, "bb")) == []


def test_title_of_another_machine_is_posing_even_without_learning() -> None:
    rule = DicomAccess(HOSPITAL, learning=timedelta(0))
    fields = {"protocol": "dicom", "command": "associate_request", "operation": "session"}
    honest = command(0, source="10.1.40.20", facts={"calling": "CT1"}, **fields)
    posing = command(1, facts={"calling": "CT1"}, **fields)
    unknown = command(2, facts={"calling": "NOBODY"}, **fields)
    assert [alert.severity for alert in told(rule, honest, posing, posing, unknown)] == [65]


def test_retry_of_a_message_is_no_replay() -> None:
    rule = Hl7Interface(HOSPITAL, learning=timedelta(0))
    facts = {"control_id": "7", "sending_application": "HIS", "message_type": "ADT^A01", "bytes": "900"}
    fields: dict[str, Any] = {"protocol": "hl7", "command": "adt", "operation": "message", "facts": facts}
    assert told(rule, command(0, **fields), command(20, **fields)) == []
    assert len(told(rule, command(4000, **fields))) == 1


def test_clear_text_is_told_once_a_day() -> None:
    fields = {"protocol": "hl7", "command": "adt", "operation": "message", "dst_ip": "8.8.8.8"}
    rule = ClearText(HOSPITAL)
    alerts = told(rule, command(0, **fields), command(60, **fields), command(DAY + 1, **fields))
    assert [alert.severity for alert in alerts] == [75, 75]


def test_beacons_are_regular_small_and_outside() -> None:
    regular = [talk(n * 300.0, bytes_out=500) for n in range(12)]
    assert len(told(Beaconing(HOSPITAL), *regular, talk(3600.0, bytes_out=500))) == 1
    assert told(Beaconing(HOSPITAL), *(talk(n * 300.0, bytes_out=500_000) for n in range(20))) == []
    assert told(Beaconing(HOSPITAL), *(talk(n * 300.0, "10.1.20.10") for n in range(20))) == []
    assert told(Beaconing(HOSPITAL), *(talk(300.0 * n + 200 * (n % 3)) for n in range(40))) == []


def test_volume_of_an_hour_against_the_hours_before() -> None:
    rule = UnusualVolume(HOSPITAL)
    usual = [talk(n * 3600.0, bytes_out=5_000_000 + n % 7 * 100_000) for n in range(90)]
    assert told(rule, *usual) == []
    assert len(told(rule, *(talk(90 * 3600.0 + n, bytes_out=LEAST) for n in range(20)))) == 1
