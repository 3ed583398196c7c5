"""Certificates of devices that we call: ISAPI, ONVIF, and pictures over HTTPS (MJPEG); real servers, no word before.

What is trusted is the site's authority, the certificate itself, or (pictures) its SHA-256; another name, a time that is
over, another authority and a server without TLS are told, and hear nothing.
"""

from __future__ import annotations

import asyncio
import hashlib
import ssl
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from safecare.sources.calls import Device
from safecare.sources.camera.places import CameraSettings
from safecare.sources.camera.trust import Trust, UntrustedError
from safecare.sources.isapi.door import IsapiDoor
from safecare.sources.onvif.door import OnvifDoor
from safecare.testing.device_server import PASSWORD, USER, device, running
from safecare.testing.intake import MemoryIntake
from safecare.testing.papers import Papers, papers

OVER = datetime(2020, 1, 1, tzinfo=UTC), datetime(2021, 1, 1, tzinfo=UTC)
DOORS = {"isapi": IsapiDoor, "onvif": OnvifDoor}
WRONG = {
    "another authority": "certificate verify failed",
    "the system's authorities": "certificate verify failed",
    "another name": "IP address mismatch",
    "over": "certificate has expired",
    "no TLS": "ConnectError",
}


class Listener:
    """A device that only notes who asks."""

    def __init__(self) -> None:
        self.asked = 0
        self.app = Starlette(routes=[Route("/{path:path}", self.take, methods=["GET", "POST"])])

    async def take(self, request: Request) -> Response:
        self.asked += 1
        return Response("no", 403)


def served_by(made: Papers) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made.certificate, made.key)
    return context


def shown(folder: Path, what: str) -> tuple[ssl.SSLContext | None, Path | None]:
    """Return what the device shows, and the authority that the settings name."""
    match what:
        case "another authority":
            return served_by(papers(folder)), papers(folder, "other").authority
        case "the system's authorities":
            return served_by(papers(folder)), None
        case "another name":
            made = papers(folder, host="127.0.0.9")
        case "over":
            made = papers(folder, days=OVER)
        case "no TLS":
            return None, papers(folder).authority
        case _:
            made = papers(folder)
    return served_by(made), made.certificate if what == "the certificate itself" else made.authority


async def told_of(kind: str, url: str, authority: Path | None) -> tuple[str, str]:
    """Return how the health page tells of a device that is called at `url`."""
    intake = MemoryIntake()
    named = Device(url, USER, PASSWORD, str(authority or ""))
    async with running(DOORS[kind]("door", {"hall": named}, first_wait=60.0), intake):
        await intake.until(lambda it: "door/hall" in it.states)
        return intake.states["door/hall"]


@pytest.mark.parametrize("kind", DOORS)
async def test_a_device_of_the_site_s_authority_is_asked(kind: str, tmp_path: Path) -> None:
    listener = Listener()
    tls, authority = shown(tmp_path, "good")
    async with device(listener.app, tls) as url:
        state, reason = await told_of(kind, url, authority)
    assert (state, "answers 403" in reason) == ("failed", True)
    assert listener.asked


@pytest.mark.parametrize("kind", DOORS)
@pytest.mark.parametrize("what", WRONG)
async def test_a_device_that_is_not_trusted_hears_nothing(kind: str, what: str, tmp_path: Path) -> None:
    listener = Listener()
    tls, authority = shown(tmp_path, what)
    async with device(listener.app, tls) as url:
        state, reason = await told_of(kind, url.replace("http:", "https:"), authority)
    assert (state, listener.asked) == ("failed", 0)
    assert WRONG[what] in reason


@pytest.mark.parametrize("kind", DOORS)
async def test_an_authority_without_tls_is_refused_rather_than_passed_over(kind: str, tmp_path: Path) -> None:
    listener = Listener()
    async with device(listener.app) as url:
        state, reason = await told_of(kind, url, papers(tmp_path).authority)
    assert (state, listener.asked) == ("failed", 0)
    assert "https" in reason


def trusting(**settings: Any) -> Trust:
    return Trust(CameraSettings(**settings), patience=5.0)


async def judged(trust: Trust, url: str) -> str:
    """Return why pictures at `url` are not trusted; empty where they are."""
    try:
        anchors = await trust.anchors(url)
    except UntrustedError as error:
        return str(error)
    finally:
        trust.close()
    assert anchors is not None
    return ""


@pytest.mark.parametrize("by", ["authority", "certificate", "fingerprint", "another name, by its fingerprint"])
async def test_pictures_over_https_are_trusted_by_what_the_site_names(by: str, tmp_path: Path) -> None:
    made = papers(tmp_path, host="127.0.0.9" if by.startswith("another") else "127.0.0.1")
    print_ = hashlib.sha256(ssl.PEM_cert_to_DER_cert(made.certificate.read_text("ascii"))).hexdigest()
    settings = {"authority": str(made.authority)} if by == "authority" else {"authority": str(made.certificate)}
    trust = trusting(**({"fingerprint": print_} if "fingerprint" in by else settings))
    async with device(Listener().app, served_by(made)) as url:
        assert not await judged(trust, f"{url}/video.mjpg")


@pytest.mark.parametrize("what", WRONG)
async def test_pictures_that_are_not_trusted_are_not_asked_for(what: str, tmp_path: Path) -> None:
    listener = Listener()
    tls, authority = shown(tmp_path, what)
    trust = trusting(authority=str(authority or ""))
    async with device(listener.app, tls) as url:
        reason = await judged(trust, url.replace("http:", "https:") + "/video.mjpg")
    assert "certificate" in reason
    assert listener.asked == 0


async def test_a_pinned_certificate_that_is_over_or_another_one_is_not_trusted(tmp_path: Path) -> None:
    made, other = papers(tmp_path, days=OVER), papers(tmp_path, "other")
    prints = [
        hashlib.sha256(ssl.PEM_cert_to_DER_cert(one.certificate.read_text("ascii"))).hexdigest()
        for one in (made, other)
    ]
    async with device(Listener().app, served_by(made)) as url:
        assert "expired" in await judged(trusting(fingerprint=prints[0]), f"{url}/video.mjpg")
        assert "another one" in await judged(trusting(fingerprint=prints[1]), f"{url}/video.mjpg")


async def test_who_shows_nothing_for_long_is_given_up(tmp_path: Path) -> None:
    held: list[asyncio.StreamWriter] = []

    def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        held.append(writer)

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()[:2]
    trust = Trust(CameraSettings(authority=str(papers(tmp_path).authority)), patience=0.2)
    assert "shows no certificate" in await judged(trust, f"https://{host}:{port}/")
    server.close()
    for writer in held:
        writer.close()
        await asyncio.wait_for(writer.wait_closed(), 10)
