"""Each rule of the network on packets: a made capture in which it must speak, and one in which it must not."""

from __future__ import annotations

import struct
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from safecare.app.network import Captures
from safecare.formats.wire.dnp3 import crc
from safecare.model.hospital import Hospital
from safecare.testing import greetings
from safecare.testing.captures import Wire, bacnet, dicom_associate, dicom_message, hl7, modbus, process_network, s7

MASTER, STRANGER, DEVICE, OTHER = "10.7.0.10", "10.7.0.99", "10.7.0.21", "10.7.0.22"
Make = Callable[[Wire], object]


def ask_bacnet(wire: Wire, apdu: bytes, source: str = STRANGER, function: int = 10) -> None:
    wire.udp(source, 47808, DEVICE, 47808, bacnet(apdu, function))


def confirmed(service: int, body: bytes = b"") -> bytes:
    return bytes([0x00, 5, 7, service]) + body


def bvlc(function: int, body: bytes = b"") -> Make:
    raw = struct.pack(">BBH", 0x81, function, 4 + len(body)) + body
    return lambda wire: wire.udp(STRANGER, 47808, DEVICE, 47808, raw)


def on_modbus(*pdus: bytes) -> Make:
    def make(wire: Wire) -> None:
        talk = wire.tcp(STRANGER, 50_000, DEVICE, 502)
        for number, pdu in enumerate(pdus, 1):
            talk.ask(modbus(number, 1, pdu))

    return make


def on_s7(parameter: bytes, data: bytes = b"", rosctr: int = 1) -> Make:
    return lambda wire: wire.tcp(STRANGER, 50_000, DEVICE, 102).ask(s7(parameter, data, rosctr))


def on_dnp3(function: int, objects: bytes = b"") -> Make:
    user = bytes([0xC0, 0xC0, function]) + objects
    head = struct.pack("<HBBHH", 0x6405, 5 + len(user), 0xC4, 4, 3)
    raw = head + struct.pack("<H", crc(head)) + user + struct.pack("<H", crc(user))
    return lambda wire: wire.tcp(STRANGER, 50_000, DEVICE, 20000).ask(raw)


def on_cip(message: bytes) -> Make:
    body = bytes(6) + struct.pack("<HHHHH", 2, 0, 0, 0xB2, len(message)) + message
    raw = struct.pack("<HHIIQI", 0x6F, len(body), 1, 0, 0, 0) + body
    return lambda wire: wire.tcp(STRANGER, 50_000, DEVICE, 44818).ask(raw)


def on_knx(apci: bytes, service: int = 0x0420) -> Make:
    cemi = bytes([0x11, 0, 0xBC, 0xE0]) + struct.pack(">HHB", 0x1101, 0x0A03, len(apci) - 1) + apci
    body = (bytes([4, 1, 0, 0]) if service == 0x0420 else b"") + cemi
    raw = bytes([6, 0x10]) + struct.pack(">HH", service, 6 + len(body)) + body
    return lambda wire: wire.udp(STRANGER, 50_000, DEVICE, 3671, raw)


def knx_tunnel(wire: Wire) -> None:
    ends = bytes([8, 1, 10, 7, 0, 99, 0xC3, 0x50]) * 2
    wire.udp(STRANGER, 50_000, DEVICE, 3671, bytes([6, 0x10, 2, 5, 0, 26]) + ends + bytes([4, 4, 2, 0]))


def encrypted(wire: Wire) -> None:
    talk, random = wire.tcp(STRANGER, 50_000, OTHER, 445), bytes(one * 197 % 256 for one in range(4096))
    for number in range(10):
        name, handle = f"share\\dir{number % 4}\\letter{number}.txt", bytes([number + 1]) * 16
        talk.ask(greetings.smb_create(name, number))
        talk.answer(greetings.smb_created(handle, number))
        talk.ask(greetings.smb_write(random, handle))
        talk.ask(greetings.smb_rename(f"{name}.lockd", handle))


def published(wire: Wire, source: str) -> None:
    talk = wire.tcp(source, 50_000, OTHER, 1883)
    talk.ask(greetings.mqtt_connect("pump-7"))
    talk.ask(greetings.mqtt_publish("ward/3/pump-7/rate"))


def leased(wire: Wire, server: str) -> None:
    wire.udp(server, 67, "255.255.255.255", 68, greetings.dhcp("02:00:00:00:00:07", DEVICE, 5, server=server))


def named(wire: Wire, source: str) -> None:
    wire.udp(source, 5353, "224.0.0.251", 5353, greetings.mdns("raspberrypi", source))


