"""A receiver station of ESPA 4.4.4 on a TCP line (a serial device server): a call is acknowledged once it is stored.

What a call means is data (a mapping): panels say in words what happened. A block whose check fails, or for which there
is no room, is answered NAK, so that the sender repeats it.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from safecare.exchange.log import LogFullError
from safecare.formats.alarm import espa
from safecare.model.event import Event
from safecare.sources.access.rows import Rows, mapping_of
from safecare.sources.alive import Alive
from safecare.sources.api import Intake, UnreadableError, source
from safecare.sources.listen import Quiet, keep_listening, streams
from safecare.sources.retry import FIRST, keep_calling

AGAIN = timedelta(seconds=5)
"""Time within which the same block is the sender's repetition (chosen: it waits a second or two for our answer)."""
CONNECTIONS = 8
"""Lines at a time (chosen: one door for each panel, and its second line)."""
IDLE = 60.0
"""Seconds without a word of the standard after which a line may make way for another (chosen: a control station polls
within seconds; what does not poll, and is ended, calls again)."""


@source("espa")
@dataclass
class EspaDoor:
    """Waits for the line on `host` and `port`, or with `connect` calls the serial device server there.

    `station`: our address. `polled`: a control station asks us in turn, and gets EOT: we have nothing to say.
    `mapping`: a file (relative to the data folder), or the name of one that comes with the platform. `panel`: asset id
    of the panel; it is then told as silent when nothing is heard on the line. `first_wait`: seconds until a lost line
    is called again. Port 0 takes a free one, told by `address` once `started` is set.
    """

    door: str
    host: str = "127.0.0.1"
    port: int = 4444
    connect: bool = False
    station: str = "2"
    polled: bool = False
    mapping: str = "espa"
    panel: str = ""
    first_wait: float = FIRST
    data: Path = Path()
    address: tuple[str, int] = field(default=("", 0), init=False)
    started: asyncio.Event = field(default_factory=asyncio.Event, init=False)
    _alive: Alive = field(init=False)
    _quiet: Quiet = field(default_factory=lambda: Quiet(IDLE), init=False)
    _most: int = field(default=CONNECTIONS, init=False)
    _last: tuple[bytes, datetime] | None = field(default=None, init=False)
    """Hash of the last stored block, and when it was stored."""

    def __post_init__(self) -> None:
        """Read the mapping. Raises `ValueError` for one that can't be used."""
        self._rows = Rows(mapping_of(self.mapping, self.data), self.door)
        self._alive = Alive(self.door, self.panel)

    async def run(self, intake: Intake) -> None:
        """Take calls until cancelled; a line that is lost comes back."""
        if not self.connect:
            await keep_listening(self._serve, intake, self.door, self.host, self.port)
            return

        async def call() -> None:
            reader, writer = await asyncio.open_connection(self.host, self.port)
            intake.report(self.door, "ok", f"{self.host}:{self.port}")
            try:
                await self._talk(reader, writer, intake)
            finally:
                writer.close()

        await keep_calling(call, (OSError, TimeoutError), intake, self.door, first=self.first_wait)

    def decode(self, raw: bytes, context: Mapping[str, str], intake: Intake) -> Iterable[Event]:
        """Read one block (without SOH and ETX). Raises `UnreadableError`."""
        try:
            row = espa.read_block(raw)
        except espa.EspaError as error:
            raise UnreadableError(str(error)) from error
        return [] if row["header"] in espa.STATUS else self._rows.event(row, intake, intake.clock.now())

    async def _serve(self, intake: Intake) -> None:
        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await self._talk(reader, writer, intake)

        async with streams(talk, self.host, self.port, self._most, make_way=self._quiet.make_way) as self.address:
            intake.report(self.door, "ok", f"{self.address[0]}:{self.address[1]}")
            self.started.set()
            try:
                await asyncio.get_running_loop().create_future()
            finally:
                self.started.clear()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, intake: Intake) -> None:
        decoder = espa.Decoder()
        line = _Line()
        self._quiet.heard(writer)
        try:
            while raw := await reader.read(espa.LIMIT):
                heard = False
                for token in decoder.feed(raw):
                    heard = heard or _is_word(token)
                    match token:
                        case espa.Select(address):
                            answer = self._selected(address, line)
                        case espa.Block():
                            answer = await self._block(token, line, intake)
                        case espa.End():
                            line, answer = _Line(), b""
                    writer.write(answer)
                await writer.drain()
                if heard:
                    self._quiet.heard(writer)
                    await self._tell_alive(intake)
        finally:
            self._quiet.gone(writer)

    def _selected(self, address: str, line: _Line) -> bytes:
        ours = address == self.station
        other, line.other = line.other, line.other or not ours
        line.selected = ours and (other or not self.polled)
        if line.selected:
            return bytes([espa.ACK])
        return bytes([espa.EOT]) if ours else b""

    async def _block(self, block: espa.Block, line: _Line, intake: Intake) -> bytes:
        if not line.selected:
            return b""  # for another station of the line
        if not block.good:
            line.bad += 1
            if line.bad == TRIES:
                await self._reject(block.raw, "the check of the block fails", intake)
            return bytes([espa.NAK])
        now, digest = intake.clock.now(), hashlib.sha256(block.raw).digest()
        if self._last and self._last[0] == digest and timedelta(0) <= now - self._last[1] <= AGAIN:
            return bytes([espa.ACK])  # our answer was lost on the line, and the sender repeats
        try:
            await intake.publish(list(self.decode(block.raw, {}, intake)))
        except UnreadableError as error:
            return bytes([espa.ACK if await self._reject(block.raw, str(error), intake) else espa.NAK])
        except LogFullError:
            intake.report(self.door, "failed", "no room: callers get NAK, and repeat")
            return bytes([espa.NAK])
        self._last = (digest, now)
        return bytes([espa.ACK])

    async def _reject(self, raw: bytes, reason: str, intake: Intake) -> bool:
        try:
            await intake.reject(self.door, raw, reason, "block")
        except LogFullError:
            intake.report(self.door, "failed", "no room: callers get NAK, and repeat")
            return False
        return True

    async def _tell_alive(self, intake: Intake) -> None:
        """Tell, now and then, that the panel is heard."""
        heard = self._alive.heard(intake)
        try:
            await intake.publish(heard)
        except LogFullError:
            intake.report(self.door, "failed", "no room: callers get NAK, and repeat")
        else:
            self._alive.told(heard)


def _is_word(token: espa.Token) -> bool:
    """Tell whether somebody speaks: an open line is noisy, and noise is no sign that the panel lives."""
    match token:
        case espa.Select(address):
            return len(address) == 1 and address.isascii() and address.isalnum()
        case espa.Block(good=good):
            return good
        case espa.End():
            return False


TRIES = 3
"""Times that a sender repeats a block (ESPA 4.4.4: three), after which a bad one is kept as a reject."""


class _Line(msgspec.Struct):
    """Where one transmission stands: whether another station was addressed, we are selected, and bad blocks so far."""

    other: bool = False
    selected: bool = False
    bad: int = 0
