"""A file of lines that another program writes: followed while it grows, is rotated, or is cut."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import msgspec

from safecare.exchange.disk import write_private
from safecare.exchange.log import LogFullError
from safecare.formats.eve import LIMIT
from safecare.formats.lines import LineError
from safecare.model.event import Event
from safecare.model.layout import laid_out
from safecare.sources.api import Intake, UnreadableError
from safecare.sources.upload import open_regular

CHUNK = 1 << 20
"""Bytes read at once (chosen: some thousand lines)."""
POSITION = 1 << 10
"""Most bytes of the file that tells the position (chosen: ten times what is written)."""


class Position(msgspec.Struct, frozen=True):
    """How far a file is done: which file (inode), how often it was cut in place, and up to which byte.

    `end` above `offset` is an intent: these bytes were being stored. After a crash exactly they are stored
    again, under the same key, so that nothing is there twice.
    """

    inode: int = 0
    offset: int = 0
    cuts: int = 0
    end: int = 0


@dataclass
class LineFile:
    """Follows one file. What its lines mean, a subclass says by `lines`.

    `path`: the file. `every`: seconds between looks at it. `from_start`: whether a file that was never
    followed is read from its first byte.
    """

    door: str
    path: Path
    every: float = 0.25
    from_start: bool = True
    _file: BinaryIO | None = field(default=None, init=False)
    _at: Position = field(default=Position(), init=False)

    def lines(self, raw: bytes, intake: Intake) -> tuple[list[Event], list[LineError]]:
        """Return the events of whole lines, and the lines that can't be read."""
        raise NotImplementedError

    async def run(self, intake: Intake) -> None:
        """Follow until cancelled. The position is stored after the events are."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._at = self._load()
        try:
            while True:
                try:
                    busy = await self._step(intake)
                except LogFullError:
                    intake.report(self.door, "failed", "no room: the file is read on when there is")
                    busy = False
                if not busy:
                    await asyncio.sleep(self.every)
        finally:
            self._close()

    def decode(self, raw: bytes, context: Mapping[str, str], intake: Intake) -> Iterable[Event]:
        """Read lines. Raises `UnreadableError` for the first that can't be read."""
        events, errors = self.lines(raw, intake)
        if errors:
            raise UnreadableError(errors[0].reason, f"line {errors[0].line}")
        return events

    async def _step(self, intake: Intake) -> bool:
        """Read and store one chunk; return whether there may be more at once."""
        file = self._opened(intake)
        if file is None:
            return False
        at = self._at
        whole = at.end - at.offset if at.end > at.offset else CHUNK
        raw = await asyncio.to_thread(_read, file, at.offset, whole)
        end = raw.rfind(b"\n") + 1
        if not end:
            if len(raw) >= LIMIT:  # a line without an end: kept as a reject, read over
                await intake.reject(self.door, raw, f"no line end within {LIMIT} bytes", f"byte {at.offset}")
                self._move(Position(at.inode, at.offset + len(raw), at.cuts))
                return True
            return self._rotated()
        self._move(Position(at.inode, at.offset, at.cuts, at.offset + end))
        events, errors = self.lines(raw[:end], intake)
        for error in errors:
            await intake.reject(self.door, error.raw, error.reason, f"after byte {at.offset}, line {error.line}")
        await intake.publish(events, key="\x1f".join(map(str, (self.door, *msgspec.structs.astuple(self._at)))))
        self._move(Position(at.inode, at.offset + end, at.cuts))
        intake.report(self.door, "ok", str(self.path))
        return True

    def _opened(self, intake: Intake) -> BinaryIO | None:
        if self._file is not None:
            if os.fstat(self._file.fileno()).st_size < self._at.offset:  # cut in place (copytruncate)
                self._at = Position(self._at.inode, 0, self._at.cuts + 1)
            return self._file
        try:
            self._file = open_regular(self.path, follow=True)
        except FileNotFoundError:
            intake.report(self.door, "waiting", f"{self.path} is not there yet")
            return None
        status = os.fstat(self._file.fileno())
        if status.st_ino != self._at.inode:
            first = self._at.inode == 0 and not self.from_start
            self._at = Position(status.st_ino, status.st_size if first else 0)
        intake.report(self.door, "ok", str(self.path))
        return self._file

    def _rotated(self) -> bool:
        """When the file was read to its end, look whether another one has taken its name."""
        try:
            same = self.path.stat().st_ino == self._at.inode
        except FileNotFoundError:
            same = True  # renamed, and the new one is not there yet
        if not same:
            self._close()
        return not same

    def _move(self, position: Position) -> None:
        self._at = position
        target = self._position_file()
        fresh = target.with_suffix(".new")
        fresh.unlink(missing_ok=True)  # written anew, never through a link that others put there
        write_private(fresh, msgspec.json.encode(self._at), durable=False)
        fresh.replace(target)

    def _load(self) -> Position:
        try:
            with open_regular(self._position_file()) as file:
                return msgspec.json.decode(file.read(POSITION), type=laid_out(Position))
        except (OSError, msgspec.DecodeError):
            return Position()

    def _position_file(self) -> Path:
        return self.path.with_name(f".{self.path.name}.{self.door}.position")

    def _close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


def _read(file: BinaryIO, offset: int, size: int) -> bytes:
    file.seek(offset)
    return file.read(size)
