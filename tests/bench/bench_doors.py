"""Mail and HL7 doors over TCP on this machine, with the SQLite log and the artifact store on disk.

Clients run in the same process and share its processors, so the figures are lower bounds of the doors.
"""

from __future__ import annotations

import asyncio
import smtplib
import tempfile
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

from safecare.app.health import Doors
from safecare.app.intake import DoorIntake
from safecare.exchange.sqlite import SqliteLog
from safecare.formats.mail import examine
from safecare.formats.mllp import MllpDecoder, frame
from safecare.model.clock import SystemClock
from safecare.scenarios.make.hl7 import bookings, mass_move
from safecare.scenarios.make.mail import benign_mails, spear_phish
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
