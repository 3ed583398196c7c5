"""Over all doors: what is sent twice, late, or with a wrong clock; the table of the reference names every source."""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from types import MappingProxyType, SimpleNamespace
from typing import Any, NamedTuple

import msgspec
import pytest

from safecare.app.times import AHEAD, OLDEST, believed
from safecare.formats.alarm import dc09, espa
from safecare.model.event import Event
from safecare.model.hospital import Hospital
from safecare.scenarios.make.hl7 import Appointment, siu
from safecare.sources.access.folder import AccessFolder
from safecare.sources.access.tail import AccessTail
from safecare.sources.access.webhook import AccessWebhook
from safecare.sources.api import UnreadableError, sources
from safecare.sources.building.modbus import ModbusPoller
from safecare.sources.building.modbus import Sample as Sampled
from safecare.sources.calls import Device
from safecare.sources.capture.folder import CaptureFolder
from safecare.sources.dc09.door import Dc09Door
from safecare.sources.espa.door import EspaDoor
from safecare.sources.eve.follow import EveFile
from safecare.sources.hl7.door import Hl7Door
from safecare.sources.isapi.door import IsapiDoor
from safecare.sources.logs.folder import LogFolder
from safecare.sources.mail.door import MailDoor
from safecare.sources.mqtt.client import MqttClient
from safecare.sources.mqtt.listener import MqttListener
from safecare.sources.netflow.door import NetflowDoor
from safecare.sources.onvif.door import OnvifDoor
from safecare.sources.rtls.door import RtlsDoor
from safecare.sources.syslog.door import SyslogDoor
from safecare.sources.syslog.wazuh import WazuhFile
from safecare.sources.zeek.follow import ZeekFile
from safecare.testing.captures import Wire
from safecare.testing.clock import START, FakeClock
from safecare.testing.hospital import small_hospital
from safecare.testing.intake import MemoryIntake

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "doors.md"
TOKEN = "a-long-enough-token"
NAMED = {"door.pharmacy": {"sia": "1234", "espa": "900", "isapi": "gate", "onvif": "gate", "mqtt": "doors/pharmacy"}}
HEADER = "time;door;event;badge;direction;reason;number\n"


def hospital() -> Hospital:
    """The tiny hospital whose pharmacy door is known to every system."""
    small = small_hospital()
    assets = tuple(
        msgspec.structs.replace(one, addresses=one.addresses | NAMED.get(one.id, {})) for one in small.assets
    )
    return msgspec.structs.replace(small, assets=assets)


LONG, DAY = START - OLDEST, AHEAD


class Sample(NamedTuple):
    """A door, what it is sent about one thing at a time, and whether that carries the time.

    Its sender's time is believed from `past` behind to `future` ahead; what the platform believes of any door at all
    (`LONG`, `DAY`) is `app.times`.
    """

    door: Callable[[Path], Any]
    raw: Callable[[datetime], bytes]
    timed: bool = True
    context: Mapping[str, str] = MappingProxyType({})
    past: timedelta = timedelta(days=7)
    future: timedelta = timedelta(minutes=5)


def row(at: datetime) -> bytes:
    return f"{at.isoformat()};reader-pharmacy;granted;B001;;;7\n".encode()


def sia(at: datetime) -> bytes:
    return dc09.framed(f'"SIA-DCS"0001L0#1234[#1234|NBA1]{at:_%H:%M:%S,%m-%d-%Y}')


def call(_: datetime) -> bytes:
    return espa.framed("1", {"1": "900", "2": "INCENDIE", "4": "3"})[1:-2]


def post(at: datetime) -> bytes:
    return json.dumps({"time": at.isoformat(), "door": "reader-pharmacy", "event": "forced"}).encode()


def tag(at: datetime) -> bytes:
    header = {"resourceType": "MessageHeader", "eventCoding": {"code": "location-update"}}
    device = {"resourceType": "Device", "identifier": [{"value": "B001"}]}
    place = {"resourceType": "Location", "identifier": [{"value": "aurore.ward.a"}]}
    entry = [{"resource": one} for one in (header, device, place)]
    return json.dumps({"resourceType": "Bundle", "timestamp": at.isoformat(), "entry": entry}).encode()


