"""What each panel said last, kept over a restart: so a repetition that comes after it is known as one.

A file of lines, appended after a message is stored and before it is answered; not synced: if the machine itself dies
between the two, the repetition is stored twice, and nothing is lost.
"""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import msgspec

from safecare.model.layout import laid_out
from safecare.sources.upload import open_regular

LINES = 20_000
"""Lines after which the file is written anew (chosen: 2 MB)."""
LARGEST = 1 << 24
"""Most bytes of the file that are read (chosen: eight times what it grows to)."""


class Last(msgspec.Struct, frozen=True):
    """The last message of `account`: sequence number, hash (hexadecimal) of its bytes, when it was stored."""

    account: str
    sequence: int
    digest: str
    at: datetime


@dataclass
class Heard:
    """The last message of each account; in memory only without a `path`."""

    path: Path | None = None
    accounts: dict[str, Last] = field(default_factory=dict, init=False)
    _lines: int = field(default=0, init=False)

    def load(self) -> None:
        """Read the file; what is cut or spoilt in it is passed over."""
        if self.path is None:
            return
        with contextlib.suppress(OSError), open_regular(self.path) as file:
            for line in file.read(LARGEST).splitlines():
                self._lines += 1
                with contextlib.suppress(msgspec.DecodeError, UnicodeDecodeError):
                    last = msgspec.json.decode(line, type=laid_out(Last))
                    self.accounts[last.account] = last

    def keep(self, stored: dict[str, Last]) -> None:
        """Remember what was stored. Raises `OSError` when the file can't be written: then it is in memory only."""
        self.accounts |= stored
        if self.path is None or not stored:
            return
        self._lines += len(stored)
        if self._lines > LINES:
            self._renew(self.path)
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("ab") as file:
            file.write(_lines(stored))

    def _renew(self, path: Path) -> None:
        beside = path.with_suffix(".part")
        with beside.open("wb") as file:
            file.write(_lines(self.accounts))
            os.fsync(file.fileno())
        beside.replace(path)
        self._lines = len(self.accounts)


def _lines(known: dict[str, Last]) -> bytes:
    return b"".join(msgspec.json.encode(one) + b"\n" for one in known.values())
