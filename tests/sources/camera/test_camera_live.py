"""Live streams: a tiny MJPEG server over real sockets, real workers."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Self

import cv2
import pytest

from safecare.model.clock import SystemClock
from safecare.model.events.video import CameraState, PeopleSeen
from safecare.scenarios.make.clips import make_clip, pictures
from safecare.scenarios.make.scenes import loitering
from safecare.sources.camera.live import LiveCamera
from safecare.sources.camera.places import CameraSettings
from safecare.sources.camera.source import Cameras
from safecare.testing.intake import MemoryIntake
from safecare.testing.papers import papers

pytestmark = pytest.mark.slow


class MjpegServer:
    """Serves `frames` over HTTP, again and again, each connection from its own start; `cut` ends all connections."""

    def __init__(self, frames: list[bytes], fps: float = 10, tls: ssl.SSLContext | None = None) -> None:
        self.frames = frames
        self.fps = fps
        self.tls = tls
        self.body: bytes | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, ssl=self.tls)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        self.cut()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    @property
    def url(self) -> str:
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}/video"

    def cut(self) -> None:
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._tasks.add(asyncio.create_task(self._serve(reader, writer)))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        with contextlib.suppress(ConnectionError):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.0 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=frame\r\n\r\n")
            if self.body is not None:
                writer.write(self.body)
            for frame in [] if self.body is not None else self.frames:
                head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(frame)}\r\n\r\n"
                writer.write(head.encode() + frame + b"\r\n")
                await writer.drain()
                await asyncio.sleep(1 / self.fps)
        writer.close()
        self._writers.discard(writer)


@pytest.fixture(scope="module")
def frames() -> list[bytes]:
    scene = loitering(seconds=14, seed=3)
    return [cv2.imencode(".jpg", image)[1].tobytes() for image in pictures(scene, (320, 180))]


@contextlib.asynccontextmanager
async def running(door: Cameras | LiveCamera, intake: MemoryIntake) -> AsyncIterator[None]:
    task = asyncio.create_task(door.run(intake) if isinstance(door, Cameras) else door.run())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def camera(url: str, intake: MemoryIntake, patience: float = 2.0, fingerprint: str = "") -> LiveCamera:
    asset = intake.hospital.asset("camera.corridor")
    assert asset is not None
    return LiveCamera(
        "camera", asset, CameraSettings(url=url, fingerprint=fingerprint), intake, patience, first_wait=0.05
    )


def states(intake: MemoryIntake) -> list[str]:
    return [event.state for event in intake.events if isinstance(event, CameraState)]


async def test_stream_is_watched_lost_and_found_again(frames: list[bytes]) -> None:
    intake = MemoryIntake(clock=SystemClock())
    async with MjpegServer(frames) as server, running(camera(server.url, intake), intake):
        await intake.until(lambda one: any(isinstance(event, PeopleSeen) for event in one.events), 40)
        assert states(intake) == ["ok"]
        server.cut()
        await intake.until(lambda one: states(one)[:3] == ["ok", "lost", "ok"], 40)
    seen = next(event for event in intake.events if isinstance(event, PeopleSeen))
    assert seen.at <= intake.clock.now()
    assert seen.asset == "camera.corridor"


async def test_pictures_over_https_are_watched_by_the_certificate_that_is_named(
    frames: list[bytes], tmp_path: Path
) -> None:
    """The certificate names another address and nobody signed for it: by its hash it is the one."""
    made = papers(tmp_path, host="127.0.0.9")
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(made.certificate, made.key)
    pinned = hashlib.sha256(ssl.PEM_cert_to_DER_cert(made.certificate.read_text("ascii"))).hexdigest()
    intake = MemoryIntake(clock=SystemClock())
    async with (
        MjpegServer(frames, tls=tls) as server,
        running(camera(server.url, intake, 10.0, fingerprint=pinned), intake),
    ):
        await intake.until(lambda one: any(isinstance(event, PeopleSeen) for event in one.events), 40)
    assert states(intake) == ["ok"]
    assert intake.states["camera/camera.corridor/certificate"][0] == "ok"


async def test_camera_that_does_not_answer_is_told_once_and_harms_no_other(
    frames: list[bytes], unused_tcp_port: int
) -> None:
    intake = MemoryIntake(clock=SystemClock())
    async with MjpegServer(frames) as server:
        cameras = {
            "camera.hall": {"url": f"http://127.0.0.1:{unused_tcp_port}/"},
            "camera.corridor": {"url": server.url},
        }
        async with running(Cameras(cameras=cameras, patience=2.0), intake):
            await intake.until(
                lambda one: any(isinstance(event, PeopleSeen) for event in one.events) and "lost" in states(one),
                40,
            )
    by_camera = [(event.asset, event.state) for event in intake.events if isinstance(event, CameraState)]
    assert sorted(by_camera) == [("camera.corridor", "ok"), ("camera.hall", "lost")]
    assert intake.states["camera/camera.hall"][0] == "waiting"


async def test_stream_that_falls_silent_is_lost(frames: list[bytes]) -> None:
    intake = MemoryIntake(clock=SystemClock())
    async with MjpegServer(frames, fps=0.02) as server, running(camera(server.url, intake, patience=1.0), intake):
        await intake.until(lambda one: "lost" in states(one), 60)


async def test_garbage_instead_of_video_is_told(frames: list[bytes]) -> None:
    intake = MemoryIntake(clock=SystemClock())
    async with MjpegServer(frames) as server:
        server.body = b"<html>Please sign in</html>" * 1000
        async with running(camera(server.url, intake), intake):
            await intake.until(lambda one: bool(states(one)), 40)
    assert states(intake)[0] in {"unreadable", "lost"}
    assert not any(isinstance(event, PeopleSeen) for event in intake.events)


async def test_file_as_stream_is_played_at_its_own_pace(tmp_path: Path) -> None:
    path = tmp_path / "loop.mp4"
    path.write_bytes(make_clip("empty", seconds=3, seed=1, size=(160, 90)).raw)
    intake = MemoryIntake(clock=SystemClock())
    began = asyncio.get_running_loop().time()
    async with running(camera(str(path), intake), intake):
        await intake.until(lambda one: states(one)[:2] == ["ok", "lost"], 40)
    assert asyncio.get_running_loop().time() - began > 2.5


async def test_live_camera_that_the_hospital_does_not_know_is_refused() -> None:
    with pytest.raises(ValueError, match="no camera"):
        await Cameras(cameras={"camera.moon": {"url": "http://127.0.0.1:1/"}}).run(MemoryIntake(clock=SystemClock()))
