"""Files that hold many mails one after the other (mbox, RFC 4155): where each one stands."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import BinaryIO

_LINE = rb"From [^\r\n]{1,200}?\d:\d\d[^\r\n]{0,60}\r?\n(?=[!-9;-~]{1,76}:)"
"""The line before each mail: its sender and the time of delivery, then the first field of the header."""
_FIRST = re.compile(_LINE)
_BETWEEN = re.compile(rb"\n\r?\n" + _LINE)
_START = b"From "
_LONGEST = 512
"""Bytes that a line between mails takes at most, with what stands around it."""
_BLOCK = 1024 * 1024
"""Bytes looked at a time. Chosen: a file of any size is never held whole."""


def mails_in(path: Path) -> list[tuple[int, int]]:
    """Return (first byte, number of bytes) of the mails in the file `path`, without the lines between them.

    Empty unless it holds two or more. Raises `OSError`.
    """
    # Read, not mapped: a file that another program cuts off meanwhile would end the process.
    with open(path, "rb", opener=at_once) as stream:
        return mails_of(stream)


def mails_of(stream: BinaryIO) -> list[tuple[int, int]]:
    """Return what `mails_in` does, of an open file that stands at its first byte. Raises `OSError`."""
    held = stream.read(_BLOCK) or b""
    first = _FIRST.match(held) if held.startswith(_START) else None
    if first is None:
        return []
    found, at = [(0, first.end())], 0
    while True:
        block = stream.read(_BLOCK) or b""
        whole = len(held) - (_LONGEST if block else 0)
        lines = (one for one in _BETWEEN.finditer(held) if one.start() < whole)
        found.extend((at + one.start(), at + one.end()) for one in lines)
        if not block:
            break
        kept = max(whole, found[-1][1] - at)
        at, held = at + kept, held[kept:] + block
    if len(found) < 2:
        return []
    ends = [start + 1 for start, _ in found[1:]] + [at + len(held)]
    return [(start, end - start) for (_, start), end in zip(found, ends, strict=True)]


def at_once(path: str, flags: int) -> int:
    """Open without waiting: for a writer of a pipe, or the next line of the kernel's log. An opener for `open`."""
    return os.open(path, flags | os.O_NONBLOCK | os.O_NOCTTY)
