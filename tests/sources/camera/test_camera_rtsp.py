"""Cameras that speak RTSP as cameras do: with a password (digest), moved elsewhere, in one connection, over TLS.

The stand-in speaks RFC 2326 with digests (RFC 2617) and H.264 in RTP packets (RFC 6184) interleaved in the connection.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import re
import ssl
import struct
from collections.abc import AsyncIterator, Iterator
from fractions import Fraction
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

import av
import pytest

from safecare.scenarios.make.clips import pictures
from safecare.scenarios.make.scenes import loitering
from safecare.sources.camera.client import WorkerClient
from safecare.sources.camera.live import LiveCamera
from safecare.sources.camera.messages import Anchors, Failed, LiveJob, Message, PictureChange, View
from safecare.sources.camera.places import CameraSettings, read_cameras
from safecare.sources.camera.trust import Trust
from safecare.testing.intake import MemoryIntake
from safecare.testing.papers import Papers, papers

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]
FPS, SIZE = 5, (320, 180)
USER, PASSWORD = "watcher", "s3cret:/word"
SDP = (
    "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=camera\r\nt=0 0\r\nm=video 0 RTP/AVP 96\r\nc=IN IP4 0.0.0.0\r\n"
    "a=rtpmap:96 H264/90000\r\na=fmtp:96 packetization-mode=1\r\na=control:track1\r\n"
)


@pytest.fixture(scope="module")
def film() -> list[list[bytes]]:
    """Return the NAL units of each picture of a clip."""
    raws: list[bytes] = []
    with av.open(BytesIO(), "w", format="h264") as container:
        stream: Any = container.add_stream("libx264", rate=FPS, options={"tune": "zerolatency", "threads": "1"})
        stream.width, stream.height, stream.pix_fmt, stream.codec_context.gop_size = *SIZE, "yuv420p", FPS
        for number, image in enumerate(pictures(loitering(seconds=8, seed=3), SIZE, FPS)):
            frame = av.VideoFrame.from_ndarray(image, format="bgr24")
            frame.pts, frame.time_base = number, Fraction(1, FPS)
            raws += map(bytes, stream.encode(frame))
    return [[unit for unit in re.split(rb"\x00\x00\x00?\x01", raw) if unit] for raw in raws]


def rtp(film: list[list[bytes]]) -> Iterator[bytes]:
    """Yield the packets of each picture, interleaved in channel 0."""
    sequence = 0
    for number, units in enumerate(film):
        raw = b""
        for place, unit in enumerate(units, 1):
            head = struct.pack("!BBHII", 0x80, 96 | (0x80 if place == len(units) else 0), sequence, 18_000 * number, 7)
            raw += b"$\x00" + struct.pack("!H", len(head) + len(unit)) + head + unit
            sequence = (sequence + 1) & 0xFFFF
        yield raw


class Camera:
    """A camera at ``/live``, and at ``/old``, which has moved there; it wants a password."""

    def __init__(self, film: list[list[bytes]]) -> None:
        self.film = film
        self.asked: list[str] = []
        self.transports: list[str] = []
        self.port = 0

    @contextlib.asynccontextmanager
    async def serving(self, secure: ssl.SSLContext | None = None) -> AsyncIterator[Camera]:
        """Serve meanwhile."""
        tasks: set[asyncio.Task[None]] = set()

        def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            tasks.add(asyncio.create_task(self._serve(reader, writer)))

        server = await asyncio.start_server(accept, "127.0.0.1", 0, ssl=secure)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().strip().split("\r\n")
                method, url, _ = first.split(" ")
                fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
                self.asked.append(method)
                answer, body = self._answer(method, url, fields)
                answer = f"RTSP/1.0 {answer}\r\nCSeq: {fields['cseq']}\r\nContent-Length: {len(body)}\r\n\r\n{body}"
                writer.write(answer.encode())
                await writer.drain()
                if method == "PLAY" and answer.startswith("RTSP/1.0 200"):
                    for raw in rtp(self.film):
                        writer.write(raw)
                        await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError, ValueError):
            pass  # the other side has gone
        finally:
            writer.close()

    def _answer(self, method: str, url: str, fields: dict[str, str]) -> tuple[str, str]:
        if method == "OPTIONS":
            return "200 OK\r\nPublic: DESCRIBE, SETUP, PLAY, TEARDOWN", ""
        if not self._known(method, fields.get("authorization", "")):
            return '401 Unauthorized\r\nWWW-Authenticate: Digest realm="camera", nonce="5f3a"', ""
        if url.rstrip("/").endswith("/old"):
            return f"302 Moved\r\nLocation: {url.replace('/old', '/live')}", ""
        if method == "DESCRIBE":
            return "200 OK\r\nContent-Type: application/sdp", SDP
        if method == "SETUP":
            self.transports.append(fields["transport"])
            return "200 OK\r\nSession: 1\r\nTransport: RTP/AVP/TCP;unicast;interleaved=0-1", ""
        return "200 OK\r\nSession: 1", ""

    def _known(self, method: str, told: str) -> bool:
        said = dict(re.findall(r'(\w+)="([^"]*)"', told))
        who, what = (
            hashlib.md5(one.encode(), usedforsecurity=False).hexdigest()
            for one in (f"{USER}:camera:{PASSWORD}", f"{method}:{said.get('uri')}")
        )
        wanted = hashlib.md5(f"{who}:{said.get('nonce')}:{what}".encode(), usedforsecurity=False).hexdigest()
        return told.startswith("Digest") and said.get("response") == wanted


async def first_word(url: str, anchors: Anchors | None = None, file: Path | None = None) -> Message:
    """Return the first that a worker says of the stream."""
    worker = WorkerClient(network=True, anchors=file)
    job = LiveJob("c", url, View(), patience=8.0, anchors=anchors)
    try:
        async with contextlib.aclosing(worker.answers(job, silence=60.0)) as told:  # type: ignore[type-var]
            return await anext(told)
    finally:
        await worker.stop()


def url(camera: Camera, path: str, scheme: str = "rtsp", password: str = "s3cret%3A%2Fword") -> str:
    return f"{scheme}://{USER}:{password}@127.0.0.1:{camera.port}/{path}"


@pytest.mark.parametrize("path", ["live", "old"])
async def test_a_camera_with_a_password_is_seen_in_one_connection_where_it_has_moved(film: Any, path: str) -> None:
    async with Camera(film).serving() as camera:
        told = await first_word(url(camera, path))
    assert isinstance(told, PictureChange), told
    assert told.state == "ok"
    assert camera.transports
    assert all("TCP" in one and "interleaved" in one for one in camera.transports)


async def test_a_wrong_password_is_told_and_is_told_to_nobody(film: Any) -> None:
    async with Camera(film).serving() as camera:
        told = await first_word(url(camera, "live", password="wr0ng-s3cret"))
        intake = MemoryIntake()
        asset = intake.hospital.asset("camera.corridor")
        assert asset is not None
        settings = CameraSettings(url=url(camera, "live", password="wr0ng-s3cret"))
        live = LiveCamera("camera", asset, settings, intake)
        good, state, reason = await live._follow()
        await live._tell(state, reason)
        await live.worker.stop()
    assert isinstance(told, Failed)
    assert told.kind == "lost"
    assert "401" in told.reason
    assert (good, state) == (False, "lost")
    everything = f"{told} {reason} {intake.events} {intake.states}"
    assert "s3cret" not in everything
    assert "watcher" not in everything


class Secure(NamedTuple):
    """TLS of a camera's server, its files, and the SHA-256 of its certificate."""

    context: ssl.SSLContext
    papers: Papers
    fingerprint: str


