"""Mail, HL7, alarm panel and badge doors over TCP on this machine, with the SQLite log and the artifacts on disk.

Clients of mail and HL7 run in the same process and share its processors, so these figures are lower bounds.
Panels and badge systems send from a process of their own; their figures are the best of three runs.
"""

from __future__ import annotations

import asyncio
import dataclasses
import smtplib
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Coroutine, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from safecare.app.health import Doors
from safecare.app.intake import DoorIntake
from safecare.app.times import believed
from safecare.exchange.log import Entry
from safecare.exchange.sqlite import SqliteLog
from safecare.formats.alarm import dc09
from safecare.formats.mail import examine
from safecare.formats.mllp import MllpDecoder, frame
from safecare.model.clock import SystemClock
from safecare.model.event import Event
from safecare.model.events import encode_event
from safecare.scenarios.make.hl7 import bookings, mass_move
from safecare.scenarios.make.mail import benign_mails, spear_phish
from safecare.sources.access.webhook import AccessWebhook
from safecare.sources.dc09.door import Dc09Door
from safecare.sources.files.process import Worker
from safecare.sources.files.wire import Job, Setup
from safecare.sources.hl7.door import Hl7Door
from safecare.sources.mail.door import MailDoor
from safecare.store.artifacts import Artifacts
from safecare.testing.bench import Row, rate
from safecare.testing.clock import START
from safecare.testing.hospital import small_hospital

TO = "user1@aurore.example"
OWN = ("aurore.example",)
MESSAGES = 2000
CLIENTS = 20
MAILS = 300
ALARMS = 2000
POSTS = 2000
MANY = 100
KEY = "0123456789abcdef0123456789abcdef"


def rows() -> Iterable[Row]:
    """Measure examination with and without the confined process, then both doors."""
    mails = [*benign_mails(45, seed=1, at=START, to=TO), *(spear_phish(seed=n, at=START, to=TO) for n in range(5))]
    plain = rate(lambda: sum(bool(examine(raw, OWN)) for raw in mails))
    yield Row(what="mails examined in the main process (never done; the limit)", figure=plain, unit="/s")
    confined = _confined(mails)
    yield Row(
        what="mails examined by the confined worker",
        figure=confined,
        unit="/s",
        target=250,
        peer=plain,
        peer_name="without confinement",
        note="target: what rspamd did per core on real phishing, 250-345/s; these mails are made ones",
    )
    with tempfile.TemporaryDirectory() as folder:
        log = SqliteLog(Path(folder) / "log.db", reserve_mb=1)
        store = Artifacts(Path(folder) / "artifacts")
        intake = DoorIntake("", log, store, Doors(SystemClock()), SystemClock(), small_hospital(), b"key")
        yield Row(what="HL7 messages acknowledged durably, 1 by 1", figure=asyncio.run(_hl7(intake, 1, 1)), unit="/s")
        many = asyncio.run(_hl7(intake, CLIENTS, 1))
        yield Row(what=f"HL7 messages acknowledged durably, {CLIENTS} links", figure=many, unit="/s", target=200)
        ahead = asyncio.run(_hl7(intake, 1, 50))
        yield Row(what="HL7 messages acknowledged durably, 50 sent ahead", figure=ahead, unit="/s", target=1000)
        smtp = asyncio.run(_smtp(intake, mails))
        yield Row(what=f"mails taken durably over SMTP, {CLIENTS} clients", figure=smtp, unit="/s", target=20)
        alone = OneByOne(*(getattr(intake, one.name) for one in dataclasses.fields(intake)))
        for panels in (1, CLIENTS):
            ours, theirs = _both(partial(_dc09, panels=panels), intake, alone)
            yield Row(
                what=f"alarms acknowledged durably by SIA DC-09, encrypted, {panels} panels",
                figure=ours,
                unit="/s",
                peer=theirs,
                peer_name="one fsync each",
                target=1000 if panels > 1 else None,
                note="target: fifty times what all 20 panels of a region say in a storm" if panels > 1 else "",
            )
        for rows_, clients in ((1, 1), (1, CLIENTS), (1, MANY), (100, CLIENTS)):
            ours, theirs = _both(partial(_webhook, rows_=rows_, clients=clients), intake, alone)
            yield Row(
                what=f"badge events taken durably by webhook, {rows_} in a post, {clients} clients",
                figure=ours,
                unit="/s",
                peer=theirs,
                peer_name="one fsync each",
                target=1000 if clients > 1 else None,
                note="target: every door of a hospital of 1,000 doors in one second" if clients > 1 else "",
            )
        log.close()


def _confined(mails: list[bytes]) -> float:
    worker = Worker(20.0, 100_000)
    setup = Setup(OWN)
    worker.ask(Job(len(mails[0]), facts=True), mails[0], setup)
    begun = time.perf_counter()
    for _ in range(10):
        for raw in mails:
            worker.ask(Job(len(raw), facts=True), raw, setup)
    took = time.perf_counter() - begun
    worker.stop()
    return 10 * len(mails) / took


