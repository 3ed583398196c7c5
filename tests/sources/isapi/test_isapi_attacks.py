"""A device that is broken, taken over, or has a wrong clock, at a real HTTP server: what it truly says is told."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from test_isapi_door import app, hospital, part

from safecare.detect.physical.alarm_intrusion import IntrusionAlarm
from safecare.formats.camera_words import LIMIT
from safecare.formats.isapi_stream import Alerts
from safecare.model.event import Event
from safecare.model.events.panels import DeviceHeard, PanelSignal
from safecare.sources.calls import SURE, Ahead, Device
from safecare.sources.isapi.door import IsapiDoor
from safecare.testing.clock import START, FakeClock
from safecare.testing.device_server import PASSWORD, USER, alert, device, running
from safecare.testing.intake import MemoryIntake

PIR = part("PIR")
BOMB = (
    b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "aaaaaaaaaa">'
    + b"".join(b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(9))
    + b"]><EventNotificationAlert><eventType>&j;</eventType></EventNotificationAlert>"
)
OUTSIDE = (
    b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
    b"<EventNotificationAlert><eventType>&x;</eventType></EventNotificationAlert>"
)

BROKEN = {
    "no boundary": alert("PIR"),
    "another boundary": b"--other\r\n\r\n" + alert("PIR"),
    "no headers": b"--boundary\r\n" + alert("PIR"),
    "a wrong length": b"--boundary\r\nContent-Length: 3\r\n\r\n" + alert("PIR"),
    "a length beyond the end": b"--boundary\r\nContent-Length: 99999999999999999999\r\n\r\n" + alert("PIR"),
    "a boundary within": b"--boundary\r\n\r\n--boundary\r\n--boundary--\r\n" + alert("PIR"),
    "an alert that stops": part("PIR")[:-60] + PIR,
    "an alert within another": b"<EventNotificationAlert><x>" + alert("PIR"),
    "a picture": b"--boundary\r\nContent-Type: image/jpeg\r\n\r\n\xff\xd8\xff"
    + bytes(range(256)) * 900
    + b"\r\n"
    + PIR,
    "a part without an end": b"{" + b"x" * (LIMIT + 5000) + b"\r\n" + PIR,
    "braces without an end": b"{" * 5000 + b"\r\n" + PIR,
    "a bomb": BOMB + PIR,
    "a file of ours": OUTSIDE + PIR,
    "deep": b"<EventNotificationAlert>" + b"<a>" * 2000 + b"</EventNotificationAlert>" + PIR,
    "zeros": b"\0" * 100_000 + PIR,
    "no event type": alert("") + PIR,
}


@pytest.mark.parametrize("name", BROKEN)
async def test_what_is_broken_hides_no_alarm_and_makes_none(name: str) -> None:
    intake, end = MemoryIntake(hospital=hospital()), asyncio.Event()
    raw = BROKEN[name]
    pieces = [raw[at : at + 1000] for at in range(0, len(raw), 1000)]
    async with device(app([*pieces, part("fielddetection", channel="1")], open_=end)) as url:
        async with running(IsapiDoor("hik", {"hall": Device(url, USER, PASSWORD)}), intake):
            await intake.until(lambda it: any(getattr(one, "code", "") == "fielddetection" for one in it.events))
        end.set()
    told = [one for one in intake.events if isinstance(one, PanelSignal) and one.what == "intrusion"]
    assert [one.code for one in told] == ["PIR", "fielddetection"]
    assert all(b"root:" not in one.raw and "root:" not in one.reason for one in intake.rejects)


@pytest.mark.parametrize("size", [1, 7, 100])
def test_memory_is_bounded_whatever_is_sent_and_an_alert_is_found_in_any_pieces(size: int) -> None:
    alerts, raw = Alerts(), b"{<EventNotificationAlert>" + b"y" * 3000 + PIR
    found = [one for at in range(0, len(raw), size) for one in alerts.feed(raw[at : at + size])]
    assert [b"PIR" in one for one in found] == [True]
    for _ in range(40):
        list(alerts.feed(b"{" + b"z" * 20_000))
        assert len(alerts._held) <= LIMIT


async def test_an_alarm_that_is_repeated_each_second_is_told_once_and_the_next_one_again() -> None:
    intake, end = MemoryIntake(hospital=hospital()), asyncio.Event()
    alerts = [PIR] * 50 + [part("PIR", "inactive")] * 3 + [PIR] * 50 + [part("PIR", "inactive"), part("VMD")]
    async with device(app(alerts, open_=end)) as url:
        async with running(IsapiDoor("hik", {"hall": Device(url, USER, PASSWORD)}), intake):
            await intake.until(lambda it: len(it.events) >= 5)
        end.set()
    states = [one.on for one in intake.events if isinstance(one, PanelSignal)]
    assert states == [True, False, True, False]
    assert len(list(IntrusionAlarm(intake.hospital).feed(intake.events))) == 1  # within a minute it is the same


async def test_channels_that_no_file_names_are_the_device_s_or_rejects() -> None:
    intake, end = MemoryIntake(hospital=hospital()), asyncio.Event()
    odd = [part("PIR", channel=one) for one in ("99", "../../etc", "2" * 300, "", "-1")]
    async with device(app([*odd, part("PIR", channel="2")], open_=end)) as url:
        async with running(IsapiDoor("hik", {"recorder": Device(url, USER, PASSWORD)}), intake):
            await intake.until(lambda it: any(one.asset == "camera.corridor" for one in it.events))
        end.set()
    assert {one.asset for one in intake.events} == {"camera.corridor"}
    assert len(intake.rejects) == len(odd)
    assert all(len(one.reason) < 400 for one in intake.rejects)


def stamped(type: str, at: datetime, state: str = "active") -> bytes:
    return part(type, state).replace(b"2026-03-17T13:00:05+01:00", at.isoformat().encode())


@pytest.mark.parametrize("ahead", [timedelta(0), timedelta(minutes=-50), timedelta(days=4000), timedelta(hours=1)])
async def test_a_clock_that_is_wrong_is_put_right_by_the_heartbeats_and_told(ahead: timedelta) -> None:
    clock = FakeClock()
    intake, end = MemoryIntake(hospital=hospital(), clock=clock), asyncio.Event()
    alerts = [stamped("videoloss", START + ahead, "inactive"), stamped("PIR", START + ahead - timedelta(seconds=9))]
    async with device(app(alerts, open_=end)) as url:
        async with running(IsapiDoor("hik", {"hall": Device(url, USER, PASSWORD)}), intake):
            await intake.until(lambda it: len(it.events) == 2)
        end.set()
    heard, seen = intake.events
    assert isinstance(heard, DeviceHeard)
    assert isinstance(seen, PanelSignal)
    assert seen.at == START - timedelta(seconds=9)
    told = intake.states.get("hik/hall/clock")
    assert (told is None) == (not ahead)
    assert told is None or told[0] == "waiting"


async def test_without_heartbeats_an_odd_time_is_that_of_arrival() -> None:
    intake, end = MemoryIntake(hospital=hospital(), clock=FakeClock()), asyncio.Event()
    odd = [
        part("PIR").replace(b"2026-03-17T13:00:05+01:00", one) for one in (b"9999-99-99", b"", b"9999-12-31T23:59:59Z")
    ]
    alerts = [one.replace(b"PIR", b"PIR%d" % number) for number, one in enumerate(odd)]
    async with device(app(alerts, open_=end)) as url:
        async with running(IsapiDoor("hik", {"hall": Device(url, USER, PASSWORD)}), intake):
            await intake.until(lambda it: len(it.events) == 3)
        end.set()
    events: list[Event] = intake.events
    assert {one.at for one in events} == {START}


def test_what_waited_on_its_way_makes_no_clock_wrong() -> None:
    """After a line that stood still the heartbeats of a minute come at once: the least delayed of them counts."""
    clock, now = Ahead(), datetime(2026, 3, 29, 0, 59, 30, tzinfo=UTC)
    for second in range(0, 60, 15):
        assert clock.told(now + timedelta(seconds=second), now + timedelta(seconds=second)) == timedelta(0)
    assert clock.told(now + timedelta(seconds=60), now + timedelta(seconds=100)) == timedelta(0)
    assert clock.told(datetime(1, 1, 1, tzinfo=UTC), now) == timedelta(0)
    back = [clock.told(now - timedelta(hours=1), now) for _ in range(6)][-1]
    assert back == timedelta(hours=-1)
    assert abs(clock.told(now + timedelta(minutes=5), now) - timedelta(minutes=5)) < SURE
