"""Bytes to pictures: PyAV with a bounded picture, a short list of containers and codecs, and a chosen rate."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from safecare.sources.api import UnreadableError
from safecare.sources.camera.messages import Anchors
from safecare.sources.camera.vision.parts import Image, Picture

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.packet import Packet
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

REDUCED = 320
"""Width in pixels of the reduced picture; measured: MOG2 takes 1.8 ms at this size, 10.5 ms at 1280."""
MAX_PIXELS = 3840 * 2160
"""Largest picture; chosen: 4K, what the largest cameras give."""
MAX_SECONDS = 4 * 3600.0
"""Longest clip; chosen: recorders cut by the hour at most."""
MAX_BAD = 200
"""Undecodable packets in a row after which a stream counts as unreadable; chosen: ten seconds of video."""
CODECS = frozenset(
    {
        "h264",
        "hevc",
        "mjpeg",
        "mpeg4",
        "msmpeg4",
        "msmpeg4v2",
        "mpeg1video",
        "mpeg2video",
        "vp8",
        "vp9",
        "av1",
        "libdav1d",
    }
)
"""Decoders that cameras and recorders need; the others of FFmpeg stay out of an attacker's reach."""
ANALYSED = 1.5
"""Seconds of a stream that are looked at to learn its format; chosen: some pictures at the slowest usual rate."""
CLIP_FORMATS = {
    **dict.fromkeys((".mp4", ".m4v", ".mov", ".3gp"), "mov"),
    **dict.fromkeys((".mkv", ".webm"), "matroska"),
    **dict.fromkeys((".mpg", ".mpeg"), "mpeg"),
    ".avi": "avi",
    **dict.fromkeys((".ts", ".mts", ".m2ts"), "mpegts"),
    ".flv": "flv",
    ".ivf": "ivf",
    **dict.fromkeys((".h264", ".264", ".avc"), "h264"),
    **dict.fromkeys((".h265", ".265", ".hevc"), "hevc"),
    **dict.fromkeys((".mjpeg", ".mjpg"), "mjpeg"),
}
"""FFmpeg's demuxer by file ending. Named, never guessed: a playlist in disguise would open other files."""
UNTIMED = 25.0
"""Pictures per second of raw video that tells neither times nor a rate; FFmpeg's own guess."""


class LostError(OSError):
    """A stream can't be reached, or ended."""


@dataclass
class Decoder:
    """Decodes one container and yields the pictures that are due: `fps` each second, all if it is 0.

    `broken` tells afterwards what was not readable.
    """

    container: InputContainer
    fps: float
    rate: float = 0.0
    """Pictures per second that the file really has, where its own times are wrong; 0: they are right."""
    pace: Callable[[float], float] | None = None
    """Waits, if it must, for a picture that lies so many seconds after the first, and returns the time to go by.
    None: the pictures' own times."""
    late: Callable[[], bool] = lambda: False
    """Tells whether the looks are behind the stream, so that the picture at hand is left out."""
    keep: Callable[[Packet[Any]], None] = lambda packet: None
    """Is given each packet as it comes."""
    broken: str = field(default="", init=False)
    skipped: int = field(default=0, init=False)
    """Pictures that were due, and left out because the looks are behind."""
    number: int = field(default=0, init=False)
    """Pictures decoded so far, those that were not due included."""
    pictured: float = field(default=0.0, init=False)
    """Time of the picture at hand as the stream has it, seconds."""
    seconds: float = field(default=0.0, init=False)
    _bad: int = field(default=0, init=False)
    _bad_all: int = field(default=0, init=False)
    _first: float | None = field(default=None, init=False)
    _untimed: float = field(default=UNTIMED, init=False)

    def pictures(self) -> Iterator[tuple[Picture, float]]:
        """Yield pictures with their seconds from the first one. Raises `UnreadableError` and `LostError`."""
        stream = self.stream()
        self._untimed = float(stream.guessed_rate or UNTIMED)
        due = 0.0
        good = False
        for packet in self._packets(stream):
            self.keep(packet)
            for frame in self._frames(packet):
                at = self._time(frame)
                good = True
                self.number += 1
                if self.pace is not None:
                    at = self.pace(at)
                if at > MAX_SECONDS and self.pace is None:
                    raise UnreadableError(f"longer than {MAX_SECONDS:.0f} s", f"{at:.1f} s")
                if at >= due or not self.fps:
                    due = max(due + 1 / self.fps, at + 0.5 / self.fps) if self.fps else at
                    if self.late():
                        self.skipped += 1
                        continue
                    self.pictured = frame.time if frame.pts is not None else 0.0
                    yield _picture(frame), at
        if not good:
            raise UnreadableError("no picture in it can be decoded")
        self._check_end(stream)

    def stream(self) -> VideoStream:
        """Return the stream of pictures, made ready. Raises `UnreadableError` for what is not taken."""
        if not self.container.streams.video:
            raise UnreadableError("there is no video in it")
        stream = self.container.streams.video[0]
        context = stream.codec_context
        if context.name not in CODECS:
            raise UnreadableError(f"codec {context.name} is not taken")
        if context.width * context.height > MAX_PIXELS:
            raise UnreadableError(f"picture of {context.width} x {context.height} is too large")
        context.thread_count = 1
        context.options = {"max_pixels": str(MAX_PIXELS)}
        return stream

    def _packets(self, stream: VideoStream) -> Iterator[Packet[Any]]:
        import av

        packets = self.container.demux(stream)
        while True:
            try:
                packet = next(packets)
            except (StopIteration, EOFError):
                return
            except av.error.InvalidDataError:
                self.broken = "the file is damaged"
                return
            except (av.error.FFmpegError, OSError) as error:
                raise LostError(_words(error)) from error
            yield packet

    def _frames(self, packet: Packet[Any]) -> list[VideoFrame]:
        import av

        try:
            frames: list[Any] = packet.decode()
        except (av.error.FFmpegError, EOFError) as error:
            self._bad += 1
            self._bad_all += 1
            if self._bad > MAX_BAD:
                raise UnreadableError(_words(error), f"{self.seconds:.1f} s") from error
            return []
        if frames:
            self._bad = 0
        return frames

    def _time(self, frame: VideoFrame) -> float:
        if self.rate:
            self.seconds = self.number / self.rate
            return self.seconds
        if frame.pts is None:
            if self._first is None:  # raw video, none of whose pictures has a time
                self.seconds = self.number / self._untimed
            return self.seconds
        at = frame.time
        if self._first is None:
            self._first = at
        self.seconds = max(self.seconds, at - self._first)
        return self.seconds

    def _check_end(self, stream: VideoStream) -> None:
        said = float(stream.duration * stream.time_base) if stream.duration and stream.time_base else 0.0
        if not said and self.container.duration:
            said = self.container.duration / 1_000_000  # FFmpeg counts microseconds here
        if self._bad_all and not self.broken:
            self.broken = f"{self._bad_all} packets can't be decoded"
        pictures = stream.frames
        if pictures - self.number > max(10, 0.1 * pictures):
            self.broken = f"it breaks off; its header promises {pictures} pictures"
        elif not self.rate and said - self.seconds > max(2.0, 0.1 * said):
            self.broken = f"it breaks off; its header promises {said:.1f} s"


