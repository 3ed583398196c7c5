"""The pull-point road against a real HTTP server that speaks the documented messages, and checks who asks."""

from __future__ import annotations

import asyncio
import base64
import re
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from safecare.formats.onvif_subscription import read_subscription
from safecare.model.events.doors import BadgeGranted
from safecare.model.events.panels import DeviceHeard, PanelSignal
from safecare.model.events.video import CameraState
from safecare.model.hospital import Hospital
from safecare.sources.calls import Device
from safecare.sources.onvif import soap
from safecare.sources.onvif.door import OnvifDoor
from safecare.sources.onvif.line import reached
from safecare.testing.clock import FakeClock
from safecare.testing.device_server import PASSWORD, USER, device, notification, running
from safecare.testing.hospital import small_hospital
from safecare.testing.intake import MemoryIntake

AHEAD = timedelta(days=3, seconds=7)
"""The device's clock was never set."""
CROSSED = notification("tns1:RuleEngine/LineDetector/Crossed", {"ObjectId": "7"})
GRANTED = notification("tns1:AccessControl/AccessGranted/Credential", {"CredentialToken": "B001"}, source="door1")


def hospital() -> Hospital:
    named = {"camera.hall": "hall", "door.pharmacy": "hall/door1"}
    small = small_hospital()
    assets = tuple(
        msgspec.structs.replace(one, addresses=one.addresses | {"onvif": named[one.id]}) if one.id in named else one
        for one in small.assets
    )
    return msgspec.structs.replace(small, assets=assets)


def answer(body: str) -> Response:
    return Response(
        f'<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body>{body}</s:Body></s:Envelope>'
    )


class Camera:
    """Answers the requests of the pull-point road; each pull gets the next of `pulls`, then nothing any more."""

    def __init__(self, *pulls: bytes, host: str = "10.9.9.9", clock: FakeClock | None = None) -> None:
        self.pulls, self.host, self.clock = list(pulls), host, clock or FakeClock()
        self.asked: list[str] = []
        self.strangers = 0
        self.ahead = AHEAD
        self.shows: datetime | None = None
        self.renews = True
        self.app = Starlette(routes=[Route("/{path:path}", self.take, methods=["POST"])])

    def _known(self, text: str) -> bool:
        found = {
            name: re.search(rf"{name}[^>]*>([^<]+)<", text) for name in ("Username", "Password", "Nonce", "Created")
        }
        if not all(found.values()):
            return False
        user, password, nonce, created = (one[1] if one else "" for one in found.values())
        fresh = abs(datetime.fromisoformat(created) - self.clock.now() - self.ahead) < timedelta(minutes=5)
        return fresh and user == USER and password == soap.digest(base64.b64decode(nonce), created, PASSWORD)

    async def take(self, request: Request) -> Response:
        text = (await request.body()).decode()
        kind = re.search(r"<s:Body><(\w+)", text)
        name = kind[1] if kind else ""
        self.asked.append(name)
        if name == "GetSystemDateAndTime":
            at = self.shows or self.clock.now() + self.ahead
            return answer(
                "<R><SystemDateAndTime><LocalDateTime/><UTCDateTime>"
                f"<Time><Hour>{at.hour}</Hour><Minute>{at.minute}</Minute><Second>{at.second}</Second></Time>"
                f"<Date><Year>{at.year}</Year><Month>{at.month}</Month><Day>{at.day}</Day></Date>"
                "</UTCDateTime></SystemDateAndTime></R>"
            )
        if not self._known(text):
            self.strangers += 1
            reason = "<s:Fault><s:Reason><s:Text>not authorised</s:Text></s:Reason></s:Fault>"
            return Response(answer(reason).body, 400)
        match name:
            case "GetCapabilities":
                return answer(f"<R><Events><XAddr>http://{self.host}/onvif/events</XAddr></Events></R>")
            case "CreatePullPointSubscription":
                return answer(
                    f"<R><SubscriptionReference><Address>http://{self.host}/sub?Idx=7</Address></SubscriptionReference></R>"
                )
            case "Renew" if not self.renews:
                return Response(answer("<s:Fault><s:Reason><s:Text>no</s:Text></s:Reason></s:Fault>").body, 500)
            case "PullMessages":
                if self.pulls:
                    return Response(self.pulls.pop(0))
                await asyncio.sleep(0.01)
                return answer("<R/>")
            case _:
                return answer("<R/>")


async def test_events_are_pulled_in_the_device_s_own_time_at_the_host_by_which_it_is_reached() -> None:
    intake, camera = MemoryIntake(hospital=hospital(), clock=FakeClock()), Camera(CROSSED, GRANTED)
    async with device(camera.app) as url:
        door = OnvifDoor("onvif", {"hall": Device(f"{url}/onvif/device_service", USER, PASSWORD)}, wait=0.01)
        async with running(door, intake):
            await intake.until(lambda it: len(it.events) == 3)
    crossed, heard, granted = intake.events
    assert isinstance(crossed, PanelSignal)
    assert isinstance(heard, DeviceHeard)
    assert isinstance(granted, BadgeGranted)
    assert (crossed.what, crossed.asset) == ("intrusion", "camera.hall")
    assert (granted.asset, granted.holder) == ("door.pharmacy", "holder.1")
    assert camera.strangers == 0
    assert camera.asked[-1] == "Unsubscribe"


