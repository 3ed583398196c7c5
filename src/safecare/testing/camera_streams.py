"""Cameras for tests, benches and soaks: H.264 in MPEG-TS over HTTP at the pace of real time, and cameras that fail.

Each connection gets a stream of its own. What is sent was encoded once, as cameras encode (no pictures that wait for
later ones, a whole picture every two seconds), and is played again and again with times that go on.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from io import BytesIO
from random import Random
from typing import Any, Literal, NamedTuple

Image = Any
Kind = Literal["good", "stops", "silent", "stutters", "resizes", "garbage", "refuses"]
FORMAT = "mpegts"
"""FFmpeg's name of what is sent (`CameraSettings.format`)."""
WHOLE_EVERY = 2.0
"""Seconds between two whole pictures; cameras' usual setting."""
WELL = (8.0, 20.0)
"""Seconds for which a camera that fails sends well, between these; chosen."""
ILL = (2.0, 15.0)
"""Seconds of a silence, or between two bursts of a camera that stutters; chosen around the patience of a live door."""


class Clip(NamedTuple):
    """A clip as a camera encodes it: a file of MPEG-4, and its pictures per second."""

    raw: bytes
    fps: int


def encode(images: Iterable[Image], fps: int) -> Clip:
    """Return `images` (BGR, all of one size, which is even) as a camera would encode them."""
    import av

    buffer = BytesIO()
    options = {"crf": "25", "preset": "veryfast", "tune": "zerolatency", "threads": "1"}
    with av.open(buffer, "w", format="mp4") as container:
        stream: Any = None
        for image in images:
            if stream is None:
                stream = container.add_stream("libx264", rate=fps, options=options)
                stream.height, stream.width, stream.pix_fmt = image.shape[0], image.shape[1], "yuv420p"
                stream.codec_context.gop_size = round(WHOLE_EVERY * fps)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="bgr24")))
        container.mux(stream.encode(None))
    return Clip(buffer.getvalue(), fps)


def pieces(clip: Clip, after: float = 0.0) -> Iterator[tuple[float, bytes]]:
    """Yield the pictures of `clip` in MPEG-TS, each with the seconds at which it is due; times begin at `after`."""
    import av

    buffer = BytesIO()
    with av.open(BytesIO(clip.raw), "r") as source, av.open(buffer, "w", format=FORMAT) as target:
        stream = source.streams.video[0]
        copy = target.add_stream_from_template(stream)
        for packet in source.demux(stream):
            if packet.pts is None or packet.dts is None or packet.time_base is None:
                continue
            due = after + float(packet.pts * packet.time_base)
            late = round(after / packet.time_base)
            packet.pts, packet.dts, packet.stream = packet.pts + late, packet.dts + late, copy
            target.mux(packet)
            raw = buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
            yield due, raw


def seconds(clip: Clip) -> float:
    """Return how long `clip` is."""
    import av

    with av.open(BytesIO(clip.raw)) as source:
        return source.streams.video[0].frames / clip.fps


class Camera(NamedTuple):
    """A camera: how it fails if it does, its clips (more than one where it changes the picture's size), its chance."""

    kind: Kind
    clips: Sequence[Clip]
    seed: int = 0
    skip: float = 0.0
    """Seconds of the first clip that are left out, so that not all cameras show the same at the same moment."""


def stream(camera: Camera, chance: Random) -> Iterator[tuple[float, bytes]]:
    """Yield what `camera` sends on one connection, with the seconds at which it does."""
    told = _well(camera)
    fails = chance.uniform(*WELL)
    if camera.kind in ("good", "resizes"):
        yield from told
        return
    held: list[bytes] = []
    until = fails
    for due, raw in told:
        if due < fails:
            yield due, raw
        elif camera.kind in ("stops", "refuses"):
            yield due, raw[: len(raw) // 2]
            return
        elif camera.kind == "silent":
            yield due + 3600.0, b""
            return
        elif camera.kind == "garbage":
            broken = bytearray(raw)
            for _ in range(1 + len(broken) // 400):
                broken[chance.randrange(len(broken))] = chance.randrange(256)
            yield due, bytes(broken) if chance.random() < 0.7 else chance.randbytes(len(broken))
            if due > fails + 20.0:
                return
        else:  # stutters: nothing, then all of it at once
            held.append(raw)
            if due >= until:
                yield due, b"".join(held)
                held, until = [], due + chance.uniform(*ILL) / 3


def _well(camera: Camera) -> Iterator[tuple[float, bytes]]:
    after, number = -camera.skip, 0
    while True:
        clip = camera.clips[number % len(camera.clips)]
        yield from ((due, raw) for due, raw in pieces(clip, max(after, 0.0)) if due >= 0.0)
        after, number = max(after, 0.0) + seconds(clip), number + 1


class CameraServer:
    """Serves `cameras` by name on a free port of this machine while it is entered."""

    def __init__(self, cameras: Mapping[str, Camera], slow: float = 1.0) -> None:
        """Take the cameras; for them, time passes `slow` times slower than on the machine."""
        self._cameras, self._slow = dict(cameras), slow
        self._chance = {name: Random(f"{one.kind} {one.seed}") for name, one in self._cameras.items()}
        self._visits: dict[str, int] = dict.fromkeys(self._cameras, 0)
        self._tasks: set[asyncio.Task[None]] = set()
        self.port = 0

    def url(self, name: str) -> str:
        """Return the address of a camera."""
        return f"http://127.0.0.1:{self.port}/{name}"

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator[CameraServer]:
        """Serve meanwhile."""
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            name = head.split(b" ")[1].decode().strip("/")
            camera = self._cameras[name]
            self._visits[name] += 1
            if camera.kind == "refuses" and self._visits[name] % 3:
                return  # two of three attempts fail
            writer.write(b"HTTP/1.0 200 OK\r\nContent-Type: video/mp2t\r\n\r\n")
            began = time.monotonic()
            for due, raw in stream(camera, self._chance[name]):
                await asyncio.sleep(max(0.0, began + self._slow * due - time.monotonic()))
                writer.write(raw)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError, KeyError):
            pass  # the other side has gone
        finally:
            writer.close()