def secure(folder: Path, name: str = "node") -> Secure:
    """Return TLS of a camera with fresh papers."""
    made = papers(folder, name)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made.certificate, made.key)
    der = ssl.PEM_cert_to_DER_cert(made.certificate.read_text("ascii"))
    return Secure(context, made, hashlib.sha256(der).hexdigest())


async def followed(
    camera: Camera, scheme: str = "rtsps", **settings: Any
) -> tuple[MemoryIntake, tuple[bool, str, str]]:
    """Return what a live camera with `settings` tells of the stand-in, and how its stream ended."""
    intake = MemoryIntake()
    asset = intake.hospital.asset("camera.corridor")
    assert asset is not None
    live = LiveCamera(
        "camera", asset, CameraSettings(url=url(camera, "live", scheme), **settings), intake, patience=8.0
    )
    try:
        return intake, await live._follow()
    finally:
        await live.worker.stop()
        live._trust.close()


def certificate_told(intake: MemoryIntake) -> list[tuple[str, str]]:
    return [told for door, told in intake.states.items() if door.endswith("/certificate")]


@pytest.mark.parametrize("by", ["authority", "certificate", "fingerprint", "colons"])
async def test_a_camera_is_seen_over_tls_by_what_the_site_trusts(film: Any, tmp_path: Path, by: str) -> None:
    tls = secure(tmp_path)
    colons = ":".join(tls.fingerprint[at : at + 2] for at in range(0, 64, 2)).upper()
    settings = {
        "authority": {"authority": str(tls.papers.authority)},
        "certificate": {"authority": str(tls.papers.certificate)},
        "fingerprint": {"fingerprint": tls.fingerprint},
        "colons": {"fingerprint": colons},
    }[by]
    async with Camera(film).serving(tls.context) as camera:
        intake, (good, _, reason) = await followed(camera, **settings)
    assert good, reason
    assert [state for state, _ in certificate_told(intake)] == ["ok"]


