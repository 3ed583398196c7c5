"""SNMP, certificates of servers, and notifications of changed values: read, told to the inventory, never trusted."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from safecare.app.network import Captures
from safecare.formats.packets.dissect import Dissector, Malformed, Spoken
from safecare.formats.packets.file import Reading, read_frames
from safecare.formats.packets.flows import Conversation
from safecare.formats.wire import snmp
from safecare.formats.wire.certificate import certificate, first_certificate
from safecare.formats.wire.message import Message, Talk, WireError
from safecare.formats.wire.protocols import PROTOCOLS
from safecare.model.hospital import Hospital
from safecare.sources.capture.identity import identities
from safecare.sources.capture.values import WireValues
from safecare.testing.captures import Wire, bacnet
from safecare.testing.greetings import made_certificate, tls_chain, tls_hello, tls_records

STATION, DEVICE = "10.7.0.10", "10.7.0.21"


def spoken(wire: Wire) -> list[Spoken]:
    dissector = Dissector()
    found = [one for frames in read_frames(wire.pcap(), Reading()) for one in dissector.feed(frames)]
    assert not [one for one in found if isinstance(one, Malformed)]
    return [one for one in found if isinstance(one, Spoken)]


def ber(tag: int, *parts: bytes) -> bytes:
    body = b"".join(parts)
    length = bytes([len(body)]) if len(body) < 128 else bytes([0x82]) + len(body).to_bytes(2, "big")
    return bytes([tag]) + length + body


def snmp_message(
    pdu: int, oid: bytes, value: bytes, community: bytes = b"public", version: int = 1, error: int = 0
) -> bytes:
    binding = ber(0x30, ber(0x30, ber(0x06, oid), value))
    inner = ber(pdu, ber(2, b"\x07"), ber(2, bytes([error])), ber(2, b"\0"), binding)
    return ber(0x30, ber(2, bytes([version])), ber(4, community), inner)


NAME, DESCRIPTION = bytes.fromhex("2b06010201010500"), bytes.fromhex("2b06010201010100")
NULL = b"\x05\0"


def asked(*datagrams: tuple[bool, bytes]) -> Wire:
    wire = Wire()
    for from_station, raw in datagrams:
        ends = (STATION, 40_000, DEVICE, 161) if from_station else (DEVICE, 161, STATION, 40_000)
        wire.udp(*ends, raw)
    return wire


def test_questions_and_answers_of_snmp() -> None:
    answer = ber(0x04, b"Infusion gateway 3, firmware 2.1 " + b"x" * 120)
    wire = asked((True, snmp_message(0xA0, DESCRIPTION, NULL)), (False, snmp_message(0xA2, DESCRIPTION, answer)))
    request, response = spoken(wire)
    assert (request.message.command, request.message.operation, request.client) == ("get_request", "read", STATION)
    assert request.message.target == "1.3.6.1.2.1.1.1.0"
    assert response.message.fields["description"].startswith("Infusion gateway 3")
    assert response.message.outcome == "ok"
    told = {(ip, system) for ip, system, _ in identities(response)}
    assert told == {(DEVICE, "snmp"), (DEVICE, "snmp.access")}
    assert "public" not in repr(request.message) + repr(response.message)


def test_a_set_request_is_a_command_that_is_told() -> None:
    wire = asked((True, snmp_message(0xA3, NAME, ber(0x04, b"pump"), b"secret-77")))
    [one] = spoken(wire)
    assert (one.message.operation, one.message.value, one.message.fields["default_community"]) == (
        "write",
        "pump",
        False,
    )
    alerts, _ = Captures(Hospital.empty()).judge(Path("set.pcap"), wire.pcap())
    assert [alert.alert.rule for alert in alerts] == ["network.command"]
    assert "secret" not in repr(alerts)


def test_refusals_traps_and_version_3() -> None:
    wire = asked(
        (True, snmp_message(0xA3, NAME, ber(0x04, b"x"))),
        (False, snmp_message(0xA2, NAME, ber(0x04, b"x"), error=17)),
        (True, snmp_message(0xA7, NAME, ber(0x43, b"\1"))),
        (True, ber(0x30, ber(2, b"\3"), ber(0x30, ber(2, b"\1")), ber(4, b"x"), ber(4, b"y"))),
    )
    assert [(one.message.command, one.message.outcome) for one in spoken(wire)] == [
        ("set_request", ""),
        ("response", "refused"),
        ("trap", ""),
        ("version_3", ""),
    ]
    assert [alert.alert.rule for alert in Captures(Hospital.empty()).judge(Path("x"), wire.pcap())[0]] == [
        "network.command"
    ]


@pytest.mark.parametrize("raw", [b"", b"\x30", b"\x30\x82\xff\xff", b"\x30\x03\x02\x01\x01", b"0" * 40])
def test_what_is_no_snmp_is_not_taken_for_it(raw: bytes) -> None:
    assert not snmp.sniff(raw)


def opened(wire: Wire, raw: bytes, pieces: int = 1) -> None:
    """Write the beginning of a connection with TLS 1.2, the certificate in so many records."""
    talk = wire.tcp(STATION, 40_000 + len(wire.frames), DEVICE, 443)
    talk.ask(tls_hello("pump.local"))
    for record in tls_records(raw, pieces):
        talk.answer(record)
    talk.ask(b"\x16\3\3\0\x24\x10\0\0\x20" + bytes(32))


LATER, BEFORE = datetime(2026, 1, 1, tzinfo=UTC), datetime(2024, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("pieces", [1, 3])
def test_a_certificate_is_read_where_it_passes_in_clear_text(pieces: int) -> None:
    wire = Wire()
    opened(wire, made_certificate("pump.local", LATER), pieces)
    [told] = [one for one in spoken(wire) if one.message.command == "certificate"]
    fields = told.message.fields
    assert (fields["subject"], fields["names"], fields["self_signed"]) == ("pump.local", ["pump.local"], True)
    assert fields["not_after"] == "2026-01-01T00:00:00+00:00"
    [(ip, _, value)] = [one for one in identities(told) if one[1] == "tls.certificate"]
    assert ip == DEVICE
    assert value == f"pump.local, signed by itself, until 2026-01-01, {fields['fingerprint'][:16]}"


def test_an_expired_certificate_is_called_so() -> None:
    wire = Wire()
    opened(wire, made_certificate("pump.local", BEFORE))
    values = [value for one in spoken(wire) for _, system, value in identities(one) if system == "tls.certificate"]
    assert "until 2024-01-01, expired" in values[0]


def test_another_certificate_at_the_address_of_an_asset_is_told() -> None:
    wire = Wire()
    first, second = made_certificate("pump.local", LATER), made_certificate("pump.local", LATER)
    opened(wire, first)
    wire.at += 3600
    opened(wire, first)
    hospital = small()
    assert judged(wire, hospital) == []
    wire.at += 3600
    opened(wire, second)
    assert judged(wire, hospital) == ["inventory.changed"]
    assert judged(wire, Hospital.empty()) == []


def judged(wire: Wire, hospital: Hospital) -> list[str]:
    return [one.alert.rule for one in Captures(hospital).judge(Path("tls.pcap"), wire.pcap())[0]]


def small() -> Hospital:
    from safecare.testing.hospital import small_hospital

    plain = small_hospital()
    assets = tuple(
        msgspec.structs.replace(one, addresses={"ip": DEVICE}) if one.id == "ahu.north" else one for one in plain.assets
    )
    return msgspec.structs.replace(plain, assets=assets)


@pytest.mark.parametrize("cut", [0, 1, 5, 40, 200])
def test_a_broken_certificate_is_none(cut: int) -> None:
    raw = made_certificate("pump.local", LATER)
    assert certificate(raw[:cut]) is None
    assert first_certificate(tls_chain(raw)[: cut + 4]) in (None, b"")


COV = bytes.fromhex("09011c020000012c00000001390a4e09552e4441b000002f096f2e8204002f4f")


@pytest.mark.parametrize(
    ("head", "command"), [("000501 01", "confirmed_cov_notification"), ("1002", "unconfirmed_cov_notification")]
)
def test_notifications_of_changes_give_values(head: str, command: str) -> None:
    wire = Wire()
    wire.udp(DEVICE, 47808, STATION, 47808, bacnet(bytes.fromhex(head.replace(" ", "")) + COV))
    [one] = spoken(wire)
    assert one.message.command == command
    assert [(row["property"], row["value"]) for row in one.message.fields["changes"]] == [
        ("present-value", "22.000000"),
        ("status-flags", "FFFFFFFF"),
    ]
    assert [(heard.ip, heard.register, heard.value) for heard in WireValues().heard(one)] == [
        (DEVICE, "analog-input:1", 22.0)
    ]


@pytest.mark.parametrize("cut", range(1, len(COV)))
def test_a_notification_that_is_cut_off_does_no_harm(cut: int) -> None:
    raw = bacnet(bytes.fromhex("1002") + COV[:cut])
    told: list[Message] = []
    with suppress(WireError):
        told = list(PROTOCOLS["bacnet"].parse(raw, Talk()))
    assert all(row["value"] is not None for one in told for row in one.fields["changes"])


@pytest.mark.parametrize(("port", "service"), [(2762, "dicom-tls"), (443, "tls")])
def test_what_tls_hides_is_told_by_its_port(port: int, service: str) -> None:
    wire = Wire()
    talk = wire.tcp(STATION, 40_000, DEVICE, port)
    talk.ask(tls_hello("pacs.local"))
    talk.answer(tls_hello("", server=True))
    dissector = Dissector()
    for frames in read_frames(wire.pcap(), Reading()):
        list(dissector.feed(frames))
    assert [one.service for one in dissector.finish() if isinstance(one, Conversation)] == [service]
