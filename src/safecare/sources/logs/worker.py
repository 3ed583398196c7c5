"""The confined worker, ``python -m safecare.sources.logs.worker PARENT_PID``: one log file in, records out.

Standard input is the file itself; the answer is a row of frames: lists of records and of what can't be
read, then the end.
"""

from __future__ import annotations

import os
import sys
from typing import BinaryIO

import msgspec

from safecare.formats.logs.files import read_log
from safecare.formats.logs.record import LogRecord, Unread
from safecare.sources.files.confine import allow_cpu, confine, die_with_parent
from safecare.sources.files.frames import send

BATCH = 1000
"""Records in one frame (the log's batch)."""
CPU = 600
"""Seconds of processor time for one file. Measured: 40,000 Windows events a second, so files of gigabytes."""


class Found(msgspec.Struct, frozen=True, tag="found"):
    """Records in their order, and parts that can't be read."""

    records: list[LogRecord]
    unread: list[Unread]


class Over(msgspec.Struct, frozen=True, tag="over"):
    """The file is read to its end."""


Answer = Found | Over


def main() -> None:
    """Read the one file and answer."""
    die_with_parent(int(sys.argv[1]))
    with os.fdopen(os.dup(0), "rb") as file, os.fdopen(os.dup(1), "wb") as answers:
        os.dup2(2, 1)  # whatever a library prints must not reach the answers
        import evtx  # noqa: F401 - libraries can't be loaded once we are confined

        confine()
        allow_cpu(CPU)
        _answer(file, answers)


def _answer(file: BinaryIO, answers: BinaryIO) -> None:
    records: list[LogRecord] = []
    unread: list[Unread] = []
    for one in read_log(file):
        if isinstance(one, LogRecord):
            records.append(one)
        else:
            unread.append(one)
        if len(records) + len(unread) >= BATCH:
            send(answers, Found(records, unread))
            records, unread = [], []
    send(answers, Found(records, unread))
    send(answers, Over())


if __name__ == "__main__":
    main()
