"""Values heard on the wire become readings of the assets that say so, and of no others; noise is told in turn."""

from __future__ import annotations

import struct
from pathlib import Path

import msgspec
import pytest

from safecare.app.network import Captures
from safecare.formats.packets.dissect import Dissector
from safecare.formats.packets.file import Reading as File
from safecare.formats.packets.file import read_frames
from safecare.model.events.building import PointChanged, Reading
from safecare.model.hospital import Hospital, Point
from safecare.sources.capture.values import Heard, WireValues, reading
from safecare.testing.captures import Wire, bacnet, modbus
from safecare.testing.hospital import small_hospital

DEVICE, MASTER = "10.7.0.21", "10.7.0.10"


def hospital(wire: str, *points: Point) -> Hospital:
    plain = small_hospital()
    assets = tuple(
        msgspec.structs.replace(one, addresses={"wire": wire}, points=points) if one.id == "ahu.north" else one
        for one in plain.assets
    )
    return msgspec.structs.replace(plain, assets=assets)


TEMPERATURE = Point(name="supply_temperature", register="input:2", scale=0.1, unit="Cel")
LID = Point(name="lid", register="coil:7")


def polled(values: list[int], seconds: float = 2.0) -> Wire:
    wire = Wire()
    talk = wire.tcp(MASTER, 40_000, DEVICE, 502)
    for number, value in enumerate(values, 1):
        wire.at += seconds
        talk.ask(modbus(number, 3, struct.pack(">BHH", 4, 1, 2)))
        talk.answer(modbus(number, 3, struct.pack(">BBHH", 4, 4, 9, value)))
    return wire


def heard(wire: Wire, every: float = 30.0) -> list[Heard]:
    values = WireValues(every)
    found: list[Heard] = []
    for frames in read_frames(wire.pcap(), File()):
        for one in Dissector().feed(frames):
            found += values.heard(one)
    return found


def test_modbus_answers_are_values_by_unit_and_register() -> None:
    assert [(one.unit, one.register, one.value) for one in heard(polled([180]))] == [
        ("3", "input:1", 9.0),
        ("3", "input:2", 180.0),
    ]


def test_what_does_not_change_is_told_in_its_turn_and_jumps_at_once() -> None:
    told = [one.value for one in heard(polled([180] * 20 + [181, 220])) if one.register == "input:2"]
    assert told == [180.0, 180.0, 220.0]


def test_bacnet_present_values_are_heard() -> None:
    wire = Wire()
    wire.udp(MASTER, 47808, DEVICE, 47808, bacnet(bytes.fromhex("00050c0c" + "0c00000001" + "1955")))
    wire.udp(DEVICE, 47808, MASTER, 47808, bacnet(bytes.fromhex("300c0c" + "0c00000001" + "1955" + "3e4441a400003f")))
    assert [(one.register, one.value) for one in heard(wire)] == [("analog-input:1", 20.5)]


@pytest.mark.parametrize(("wire", "fits"), [("10.7.0.21/3", True), (DEVICE, True), ("10.7.0.21/4", False)])
def test_only_the_asset_that_says_so_gets_the_reading(wire: str, fits: bool) -> None:
    told = reading(Heard(1.75e9, DEVICE, "3", "input:2", 0xFFFF), hospital(wire, TEMPERATURE, LID), "capture")
    assert (told is not None) is fits
    if told is not None:
        assert isinstance(told, Reading)
        assert (told.asset, told.quantity, round(told.value, 3)) == ("ahu.north", "supply_temperature", -0.1)
    assert reading(Heard(1.75e9, DEVICE, "3", "input:9", 1), hospital(wire, TEMPERATURE), "capture") is None


def test_a_binary_point_is_a_state() -> None:
    told = reading(Heard(1.75e9, DEVICE, "", "coil:7", 1), hospital(DEVICE, LID), "capture")
    assert isinstance(told, PointChanged)
    assert told.on is True


def test_values_in_a_capture_are_judged(tmp_path: Path) -> None:
    ranged = msgspec.structs.replace(TEMPERATURE, low=14.0, high=24.0)
    path = tmp_path / "values.pcap"
    alerts, _ = Captures(hospital(DEVICE, ranged)).judge(path, polled([180] * 5 + [400, 410, 420]).pcap())
    [told] = [one for one in alerts if one.alert.rule == "reading.unusual" or one.alert.rule.startswith("reading.")]
    assert told.alert.assets == ("ahu.north",)
    assert told.frames
