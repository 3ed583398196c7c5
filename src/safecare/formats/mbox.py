"""Files that hold many mails one after the other (mbox, RFC 4155): where each one stands."""

from __future__ import annotations

import mmap
import re
from pathlib import Path

_BETWEEN = re.compile(rb"(?:\A|\n\r?\n)From [^\r\n]{1,200}?\d:\d\d[^\r\n]{0,60}\r?\n(?=[!-9;-~]{1,76}:)")
"""The line before each mail: its sender and the time of delivery, then the first field of the header."""
_START = b"From "


def mails_in(path: Path) -> list[tuple[int, int]]:
    """Return (first byte, number of bytes) of the mails in the file `path`, without the lines between them.

    Empty unless it holds two or more. Raises `OSError`.
    """
    with path.open("rb") as stream:
        if stream.read(len(_START)) != _START:
            return []
        with mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as raw:
            found = [(one.start(), one.end()) for one in _BETWEEN.finditer(raw)]
            ends = [start + 1 for start, _ in found[1:]] + [len(raw)]
    if len(found) < 2 or found[0][0]:
        return []
    return [(start, end - start) for (_, start), end in zip(found, ends, strict=True)]