def firmware(wire: Wire, version: bytes) -> None:
    ask_bacnet(wire, confirmed(12, bytes.fromhex("0c02000001192c")), MASTER)
    text = bytes([0x75, len(version) + 1, 0]) + version
    answer = bytes([0x30, 7, 12]) + bytes.fromhex("0c02000001192c3e") + text + b"\x3f"
    wire.udp(DEVICE, 47808, MASTER, 47808, bacnet(answer))


def rejected_titles(wire: Wire) -> None:
    for number, title in enumerate(("PACS", "ARCHIVE", "ORTHANC", "DCM4CHEE")):
        talk = wire.tcp(STRANGER, 50_000 + number, DEVICE, 104)
        talk.ask(dicom_associate("ANY", title))
        talk.answer(bytes([3, 0, 0, 0, 0, 4, 0, 1, 1, 7]))


def everyone(wire: Wire) -> None:
    talk = wire.tcp(STRANGER, 50_000, DEVICE, 104)
    talk.ask(dicom_associate("ANY", "PACS"))
    talk.answer(dicom_associate("ANY", "PACS", 2))
    talk.ask(dicom_message({0x00000002: b"1.2.840.10008.5.1.4.1.2.2.1\0", 0x00000100: b"\x20\0"}))
    talk.ask(dicom_message({0x00080052: b"STUDY ", 0x00100010: b"*\0"}, command=False))


def flood(wire: Wire) -> None:
    for number in range(310):
        wire.tcp(STRANGER, 20_000 + number, DEVICE, 104).ask(dicom_associate("ANY", "PACS"))


def replay(wire: Wire) -> None:
    talk = wire.tcp(MASTER, 50_000, DEVICE, 2575)
    talk.ask(hl7("ADT^A01", "7"))
    wire.at += 4000
    wire.tcp(MASTER, 50_001, DEVICE, 2575).ask(hl7("ADT^A01", "7"))


def queries(wire: Wire) -> None:
    talk = wire.tcp(STRANGER, 50_000, DEVICE, 2575)
    for number in range(70):
        talk.ask(hl7("QBP^Q22", str(number)))


def broken_frames(wire: Wire) -> None:
    talk = wire.tcp(STRANGER, 50_000, DEVICE, 2575)
    talk.ask(hl7("ADT^A01", "7"))
    for _ in range(3):
        talk.ask(b"\x0bMSH|bad\x1c\r")


def outside(wire: Wire) -> None:
    wire.tcp(DEVICE, 50_000, "8.8.8.8", 104).ask(dicom_associate("CT1", "CLOUD"))


def spoofed(wire: Wire) -> None:
    wire.arp("02:00:00:00:00:01", DEVICE, answer=True)
    wire.at += 5
    wire.arp("02:00:00:00:00:99", DEVICE, answer=True)


def doubled_device(wire: Wire) -> None:
    i_am = bytes([0x10, 0, 0xC4, 2, 0, 0, 12, 0x22, 4, 0, 0x91, 0, 0x21, 7])
    for source in (DEVICE, OTHER):
        ask_bacnet(wire, i_am, source)


def who_is_flood(wire: Wire) -> None:
    for _ in range(30):
        ask_bacnet(wire, bytes([0x10, 8]), function=11)


def guessed(wire: Wire) -> None:
    for number in range(4):
        ask_bacnet(wire, bytes([0, 5, number, 20, 0x09, 0, 0x1C, 0]) + b"pass")
        answer = bytes([0x50, number, 20, 0x91, 4, 0x91, 26]) if number < 3 else bytes([0x20, number, 20])
        wire.udp(DEVICE, 47808, STRANGER, 47808, bacnet(answer))


def scan(wire: Wire) -> None:
    for number in range(30):
        head = struct.pack(">HHIIBBHHH", 50_000, 1000 + number, 1, 0, 0x50, 2, 8192, 0, 0)
        wire.ip(STRANGER, DEVICE, 6, head)


