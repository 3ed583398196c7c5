"""The last seconds of a live camera, kept as the camera encoded them, in memory: so that an alert has a beginning.

Only what lies around an alert is ever made into a clip: decoded again, heads made unrecognisable, reduced, encoded as
VP8 in WebM (which any browser plays), a little at a time, so that the looks go on. Source:
pre-event recording as recorders do it. What no look saw in time is made unrecognisable as a whole. Before that, all of
it is gone through once with careful looks: who sits still is found by one of them, if by no look at the time.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from io import BytesIO
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from safecare.sources.camera.messages import ClipMade, Cut
from safecare.sources.camera.vision.masks import Masks
from safecare.sources.camera.vision.parts import Box, Image
from safecare.sources.camera.vision.still import WIDTH, Hidden, blurred, without

if TYPE_CHECKING:
    from av.packet import Packet
    from av.video.codeccontext import VideoCodecContext
    from av.video.frame import VideoFrame

BEFORE, AFTER = 10.0, 10.0
"""Seconds of a clip before and after the moment of the alert; chosen: how somebody came, and where they went."""
LONGEST = 60.0
"""Longest clip, seconds; alerts that follow each other closely share one up to here. Chosen: what a person looks at."""
MOST_BYTES = 6 * 1024 * 1024
"""Most that is kept of the stream; 20 s at 2.5 Mbit/s. What is above shortens the beginning of the clip."""
PICTURES = 5.0
"""Most pictures each second of a clip; as many as are looked at."""
STEP, STEP_EVERY = 2, 0.15
"""Pictures encoded at once, and seconds between: 20 s are made in 10 to 15 s by a twentieth of a core."""
SEEN_WITHIN = 1.0
"""Seconds between a picture and a look for the look's heads to be those of the picture; chosen: two looks at worst."""
SPEED = 0.5
"""Part of a person's height by which a head moves in a look's distance; chosen: a run of a quarter of a second."""
BITS = 500_000
"""Bits each second of a clip; chosen: 640 x 360 at 5 pictures a second shows what happens."""
QUICK = {"deadline": "realtime", "cpu-used": "8", "threads": "1", "lag-in-frames": "0"}
"""libvpx's settings for speed."""
MILLI = Fraction(1, 1000)


CAREFUL_EVERY = 2.0
"""Seconds between two careful looks at a clip, each of which counts up to the next; chosen: who does not move is where
they were, and ten looks of 20 s take half a second of processor time."""


class _Kept(NamedTuple):
    """An encoded picture: its bytes and times in the stream's own units, whether it is whole, when it came (s)."""

    raw: bytes
    pts: int | None
    dts: int | None
    whole: bool
    came: float


class _Heads(NamedTuple):
    """Whom a look saw in the picture with the time `pts` (seconds of the stream): boxes in the camera's pixels."""

    at: float
    boxes: tuple[Box, ...]
    strangers: tuple[Box, ...]
    """What moved and was nobody known."""


class _Stay(NamedTuple):
    """Whom a careful look found in the picture with the time `at`; None: it can't find who does not move."""

    at: float
    boxes: list[Box] | None


class _Asked(NamedTuple):
    """A clip that is asked for: its alerts, from when to when (seconds), and whether a clear copy is wanted."""

    numbers: tuple[int, ...]
    begin: float
    end: float
    clear: bool


