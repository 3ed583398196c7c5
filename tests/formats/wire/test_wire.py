"""Every protocol: what real messages say, and that no bytes whatsoever raise anything but `WireError`."""

from __future__ import annotations

import contextlib
import os
import struct
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safecare.formats.packets.dissect import Dissector, Spoken
from safecare.formats.packets.file import Reading, read_frames
from safecare.formats.wire.dnp3 import crc
from safecare.formats.wire.message import Message, Protocol, Talk, WireError
from safecare.formats.wire.protocols import PROTOCOLS
from safecare.testing.captures import bacnet, dicom_associate, dicom_message, hl7, modbus, s7

DATA = os.environ.get("SAFECARE_DATA")


def dnp3(function: int, objects: bytes = b"") -> bytes:
    user = bytes([0xC0, 0xC0, function]) + objects
    head = struct.pack("<HBBHH", 0x6405, 5 + len(user), 0xC4, 4, 3)
    return head + struct.pack("<H", crc(head)) + user + struct.pack("<H", crc(user))


def enip(cip: bytes) -> bytes:
    body = bytes(6) + struct.pack("<HHHHH", 2, 0, 0, 0xB2, len(cip)) + cip
    return struct.pack("<HHIIQI", 0x6F, len(body), 1, 0, 0, 0) + body


def knx(apci: bytes) -> bytes:
    cemi = bytes([0x11, 0, 0xBC, 0xE0]) + struct.pack(">HHB", 0x1101, 0x0A03, len(apci) - 1) + apci
    body = bytes([4, 1, 0, 0]) + cemi
    return bytes([6, 0x10, 4, 0x20]) + struct.pack(">H", 6 + len(body)) + body


COLDSTART = bytes([0x00, 0x05, 1, 20, 0x09, 0])
MESSAGES = {
    "modbus": (modbus(1, 1, struct.pack(">BHH", 5, 3, 0xFF00)), "write_single_coil", "write", "coil:3"),
    "s7": (s7(b"\x29" + bytes(5) + b"\x09P_PROGRAM"), "plc_stop", "stop", ""),
    "bacnet": (bacnet(COLDSTART), "reinitialize_device", "restart", ""),
    "dnp3": (dnp3(13), "cold_restart", "restart", ""),
    "enip": (enip(bytes([0x07, 2, 0x20, 0x8E, 0x24, 1])), "set_program_mode", "stop", "controller mode 1"),
    "knx": (knx(bytes([0x03, 0x80])), "restart", "restart", "1/2/3"),
    "dicom": (dicom_associate("CT1", "PACS"), "associate_request", "session", "PACS"),
    "hl7": (hl7("ADT^A01", "77"), "adt", "message", "ADT^A01"),
}


def parsed(protocol: Protocol, raw: bytes, *, asked: bool = True) -> list[Message]:
    return list(protocol.parse(raw, Talk(asked=asked)))


@pytest.mark.parametrize("name", MESSAGES)
def test_a_message_is_recognised_and_told_in_words(name: str) -> None:
    raw, command, operation, target = MESSAGES[name]
    protocol = PROTOCOLS[name]
    assert next(one.name for one in PROTOCOLS.values() if one.sniff(raw)) == name
    assert protocol.size(raw) == len(raw)
    assert protocol.size(raw[:3]) in (0, len(raw))
    [message] = parsed(protocol, raw)
    assert (message.command, message.operation, message.target) == (command, operation, target)


@pytest.mark.parametrize("name", MESSAGES)
@given(raw=st.binary(max_size=300))
def test_no_bytes_raise_anything_else(name: str, raw: bytes) -> None:
    protocol, good = PROTOCOLS[name], MESSAGES[name][0]
    for one in (raw, good[: len(raw) % len(good)] + raw, good[:8] + raw, raw[:4] + good[4:]):
        protocol.sniff(one)
        protocol.size(one)
        for asked in (True, False):
            talk = Talk(asked=asked)
            with contextlib.suppress(WireError):
                list(protocol.parse(one, talk))
            with contextlib.suppress(WireError):
                list(protocol.parse(good, talk))
        if len(one) > 12 and protocol.sniff(one):
            protocol.from_client(one)


def test_modbus_answers_belong_to_their_requests() -> None:
    protocol, talk = PROTOCOLS["modbus"], Talk()
    list(protocol.parse(modbus(9, 1, struct.pack(">BHH", 3, 40, 2)), talk))
    talk.asked = False
    [answer] = protocol.parse(modbus(9, 1, struct.pack(">BBHH", 3, 4, 7, 8)), talk)
    assert (answer.target, answer.value, answer.outcome) == ("holding:40-41", "7,8", "ok")
    [refused] = protocol.parse(modbus(10, 1, bytes([0x85, 2])), talk)
    assert (refused.command, refused.value, refused.outcome) == ("write_single_coil", "illegal_data_address", "refused")