def isapi(at: datetime) -> bytes:
    inner = {"majorEventType": 5, "subEventType": 27}
    told = {"eventType": "AccessControllerEvent", "dateTime": at.isoformat(), "AccessControllerEvent": inner}
    return json.dumps(told).encode()


def onvif(at: datetime) -> bytes:
    return (
        '<E xmlns:t="u"><NotificationMessage><Topic>tns1:RuleEngine/LineDetector/Crossed</Topic>'
        f'<Message><t:Message UtcTime="{at.isoformat()}" PropertyOperation="Changed"/></Message>'
        "</NotificationMessage></E>"
    ).encode()


def mqtt(at: datetime) -> bytes:
    return json.dumps({"alarm": "forced", "at": at.isoformat()}).encode()


def flow(at: datetime) -> bytes:
    ends = {"src_ip": "10.1.10.31", "src_port": 5, "dest_ip": "10.1.20.10", "dest_port": 445, "proto": "TCP"}
    told = {"bytes_toserver": 1, "bytes_toclient": 1, "start": at.isoformat(), "end": at.isoformat(), "state": "closed"}
    return json.dumps({"timestamp": at.isoformat(), "event_type": "flow", "flow_id": 1, **ends, "flow": told}).encode()


def zeek(at: datetime) -> bytes:
    fields = "ts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\tconn_state"
    row = f"{at.timestamp()}\tC1\t10.1.10.31\t50000\t10.1.20.10\t445\ttcp\tREJ"
    return f"#path\tconn\n#fields\t{fields}\n{row}\n".encode()


def wazuh(at: datetime) -> bytes:
    rule = {"id": "5712", "level": 10, "description": "Brute force"}
    agent = {"name": "ws", "ip": "10.1.10.31"}
    return json.dumps({"timestamp": at.isoformat(), "id": "1.2", "rule": rule, "agent": agent}).encode() + b"\n"


def siu_at(at: datetime) -> bytes:
    return siu("S13", Appointment("R1", "P1", "VACC", START + timedelta(days=1)), at=at, control="C1")


def netflow(at: datetime) -> bytes:
    record = struct.pack(">IIIHHIIIIHHBBBBHHBBH", 1, 2, 0, 0, 0, 9, 4321, 0, 0, 445, 5, 0, 18, 6, 0, 0, 0, 0, 0, 0)
    return struct.pack(">HHIIIIBBH", 5, 1, 0, int(at.timestamp()), 0, 1, 0, 0, 0) + record


def capture(at: datetime) -> bytes:
    wire = Wire(at.timestamp())
    talk = wire.tcp("10.1.10.31", 5000, "10.1.20.10", 445)
    talk.ask(b"x")
    talk.close()
    return wire.pcap()


def syslog(at: datetime) -> bytes:
    return f"<86>1 {at.isoformat()} 10.1.10.31 sshd 1 - - Failed password".encode()


def poll(at: datetime) -> bytes:
    asset = next(one for one in hospital().assets if one.points and all(point.register for point in one.points))
    return msgspec.json.encode(Sampled(asset.id, at, {point.register: 1 for point in asset.points}))