async def _hl7(intake: DoorIntake, clients: int, ahead: int) -> float:
    door = Hl7Door(port=0)
    task = asyncio.create_task(door.run(intake))
    await door.started.wait()
    booked = bookings(MESSAGES, seed=1, first_day=START)
    stream = [frame(raw) for _, raw in mass_move(booked, seed=1, at=START, to=START + timedelta(days=1))]
    begun = time.perf_counter()
    await asyncio.gather(*(_send(door.address, stream[number::clients], ahead) for number in range(clients)))
    took = time.perf_counter() - begun
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return MESSAGES / took


async def _send(address: tuple[str, int], frames: list[bytes], ahead: int) -> None:
    reader, writer = await asyncio.open_connection(*address)
    decoder = MllpDecoder()
    for place in range(0, len(frames), ahead):
        chunk = frames[place : place + ahead]
        writer.write(b"".join(chunk))
        answered = 0
        while answered < len(chunk):
            answered += sum(b"MSA|AA" in raw for raw in decoder.feed(await reader.read(65536)))
    writer.close()


async def _smtp(intake: DoorIntake, mails: list[bytes]) -> float:
    door = MailDoor(port=0)
    task = asyncio.create_task(door.run(intake))
    await door.started.wait()

    def client(number: int) -> None:
        with smtplib.SMTP(*door.address, timeout=60) as smtp:
            for turn in range(MAILS // CLIENTS):
                raw = mails[turn % len(mails)] + f"\r\n{number}.{turn}\r\n".encode()
                smtp.sendmail("a@b.example", [TO], raw)

    loop = asyncio.get_running_loop()
    begun = time.perf_counter()
    with ThreadPoolExecutor(CLIENTS) as threads:
        await asyncio.gather(*(loop.run_in_executor(threads, client, number) for number in range(CLIENTS)))
    took = time.perf_counter() - begun
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return MAILS // CLIENTS * CLIENTS / took


async def _dc09(intake: DoorIntake, panels: int) -> float:
    small = small_hospital()
    assets = tuple(
        msgspec.structs.replace(one, addresses=one.addresses | {"sia": "1234"}) if one.id == "board.north" else one
        for one in small.assets
    )
    door = Dc09Door("panels", port=0, keys={"1234": KEY})
    known = dataclasses.replace(intake, hospital=msgspec.structs.replace(small, assets=assets))
    task = asyncio.create_task(door.run(known))
    await door.started.wait()
    key = dc09.read_keys({"1234": KEY})["1234"]
    stamp = f"{intake.clock.now():_%H:%M:%S,%m-%d-%Y}"
    frames = [
        dc09.framed(f'"*SIA-DCS"{1 + number % 9999:04}L0#1234[{dc09.encrypted(f"#1234|NBA{number % 99}]{stamp}", key)}')
        for number in range(ALARMS)
    ]

    took, answers = await _sent(door.address[1], frames, panels, "0d")
    assert all(b'"*ACK"' in one for one in answers)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return ALARMS / took


async def _webhook(intake: DoorIntake, rows_: int, clients: int) -> float:
    token = "a-token-of-the-benchmark"
    door = AccessWebhook("badges", port=0, token=token)
    task = asyncio.create_task(door.run(intake))
    await door.started.wait()
    at = intake.clock.now().isoformat()
    row = {"time": at, "door": "reader-ward", "event": "granted", "badge": "B1"}
    posts = []
    for turn in range(POSTS if rows_ == 1 else POSTS // 10):
        body = msgspec.json.encode([row | {"number": f"{turn}.{number}"} for number in range(rows_)])
        head = f"POST / HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\ncontent-length: {len(body)}\r\n\r\n"
        posts.append(head.encode() + body)
    took, answers = await _sent(door.address[1], posts, clients, "http")
    assert all(b" 202 " in one[:16] for one in answers)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return len(posts) * rows_ / took


async def _sent(port: int, messages: list[bytes], clients: int, end: str) -> tuple[float, list[bytes]]:
    """Send `messages` from another process; returns its seconds and the answers."""
    program = [sys.executable, str(Path(__file__).with_name("door_senders.py")), str(port), str(clients), end]
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*program, stdin=pipe, stdout=pipe)
    told, _ = await process.communicate(msgspec.msgpack.encode(messages))
    return msgspec.msgpack.decode(told, type=tuple[float, list[bytes]])


def _both(
    measured: Callable[[DoorIntake], Coroutine[Any, Any, float]], ours: DoorIntake, peer: DoorIntake
) -> tuple[float, float]:
    """Return the best of three of both, taken in turns, so that a busy machine is busy for both."""
    found = [(asyncio.run(measured(ours)), asyncio.run(measured(peer))) for _ in range(3)]
    return max(one for one, _ in found), max(one for _, one in found)


class OneByOne(DoorIntake):
    """The peer: each post and frame is written, and synced, by itself."""

    _turn = threading.Lock()

    async def publish(self, events: Sequence[Event], *, key: str | None = None) -> None:
        """Store `events`, alone."""
        entry = Entry("event", tuple(encode_event(believed(event, self.clock.now())) for event in events), key)
        await asyncio.to_thread(self._append, entry)

    def _append(self, entry: Entry) -> None:
        with self._turn:
            self.log.append([entry])
