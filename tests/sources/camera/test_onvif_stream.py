"""A camera that is asked by ONVIF for its stream: against a server that checks who asks, and hostile answers."""

from __future__ import annotations

import base64
import re
from datetime import datetime, timedelta

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from safecare.formats.camera_words import CameraWordError
from safecare.formats.onvif_media import Profile, read_profiles, suited
from safecare.model.events.video import CameraState
from safecare.sources.calls import DeviceError
from safecare.sources.camera.live import LiveCamera
from safecare.sources.camera.onvif_stream import asks, read_url, stream_of
from safecare.sources.camera.places import CameraSettings
from safecare.sources.onvif import soap
from safecare.testing.clock import FakeClock
from safecare.testing.device_server import PASSWORD, USER, device, running
from safecare.testing.intake import MemoryIntake

AHEAD = timedelta(hours=7)
"""The camera's clock was never set."""
MAIN, SUB, TINY = ("main", "Main stream", 2560, 1440), ("sub", "Sub", 704, 576), ("tiny", "Phone", 320, 240)


def profiles(*told: tuple[str, str, int, int]) -> str:
    return "".join(
        f'<trt:Profiles token="{token}" fixed="true"><tt:Name>{name}</tt:Name><tt:VideoEncoderConfiguration token="e">'
        f"<tt:Name>encoder</tt:Name><tt:Encoding>H264</tt:Encoding><tt:Resolution><tt:Width>{wide}</tt:Width>"
        f"<tt:Height>{high}</tt:Height></tt:Resolution></tt:VideoEncoderConfiguration></trt:Profiles>"
        for token, name, wide, high in told
    )


def answer(body: str) -> Response:
    names = 'xmlns:trt="http://www.onvif.org/ver10/media/wsdl" xmlns:tt="http://www.onvif.org/ver10/schema"'
    return Response(
        f'<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" {names}><s:Body>{body}</s:Body></s:Envelope>'
    )


class Camera:
    """Answers the requests that lead to a stream, to those who sign them."""

    def __init__(self, *told: tuple[str, str, int, int], address: str = "rtsp://10.9.9.9:554/s?{token}") -> None:
        self.told, self.address, self.clock = told, address, FakeClock()
        self.asked: list[str] = []
        self.app = Starlette(routes=[Route("/{path:path}", self.take, methods=["POST"])])

    def _known(self, text: str) -> bool:
        found = [re.search(rf"{name}[^>]*>([^<]+)<", text) for name in ("Username", "Password", "Nonce", "Created")]
        user, password, nonce, created = (one[1] if one else "" for one in found)
        if not created or abs(datetime.fromisoformat(created) - self.clock.now() - AHEAD) > timedelta(minutes=5):
            return False
        return user == USER and password == soap.digest(base64.b64decode(nonce), created, PASSWORD)

    async def take(self, request: Request) -> Response:
        text = (await request.body()).decode()
        kind = re.search(r"<s:Body><(\w+)", text)
        name = kind[1] if kind else ""
        self.asked.append(name)
        if name == "GetSystemDateAndTime":
            at = self.clock.now() + AHEAD
            return answer(
                f"<UTCDateTime><Hour>{at.hour}</Hour><Minute>{at.minute}</Minute><Second>{at.second}</Second>"
                f"<Year>{at.year}</Year><Month>{at.month}</Month><Day>{at.day}</Day></UTCDateTime>"
            )
        if not self._known(text):
            return Response("<s><Text>not authorised</Text></s>", 400)
        if name == "GetCapabilities":
            return answer("<tt:Media><tt:XAddr>http://10.9.9.9/onvif/media</tt:XAddr></tt:Media>")
        if name == "GetProfiles":
            return answer(f"<trt:GetProfilesResponse>{profiles(*self.told)}</trt:GetProfilesResponse>")
        token = re.search(r"<ProfileToken>([^<]*)<", text)
        address = self.address.format(token=token[1] if token else "")
        return answer(f"<trt:MediaUri><tt:Uri>{address}</tt:Uri></trt:MediaUri>")


def signed(url: str, password: str = PASSWORD, more: str = "") -> str:
    secret = password.replace(" ", "%20")
    return f"onvif://{USER}:{secret}@{url.removeprefix('http://')}/{more}"


async def test_the_sub_stream_is_taken_at_the_host_that_is_known() -> None:
    camera = Camera(MAIN, SUB, TINY)
    async with device(camera.app) as url:
        found = await stream_of(signed(url), camera.clock)
        assert found == "rtsp://guard:a%20secret@127.0.0.1:554/s?sub"
        assert camera.asked == ["GetSystemDateAndTime", "GetCapabilities", "GetProfiles", "GetStreamUri"]
        named = await stream_of(signed(url, more="?profile=Main%20stream"), camera.clock)
        assert named.endswith("?main")


@pytest.mark.parametrize(
    ("told", "address", "more", "password", "why"),
    [
        ((MAIN,), "rtsp://x/", "", "wrong", "not authorised"),
        ((MAIN,), "rtsp://x/", "?profile=garden", PASSWORD, "no profile garden"),
        ((), "rtsp://x/", "", PASSWORD, "no profile"),
        ((MAIN,), "file:///etc/passwd", "", PASSWORD, "no address of a stream"),
        ((MAIN,), "", "", PASSWORD, "no address of a stream"),
    ],
)
async def test_why_there_is_no_stream(
    told: tuple[tuple[str, str, int, int], ...], address: str, more: str, password: str, why: str
) -> None:
    camera = Camera(*told, address=address)
    async with device(camera.app) as url:
        with pytest.raises(DeviceError, match=why):
            await stream_of(signed(url, password, more), camera.clock)


async def test_a_camera_that_is_not_there_is_lost_like_a_stream(unused_tcp_port: int) -> None:
    intake = MemoryIntake()
    asset = intake.hospital.asset("camera.corridor")
    assert asset is not None
    settings = CameraSettings(url=f"onvif://127.0.0.1:{unused_tcp_port}")

    live = LiveCamera("camera", asset, settings, intake)

    class Door:
        async def run(self, _: MemoryIntake) -> None:
            await live.run()

    async with running(Door(), intake):
        await intake.until(lambda one: bool(one.events), 20)
    [event] = intake.events
    assert isinstance(event, CameraState)
    assert (event.state, event.asset) == ("lost", "camera.corridor")
    assert "ConnectError" in event.detail


def test_addresses() -> None:
    assert asks("ONVIF://camera")
    assert not asks("rtsp://camera")
    found = read_url("onvifs://u:p%40ss@[::1]:8443/own/service?profile=sub")
    assert (found.device.url, found.device.password, found.profile) == (
        "https://[::1]:8443/own/service",
        "p@ss",
        "sub",
    )
    assert read_url("onvif://camera").device.url == "http://camera/onvif/device_service"
    for wrong in ("onvif://", "onvif://camera:port/"):
        with pytest.raises(ValueError, match=r"host|[Pp]ort"):
            read_url(wrong)


def test_which_profile_suits() -> None:
    one, other = Profile("a", "A", 320, 240, "H264"), Profile("b", "B", 480, 360, "JPEG")
    assert suited([one, other]) == other
    assert suited([one, Profile("c", "C", 1920, 1080, "")]) == one
    assert suited([one, other], "A") == one
    assert suited([], "") is None
    with pytest.raises(CameraWordError):
        read_profiles(b"<!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;</x>")
    assert read_profiles(b'<P><Profiles token=""/><Profiles token="t"><Width>x9</Width></Profiles></P>') == (
        Profile("t", "", 0, 0, ""),
    )