@dataclass
class Ring:
    """Keeps one stream's last seconds and makes clips of them. `now` gives seconds."""

    context: VideoCodecContext
    time_base: Fraction
    masks: Masks
    now: Callable[[], float]
    careful: Callable[[Image], list[Box] | None] = lambda image: None
    """Returns boxes of all who may be in a full picture, in its pixels; None where who does not move can't be found."""
    _packets: deque[_Kept] = field(default_factory=deque, init=False)
    _bytes: int = field(default=0, init=False)
    _heads: deque[_Heads] = field(default_factory=deque, init=False)
    _asked: _Asked | None = field(default=None, init=False)
    _work: Iterator[ClipMade | None] | None = field(default=None, init=False)
    _stepped: float = field(default=float("-inf"), init=False)

    def take(self, packet: Packet[Any]) -> None:
        """Keep a packet of the stream as it comes."""
        raw = bytes(packet)
        if not raw:
            return
        self._packets.append(_Kept(raw, packet.pts, packet.dts, packet.is_keyframe, self.now()))
        self._bytes += len(raw)
        oldest = self.now() - BEFORE
        if self._asked is not None:
            oldest = min(oldest, self._asked.begin)
        while self._packets and (self._bytes > MOST_BYTES or self._old(oldest)):
            self._bytes -= len(self._packets.popleft().raw)

    def _old(self, oldest: float) -> bool:
        """Tell whether the first picture is needed no more: a later whole one lies before `oldest`, too."""
        if self._packets[0].came >= oldest:
            return False
        return any(one.whole and one.came < oldest for one in _rest(self._packets))

    def saw(self, at: float, boxes: Sequence[Box], strangers: Sequence[Box] = ()) -> None:
        """Remember whom a look saw in the picture of `at` (seconds of the stream), and what else moved there."""
        self._heads.append(_Heads(at, tuple(boxes), tuple(strangers)))
        while self._heads[0].at < at - LONGEST - BEFORE:
            self._heads.popleft()

    def ask(self, cut: Cut) -> None:
        """Begin a clip, or let the one that has begun go on for this alert, too."""
        moment = self.now() - cut.ago
        asked = self._asked
        if asked is None:
            self._asked = _Asked((cut.number,), moment - BEFORE, moment + AFTER, cut.clear)
        else:
            end = min(max(asked.end, moment + AFTER), asked.begin + LONGEST)
            self._asked = _Asked((*asked.numbers, cut.number), asked.begin, end, asked.clear or cut.clear)

    def step(self) -> ClipMade | None:
        """Do a little work, if it is time for it; return a clip that is done."""
        now = self.now()
        if now - self._stepped < STEP_EVERY:
            return None
        self._stepped = now
        if self._work is None:
            if self._asked is None or now < self._asked.end:
                return None
            self._begin()
        made = next((one for one in islice(self._work or (), STEP) if one is not None), None)
        if made is not None:
            self._work = None
        return made

    def finish(self) -> Iterator[ClipMade]:
        """Yield what is still to be done, at once: the stream has ended."""
        while self._work is not None or self._asked is not None:
            if self._work is None:
                self._begin()
            made = next((one for one in self._work or () if one is not None), None)
            self._work = None
            if made is not None:
                yield made

    def _begin(self) -> None:
        """Hand what was asked for to the work; packets and heads are copied, since the ring goes on."""
        asked, self._asked = self._asked, None
        if asked is None:
            return
        packets = [one for one in self._packets if one.came <= asked.end]
        whole = [number for number, one in enumerate(packets) if one.whole]
        first = max((one for one in whole if packets[one].came <= asked.begin), default=next(iter(whole), len(packets)))
        self._work = self._film(asked, packets[first:], list(self._heads))

    def _stays(self, asked: _Asked, packets: list[_Kept]) -> Iterator[list[_Stay]]:
        """Yield a careful look at a picture now and then, and nothing for those between."""
        due = float("-inf")
        for came, frame in _decoded(self.context, self.time_base, packets):
            at = frame.time if frame.pts is not None else came
            if came < asked.begin or at < due:
                continue
            due = at + CAREFUL_EVERY
            yield [_Stay(at, self.careful(self.masks.blacken(_image(frame, frame.width))))]

    def _film(self, asked: _Asked, packets: list[_Kept], heads: list[_Heads]) -> Iterator[ClipMade | None]:
        """Yield None after each picture and the clip at the end; one without pictures tells that nothing was left."""
        stay: list[_Stay] = []
        for looked in self._stays(asked, packets):
            stay += looked
            yield None
        films = [_Film(), *([_Film()] if asked.clear else [])]
        first: float | None = None
        due = length = 0.0
        for came, frame in _decoded(self.context, self.time_base, packets):
            at = frame.time if frame.pts is not None else came
            if came < asked.begin or (first is not None and at - first < due - 0.001):
                continue
            first = at if first is None else first
            length = max(length, at - first)
            due = length + 1 / PICTURES - 0.02
            image = self.masks.blacken(_image(frame, WIDTH))
            scale = image.shape[1] / frame.width
            hidden = _hidden(_around(heads, at), at, [one for one in stay if abs(one.at - at) <= 1.5 * CAREFUL_EVERY])
            films[0].add(without(image, hidden.scaled(scale)) if hidden else blurred(image), length)
            for film in films[1:]:
                film.add(image, length)
            yield None
        ago = max(0.0, self.now() - max(asked.begin, packets[0].came if packets else asked.end))
        raws = [one.done() for one in films]
        yield ClipMade(asked.numbers, ago, length, raws[0], raws[1] if asked.clear else b"")


