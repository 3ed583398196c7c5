"""The alert stream from a real HTTP server: sign-in, repetitions, noise, and a device that goes and comes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import msgspec
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from safecare.model.events.panels import DeviceHeard, PanelSignal
from safecare.model.events.video import CameraState
from safecare.model.hospital import Hospital
from safecare.sources.api import UnreadableError
from safecare.sources.calls import Device
from safecare.sources.isapi.door import PATH, IsapiDoor
from safecare.testing.device_server import PASSWORD, USER, alert, challenge, device, running, signed
from safecare.testing.hospital import small_hospital
from safecare.testing.intake import MemoryIntake


def hospital() -> Hospital:
    named = {"camera.hall": "hall", "camera.corridor": "recorder/2"}
    small = small_hospital()
    assets = tuple(
        msgspec.structs.replace(one, addresses=one.addresses | {"isapi": named[one.id]}) if one.id in named else one
        for one in small.assets
    )
    return msgspec.structs.replace(small, assets=assets)


def part(type: str, state: str = "active", channel: str = "1") -> bytes:
    body = alert(type, state, channel)
    return b"--boundary\r\nContent-Type: application/xml\r\nContent-Length: %d\r\n\r\n%s\r\n" % (len(body), body)


def app(*turns: list[bytes], open_: asyncio.Event | None = None) -> Starlette:
    """A device that gives one of `turns` to each call, and keeps the last one open."""
    left = list(turns)

    async def stream(request: Request) -> Response:
        if not signed(request):
            return challenge()
        last = len(left) == 1
        turn = left[0] if last else left.pop(0)

        async def content() -> AsyncIterator[bytes]:
            for one in turn:
                yield one
            if last and open_ is not None:
                await open_.wait()

        return StreamingResponse(content(), media_type="multipart/mixed; boundary=boundary")

    return Starlette(routes=[Route(PATH, stream)])


async def test_alerts_are_told_once_while_they_are_repeated() -> None:
    intake, end = MemoryIntake(hospital=hospital()), asyncio.Event()
    alerts = [part("videoloss", "inactive"), *[part("fielddetection")] * 5, part("fielddetection", "inactive")]
    async with device(app(alerts, open_=end)) as url:
        door = IsapiDoor("hik", {"hall": Device(url, USER, PASSWORD)}, first_wait=0.01)
        async with running(door, intake):
            await intake.until(lambda it: len(it.events) == 3)
            assert intake.states["hik"] == ("ok", "1 of 1 reached")
        end.set()
    heard, begun, over = intake.events[:3]
    assert isinstance(heard, DeviceHeard)
    assert isinstance(begun, PanelSignal)
    assert isinstance(over, PanelSignal)
    assert [(one.what, one.asset, one.on) for one in (begun, over)] == [
        ("intrusion", "camera.hall", True),
        ("intrusion", "camera.hall", False),
    ]


async def test_a_recorder_s_channels_are_cameras_and_unknown_ones_are_kept() -> None:
    intake, end = MemoryIntake(hospital=hospital()), asyncio.Event()
    alerts = [part("shelteralarm", channel="2"), part("videoloss", channel="2"), part("VMD", channel="9"), b"<noise/>"]
    alerts += [b"<EventNotificationAlert><broken></EventNotificationAlert>"]
    async with device(app(alerts, open_=end)) as url:
        door = IsapiDoor("hik", {"recorder": Device(url, USER, PASSWORD)})
        async with running(door, intake):
            await intake.until(lambda it: len(it.rejects) == 2)
        end.set()
    tamper, lost = intake.events
    assert isinstance(tamper, PanelSignal)
    assert isinstance(lost, CameraState)
    assert (tamper.what, lost.state, lost.asset) == ("tamper", "lost", "camera.corridor")
    assert "isapi recorder/9" in intake.rejects[0].reason
    for one in intake.rejects:
        with pytest.raises(UnreadableError):
            list(door.decode(one.raw, one.context, intake))


async def test_a_device_that_ends_is_lost_and_called_again_and_the_others_go_on() -> None:
    intake, end = MemoryIntake(hospital=hospital()), asyncio.Event()
    turns = ([part("VMD")], [part("PIR")])
    async with device(app(*turns, open_=end)) as url, device(app([part("PIR", channel="2")], open_=end)) as other:
        devices = {
            "hall": Device(url, USER, PASSWORD),
            "recorder": Device(other, USER, PASSWORD),
            "wrong": Device(other, USER, "guessed"),
            "gone": Device("http://127.0.0.1:1"),
            "nonsense": Device("http://["),
        }
        async with running(IsapiDoor("hik", devices, first_wait=0.01), intake):
            await intake.until(lambda it: sum(isinstance(one, PanelSignal) for one in it.events) == 2)
            assert intake.states["hik/wrong"] == ("failed", "answers 401")
            await intake.until(lambda it: {"hik/gone", "hik/nonsense"} <= it.states.keys())
        end.set()
    states = [one.state for one in intake.events if isinstance(one, CameraState)]
    assert states[:2] == ["lost", "ok"]


async def test_silence_on_the_stream_ends_it() -> None:
    intake, end = MemoryIntake(hospital=hospital()), asyncio.Event()
    async with device(app([part("PIR")], open_=end)) as url:
        async with running(IsapiDoor("hik", {"hall": Device(url, USER, PASSWORD)}, quiet=0.05), intake):
            await intake.until(lambda it: it.states.get("hik/hall", ("", ""))[1].startswith("ReadTimeout"))
        end.set()
