"""Bytes that hold one thing per line: what can't be read is told with its line, the rest goes on."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec


class LineError(msgspec.Struct, frozen=True):
    """A unit that can't be read: its line (1 = first), why, and its bytes."""

    line: int
    reason: str
    raw: bytes = b""


def lines_of(raw: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield number and bytes of every line of `raw` that is not blank."""
    for number, line in enumerate(raw.split(b"\n"), 1):
        stripped = line.strip()
        if stripped:
            yield number, stripped
