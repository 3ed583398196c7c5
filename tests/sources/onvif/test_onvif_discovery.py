"""Asking which cameras there are: an answer is listed, and strangers' bytes steer nothing."""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safecare.cli import main
from safecare.formats.camera_words import CameraWordError
from safecare.formats.onvif_discovery import GROUP, Answer, probe, read_answers
from safecare.sources.onvif.discovery import Device, find

ASKED = "urn:uuid:1"
HERE = "127.0.0.1"


def answer(message: str, urls: str, scopes: str = "", count: int = 1) -> bytes:
    match = f"<d:ProbeMatch><d:Scopes>{scopes}</d:Scopes><d:XAddrs>{urls}</d:XAddrs></d:ProbeMatch>"
    return (
        '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/'
        'addressing" xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery"><s:Header><a:RelatesTo>'
        f"{message}</a:RelatesTo></s:Header><s:Body><d:ProbeMatches>{match * count}</d:ProbeMatches></s:Body>"
        "</s:Envelope>"
    ).encode()


class Camera(asyncio.DatagramProtocol):
    """Answers each question with all of `answers`."""

    def __init__(self, *answers: bytes) -> None:
        self.answers = answers

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: asyncio.DatagramTransport = transport  # type: ignore[assignment]

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        asked = re.search(rb"MessageID>([^<]+)<", data)
        for one in self.answers if asked else ():
            self.transport.sendto(one.replace(ASKED.encode(), asked[1] if asked else b""), addr)


@asynccontextmanager
async def camera(*answers: bytes) -> AsyncIterator[int]:
    made = await asyncio.get_running_loop().create_datagram_endpoint(lambda: Camera(*answers), ("127.0.0.1", 0))
    try:
        yield made[0].get_extra_info("sockname")[1]
    finally:
        made[0].close()


def test_what_a_camera_says_of_itself() -> None:
    kinds = ("type/video_encoder", "name/AXIS%20P3245", "hardware/P3245")
    scopes = " ".join(f"onvif://www.onvif.org/{one}" for one in kinds)
    raw = answer(ASKED, "http://10.0.0.5/onvif/device_service http://[fe80::1]/onvif/device_service", scopes)
    urls = ("http://10.0.0.5/onvif/device_service", "http://[fe80::1]/onvif/device_service")
    assert read_answers(raw, ASKED) == (Answer(urls, "AXIS P3245", "P3245"),)
    assert b"NetworkVideoTransmitter" in probe(ASKED)
    assert probe("</a><b>").count(b"<b>") == 0


@pytest.mark.parametrize("urls", ["", "ftp://10.0.0.5/", "http:///x", "http://[broken/", "javascript:alert(1)"])
def test_an_answer_without_an_address_that_can_be_used_is_none(urls: str) -> None:
    assert read_answers(answer(ASKED, urls), ASKED) == ()


def test_an_answer_to_somebody_else_s_question_is_none() -> None:
    assert read_answers(answer("urn:uuid:2", "http://10.0.0.5/"), ASKED) == ()


def test_a_name_steers_no_terminal_and_an_answer_is_bounded() -> None:
    evil = answer(ASKED, "http://10.0.0.5/ " * 99, "onvif://www.onvif.org/name/%1B%5B2Jgone%07" + "x" * 499, count=99)
    found = read_answers(evil, ASKED)
    assert len(found) == 16
    assert found[0].name.startswith("[2Jgonexxx")
    assert len(found[0].name) <= 200
    assert len(found[0].urls) == 16


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    for one in (raw, answer(ASKED, "http://10.0.0.5/")[:200] + raw):
        with contextlib.suppress(CameraWordError, UnicodeDecodeError):
            assert isinstance(read_answers(one, ASKED), tuple)


async def test_who_answers_is_found_once_whatever_else_is_sent() -> None:
    good = answer(ASKED, "http://10.0.0.5/onvif/device_service", "onvif://www.onvif.org/name/Hall")
    async with camera(b"\xff<noise", good, good, answer("urn:uuid:2", "http://10.9.9.9/")) as port:
        found, unread = await find(1.0, group="127.0.0.1", port=port)
    assert [(one.host, one.answer.name) for one in found] == [("127.0.0.1", "Hall")]
    assert unread >= 1


async def test_one_question_to_all_reaches_who_listens_in_the_group() -> None:
    """By multicast, which stays on the loopback interface: both sides name it, so it needs no route and no rights."""
    member = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    member.bind((GROUP, 0))
    member.setblocking(False)
    member.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, socket.inet_aton(GROUP) + socket.inet_aton(HERE))
    member.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(HERE))
    good = answer(ASKED, "http://10.0.0.5/onvif/device_service", "onvif://www.onvif.org/name/Hall")
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(lambda: Camera(good), sock=member)
    try:
        found, _ = await find(1.0, interface=HERE, port=transport.get_extra_info("sockname")[1])
    finally:
        transport.close()
    assert [one.answer.name for one in found] == ["Hall"]


@pytest.mark.parametrize(
    ("told", "url"),
    [
        ("http://10.0.0.5/onvif/device_service", "onvif://10.0.0.7/onvif/device_service"),
        ("https://10.0.0.7:8443/", "onvifs://10.0.0.7:8443/"),
        ("http://camera.local:8080/onvif/x?a=1", "onvif://10.0.0.7:8080/onvif/x"),
    ],
)
def test_the_address_to_put_down_is_at_the_host_that_answered(told: str, url: str) -> None:
    assert Device("10.0.0.7", Answer((told,))).url == url


def test_where_nobody_answers_the_command_says_so(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["find", "cameras", "--device", "127.0.0.1:9", "--seconds", "0.1"])
    assert ended.value.code == 1
    assert "no ONVIF device answered" in capfd.readouterr().err
    with pytest.raises(SystemExit) as ended:
        main(["find", "cameras", "--device", "127.0.0.1:none"])
    assert ended.value.code == 2
