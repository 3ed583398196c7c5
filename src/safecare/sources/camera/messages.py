"""What the video door and its worker say to each other: MessagePack in frames of a 4-byte length."""

from __future__ import annotations

from typing import BinaryIO, Literal

import msgspec

from safecare.model.events.video import Seen, Spot, Thing

MAX_FRAME = 8 * 1024 * 1024
"""Largest message in bytes; chosen: a still of 640 pixels' width takes well under 1 MB."""

PictureState = Literal["ok", "frozen", "covered", "replayed", "moved", "veiled"]


class ProtocolError(ValueError):
    """The other side sent what is no message."""


class View(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a camera's picture is judged. Positions and heights are fractions (0-1) of the picture."""

    area: tuple[tuple[float, float], ...] = ()
    """Outline of the watched zone in the picture; empty: all of it. A person counts by the foot point."""
    person: tuple[tuple[float, float], ...] = ()
    """Simple calibration: one or two pairs (row of the feet, height of a standing person)."""
    still_people: int | None = None
    """Number of people from which a still is kept."""
    still_after: float | None = None
    """Seconds of presence from which a still is kept."""
    fps: float = 5.0
    """Pictures per second that are looked at; 0: each one."""
    rate: float = 0.0
    """Pictures per second that a file really has, where its own times are wrong; 0: they are right."""
    tell_every: float = 0.5
    """Seconds between two tellings; 0: each picture that is looked at. The way in between is told too."""
    lines: tuple[tuple[tuple[float, float], tuple[float, float]], ...] | None = ()
    """Lines near which people are told in each picture, so that who crosses is known at once; None: they may be near
    one anywhere, for the lines are drawn on the floor."""
    tell_found: bool = False
    """Whether the boxes that were found are told beside the people who were followed."""
    things: bool = False
    """Whether changes that stay are told: things put down or taken away."""
    fire: bool = False
    """Whether flames are looked for, by colour and motion."""
    turns: bool = False
    """Whether the camera turns by itself, so that another view means nothing."""
    masks: tuple[tuple[tuple[float, float], ...], ...] = ()
    """Outlines that are blackened before anything else."""


class ClipJob(msgspec.Struct, frozen=True, tag="clip"):
    """Look at a file. `start` is the time of its first picture (seconds since 1970), `format` its container.

    The asking side opens `path` and hands the open file over: the worker can open none.
    """

    camera: str
    path: str
    format: str
    start: float
    view: View


class Anchors(msgspec.Struct, frozen=True):
    """By what a certificate is judged: `file` (PEM) holds authorities, or the certificate itself, that has `name`."""

    file: str = ""
    name: str = ""
    """Name that it must have; empty: that of the address."""
    unchecked: bool = False
    """Nobody looks: so the site wants it."""


class LiveJob(msgspec.Struct, frozen=True, tag="live"):
    """Look at a stream until told otherwise. Times in the answers are seconds since the job began.

    If `url` names a file it is handed over open, as that of a `ClipJob`.
    """

    camera: str
    url: str
    view: View
    format: str | None = None
    patience: float = 10.0
    """Seconds without data after which the stream counts as lost."""
    anchors: Anchors | None = None
    """By what the certificate is judged, where the stream comes over TLS."""


class Cut(msgspec.Struct, frozen=True, tag="cut"):
    """Make a clip around the moment `ago` seconds before now of the live stream that is being looked at."""

    number: int
    ago: float
    clear: bool = False
    """Whether a copy with clear heads is wanted, too."""


class Leave(msgspec.Struct, frozen=True, tag="leave"):
    """End the live stream that is being looked at, once the clips that were asked for are made."""


class Ready(msgspec.Struct, frozen=True, tag="ready"):
    """First word of a worker: the layers of confinement that are active, and what finds people.

    `model` is empty where blobs of motion do; `problem` says why the model that was asked for does not.
    """

    layers: tuple[str, ...]
    model: str = ""
    problem: str = ""


class People(msgspec.Struct, frozen=True, tag="people"):
    """People in the watched area at `at`; `still` is a pixelated JPEG if this moment may matter."""

    at: float
    people: tuple[Seen, ...]
    still: bytes = b""
    size: tuple[int, int] = (0, 0)
    frame: int = 0
    """Number of the picture in its file or stream, from 1."""
    found: tuple[tuple[float, float, float, float, float], ...] = ()
    """(left, top, width, height, score) of each box, if they are asked for."""
    late: float = 0.0
    """Seconds from the moment of a live picture to this telling: the wait for its turn, and the looking."""


class ThingsTold(msgspec.Struct, frozen=True, tag="things"):
    """What has changed in the picture and stays at `at`; `still` is a pixelated JPEG if something is new."""

    at: float
    things: tuple[Thing, ...]
    size: tuple[int, int] = (0, 0)
    still: bytes = b""
    late: float = 0.0
    """As of `People`."""


class SpotsTold(msgspec.Struct, frozen=True, tag="spots"):
    """What a special model, or the eye for flames, sees at `at`; `still` is a pixelated JPEG if a label is new."""

    at: float
    spots: tuple[Spot, ...]
    size: tuple[int, int] = (0, 0)
    still: bytes = b""
    late: float = 0.0
    """As of `People`."""


class PictureChange(msgspec.Struct, frozen=True, tag="picture"):
    """The picture became good, frozen, covered, replayed or moved."""

    at: float
    state: PictureState
    detail: str = ""
    late: float = 0.0
    """As of `People`."""


class ClipMade(msgspec.Struct, frozen=True, tag="made"):
    """A clip around the cuts `numbers`: it began `ago` seconds before now and takes `seconds`.

    `raw`: WebM, heads unrecognisable; empty if nothing was left of that time. `clear`: the same with clear heads.
    """

    numbers: tuple[int, ...]
    ago: float
    seconds: float
    raw: bytes
    clear: bytes = b""


class Progress(msgspec.Struct, frozen=True, tag="progress"):
    """Sign of life: pictures looked at so far, and those left out because the looks were behind the stream."""

    frames: int
    skipped: int = 0
    late: float = 0.0
    """Longest time (seconds) from a live picture to the end of its look, since the last sign of life."""


class Starved(msgspec.Struct, frozen=True, tag="starved"):
    """No answer for `seconds`, for most of which the worker was ready and got no processor. Its client says so."""

    seconds: float


class Done(msgspec.Struct, frozen=True, tag="done"):
    """The job ended by itself. `broken` says in words what of it could not be read; empty if all was."""

    frames: int
    seconds: float
    broken: str = ""
    place: str = ""
    cpu: float = 0.0
    """Seconds of processor time that the job took."""


class Failed(msgspec.Struct, frozen=True, tag="failed"):
    """The job could not be done: nothing to reach (`lost`) or nothing to read (`unreadable`)."""

    kind: Literal["lost", "unreadable"]
    reason: str
    place: str = ""


Job = ClipJob | LiveJob
Asked = Job | Cut | Leave
Message = Ready | People | ThingsTold | SpotsTold | PictureChange | ClipMade | Progress | Starved | Done | Failed

_encoder = msgspec.msgpack.Encoder()
_asked: msgspec.msgpack.Decoder[Asked] = msgspec.msgpack.Decoder(Asked)
_messages: msgspec.msgpack.Decoder[Message] = msgspec.msgpack.Decoder(Message)


def file_of(job: Job) -> str | None:
    """Return the path of the file that goes with `job`, None for a stream of the network."""
    match job:
        case ClipJob(path=path):
            return path
        case LiveJob(url=url):
            return url.removeprefix("file:") if url.startswith(("file:", "/")) else None


def frame(item: Asked | Message) -> bytes:
    """Write `item` with its length before it."""
    body = _encoder.encode(item)
    return len(body).to_bytes(4, "big") + body


def frame_size(head: bytes) -> int:
    """Return the length that `head` (4 bytes) announces. Raises `ProtocolError` above `MAX_FRAME`."""
    size = int.from_bytes(head, "big")
    if size > MAX_FRAME:
        raise ProtocolError(f"message of {size} bytes, at most {MAX_FRAME} are allowed")
    return size


def read_message(body: bytes) -> Message:
    """Read what the worker sent. Raises `ProtocolError`."""
    try:
        return _messages.decode(body)
    except msgspec.MsgspecError as error:
        raise ProtocolError(str(error)) from error


def read_asked(stream: BinaryIO) -> Asked | None:
    """Read what is asked next from `stream`, None at its end. Raises `ProtocolError`."""
    head = stream.read(4)
    if len(head) < 4:
        return None
    try:
        return _asked.decode(stream.read(frame_size(head)))
    except msgspec.MsgspecError as error:
        raise ProtocolError(str(error)) from error