def test_modbus_counts_that_do_not_fit_are_malformed() -> None:
    with pytest.raises(WireError, match="count and length"):
        parsed(PROTOCOLS["modbus"], modbus(1, 1, struct.pack(">BHHB", 16, 0, 100, 2) + b"\0\1"))


def test_bacnet_property_with_value_and_priority() -> None:
    apdu = bytes([0, 5, 1, 15]) + bytes.fromhex("0c0040000119553e44420000003f4908")
    [message] = parsed(PROTOCOLS["bacnet"], bacnet(apdu))
    [row] = message.fields["properties"]
    assert (row["object_type"], row["instance_number"], row["property"]) == ("analog-output", 1, "present-value")
    assert (row["value"], row["priority"], message.value) == ("32.000000", 8, "32.000000 at priority 8")


def test_bacnet_segments_are_put_together() -> None:
    protocol, talk = PROTOCOLS["bacnet"], Talk()
    whole = bytes.fromhex("0c0000000119553e44420000003f")
    first = bacnet(bytes([0x3C, 1, 0, 4, 12]) + whole[:6])
    last = bacnet(bytes([0x38, 1, 1, 4, 12]) + whole[6:])
    assert list(protocol.parse(first, talk)) == []
    [message] = protocol.parse(last, talk)
    assert message.fields["properties"][0]["value"] == "32.000000"


def test_bacnet_password_is_never_shown() -> None:
    [message] = parsed(PROTOCOLS["bacnet"], bacnet(bytes([0, 5, 1, 20, 0x09, 1, 0x1C, 0]) + b"key"))
    assert message.fields["device_control"] == {
        "time_duration": None,
        "device_state": "warmstart",
        "password_given": True,
    }
    assert "key" not in repr(message)


def test_dicom_query_for_everyone_is_told_without_its_keys() -> None:
    protocol, talk = PROTOCOLS["dicom"], Talk()
    list(protocol.parse(dicom_associate("CT1", "PACS"), talk))
    find = {0x00000002: b"1.2.840.10008.5.1.4.1.2.2.1\0", 0x00000100: b"\x20\0", 0x00000110: b"\1\0"}
    assert list(protocol.parse(dicom_message(find), talk)) == []
    keys = {0x00080052: b"STUDY ", 0x00100010: b"*\0"}
    [query] = protocol.parse(dicom_message(keys, command=False), talk)
    assert (query.operation, query.fields["wildcard"], query.fields["level"]) == ("query", True, "STUDY")
    list(protocol.parse(dicom_message(find), talk))
    [named] = protocol.parse(dicom_message({0x00100010: b"DOE^JANE"}, command=False), talk)
    assert named.fields["wildcard"] is False
    assert "DOE" not in repr(named)


def test_dnp3_wrong_check_sum_is_malformed() -> None:
    raw = bytearray(dnp3(13))
    raw[-1] ^= 1
    with pytest.raises(WireError, match="check sum"):
        parsed(PROTOCOLS["dnp3"], bytes(raw))


def zeek(path: Path) -> Iterator[dict[str, str]]:
    names: list[str] = []
    for line in path.read_text("utf-8").splitlines():
        if line.startswith("#fields"):
            names = line.split("\t")[1:]
        elif not line.startswith("#"):
            yield dict(zip(names, line.split("\t"), strict=True))


@pytest.mark.skipif(not DATA, reason="needs SAFECARE_DATA")
@pytest.mark.parametrize(
    ("capture", "logs"),
    [("bacnet_example.pcap", "analyzer.basic"), ("bacnet_error_reject_abort.pcap", "analyzer.error-reject-abort")],
)
def test_bacnet_says_what_zeek_says(capture: str, logs: str) -> None:
    folder = Path(DATA or "") / "network" / "bacnet"
    dissector, mine = Dissector(), []
    for frames in read_frames((folder / capture).read_bytes(), Reading()):
        mine += [one for one in dissector.feed(frames) if isinstance(one, Spoken)]
    columns = ("bvlc_function", "pdu_type", "pdu_service", "invoke_id", "result_code")

    def text(value: object) -> str:
        return "-" if value is None else str(value)

    ours = Counter((one.src, one.dst, *(text(one.message.fields[name]) for name in columns)) for one in mine)
    theirs = Counter(
        (row["source_h"], row["destination_h"], *(row[name] for name in columns))
        for row in zeek(folder / logs / "bacnet.log")
    )
    assert ours == theirs
