"""Receiver for alarm panels, ANSI/SIA DC-09 over TCP and UDP: a message is acknowledged after it is stored.

An account with a key must encrypt (AES), and its messages must be of now. A message with a wrong checksum gets no
answer, as the standard says, so that the panel sends it again; it is kept as a reject. NULL messages are signs of life:
how often they come is agreed by `supervised`, and a silent panel becomes an alert (`sensor.silent`).
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from safecare.exchange.log import LogFullError
from safecare.formats.alarm import dc09
from safecare.formats.field import FieldError, signals_of
from safecare.model.event import Event
from safecare.model.ids import SiteId
from safecare.sources.api import Intake, UnreadableError, source
from safecare.sources.dc09.heard import Heard, Last
from safecare.sources.listen import Quiet, keep_listening, streams
from safecare.sources.signals import Known, Telling, events_about

QUIET = 900.0
"""Seconds without a byte after which a connection is closed (chosen: panels connect for each message, or supervise
within minutes)."""
WAITING = 1000
"""Datagrams that wait for being stored (chosen); more get no answer, and their senders repeat them."""
AGAIN = timedelta(minutes=5)
"""Time within which a message with the same bytes is the panel's repetition (chosen: panels repeat within a minute)."""
SHOWN = 5
"""Most accounts named in one line (chosen)."""
CONNECTIONS = 512
"""Connections at a time (chosen: more than a region's panels)."""
IDLE = 10.0
"""Seconds without a message that was taken, after which a connection may make way for another (chosen: panels send as
soon as they are connected)."""