def told_at(at: datetime) -> bytes:
    """Return an answer with a line that was crossed at `at` by the device's clock."""
    return CROSSED.replace(b"2026-03-17T12:00:05Z", f"{at:%Y-%m-%dT%H:%M:%SZ}".encode())


@pytest.mark.parametrize(
    ("ahead", "state", "told"),
    [
        (AHEAD, "waiting", "259207 s ahead of ours: what it tells is put right"),
        (-timedelta(days=400), "waiting", "34560000 s behind ours: what it tells is put right"),
        (timedelta(seconds=20), "ok", "20 s ahead of ours: what it tells is put right"),
        (timedelta(seconds=2), "", ""),
    ],
)
async def test_what_a_camera_tells_by_a_wrong_clock_is_put_right_and_the_clock_is_told(
    ahead: timedelta, state: str, told: str
) -> None:
    clock = FakeClock()
    happened = clock.now().replace(microsecond=0) - timedelta(seconds=4)
    intake, camera = MemoryIntake(hospital=hospital(), clock=clock), Camera(told_at(happened + ahead), clock=clock)
    camera.ahead = ahead
    async with device(camera.app) as url:
        door = OnvifDoor("onvif", {"hall": Device(url, USER, PASSWORD)}, wait=0.01)
        async with running(door, intake):
            await intake.until(lambda it: len(it.events) == 2)
    [crossed] = [one for one in intake.events if isinstance(one, PanelSignal)]
    assert abs(crossed.at - happened) <= timedelta(seconds=2)
    assert intake.states.get("onvif/hall/clock", ("", "")) == (state, told)
    assert camera.strangers == 0


async def test_a_clock_that_is_set_while_we_listen_is_noticed() -> None:
    clock = FakeClock()
    intake, camera = MemoryIntake(hospital=hospital(), clock=clock), Camera(clock=clock)
    camera.ahead = timedelta(minutes=4)
    async with device(camera.app) as url:
        door = OnvifDoor("onvif", {"hall": Device(url, USER, PASSWORD)}, wait=0.01)
        async with running(door, intake):
            await intake.until(lambda it: len(it.events) == 1)
            assert "240 s ahead" in intake.states["onvif/hall/clock"][1]
            camera.ahead = timedelta(0)  # signing in bears it
            for heard in (2, 3):  # the clock is asked after each sign of life
                clock.advance(timedelta(seconds=61))
                await intake.until(lambda it, heard=heard: len(it.events) == heard)  # type: ignore[misc]
            assert intake.states["onvif/hall/clock"] == ("ok", "its clock is right again")


async def test_a_clock_at_the_end_of_time_ends_no_door() -> None:
    clock = FakeClock()
    intake, camera = MemoryIntake(hospital=hospital(), clock=clock), Camera(CROSSED, clock=clock)
    camera.shows = datetime.max.replace(tzinfo=UTC)
    async with device(camera.app) as url:
        door = OnvifDoor("onvif", {"hall": Device(url), "lobby": Device(url)}, wait=0.01, first_wait=0.01)
        async with running(door, intake):
            await intake.until(lambda it: camera.strangers > 1)  # refused, as nobody can sign there; and asked again
    assert intake.states["onvif/hall"][0] in {"failed", "waiting"}


async def test_a_subscription_is_renewed() -> None:
    clock = FakeClock()
    intake, camera = MemoryIntake(hospital=hospital(), clock=clock), Camera(clock=clock)
    async with device(camera.app) as url:
        door = OnvifDoor("onvif", {"hall": Device(url, USER, PASSWORD)}, wait=0.01)
        async with running(door, intake):
            await intake.until(lambda it: len(it.events) == 1)
            clock.advance(timedelta(seconds=61))
            await intake.until(lambda it: len(it.events) == 2)
            clock.advance(timedelta(seconds=61))
            await intake.until(lambda it: len(it.events) == 3)
            assert camera.asked.count("Renew") >= 1
            assert [type(one) for one in intake.events] == [DeviceHeard] * 3


async def test_a_device_that_refuses_to_renew_is_not_lost() -> None:
    clock = FakeClock()
    intake, camera = MemoryIntake(hospital=hospital(), clock=clock), Camera(clock=clock)
    camera.renews = False
    async with device(camera.app) as url:
        door = OnvifDoor("onvif", {"hall": Device(url, USER, PASSWORD)}, wait=0.01)
        async with running(door, intake):
            for heard in (1, 2, 3):
                clock.advance(timedelta(seconds=61 if heard > 1 else 0))
                await intake.until(lambda it, heard=heard: len(it.events) >= heard)  # type: ignore[misc]
            assert "Renew" in camera.asked, intake.states
            assert camera.asked.count("CreatePullPointSubscription") == 1
            assert [type(one) for one in intake.events] == [DeviceHeard] * 3, intake.states