WRITE = bytes.fromhex("0c0040000119553e44420000003f4908")
COMMANDS: dict[str, tuple[Make, str]] = {
    "bacnet restart": (lambda w: ask_bacnet(w, confirmed(20, b"\x09\0")), "Restart of the device"),
    "bacnet silence": (
        lambda w: ask_bacnet(w, confirmed(17, b"\x19\1")),
        "Switching off of the device's communication",
    ),
    "bacnet write": (lambda w: ask_bacnet(w, confirmed(15, WRITE)), "Write command"),
    "bacnet file": (lambda w: ask_bacnet(w, confirmed(7, b"\xc4\x02\x80\0\1")), "File written to the device"),
    "bacnet create": (lambda w: ask_bacnet(w, confirmed(10, b"\x0e\x09\0\x0f")), "Creation of an object"),
    "bacnet delete": (lambda w: ask_bacnet(w, confirmed(11, b"\xc4\0\0\0\1")), "Deletion on the device"),
    "bacnet time": (
        lambda w: ask_bacnet(w, bytes([0x10, 6, 0xA4, 126, 11, 26, 4, 0xB4, 3, 0, 0, 0])),
        "Change of date or time",
    ),
    "bacnet broadcast table": (bvlc(1, bytes(10)), "Change of network settings"),
    "bacnet foreign device": (bvlc(5, b"\0\x3c"), "Registration as a foreign device"),
    "bacnet delete foreign": (bvlc(8, bytes(6)), "Change of network settings"),
    "bacnet router": (bvlc(10, bytes([1, 0x80, 6, 0])), "Routing message"),
    "modbus write": (on_modbus(struct.pack(">BHH", 5, 3, 0xFF00)), "Write command"),
    "modbus restart": (on_modbus(struct.pack(">BHH", 8, 1, 0)), "Restart of the device"),
    "modbus listen only": (on_modbus(struct.pack(">BHH", 8, 4, 0)), "Switching off of the device's communication"),
    "modbus clear": (on_modbus(struct.pack(">BHH", 8, 10, 0)), "Clearing of counters or values"),
    "modbus file": (on_modbus(bytes([21, 9, 6, 0, 1, 0, 0, 0, 1, 0, 0])), "File written to the device"),
    "s7 stop": (on_s7(b"\x29" + bytes(5) + b"\x09P_PROGRAM"), "Stop of the controller"),
    "s7 start": (on_s7(b"\x28" + bytes(6) + b"\xfd\0\0\x09P_PROGRAM"), "Start of the controller"),
    "s7 download": (on_s7(b"\x1a" + bytes(7) + b"\x09_0A00001P"), "Program download"),
    "s7 upload": (on_s7(b"\x1d" + bytes(7) + b"\x09_0A00001A"), "Program upload (reading out the program)"),
    "s7 password": (
        on_s7(b"\0\1\x12\4\x11\x45\1\0", b"\xff\x09\0\x08" + bytes(8), 7),
        "Password or key sent to the device",
    ),
    "cip stop": (on_cip(bytes([7, 2, 0x20, 0x8E, 0x24, 1])), "Stop of the controller"),
    "cip reset": (on_cip(bytes([5, 2, 0x20, 1, 0x24, 1])), "Restart of the device"),
    "cip clock": (on_cip(bytes([4, 2, 0x20, 0x8B, 0x24, 1, 1, 0])), "Change of date or time"),
    "cip address": (on_cip(bytes([0x10, 3, 0x20, 0xF5, 0x24, 1, 0x30, 5])), "Change of network settings"),
    "cip firmware": (on_cip(bytes([0x4B, 2, 0x20, 0xA1, 0x24, 1])), "Firmware change"),
    "cip lock": (on_cip(bytes([0x4B, 2, 0x20, 0x8E, 0x24, 1])), "Lock of the controller"),
    "cip unlock": (on_cip(bytes([0x4C, 2, 0x20, 0x8E, 0x24, 1])), "Unlock of the controller"),
    "dnp3 restart": (on_dnp3(13), "Restart of the device"),
    "dnp3 direct operate": (on_dnp3(6, bytes([12, 1, 0x28, 1, 0, 7, 0, 0x41, 1])), "Control command"),
    "dnp3 unsolicited off": (on_dnp3(21, bytes([60, 2, 6])), "Switching off of the device's communication"),
    "knx write": (on_knx(b"\0\x81"), "Write command"),
    "knx routing write": (on_knx(b"\0\x81", 0x0530), "Write command"),
    "knx restart": (on_knx(b"\x03\x80"), "Restart of the device"),
    "knx tunnel": (knx_tunnel, "Tunnel into the bus"),
    "knx programming": (on_knx(b"\0\xc0\x11\x05"), "Programming of the device"),
}
OTHERS: dict[str, tuple[Make, str]] = {
    "modbus units": (lambda w: _units(w), "network.protocol-probe"),
    "modbus functions": (
        on_modbus(b"\x41", b"\x42", b"\x43", b"\x44", struct.pack(">BHH", 3, 0, 1)),
        "network.protocol-probe",
    ),
    "bacnet search": (who_is_flood, "network.protocol-probe"),
    "bacnet password": (guessed, "network.protocol-probe"),
    "bacnet doubled": (doubled_device, "network.identity"),
    "arp": (spoofed, "network.identity"),
    "dicom titles": (rejected_titles, "network.protocol-probe"),
    "dicom flood": (flood, "network.protocol-probe"),
    "dicom everyone": (everyone, "dicom.unusual-access"),
    "dicom outside": (outside, "network.clear-text"),
    "hl7 replay": (replay, "hl7.unusual-message"),
    "hl7 queries": (queries, "network.protocol-probe"),
    "hl7 framing": (broken_frames, "network.protocol-probe"),
    "scan": (scan, "network.scan"),
    "files made unreadable": (encrypted, "network.share-encryption"),
}
LEARNED: dict[str, tuple[Make, Make, str]] = {
    "unknown publisher": (lambda w: published(w, MASTER), lambda w: published(w, STRANGER), "mqtt.unusual-client"),
    "second DHCP server": (lambda w: leased(w, MASTER), lambda w: leased(w, STRANGER), "inventory.unknown"),
    "stranger by multicast DNS": (lambda w: named(w, MASTER), lambda w: named(w, STRANGER), "inventory.unknown"),
    "another firmware": (lambda w: firmware(w, b"2.1"), lambda w: firmware(w, b"9.9"), "inventory.changed"),
}


