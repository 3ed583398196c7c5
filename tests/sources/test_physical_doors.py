"""Over all doors: what is sent twice, late, or with a wrong clock; the table of the reference names every source."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import msgspec
import pytest

from safecare.formats.alarm import dc09, espa
from safecare.model.event import Event
from safecare.model.hospital import Hospital
from safecare.sources.access.folder import AccessFolder
from safecare.sources.access.tail import AccessTail
from safecare.sources.access.webhook import AccessWebhook
from safecare.sources.api import sources
from safecare.sources.calls import Device
from safecare.sources.dc09.door import Dc09Door
from safecare.sources.espa.door import EspaDoor
from safecare.sources.isapi.door import IsapiDoor
from safecare.sources.mqtt.client import MqttClient
from safecare.sources.mqtt.listener import MqttListener
from safecare.sources.onvif.door import OnvifDoor
from safecare.sources.rtls.door import RtlsDoor
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


class Sample(NamedTuple):
    """A door, what it is sent about one thing at a time, and whether that carries the time."""

    door: Callable[[Path], Any]
    raw: Callable[[datetime], bytes]
    timed: bool = True
    context: Mapping[str, str] = MappingProxyType({})


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
}
"""The doors of panels, badges, door controllers and tags."""


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


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize(
    ("told", "believed"),
    [
        (timedelta(0), True),
        (timedelta(hours=-5), True),
        (timedelta(minutes=4), True),
        (timedelta(minutes=6), False),
        (timedelta(days=-8), False),
        (timedelta(days=365 * 30), False),
    ],
)
def test_its_own_time_is_kept_where_it_can_be_true(name: str, told: timedelta, believed: bool, tmp_path: Path) -> None:
    events = read(name, tmp_path, SAMPLES[name].raw(START + told))
    expected = START + told if believed and SAMPLES[name].timed else START
    assert {one.at for one in events} == {expected}
    assert {one.seen for one in events} == {START}


def test_every_door_of_a_physical_rule_is_walked_over() -> None:
    """Those whose rows say that `sensor.silent` may speak of them; Modbus has tests of its own."""
    walked = {name for name, cells in table().items() if "rule" in cells[3] and "network" not in cells[3]}
    assert walked - {"modbus"} <= SAMPLES.keys()
