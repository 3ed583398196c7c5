"""The confined worker, ``python -m safecare.sources.capture.worker``: packets in, events out.

Its arguments: PARENT_PID DOOR NAME KIND FILTER. Standard input is a capture file (KIND ``file``) or a packet socket
that is open already (``interface``); the answer is a row of MessagePack frames (4-byte length): lists of events, files
that were carried, then how reading ended, or why it could not begin. The events know nothing of the hospital yet: the
platform adds assets and zones.
"""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterator
from itertools import islice
from typing import Any, BinaryIO

import msgspec

from safecare.formats.packets.bpf import Filter, filtered
from safecare.formats.packets.dissect import Dissector, Found, Spoken
from safecare.formats.packets.file import CaptureError, Frames, Reading, read_frames
from safecare.model.event import Event
from safecare.model.events import AnyEvent
from safecare.model.hospital import Hospital
from safecare.model.layout import laid_out
from safecare.sources.capture.events import Told
from safecare.sources.capture.packets import packet_blocks
from safecare.sources.capture.values import Heard, WireValues
from safecare.sources.files.confine import allow_cpu, confine, die_with_parent
from safecare.sources.files.frames import send

BATCH = 1000
"""Events in one frame (the log's batch)."""
MOST_BYTES = 512 << 20
"""Largest capture, bytes: half of the worker's address space. Sensors cut their files far below."""
CPU = 600
"""Seconds of processor time for one capture. Measured: some 100,000 packets/s of control traffic, far more of other."""
LIVE_CPU = 1 << 30
"""Seconds of processor time for a live interface: it has no end."""


class Failed(msgspec.Struct, frozen=True, tag="failed"):
    """The file is no capture that we read."""

    reason: str
    place: str


class Seen(msgspec.Struct, frozen=True, tag="seen"):
    """Events, in order, as MessagePack of `AnyEvent`."""

    events: list[msgspec.Raw]


class Valued(msgspec.Struct, frozen=True, tag="valued"):
    """Values that devices gave on the wire, in order."""

    values: list[Heard]


class Carved(msgspec.Struct, frozen=True, tag="carved"):
    """A file that the packets carried, and who sent it."""

    raw: bytes
    media: str
    source: str


class Over(msgspec.Struct, frozen=True, tag="over"):
    """How reading ended (or, live, how it goes): packets, what was passed over by reason, why it broke off."""

    packets: int
    skipped: dict[str, int]
    broken: str = ""


Answer = Failed | Seen | Valued | Carved | Over
_encoder = msgspec.msgpack.Encoder()
_decoder: Any = msgspec.msgpack.Decoder(laid_out(AnyEvent))


def unpack(event: msgspec.Raw) -> Event:
    """Return an event that the worker sent. Raises `msgspec.DecodeError`."""
    found: Event = _decoder.decode(event)
    return found


def main() -> None:
    """Read what comes and answer."""
    parent, door, name, kind, only = sys.argv[1:6]
    die_with_parent(int(parent))
    told = Told(Hospital.empty(), door)
    with os.fdopen(os.dup(1), "wb") as answers:
        if kind == "interface":
            packets = socket.socket(fileno=os.dup(0))
            os.dup2(2, 1)  # whatever a library prints must not reach the answers
            confine()
            allow_cpu(LIVE_CPU)
            _live(packets, name, told, answers)
            return
        with os.fdopen(os.dup(0), "rb") as capture:
            os.dup2(2, 1)
            sieve = Filter(only) if only else None  # its library is loaded before the door is locked
            confine()
            allow_cpu(CPU)
            raw = capture.read(MOST_BYTES + 1)
        if len(raw) > MOST_BYTES:
            send(answers, Failed(f"larger than {MOST_BYTES} bytes", "file"))
            return
        _file(raw, name, told, answers, sieve)


def _file(raw: bytes, name: str, told: Told, answers: BinaryIO, sieve: Filter | None) -> None:
    dissector, reading, values = Dissector(), Reading(), WireValues()
    try:
        found = _all(filtered(read_frames(raw, reading), sieve), dissector)
        while some := list(islice(found, BATCH)):
            _tell(some, name, told, values, answers)
    except CaptureError as error:
        send(answers, Failed(error.reason, error.place))
        return
    send(answers, Over(reading.packets, dict(dissector.counts + reading.skipped), reading.broken))


def _all(blocks: Iterator[Frames], dissector: Dissector) -> Iterator[Found]:
    for frames in blocks:
        yield from dissector.feed(frames)
    yield from dissector.finish()


def _live(packets: socket.socket, name: str, told: Told, answers: BinaryIO) -> None:
    dissector, values, seen = Dissector(), WireValues(), 0
    for frames, lost in packet_blocks(packets):
        seen += len(frames.times)
        dissector.counts["lost by the kernel"] += lost
        found = [*dissector.feed(frames), *dissector.settle(float(frames.times[-1]) if len(frames.times) else 0.0)]
        _tell(found, name, told, values, answers)
        send(answers, Over(seen, dict(dissector.counts)))


def _tell(found: list[Found], name: str, told: Told, values: WireValues, answers: BinaryIO) -> None:
    """Send the events of findings, the values, and the files that they carried."""
    events = [msgspec.Raw(_encoder.encode(event)) for one in found for event in told.events(one, name, None)]
    for at in range(0, len(events), BATCH):
        send(answers, Seen(events[at : at + BATCH]))
    heard = [value for one in found for value in values.heard(one)]
    for at in range(0, len(heard), BATCH):
        send(answers, Valued(heard[at : at + BATCH]))
    for one in found:
        if isinstance(one, Spoken) and one.message.file:
            send(answers, Carved(one.message.file, one.message.media, one.src))


if __name__ == "__main__":
    main()
