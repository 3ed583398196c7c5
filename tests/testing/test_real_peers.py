"""Real programs speak on loopback: what an intruder does is told, named and marked; plain reading is quiet."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from safecare.app.network import Captures, Judged
from safecare.detect.cyber.wire_words import PHRASES
from safecare.model.hospital import Hospital
from safecare.testing.captures import Wire
from safecare.testing.real_peers import record

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

READS = {
    "s7": ("read", "state", "identify"),
    "bacnet": ("read", "identify"),
    "modbus": ("read",),
    "dicom": ("echo", "one patient"),
    "hl7": ("admit",),
}


def judged(wire: Wire, seconds: float = 0) -> list[Judged]:
    return Captures(Hospital.empty(), timedelta(seconds=seconds)).judge(Path("real.pcap"), wire.pcap())[0]


def operations(alerts: list[Judged]) -> set[str]:
    words = {text.key: operation for operation, text in PHRASES.items()}
    found = (getattr(one.alert.title.args.get("command"), "key", "") for one in alerts)
    return {words[key] for key in found if key in words}


@pytest.mark.parametrize("peer", READS)
def test_plain_reading_is_quiet(peer: str) -> None:
    wire = record(peer, READS[peer])
    assert len(wire.frames) > 30
    assert judged(wire) == []
    assert judged(wire, 10) == []


@pytest.mark.parametrize(
    ("peer", "acts", "expected"),
    [
        (
            "s7",
            ("stop", "start", "write", "download", "upload", "time", "password"),
            {"stop", "restart", "write", "download", "upload", "time", "password"},
        ),
        ("bacnet", ("write", "restart", "silence"), {"write", "restart", "silence"}),
        ("modbus", ("write", "write many", "listen only"), {"write", "silence"}),
    ],
)
def test_each_command_of_an_intruder_is_named(peer: str, acts: tuple[str, ...], expected: set[str]) -> None:
    wire = record(peer, READS[peer], acts)
    alerts = judged(wire, 10)
    assert operations(alerts) == expected
    assert set().union(*(one.frames for one in alerts)) == wire.bad
    named = [one for one in judged(wire) if one.alert.rule == "network.write-from-non-master"]
    assert named
    assert all(one.frames == wire.bad for one in named)


@pytest.mark.parametrize(
    ("peer", "acts", "rules"),
    [
        ("dicom", ("all patients", "guess title"), {"dicom.unusual-access", "network.protocol-probe"}),
        ("hl7", ("stranger", "replay"), {"hl7.unusual-message"}),
    ],
)
def test_what_an_intruder_asks_of_medical_systems_is_told(peer: str, acts: tuple[str, ...], rules: set[str]) -> None:
    wire = record(peer, READS[peer], acts)
    alerts = judged(wire, 10)
    assert {one.alert.rule for one in alerts} >= rules
    assert set().union(*(one.frames for one in alerts)) == wire.bad