DEVICES = {"gate": Device("http://127.0.0.1:1")}
GATE = {"device": "gate"}
TOPIC = {"topic": "doors/pharmacy"}
SAMPLES = {
    "access-folder": Sample(lambda folder: AccessFolder("d", folder), row, context={"header": HEADER.strip()}),
    "access-tail": Sample(lambda folder: AccessTail("d", folder / "t.csv"), row, context={"header": HEADER.strip()}),
    "access-webhook": Sample(lambda _: AccessWebhook("d", token=TOKEN), post),
    "espa": Sample(lambda _: EspaDoor("d"), call, timed=False),
    "fhir-rtls": Sample(lambda _: RtlsDoor("d", token=TOKEN), tag),
    "isapi": Sample(lambda _: IsapiDoor("d", DEVICES), isapi, context=GATE),
    "mqtt": Sample(lambda _: MqttListener("d"), mqtt, context={"topic": "doors/pharmacy"}),
    "mqtt-broker": Sample(
        lambda _: MqttClient("d", "127.0.0.1", topics=["#"]), mqtt, context={"topic": "doors/pharmacy"}
    ),
    "onvif": Sample(lambda _: OnvifDoor("d", DEVICES), onvif, context=GATE),
    "sia-dc09": Sample(lambda _: Dc09Door("d"), sia),
    "capture": Sample(lambda folder: CaptureFolder("d", folder), capture, past=LONG, future=DAY),
    "eve": Sample(lambda folder: EveFile("d", folder / "eve.json"), lambda at: flow(at) + b"\n", past=LONG, future=DAY),
    "hl7": Sample(lambda _: Hl7Door(), siu_at, past=timedelta(minutes=5)),
    "log-folder": Sample(lambda folder: LogFolder("d", folder), lambda at: syslog(at) + b"\n", past=LONG, future=DAY),
    "mail": Sample(lambda _: MailDoor(), lambda _: b"Subject: x\r\n\r\ny", timed=False),
    "modbus": Sample(lambda _: ModbusPoller("d"), poll, past=LONG, future=DAY),
    "netflow": Sample(lambda _: NetflowDoor("d"), netflow, past=LONG, future=DAY),
    "syslog": Sample(lambda _: SyslogDoor("d"), syslog, past=LONG, future=DAY),
    "wazuh": Sample(lambda folder: WazuhFile("d", folder / "alerts.json"), wazuh, past=LONG, future=DAY),
    "zeek": Sample(lambda folder: ZeekFile("d", folder / "conn.log"), zeek, past=LONG, future=DAY),
}
"""Every door that makes events of what it can be sent again."""
KEPT = frozenset({"dicom", "fhir-inspect", "file-scan", "files", "hl7-inspect", "imap", "interface", "maildir"})
"""Doors that reject nothing that could be read again: what they judge is known by its hash, or was never kept."""
FILMS = frozenset({"camera"})
"""Clips are read in workers: tests/sources/camera."""


def table() -> dict[str, list[str]]:
    rows = re.findall(r"^\| `([a-z0-9-]+)` \|(.*)\|$", PAGE.read_text("utf-8"), re.MULTILINE)
    return {name: [cell.strip() for cell in cells.split("|")] for name, cells in rows}


def test_the_table_names_every_source_and_leaves_no_cell_empty() -> None:
    assert table().keys() == sources().parts.keys()
    assert all(len(cells) == 4 and all(cells) for cells in table().values())


def read(name: str, folder: Path, raw: bytes, now: datetime = START) -> Sequence[Event]:
    sample = SAMPLES[name]
    (folder / "t.csv").write_text(HEADER)
    known: Any = MemoryIntake(hospital=hospital(), clock=FakeClock(now))
    events: Iterable[Event] = sample.door(folder).decode(raw, sample.context, known)
    return list(events)


@pytest.mark.parametrize("name", SAMPLES)
def test_what_is_sent_again_is_the_same_event(name: str, tmp_path: Path) -> None:
    raw = SAMPLES[name].raw(START - timedelta(seconds=5))
    first = read(name, tmp_path, raw)
    assert first
    later = START + timedelta(minutes=2) if SAMPLES[name].timed else START
    assert [one.id for one in read(name, tmp_path, raw, later)] == [one.id for one in first]
    other = SAMPLES[name].raw(START - timedelta(seconds=6))
    if SAMPLES[name].timed:
        assert not {one.id for one in read(name, tmp_path, other)} & {one.id for one in first}


MOMENT = timedelta(seconds=1)


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("hours", [0, -1, -5, -24 * 8, 48, -24 * 365 * 30])
@pytest.mark.parametrize("minutes", [0, 4, 6])
def test_its_own_time_is_kept_where_it_can_be_true(name: str, hours: int, minutes: int, tmp_path: Path) -> None:
    sample, told = SAMPLES[name], timedelta(hours=hours, minutes=minutes)
    events = [believed(one, START) for one in read(name, tmp_path, sample.raw(START + told))]
    kept = sample.timed and -sample.past <= told <= sample.future
    assert events
    assert all(abs(one.at - (START + told if kept else START)) < MOMENT for one in events)
    assert {one.seen for one in events} == {START}


def test_every_source_is_walked_over() -> None:
    assert sorted([*SAMPLES, *KEPT, *FILMS]) == sorted(sources().parts)


@pytest.mark.parametrize("name", sorted(KEPT))
def test_doors_without_rejects_read_none_again(name: str) -> None:
    kind: Any = sources().parts[name]
    with pytest.raises(UnreadableError):
        list(kind.decode(SimpleNamespace(door="d", _door="d"), b"x", {}, MemoryIntake()))