@pytest.mark.parametrize("by", ["system", "another authority", "another certificate"])
async def test_a_camera_that_is_not_trusted_is_told_and_hears_no_word(film: Any, tmp_path: Path, by: str) -> None:
    tls, other = secure(tmp_path), secure(tmp_path, "other")
    settings = {
        "system": {},
        "another authority": {"authority": str(other.papers.authority)},
        "another certificate": {"fingerprint": other.fingerprint},
    }[by]
    async with Camera(film).serving(tls.context) as camera:
        intake, (good, state, reason) = await followed(camera, **settings)
    assert (good, state) == (False, "lost")
    assert "certificate" in reason
    assert tls.fingerprint in reason  # for whoever compares it with the camera's own page
    assert camera.asked == []
    assert intake.events == []


async def test_who_comes_between_after_the_certificate_was_judged_is_not_believed(film: Any, tmp_path: Path) -> None:
    tls, other = secure(tmp_path), secure(tmp_path, "other")
    trust = Trust(CameraSettings(fingerprint=tls.fingerprint))
    async with Camera(film).serving(tls.context) as camera:
        anchors = await trust.anchors(url(camera, "live", "rtsps"))
    async with Camera(film).serving(other.context) as camera:
        told = await first_word(url(camera, "live", "rtsps"), anchors, trust.file)
    trust.close()
    assert isinstance(told, Failed)
    assert camera.asked == []


async def test_a_worker_that_is_told_nothing_trusts_nobody(film: Any, tmp_path: Path) -> None:
    async with Camera(film).serving(secure(tmp_path).context) as camera:
        told = await first_word(url(camera, "live", "rtsps"))
    assert isinstance(told, Failed)
    assert camera.asked == []


async def test_a_certificate_that_nobody_is_to_look_at_is_told_on_the_health_page(film: Any, tmp_path: Path) -> None:
    async with Camera(film).serving(secure(tmp_path).context) as camera:
        intake, (good, _, reason) = await followed(camera, unchecked=True)
    assert good, reason
    assert certificate_told(intake) == [("waiting", "its certificate is NOT checked: so the settings say")]


async def test_a_stream_that_is_not_encrypted_shows_no_certificate(film: Any) -> None:
    async with Camera(film).serving() as camera:
        intake, (good, _, reason) = await followed(camera, "rtsp")
    assert good, reason
    assert certificate_told(intake) == []
    async with Camera(film).serving() as camera:
        _, (good, state, reason) = await followed(camera, "rtsps")
    assert (good, state) == (False, "lost")
    assert "shows no certificate" in reason


@pytest.mark.parametrize(
    "wrong", [{"fingerprint": "12:34"}, {"unchecked": True, "authority": "a.pem"}, {"fingerprint": "0g" * 32}]
)
def test_settings_of_trust_that_make_no_sense_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="fingerprint"):
        read_cameras({"camera.corridor": {"url": "rtsps://10.0.0.1/", **wrong}})
