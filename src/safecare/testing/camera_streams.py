"""Cameras for tests, benches and soaks: H.264 in MPEG-TS over HTTP at the pace of real time, and cameras that fail.

Each connection gets a stream of its own. What is sent was encoded once, as cameras encode (no pictures that wait for
later ones, a whole picture every two seconds), and is played again and again with times that go on.
"""

from __future__ import annotations

import asyncio
import contextlib
import pickle
import sys
import tempfile
import time
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from io import BytesIO
from pathlib import Path
from random import Random
from typing import Any, Literal, NamedTuple
from urllib.parse import urlsplit

import msgspec

Image = Any
Kind = Literal[
    "good", "stops", "silent", "stutters", "resizes", "garbage", "refuses", "codec", "cut", "drips", "headers", "sdp"
]
"""How a camera behaves. ``codec``: its clips are of several codecs; ``cut``: a file that breaks off within a picture;
``drips``: a byte now and then; ``headers``: an answer of headers alone; ``sdp``: RTSP that describes nonsense."""
FORMAT = "mpegts"
"""FFmpeg's name of what is sent (`CameraSettings.format`)."""
DRIP = 0.5
"""Seconds between two bytes of a camera that drips, or two headers of one whose headers never end; chosen: well within
the patience of a live door, so that only a limit on the whole ends it."""
SDP = b"v=0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/0\r\na=fmtp:96 sprop-parameter-sets=////,%%\r\nm=\r\nzz\xff\r\n"
"""A description of a stream (RFC 8866) in which next to nothing is right."""
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


def encode(images: Iterable[Image], fps: int, codec: str = "libx264") -> Clip:
    """Return `images` (BGR, all of one size, which is even) as a camera would encode them."""
    import av

    buffer = BytesIO()
    options = {"threads": "1"}
    if codec == "libx264":
        options |= {"crf": "25", "preset": "veryfast", "tune": "zerolatency"}
    with av.open(buffer, "w", format="mp4") as container:
        stream: Any = None
        for image in images:
            if stream is None:
                stream = container.add_stream(codec, rate=fps, options=options)
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
    if camera.kind in ("good", "resizes", "codec"):
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
        self._files = Path()

    def url(self, name: str) -> str:
        """Return the address of a camera."""
        kind = self._cameras[name].kind
        if kind == "cut":
            return str(self._files / f"{name}.ts")
        return f"{'rtsp' if kind == 'sdp' else 'http'}://127.0.0.1:{self.port}/{name}"

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator[CameraServer]:
        """Serve meanwhile."""
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        with tempfile.TemporaryDirectory(prefix="cameras-") as place:
            self._files = Path(place)
            self._cut()
            try:
                yield self
            finally:
                server.close()
                for task in self._tasks:
                    task.cancel()
                await asyncio.gather(*self._tasks, return_exceptions=True)

    def _cut(self) -> None:
        for name, camera in self._cameras.items():
            if camera.kind == "cut":
                raw = b"".join(raw for _, raw in pieces(camera.clips[0]))
                Path(self.url(name)).write_bytes(raw[: 2 * len(raw) // 3 + 91])

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving, gone = asyncio.current_task(), None
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            name = urlsplit(head.split(b" ")[1].decode()).path.strip("/")
            camera = self._cameras[name]
            self._visits[name] += 1
            if camera.kind == "refuses" and self._visits[name] % 3:
                return  # two of three attempts fail
            if camera.kind == "sdp":
                await _describe(head, reader, writer)
                return
            gone = asyncio.create_task(
                reader.read()
            )  # ends with the other side, which a silent camera would not notice
            gone.add_done_callback(lambda _: serving.cancel() if serving else None)
            writer.write(b"HTTP/1.0 200 OK\r\n")
            if camera.kind == "headers":
                await _drip(writer, b"X-Camera: more\r\n")
            writer.write(b"Content-Type: video/mp2t\r\n\r\n")
            if camera.kind == "drips":
                await _drip(writer, b"\x47")
            began = time.monotonic()
            for due, raw in stream(camera, self._chance[name]):
                await asyncio.sleep(max(0.0, began + self._slow * due - time.monotonic()))
                writer.write(raw)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError, KeyError):
            pass  # the other side has gone
        finally:
            if gone is not None:
                gone.cancel()
            writer.close()


class Served(NamedTuple):
    """Stand-in cameras in process `pid`: their addresses by name."""

    pid: int
    urls: Mapping[str, str]


@contextlib.asynccontextmanager
async def apart(cameras: Mapping[str, Camera], slow: float = 1.0) -> AsyncIterator[Served]:
    """Serve `cameras` meanwhile as `CameraServer` does, in a process of their own.

    So what the cameras hold (a connection and two open containers each) is not counted to whoever looks at them.
    """
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", __name__, str(slow), stdin=PIPE, stdout=PIPE)
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("the stand-in cameras have no pipes")
    try:
        body = pickle.dumps(dict(cameras))  # a clip of several cameras goes once
        process.stdin.write(len(body).to_bytes(8, "big") + body)
        yield Served(process.pid, msgspec.json.decode(await process.stdout.readline(), type=dict[str, str]))
    finally:
        process.stdin.close()
        await process.communicate()


async def _serve_apart(slow: float) -> None:
    """Serve the cameras that come on standard input, tell their addresses, and end with standard input."""
    asked = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(asked), sys.stdin)
    body = await asked.readexactly(int.from_bytes(await asked.readexactly(8), "big"))
    cameras: dict[str, Camera] = pickle.loads(body)  # noqa: S301 - from the process that started this one
    server = CameraServer(cameras, slow)
    async with server.serving():
        print(msgspec.json.encode({name: server.url(name) for name in cameras}).decode(), flush=True)
        await asked.read()


async def _drip(writer: asyncio.StreamWriter, raw: bytes) -> None:
    """Send `raw` again and again until the other side has gone."""
    while True:
        writer.write(raw)
        await writer.drain()
        await asyncio.sleep(DRIP)


async def _describe(head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer RTSP requests (RFC 2326), the first of which is `head`, with a description that is nonsense."""
    while True:
        fields = dict(line.lower().partition(b":")[::2] for line in head.split(b"\r\n")[1:])
        body = SDP if head.startswith(b"DESCRIBE ") else b""
        kind = b"Content-Type: application/sdp\r\n" if body else b""
        told = b"CSeq: %s\r\nPublic: DESCRIBE, SETUP, PLAY\r\n" % fields.get(b"cseq", b" 0").strip()
        writer.write(b"RTSP/1.0 200 OK\r\n%s%sContent-Length: %d\r\n\r\n%s" % (told, kind, len(body), body))
        await writer.drain()
        head = await reader.readuntil(b"\r\n\r\n")


if __name__ == "__main__":
    asyncio.run(_serve_apart(float(sys.argv[1])))