@source("sia-dc09")
@dataclass
class Dc09Door:
    """Listens by TCP and UDP.

    `host`, `port`: where; port 0 takes a free one, told by `address` once `started` is set. `keys`: AES key in
    hexadecimal by account (``*`` for all others). `supervised`: seconds between signs of life, by account.
    """

    door: str
    host: str = "127.0.0.1"
    port: int = 12128
    keys: dict[str, str] = field(default_factory=dict)
    supervised: dict[str, float] = field(default_factory=dict)
    address: tuple[str, int] = field(default=("", 0), init=False)
    started: asyncio.Event = field(default_factory=asyncio.Event, init=False)
    gaps: int = field(default=0, init=False)
    """Messages that are missing between the sequence numbers of panels."""
    positions: Path | None = None
    """Folder where it is remembered what panels said last."""
    _heard: Heard = field(default_factory=Heard, init=False)
    _quiet: Quiet = field(default_factory=lambda: Quiet(IDLE), init=False)
    _most: int = field(default=CONNECTIONS, init=False)
    _unwritten: str = field(default="", init=False)
    """Why that can't be written."""

    def __post_init__(self) -> None:
        """Read the keys. Raises `ValueError`."""
        self._keys = dc09.read_keys(self.keys)
        self._every = {account.upper(): every for account, every in self.supervised.items()}
        self._heard = Heard(self.positions / f"{self.door}.heard" if self.positions else None)

    async def run(self, intake: Intake) -> None:
        """Listen until cancelled; try again while the address is taken."""
        self._heard.load()
        await keep_listening(self._serve, intake, self.door, self.host, self.port)

    def decode(self, raw: bytes, context: Mapping[str, str], intake: Intake) -> Iterable[Event]:
        """Read a frame; `context`: when it came (`at`). Raises `UnreadableError`."""
        now = datetime.fromisoformat(context["at"]) if "at" in context else intake.clock.now()
        try:
            return self._events(dc09.read(raw, self._key, now), raw, now, intake)
        except dc09.Dc09Error as error:
            raise UnreadableError(error.reason, error.place) from error

    async def _serve(self, intake: Intake) -> None:
        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await self._talk(reader, writer, intake)

        loop = asyncio.get_running_loop()
        waiting: asyncio.Queue[tuple[bytes, Any]] = asyncio.Queue(WAITING)
        where = streams(talk, self.host, self.port, self._most, make_way=self._quiet.make_way)
        async with where as self.address:
            transport, _ = await loop.create_datagram_endpoint(lambda: _Datagrams(waiting), local_addr=self.address)
            try:
                self._report(intake)
                self.started.set()
                while True:
                    batch = [await waiting.get()]
                    while not waiting.empty():
                        batch.append(waiting.get_nowait())
                    answers = await self._answers([raw for raw, _ in batch], intake)
                    for (_, peer), answer in zip(batch, answers, strict=True):
                        if answer:
                            transport.sendto(answer, peer)
            finally:
                self.started.clear()
                transport.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, intake: Intake) -> None:
        decoder = dc09.Decoder()
        self._quiet.heard(writer)
        try:
            while raw := await asyncio.wait_for(reader.read(dc09.LIMIT), QUIET):
                try:
                    frames = list(decoder.feed(raw))
                except dc09.Dc09Error as error:
                    await self._reject(decoder.held[: dc09.LIMIT], error, intake)
                    return
                if frames:
                    answers = await self._answers(frames, intake)
                    if any(b"ACK" in one for one in answers):
                        self._quiet.heard(writer)
                    writer.write(b"".join(answers))
                    await writer.drain()
        finally:
            self._quiet.gone(writer)

    async def _answers(self, frames: list[bytes], intake: Intake) -> list[bytes]:
        """Store what has come at once, in one step, and return the answers in order: none where there is no room."""
        now = intake.clock.now()
        events: list[Event] = []
        answers: list[bytes] = []
        stored: dict[str, Last] = {}
        for raw in frames:
            head: dc09.Head | None = None
            word = "ACK"
            try:
                message = dc09.read(raw, self._key, now)
                head = message.head
                last = Last(head.account, int(head.sequence), hashlib.sha256(raw).hexdigest()[:32], now)
                before = stored.get(head.account) or self._heard.accounts.get(head.account)
                if not (before and before.digest == last.digest and now - before.at <= AGAIN):
                    events += self._events(message, raw, now, intake)
                    self._count(before, last.sequence)
                    stored[head.account] = last
            except dc09.Dc09Error as error:
                head, word = error.head, error.answer
                if not await self._reject(raw, error, intake):
                    word = ""
            except UnreadableError as error:
                word = "DUH"
                if not await self._reject(raw, dc09.Dc09Error(error.reason, error.place), intake):
                    word = ""
            answers.append(dc09.answer(head, word, self._keys, now) if word else b"")
        try:
            await intake.publish(events)
        except LogFullError:
            intake.report(self.door, "failed", "no room: panels get no answer, and repeat")
            return [b""] * len(frames)
        try:
            self._heard.keep(stored)
        except OSError as error:
            self._unwritten = str(error)
        self._report(intake)
        return answers

    def _report(self, intake: Intake) -> None:
        told = [f"{self.address[0]}:{self.address[1]}"]
        if known := len(self._heard.accounts):
            told.append(f"{known} accounts")
        if silent := sorted(set(self._every) - set(self._heard.accounts)):
            told.append(f"{len(silent)} supervised accounts never heard: {', '.join(silent[:SHOWN])}")
        if self.gaps:
            told.append(f"{self.gaps} messages missing between sequence numbers")
        if self._unwritten:
            told.append(f"what panels said last is not kept over a restart: {self._unwritten}")
        intake.report(self.door, "ok", ", ".join(told))

    def _count(self, before: Last | None, sequence: int) -> None:
        """Count the gap before `sequence` (0001 to 9999, then 0001 again; 0000 is no number)."""
        if before and before.sequence and sequence:
            gap = (sequence - before.sequence - 1) % 9999
            self.gaps += gap if gap < 100 else 0  # a panel that starts anew begins anywhere

    async def _reject(self, raw: bytes, error: dc09.Dc09Error, intake: Intake) -> bool:
        context = {"at": intake.clock.now().isoformat()}
        try:
            await intake.reject(self.door, raw, error.reason, error.place, context)
        except LogFullError:
            intake.report(self.door, "failed", "no room: panels get no answer, and repeat")
            return False
        return True

    def _key(self, account: str) -> bytes | None:
        return dc09.key_for(account, self._keys)

    def _events(self, message: dc09.Message, raw: bytes, now: datetime, known: Known) -> list[Event]:
        """Return the events of a message. An account that the hospital does not know is unreadable."""
        account = message.head.account
        panel = known.hospital.at_address("sia", account)
        site = None if panel else _site(account, known)
        digest = hashlib.sha256(raw).hexdigest()[:24]
        events: list[Event] = []
        said = [(one.zone, one.said) for one in message.events]
        if message.head.id == "NULL":
            said.append(("", {"heard": self._every.get(account, 0.0)}))
        said += [("", {"alarm": "note", "code": code}) for code in message.strange]
        for number, (zone, told) in enumerate(said):
            telling = Telling(
                self.door, f"{account}\x1f{message.head.sequence}\x1f{digest}\x1f{number}", message.at, now
            )
            own = known.hospital.at_address("sia", f"{account}/{zone}") if zone else None
            asset, part = own or panel, "" if own else zone
            called = f"sia {account}/{zone}".rstrip("/")
            try:
                signals = signals_of(told)
            except FieldError as error:
                raise UnreadableError(error.reason, error.place) from error
            events += events_about(asset, signals, telling, known, called=called, site=site, part=part)
        return events


def _site(account: str, known: Known) -> SiteId | None:
    """Return the site of a panel of which the hospital's files name any zone."""
    start = f"{account}/"
    return next((one.site for one in known.hospital.assets if one.addresses.get("sia", "").startswith(start)), None)


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, waiting: asyncio.Queue[tuple[bytes, Any]]) -> None:
        self._waiting = waiting

    def datagram_received(self, data: bytes, addr: Any) -> None:
        """Put a datagram among those that wait; one too many gets no answer, and comes again."""
        if not self._waiting.full():
            self._waiting.put_nowait((data, addr))