def _units(wire: Wire) -> None:
    talk = wire.tcp(STRANGER, 50_000, DEVICE, 502)
    for unit in range(1, 20):
        talk.ask(modbus(unit, unit, struct.pack(">BHH", 3, 0, 1)))


def alerts(make: Make, learn: float = 0.0) -> list[tuple[str, str, str, set[int]]]:
    wire = Wire()
    make(wire)
    judge = Captures(Hospital.empty(), timedelta(seconds=learn))
    judged, _ = judge.judge(Path("made.pcap"), wire.pcap())
    assert judge.failures() == {}
    found = []
    for one in judged:
        command = one.alert.title.args.get("command", "")
        found.append((one.alert.rule, getattr(command, "key", ""), one.alert.title.key, one.frames))
    return found


@pytest.mark.parametrize("name", COMMANDS)
def test_command_is_told_in_words_with_its_frame(name: str) -> None:
    make, words = COMMANDS[name]
    told = alerts(make)
    assert [(rule, command) for rule, command, _, _ in told] == [("network.command", words)]
    assert len(told[0][3]) == 1


@pytest.mark.parametrize("name", OTHERS)
def test_behaviour_is_told(name: str) -> None:
    make, rule = OTHERS[name]
    told = alerts(make)
    assert rule in {one[0] for one in told}
    assert all(frames for *_, frames in told)


@pytest.mark.parametrize("name", LEARNED)
def test_what_was_not_learned_is_told_and_what_was_is_not(name: str) -> None:
    before, after, rule = LEARNED[name]

    def made(then: Make) -> Make:
        def make(wire: Wire) -> None:
            before(wire)
            wire.at += 120.0
            then(wire)

        return make

    assert rule in {one[0] for one in alerts(made(after), 60.0)}
    assert rule not in {one[0] for one in alerts(made(before), 60.0)}


def reads(wire: Wire) -> None:
    """Plain readings of every protocol, by a station that reads only."""
    ask_bacnet(wire, confirmed(12, bytes.fromhex("0c000000011955")))
    on_modbus(struct.pack(">BHH", 3, 0, 4), struct.pack(">BHH", 1, 0, 4))(wire)
    on_s7(bytes.fromhex("0401120a10020001000084000000"))(wire)
    on_dnp3(1, bytes([60, 2, 6]))(wire)
    on_cip(bytes([1, 2, 0x20, 1, 0x24, 1]))(wire)
    on_knx(b"\0\0")(wire)
    talk = wire.tcp(MASTER, 50_000, OTHER, 104)
    talk.ask(dicom_associate("CT1", "PACS"))
    wire.tcp(MASTER, 50_001, OTHER, 2575).ask(hl7("ADT^A01", "7"))
    wire.arp("02:00:00:00:00:01", DEVICE)


def test_plain_readings_of_every_protocol_are_quiet() -> None:
    assert alerts(reads) == []


def test_ordinary_network_is_quiet_for_every_rule() -> None:
    judge = Captures(Hospital.empty(), timedelta(seconds=30))
    assert judge.judge(Path("made.pcap"), process_network(9, seconds=300).pcap())[0] == []
