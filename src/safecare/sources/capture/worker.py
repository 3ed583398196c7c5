"""The confined worker, ``python -m safecare.sources.capture.worker PARENT_PID``: one capture in, conversations out.

Standard input is the capture file itself; the answer is a row of MessagePack frames (4-byte length): lists of
conversations, then how reading ended, or why it could not begin.
"""

from __future__ import annotations

import os
import struct
import sys
from typing import BinaryIO

import msgspec

from safecare.formats.capture import CaptureError, Conversation, Ended, read_capture
from safecare.sources.files.confine import allow_cpu, confine, die_with_parent

LENGTH = struct.Struct(">I")
BATCH = 1000
"""Conversations in one frame (the log's batch)."""
MOST_BYTES = 512 << 20
"""Largest capture, bytes: half of the worker's address space. Sensors cut their files far below."""
CPU = 600
"""Seconds of processor time for one capture. Measured: 108,000 packets/s, so an hour of a quiet link."""


class Failed(msgspec.Struct, frozen=True, tag="failed"):
    """The file is no capture that we read."""

    reason: str
    place: str


class Found(msgspec.Struct, frozen=True, tag="found"):
    """Conversations, in order of their end."""

    conversations: list[Conversation]


class Over(msgspec.Struct, frozen=True, tag="over"):
    """How reading ended."""

    ended: Ended


Answer = Failed | Found | Over


def main() -> None:
    """Read the one capture and answer."""
    die_with_parent(int(sys.argv[1]))
    with os.fdopen(os.dup(0), "rb") as capture, os.fdopen(os.dup(1), "wb") as answers:
        os.dup2(2, 1)  # whatever a library prints must not reach the answers
        confine()
        allow_cpu(CPU)
        raw = capture.read(MOST_BYTES + 1)
        if len(raw) > MOST_BYTES:
            _send(answers, Failed(f"larger than {MOST_BYTES} bytes", "file"))
            return
        _answer(raw, answers)


def _answer(raw: bytes, answers: BinaryIO) -> None:
    batch: list[Conversation] = []
    try:
        for one in read_capture(raw):
            if isinstance(one, Ended):
                _send(answers, Found(batch))
                _send(answers, Over(one))
                return
            batch.append(one)
            if len(batch) >= BATCH:
                _send(answers, Found(batch))
                batch = []
    except CaptureError as error:
        _send(answers, Failed(error.reason, error.place))


def _send(stream: BinaryIO, answer: Answer) -> None:
    raw = msgspec.msgpack.encode(answer)
    stream.write(LENGTH.pack(len(raw)) + raw)
    stream.flush()


if __name__ == "__main__":
    main()