class _Film:
    """Pictures encoded as VP8 in WebM, in memory."""

    def __init__(self) -> None:
        self._buffer = BytesIO()
        self._target: Any = None
        self._stream: Any = None
        self._shape: tuple[int, ...] = ()

    def add(self, image: Image, at: float) -> None:
        """Add a picture (BGR) `at` seconds from the beginning; one of another size is brought to that of the first."""
        import av
        import cv2

        if self._target is None:
            rows, columns = image.shape[0] // 2 * 2, image.shape[1] // 2 * 2
            self._shape = (columns, rows)
            self._target = av.open(self._buffer, "w", format="webm")
            self._stream = self._target.add_stream("libvpx", rate=round(PICTURES), options=QUICK)
            self._stream.width, self._stream.height, self._stream.pix_fmt = columns, rows, "yuv420p"
            self._stream.bit_rate = BITS
            self._stream.codec_context.time_base = MILLI
        if (image.shape[1], image.shape[0]) != self._shape:
            image = cv2.resize(image, self._shape)  # type: ignore[assignment]
        frame = av.VideoFrame.from_ndarray(image, format="bgr24")
        frame.pts, frame.time_base = round(1000 * at), MILLI
        self._target.mux(self._stream.encode(frame))

    def done(self) -> bytes:
        """Return the film; empty without a picture."""
        if self._target is None:
            return b""
        self._target.mux(self._stream.encode(None))
        self._target.close()
        return self._buffer.getvalue()


def _decoded(
    context: VideoCodecContext, time_base: Fraction, packets: Sequence[_Kept]
) -> Iterator[tuple[float, VideoFrame]]:
    """Yield the pictures of `packets` with the time at which each came; what can't be decoded is left out."""
    import av

    decoder: Any = av.CodecContext.create(context.name, "r")
    decoder.extradata, decoder.thread_count = context.extradata, 1
    decoder.options = dict(context.options or {})
    came = {one.pts: one.came for one in packets}
    last = 0.0
    for one in packets:
        packet: Any = av.Packet(one.raw)
        packet.pts, packet.dts, packet.time_base = one.pts, one.dts, time_base
        try:
            frames = decoder.decode(packet)
        except (av.error.FFmpegError, EOFError):
            continue
        for frame in frames:
            frame.time_base = time_base
            last = came.get(frame.pts, last)
            yield last, frame


def _image(frame: VideoFrame, width: int) -> Image:
    """Return `frame` (BGR), brought to `width`."""
    width = min(width, frame.width)
    height = max(2, round(frame.height * width / frame.width))
    pixels: Any = frame.reformat(width=width, height=height, format="bgr24").to_ndarray(format="bgr24")
    found: Image = pixels
    return found


def _around(heads: Sequence[_Heads], at: float) -> list[_Heads] | None:
    """Return what was seen just before and just after `at`; None where nobody looked."""
    before = next((one for one in reversed(heads) if one.at <= at), None)
    after = next((one for one in heads if one.at > at), None)
    near = [one for one in (before, after) if one is not None and abs(one.at - at) <= SEEN_WITHIN]
    return near or None


def _hidden(near: list[_Heads] | None, at: float, stay: Sequence[_Stay]) -> Hidden | None:
    """Return what is hidden in the picture of `at`, in the camera's pixels; None: it is not known where heads are."""
    if near is None or not stay:
        return None
    heads = [_moved(box, abs(one.at - at)) for one in near for box in one.boxes]
    whole = [_moved(box, abs(one.at - at)) for one in near for box in one.strangers]
    return Hidden(
        [*heads, *(box for one in stay for box in one.boxes or ())], whole, any(o.boxes is None for o in stay)
    )


def _moved(box: Box, apart: float) -> Box:
    """Return where `box` may be `apart` seconds from when it was seen."""
    aside = SPEED * apart * box.height
    return Box(box.x - aside, box.y - aside / 4, box.width + 2 * aside, box.height)


def _rest(packets: deque[_Kept]) -> Iterator[_Kept]:
    iterator = iter(packets)
    next(iterator, None)
    return iterator
