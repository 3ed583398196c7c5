"""The traces that scenarios put in are what they say: read by our own readers, judged by our own rules."""

from __future__ import annotations

from datetime import UTC, datetime

from safecare.detect.cyber.network_lateral_movement import LateralMovement
from safecare.detect.cyber.network_scan import NetworkScan
from safecare.detect.cyber.network_signature import SignatureAlert
from safecare.formats.packets.dissect import Dissector
from safecare.formats.packets.file import Reading, read_frames
from safecare.formats.packets.flows import Conversation
from safecare.model.event import Event
from safecare.model.hospital import Hospital
from safecare.scenarios.make.network import attack_capture, foothold_eve, normal_capture, normal_eve
from safecare.sources.capture.folder import CaptureFolder
from safecare.sources.eve.decode import read_eve_lines
from safecare.testing.hospital import small_hospital
from safecare.testing.intake import MemoryIntake

AT = datetime(2026, 3, 17, 9, 0, tzinfo=UTC)
STATION, SERVERS = "10.1.10.21", ("10.1.20.10", "10.1.20.11", "10.1.20.12")
NEIGHBOURS = [f"10.1.10.{number}" for number in range(100, 140)]


def events_of(raw: bytes) -> list[Event]:
    from pathlib import Path

    return list(CaptureFolder("captures", Path()).decode(raw, {"name": "x.pcap"}, MemoryIntake()))


def rules(hospital: Hospital, events: list[Event]) -> set[str]:
    detectors = NetworkScan(hospital), LateralMovement(hospital), SignatureAlert(hospital)
    return {alert.rule for one in detectors for alert in one.feed(events)}


def test_the_attack_shows_a_scan_and_a_lateral_move() -> None:
    assert rules(small_hospital(), events_of(attack_capture(AT, STATION, NEIGHBOURS, SERVERS[0]))) == {
        "network.scan",
        "network.lateral-movement",
    }


def test_ordinary_traffic_raises_nothing() -> None:
    hospital = small_hospital()
    for seed in range(5):
        assert rules(hospital, events_of(normal_capture(seed, AT, [STATION, "10.1.10.31"], SERVERS, 300))) == set()
        raw = b"".join(normal_eve(seed, AT, [STATION, "10.1.10.31"], SERVERS, 400))
        events, errors = read_eve_lines(raw, hospital, "eve", AT)
        assert not errors
        assert rules(hospital, events) == set()


def test_the_foothold_shows_in_the_sensor() -> None:
    hospital = small_hospital()
    events, errors = read_eve_lines(b"".join(foothold_eve(AT, STATION)), hospital, "eve", AT)
    assert not errors
    assert rules(hospital, events) == {"network.signature"}


def test_same_seed_same_bytes_and_nothing_unreadable() -> None:
    raw = normal_capture(3, AT, [STATION], SERVERS, 50)
    assert raw == normal_capture(3, AT, [STATION], SERVERS, 50)
    dissector, reading = Dissector(), Reading()
    talks = [one for frames in read_frames(raw, reading) for one in dissector.feed(frames)] + [*dissector.finish()]
    assert (reading.broken, reading.skipped) == ("", {})
    assert sum(isinstance(talk, Conversation) for talk in talks) == 50
