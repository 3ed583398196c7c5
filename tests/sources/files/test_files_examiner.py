"""The examiner with its real confined worker: what it finds, what kills it, what a crash leaves behind."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from safecare.examine.engine import Engine
from safecare.exchange.log import Entry, Position
from safecare.exchange.memory import MemoryLog
from safecare.formats.mail import examine
from safecare.model.event import Event
from safecare.model.events import encode_event
from safecare.model.events.files import MailExamined, MailReceived, Unreadable
from safecare.model.ids import ArtifactHash, HolderId
from safecare.scenarios.make.mail import benign_mails, spear_phish
from safecare.scenarios.make.office import archive
from safecare.sources.files.confine import MEMORY
from safecare.sources.files.examiner import GROUP, Examiner, examined
from safecare.sources.files.process import Worker, WorkerError
from safecare.sources.files.wire import Answer, Job, Setup
from safecare.sources.mail.door import received
from safecare.testing.clock import START
from safecare.testing.hospital_building import SITE
from safecare.testing.intake import MemoryIntake, running

TO = "user1@aurore.example"


def told(intake: MemoryIntake) -> list[Event]:
    return [one for one in intake.events if isinstance(one, MailExamined | Unreadable)]


def take_in(intake: MemoryIntake, raw: bytes, number: int = 0, *, judged: bool = False) -> MailReceived:
    """Put a mail into the store and the log, as the mail door does."""
    digest = intake.artifacts.keep(raw, "message/rfc822")
    event = received(raw, digest, "192.0.2.1", (HolderId("holder.1"),), SITE, START + timedelta(seconds=number))
    event = msgspec.structs.replace(event, judged=judged)
    assert intake.log is not None
    intake.log.append([Entry("event", (encode_event(event),))])
    return event


@asynccontextmanager
async def examining(intake: MemoryIntake, **settings: Any) -> AsyncIterator[Examiner]:
    assert intake.log is not None
    examiner = Examiner(log=intake.log, artifacts=intake.artifacts, **settings)
    async with running(examiner, intake):
        yield examiner


def intake_with_log() -> MemoryIntake:
    return MemoryIntake(log=MemoryLog())


@pytest.mark.slow
async def test_mails_are_examined_once_and_in_order() -> None:
    intake = intake_with_log()
    mails = [take_in(intake, raw, number) for number, raw in enumerate(benign_mails(20, seed=1, at=START, to=TO))]
    take_in(intake, spear_phish(seed=2, at=START, to=TO), 19, judged=True)  # told by its door
    bad = take_in(intake, spear_phish(seed=1, at=START, to=TO), 20)
    async with examining(intake) as examiner:
        await intake.until(lambda one: len(told(one)) == 21)
        # What the kernel gives to a process that has loaded nothing: no library's thread may take a layer away.
        bare = [sys.executable, "-c", "from safecare.sources.files.confine import confine; print(*confine())"]
        given = await asyncio.to_thread(subprocess.check_output, bare, text=True)
        assert examiner.worker.layers == tuple(given.split())
    events = [one for one in told(intake) if isinstance(one, MailExamined)]
    assert [one.received for one in events] == [mail.id for mail in [*mails, bad]]
    assert "mail.from.lookalike-own" in events[-1].facts
    assert "office.macro.autoexec" in events[-1].parts[0].facts
    assert events[-1].holders == ("holder.1",)
    assert "example" not in "".join(map(str, (event.parts for event in events)))


@pytest.mark.slow
async def test_who_writes_to_whom_is_told_without_addresses_of_people() -> None:
    intake = intake_with_log()
    passed = b"Authentication-Results: mx.aurore.example; dkim=pass header.d=%b; dmarc=pass header.from=%b\r\n"
    for number, raw in enumerate(
        (
            passed % (b"lab.fr", b"lab.fr") + b"From: Lab <post@lab.fr>\r\nTo: user1@aurore.example\r\n\r\none",
            passed % (b"gmail.com", b"gmail.com") + b"From: Ann <ann@gmail.com>\r\n\r\ntwo",
            b"From: user1@aurore.example\r\nTo: post@lab.fr, Ann <ann@gmail.com>, user2@aurore.example\r\n\r\nthree",
            b"From: post@lab.fr\r\n\r\nfour",
        )
    ):
        take_in(intake, raw, number)
    async with examining(intake, own=("aurore.example",)):
        await intake.until(lambda now: len(told(now)) == 4)
    lab, ann, sent, forged = (one for one in told(intake) if isinstance(one, MailExamined))
    person = intake.pseudonym("mail", "ann@gmail.com")
    assert (lab.sender, lab.vouched, lab.written_to) == ("lab.fr", True, ())
    assert (ann.sender, ann.vouched) == (person, True)
    assert sent.written_to == (person, "lab.fr") or sent.written_to == ("lab.fr", person)
    assert (forged.sender, forged.vouched) == ("lab.fr", False)
    assert b"ann@" not in b"".join(encode_event(one) for one in told(intake))


@pytest.mark.slow
async def test_after_a_crash_nothing_is_told_twice() -> None:
    intake = intake_with_log()
    one, other = (
        take_in(intake, b"From: a@b.example\r\n\r\none", 1),
        take_in(intake, b"From: a@b.example\r\n\r\ntwo", 2),
    )
    raw = b"From: a@b.example\r\n\r\none"
    before = examined(one, examine(raw), Engine().judge(raw), intake)
    await intake.publish([before], key=f"{GROUP}/1")  # told, but its position was not stored any more
    async with examining(intake):
        await intake.until(lambda now: len(told(now)) == 2)
    assert [event.id for event in told(intake)] == [before.id, Event.id_for(other.at, "files", other.id)]
    async with examining(intake):
        take_in(intake, b"From: a@b.example\r\n\r\nthree", 3)
        await intake.until(lambda now: len(told(now)) == 3)
    assert len({event.id for event in told(intake)}) == 3


@pytest.mark.slow
async def test_no_room_waits_and_loses_nothing() -> None:
    intake = intake_with_log()
    take_in(intake, b"From: a@b.example\r\n\r\none")
    intake.room = 0
    async with examining(intake):
        await intake.until(lambda now: now.states.get("files", ("",))[0] == "waiting")
        intake.room = None
        await intake.until(lambda now: len(told(now)) == 1)


@pytest.mark.slow
async def test_a_missing_artifact_is_told() -> None:
    intake = intake_with_log()
    mail = take_in(intake, b"From: a@b.example\r\n\r\none")
    del intake.artifacts.kept[mail.artifact]
    async with examining(intake):
        await intake.until(lambda now: len(told(now)) == 1)
    (event,) = told(intake)
    assert isinstance(event, Unreadable)
    assert "FileNotFoundError" in event.reason
    assert event.holders == ("holder.1",)


@pytest.mark.slow
async def test_a_worker_that_is_killed_is_replaced() -> None:
    intake = intake_with_log()
    async with examining(intake) as examiner:
        take_in(intake, b"From: a@b.example\r\n\r\none", 1)
        await intake.until(lambda now: len(told(now)) == 1)
        pid = examiner.worker.pid
        assert pid
        os.kill(pid, signal.SIGKILL)
        take_in(intake, b"From: a@b.example\r\n\r\ntwo", 2)
        await intake.until(lambda now: len(told(now)) == 2)
        assert examiner.worker.pid != pid
    assert all(isinstance(event, MailExamined) for event in told(intake))


@pytest.mark.slow
async def test_a_mail_that_takes_too_long_is_unreadable_and_the_next_one_is_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    intake = intake_with_log()
    real = Worker.ask

    def hanging(self: Worker, job: Job, raw: bytes, setup: Setup) -> Answer:
        if b"hang" not in raw:
            return real(self, job, raw, setup)
        real(self, Job(1), b"x", setup)
        assert self.pid
        os.kill(self.pid, signal.SIGSTOP)  # a parser that never comes back
        return real(self, job, raw, setup)

    monkeypatch.setattr(Worker, "ask", hanging)
    async with examining(intake, wall_seconds=1.0):
        take_in(intake, b"From: hang@b.example\r\n\r\none", 1)
        take_in(intake, b"From: a@b.example\r\n\r\ntwo", 2)
        await intake.until(lambda now: len(told(now)) == 2, seconds=20)
    first, second = told(intake)
    assert isinstance(first, Unreadable)
    assert first.reason == "took longer than 1 s"
    assert isinstance(second, MailExamined)


@pytest.mark.slow
async def test_an_idle_worker_is_stopped_and_comes_back() -> None:
    intake = intake_with_log()
    async with examining(intake, idle_seconds=0.05) as examiner:
        for number in (1, 2):
            take_in(intake, b"From: a@b.example\r\n\r\none", number)
            await intake.until(lambda now, number=number: len(told(now)) == number)  # type: ignore[misc]
            async with asyncio.timeout(10):
                while examiner.worker.pid is not None:
                    await asyncio.sleep(0.01)


@pytest.mark.slow
async def test_the_position_moves_although_nothing_is_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("safecare.sources.files.follow.COMMIT_EVERY", 0.0)
    monkeypatch.setattr("safecare.sources.files.follow.WAIT", 0.01)
    intake = intake_with_log()
    assert intake.log is not None
    log = intake.log
    log.append([Entry("alert", (b"{}",))] * 5)
    async with examining(intake), asyncio.timeout(10):
        while log.position(GROUP) != Position(5):
            await asyncio.sleep(0.01)


@pytest.mark.slow
async def test_the_worker_is_confined_and_survives_hostile_mails() -> None:
    worker = Worker(20.0, 100)
    bomb = archive({"zeros": bytes(50 * 1024 * 1024)})
    nested = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (one, one) for one in range(3000)
    )
    charset = b'From: a@b.example\r\nContent-Type: text/plain; charset="zlib_codec"\r\n\r\nx'
    try:
        for raw in (
            nested,
            charset,
            b"Content-Type: application/zip\r\n\r\n" + bomb,
            spear_phish(seed=1, at=START, to=TO),
        ):
            answer = await asyncio.to_thread(worker.ask, Job(len(raw), facts=True), raw, Setup(("aurore.example",)))
            assert answer.facts is not None, answer.error
        assert answer.facts
        assert "office.macro.autoexec" in answer.facts.parts[0].facts
        pid = worker.pid
        assert pid
        limits = await asyncio.to_thread(Path(f"/proc/{pid}/limits").read_text)
        assert str(MEMORY) in limits
        if {"landlock", "seccomp"} <= set(worker.layers):
            status = await asyncio.to_thread(Path(f"/proc/{pid}/status").read_text)
            assert "Seccomp:\t2" in status
            assert "NoNewPrivs:\t1" in status
    finally:
        worker.stop()


@pytest.mark.slow
async def test_a_process_that_can_not_start_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.executable", "/bin/false")
    with pytest.raises(WorkerError, match="did not start"):
        Worker(1.0, 1).ask(Job(1), b"x")


def test_unknown_hash_is_not_in_the_store() -> None:
    with pytest.raises(FileNotFoundError):
        MemoryIntake().artifacts.read(ArtifactHash("0" * 64))