async def test_a_wrong_password_noise_and_a_lost_device_are_told_and_tried_again() -> None:
    intake, camera = MemoryIntake(hospital=hospital(), clock=FakeClock()), Camera(CROSSED, b"<broken", CROSSED)
    async with device(camera.app) as url:
        devices = {
            "hall": Device(url, USER, PASSWORD),
            "wrong": Device(url, USER, "guessed"),
            "gone": Device("http://127.0.0.1:1"),
        }
        async with running(OnvifDoor("onvif", devices, wait=0.01, first_wait=0.01), intake):
            await intake.until(lambda it: sum(isinstance(one, PanelSignal) for one in it.events) == 2)
            assert intake.states["onvif/wrong"] == ("failed", "answers 400: not authorised")
            await intake.until(lambda it: "onvif/gone" in it.states)
    assert [one.state for one in intake.events if isinstance(one, CameraState)][:2] == ["lost", "ok"]
    assert [one.raw for one in intake.rejects] == [b"<broken"]


AXIS = (
    '<wsnt:R xmlns:wsnt="urn:w" xmlns:wsa5="http://www.w3.org/2005/08/addressing"><wsnt:SubscriptionReference>'
    "<wsa5:Address>http://10.9.9.9/onvif/services</wsa5:Address><wsa5:ReferenceParameters>"
    '<dom0:SubscriptionId xmlns:dom0="http://www.axis.com/2009/event">17&amp;3</dom0:SubscriptionId>'
    "</wsa5:ReferenceParameters></wsnt:SubscriptionReference></wsnt:R>"
)
ECHO = re.compile(
    r'<dom0:SubscriptionId [^>]*xmlns:dom0="http://www.axis.com/2009/event"[^>]*'
    r' reference:IsReferenceParameter="true">17&amp;3</dom0:SubscriptionId>.*<s:Body>'
)


class Shared(Camera):
    """All its subscriptions have one address: it asks to hear which one is meant."""

    async def take(self, request: Request) -> Response:
        text = (await request.body()).decode()
        name = (re.search(r"<s:Body><(\w+)", text) or ["", ""])[1]
        if name == "CreatePullPointSubscription" and self._known(text):
            self.asked.append(name)
            return answer(AXIS)
        if name in {"PullMessages", "Renew", "Unsubscribe"} and not ECHO.search(text):
            return Response(answer("<s:Fault><s:Reason><s:Text>which?</s:Text></s:Reason></s:Fault>").body, 400)
        return await super().take(request)


async def test_a_device_hears_again_which_subscription_is_meant() -> None:
    clock = FakeClock()
    intake, camera = MemoryIntake(hospital=hospital(), clock=clock), Shared(CROSSED, clock=clock)
    async with device(camera.app) as url:
        door = OnvifDoor("onvif", {"hall": Device(url, USER, PASSWORD)}, wait=0.01)
        async with running(door, intake):
            for heard in (2, 3, 4):  # the second pull after a renewal tells that it was answered
                clock.advance(timedelta(seconds=61 if heard > 2 else 0))
                await intake.until(lambda it, heard=heard: len(it.events) >= heard)  # type: ignore[misc]
    assert {"PullMessages", "Renew", "Unsubscribe"} <= set(camera.asked)
    assert "failed" not in {state for state, _ in intake.states.values()}


class Parted(Camera):
    """Answers in parts, as MTOM has it."""

    async def take(self, request: Request) -> Response:
        whole = await super().take(request)
        head = b"--uuid:1\r\nContent-Type: application/xop+xml; charset=UTF-8\r\nContent-ID: <0>\r\n\r\n"
        return Response(head + bytes(whole.body) + b"\r\n--uuid:1--\r\n", whole.status_code)


async def test_answers_in_parts_are_read() -> None:
    intake, camera = MemoryIntake(hospital=hospital(), clock=FakeClock()), Parted(CROSSED, GRANTED)
    async with (
        device(camera.app) as url,
        running(OnvifDoor("onvif", {"hall": Device(url, USER, PASSWORD)}, wait=0.01), intake),
    ):
        await intake.until(lambda it: len(it.events) == 3)
    assert not intake.rejects


@pytest.mark.parametrize(
    ("told", "point"),
    [
        ("", "http://cam.example:8080/onvif/event"),
        ("/sub?Idx=7", "http://cam.example:8080/sub?Idx=7"),
        ("http://10.0.0.5/sub?Idx=7", "http://cam.example:8080/sub?Idx=7"),
        ("http://cam.example:2020/event-0_2020", "http://cam.example:2020/event-0_2020"),
        ("https://cam.example/sub", "http://cam.example:8080/sub"),
    ],
)
def test_where_a_subscription_is_pulled(told: str, point: str) -> None:
    assert reached(told, "http://cam.example:8080/onvif/event") == point


@pytest.mark.parametrize("raw", [b"<a/>", AXIS.replace("17&amp;3", "x" * 5000).encode()])
def test_without_reference_parameters_or_with_endless_ones_nothing_is_echoed(raw: bytes) -> None:
    assert read_subscription(raw).echo == ""