def open_clip(file: int, format: str) -> InputContainer:
    """Read the open `file` (a descriptor, left open) with the demuxer `format`. Raises `UnreadableError`."""
    import av

    options = {"fd": str(file), "protocol_whitelist": "fd"}
    try:
        return av.open("fd:", format=format, options=options, metadata_errors="ignore")
    except (av.error.FFmpegError, OSError, ValueError, EOFError) as error:
        raise UnreadableError(_words(error), "header") from error


def open_live(
    url: str, format: str | None, patience: float, file: int | None = None, anchors: Anchors | None = None
) -> InputContainer:
    """Open a stream; `file`: the open file (a descriptor) that `url` names, if it names one.

    Raises `LostError` if nothing answers, `UnreadableError` if what answers is no video.
    """
    import av

    # FFmpeg looks at 5 s of a stream before it gives the first picture, more than a short patience has
    options = {"analyzeduration": str(round(1e6 * min(ANALYSED, patience / 2)))}
    scheme = url.partition(":")[0].lower()
    if scheme in {"rtsps", "https"}:
        options |= _judged_by(anchors or Anchors())
    if scheme in {"rtsp", "rtsps"}:
        options |= {"rtsp_transport": "tcp", "protocol_whitelist": "rtsp,rtp,tcp,udp,tls"}
    elif scheme in {"http", "https"}:
        options |= {"protocol_whitelist": "http,https,tcp,tls"}
        format = format or "mpjpeg"
    else:
        ending = url[url.rfind(".") :].lower()
        format = format or CLIP_FORMATS.get(ending)
        if format is None or file is None:
            raise UnreadableError(f"don't know how to read {ending or 'a file without ending'}", "url")
        options |= {"fd": str(file), "protocol_whitelist": "fd"}
        url = "fd:"
    try:
        return av.open(url, format=format, options=options, metadata_errors="ignore", timeout=patience)
    except (av.error.InvalidDataError, UnicodeError) as error:
        raise UnreadableError(_words(error), "start of the stream") from error
    except (av.error.FFmpegError, OSError, EOFError) as error:
        raise LostError(_words(error)) from error


def _judged_by(anchors: Anchors) -> dict[str, str]:
    """Return FFmpeg's options of TLS (which checks nothing by itself); without anchors nobody is trusted."""
    if anchors.unchecked:
        return {"tls_verify": "0"}
    told = {"ca_file": anchors.file, "verifyhost": anchors.name}
    return {"tls_verify": "1"} | {name: value for name, value in told.items() if value}


def _picture(frame: VideoFrame) -> Picture:
    """Return the reduced picture, upright as the recording says; the full one is made only when asked for."""
    import numpy as np

    turns = round(frame.rotation / 90) % 4
    wide, high = (frame.height, frame.width) if turns % 2 else (frame.width, frame.height)
    width = min(REDUCED, wide)
    height = max(2, round(high * width / wide))

    def image(of: VideoFrame) -> Image:
        pixels: Any = of.to_ndarray(format="bgr24")  # 8-bit, as this format is
        found: Image = np.ascontiguousarray(np.rot90(pixels, turns)) if turns else pixels
        return found

    @cache
    def colour() -> Image:
        return image(frame)

    across, down = (height, width) if turns % 2 else (width, height)
    small = image(frame.reformat(width=across, height=down, format="bgr24"))
    return Picture(small, wide / width, colour)


def _words(error: BaseException) -> str:
    """Return what FFmpeg says, without the address, which may hold a password."""
    return str(getattr(error, "strerror", "") or type(error).__name__)
