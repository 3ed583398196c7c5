"""The SMTP door in line: a real mail server behind it, policies, what is held, and what is never lost."""

from __future__ import annotations

import asyncio
import smtplib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session

from safecare.model.events.files import FileJudged, HeldForwarded, MailExamined, MailReceived
from safecare.scenarios.make.mail import credential_phish
from safecare.sources.mail.door import MailDoor
from safecare.testing.intake import MemoryIntake, running
from safecare.testing.onward import HeldSite

pytestmark = pytest.mark.slow
CLEAN = (
    b"From: a@b.example\r\nTo: user1@aurore.example\r\nSubject: lunch\r\n\r\n.dot\r\n..two\r\nsee you at \xe9leven\r\n"
)
BAD = credential_phish(seed=3, at=datetime(2026, 3, 2, tzinfo=UTC), to="user1@aurore.example", language="fr")
TO = ["user1@aurore.example", "user2@aurore.example"]


def under_our_field(raw: bytes) -> tuple[bytes, bytes]:
    """Return the one field that the door puts above a mail, and all that is below it."""
    lines = raw.split(b"\r\n", 3)
    assert lines[0].startswith(b"Received: from "), lines[0]
    assert all(one.startswith(b"\t") for one in lines[1:3])
    return b" ".join(one.strip() for one in lines[:3]), lines[3]


@dataclass
class NextServer:
    """A mail server that takes, refuses or delays as it is told."""

    got: list[tuple[str, tuple[str, ...], bytes]] = field(default_factory=list)
    traces: list[bytes] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    data: list[str] = field(default_factory=list)
    taken: asyncio.Event = field(default_factory=asyncio.Event)
    silent: bool = False

    async def handle_RCPT(  # noqa: N802 - the library finds it by this name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        del server, session, options
        if address in self.refused:
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - as above
        del server, session
        answer = self.data.pop(0) if self.data else "250 2.0.0 Queued as 7"
        if answer.startswith("2"):
            ours, theirs = under_our_field(bytes(envelope.original_content or b""))
            self.traces.append(ours)
            self.got.append((envelope.mail_from or "", tuple(envelope.rcpt_tos), theirs))
        self.taken.set()
        if self.silent:
            await asyncio.get_running_loop().create_future()
        return answer


@asynccontextmanager
async def serving(handler: NextServer, port: int = 0) -> AsyncIterator[int]:
    loop = asyncio.get_running_loop()
    open_: list[SMTP] = []

    def made() -> SMTP:
        open_.append(SMTP(handler, hostname="next", enable_SMTPUTF8=True, loop=loop))
        return open_[-1]

    server = await loop.create_server(made, "127.0.0.1", port)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for one in open_:
            if one.transport is not None:
                one.transport.close()
        await server.wait_closed()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[HeldSite]:
    made = HeldSite(tmp_path)
    yield made
    made.close()


@asynccontextmanager
async def passing(
    intake: MemoryIntake, site: HeldSite, next_port: int, **settings: Any
) -> AsyncIterator[tuple[str, int]]:
    forward = f"127.0.0.1:{next_port}" if next_port else ""
    door = MailDoor(port=0, forward=forward, held=site.held, door="mail-line", **settings)
    async with running(door, intake):
        yield door.address


async def send(address: tuple[str, int], raw: bytes, to: list[str] | None = None) -> dict[str, tuple[int, bytes]]:
    def work() -> dict[str, tuple[int, bytes]]:
        with smtplib.SMTP(*address, timeout=60) as client:
            return client.sendmail("sender@b.example", to or TO, raw)

    return await asyncio.to_thread(work)


def judged(intake: MemoryIntake) -> list[FileJudged]:
    return [one for one in intake.events if isinstance(one, FileJudged)]


def outcomes(intake: MemoryIntake) -> list[tuple[str, str]]:
    return [(one.outcome, one.detail) for one in intake.events if isinstance(one, HeldForwarded)]


@pytest.mark.parametrize("policy", ["observe", "hold"])
async def test_what_passes_goes_on_as_it_came(site: HeldSite, policy: str) -> None:
    intake, behind = site.intake(), NextServer()
    async with serving(behind) as port, passing(intake, site, port, policy=policy) as address:
        await send(address, CLEAN)
        await send(address, CLEAN.replace(b"lunch", b"dinner"), TO[:1])
    assert behind.got == [
        ("sender@b.example", tuple(TO), CLEAN),
        ("sender@b.example", (TO[0],), CLEAN.replace(b"lunch", b"dinner")),
    ]
    assert all(one.startswith(b"Received: from ") and b" ([127.0.0.1]) by " in one for one in behind.traces)
    assert all(b" (Safecare) with ESMTP; " in one for one in behind.traces)
    told = [MailReceived, MailExamined] if policy == "hold" else [MailReceived]
    assert [type(one) for one in intake.events] == told * 2


async def test_what_may_be_stopped_is_judged_once_and_told_whole(site: HeldSite) -> None:
    intake, behind = site.intake(), NextServer()
    async with serving(behind) as port, passing(intake, site, port, policy="hold") as address:
        await send(address, BAD)
    received, examined, judged_ = intake.events
    assert isinstance(received, MailReceived)
    assert received.judged
    assert isinstance(examined, MailExamined)
    assert examined.received == received.id
    assert examined.findings
    assert "mail.auth.dmarc.fail" in examined.facts or examined.facts
    assert isinstance(judged_, FileJudged)
    assert judged_.mail == received.id


async def test_observe_passes_everything_even_without_room_for_a_record(site: HeldSite) -> None:
    intake, behind = site.intake(), NextServer()
    async with serving(behind) as port, passing(intake, site, port) as address:
        await send(address, BAD)
        intake.room = 0
        await send(address, BAD + b"again\r\n")
        assert intake.states["mail-line"] == ("failed", "no room: 1 passed on without a record")
    assert [raw for _, _, raw in behind.got] == [BAD, BAD + b"again\r\n"]
    assert len(intake.events) == 1


async def test_answers_of_the_next_server_are_handed_back(site: HeldSite) -> None:
    intake, behind = (
        site.intake(),
        NextServer(refused={TO[1]: "550 5.1.1 No such user"}, data=["452 4.2.2 Mailbox full"]),
    )
    async with serving(behind) as port, passing(intake, site, port) as address:
        with pytest.raises(smtplib.SMTPDataError) as error:
            await send(address, CLEAN)
        assert (error.value.smtp_code, error.value.smtp_error) == (452, b"4.2.2 Mailbox full")
        assert await send(address, CLEAN) == {TO[1]: (550, b"5.1.1 No such user")}
    assert [to for _, to, _ in behind.got] == [(TO[0],)]


async def test_without_the_next_server_senders_keep_their_mails(site: HeldSite) -> None:
    intake = site.intake()
    async with serving(NextServer()) as port:
        pass
    async with passing(intake, site, port) as address:
        with pytest.raises(smtplib.SMTPSenderRefused) as error:
            await send(address, CLEAN)
        assert error.value.smtp_code == 451
        behind = NextServer()
        async with serving(behind, port):
            await send(address, CLEAN)
    assert len(behind.got) == len(intake.events) == 1


async def test_what_is_held_is_acknowledged_and_goes_on_when_it_is_released(site: HeldSite) -> None:
    intake, behind = site.intake(), NextServer()
    async with serving(behind) as port, passing(intake, site, port, policy="hold") as address:
        assert await send(address, BAD) == {}
        [one] = judged(intake)
        assert (one.act, one.kept, one.source) == ("held", True, "mail-line")
        assert one.mail == next(mail.id for mail in intake.events if isinstance(mail, MailReceived))
        assert "example" not in repr(one.peer)
        await send(address, CLEAN, TO[:1])
        assert [raw for _, _, raw in behind.got] == [CLEAN]
        site.act(one)
        await intake.until(lambda now: bool(outcomes(now)), 30)
    assert behind.got[1] == ("sender@b.example", tuple(TO), BAD)
    assert outcomes(intake) == [("sent", "250 2.0.0 Queued as 7")]


async def test_what_is_refused_is_told_to_its_sender(site: HeldSite) -> None:
    intake, behind = site.intake(), NextServer()
    async with serving(behind) as port, passing(intake, site, port, policy="refuse") as address:
        with pytest.raises(smtplib.SMTPDataError) as error:
            await send(address, BAD)
        assert error.value.smtp_code == 550
        await send(address, CLEAN)
    assert [raw for _, _, raw in behind.got] == [CLEAN]
    assert [one.act for one in judged(intake)] == ["refused"]


async def test_a_mail_that_can_not_be_recorded_is_not_acknowledged(site: HeldSite) -> None:
    intake, behind = site.intake(), NextServer()
    async with serving(behind) as port, passing(intake, site, port, policy="hold") as address:
        for room in (0, 1, 2, 3):  # its bytes; its bytes again, its envelope, what was found and decided
            intake.room = room
            with pytest.raises(smtplib.SMTPDataError) as error:
                await send(address, BAD)
            assert error.value.smtp_code == 452
    assert not behind.got


async def test_a_released_mail_waits_for_a_recipient_and_reaches_the_others_once(site: HeldSite) -> None:
    intake, behind = site.intake(), NextServer()
    async with serving(behind) as port, passing(intake, site, port, policy="hold") as address:
        await send(address, BAD)
        behind.refused = {TO[1]: "450 4.2.1 Try later"}
        site.act(judged(intake)[0])
        await intake.until(lambda now: bool(outcomes(now)), 30)
        assert not behind.got
        behind.refused = {TO[1]: "550 5.1.1 No such user"}
        await intake.until(lambda now: len(outcomes(now)) > 1, 60)
    assert [to for _, to, _ in behind.got] == [(TO[0],)]
    assert outcomes(intake) == [
        ("waiting", "450 4.2.1 Try later"),
        ("sent", "1 of 2 recipients refused: 550 5.1.1 No such user; 250 2.0.0 Queued as 7"),
    ]


async def test_a_crash_between_sending_and_noting_sends_twice_and_loses_nothing(site: HeldSite) -> None:
    first, second, behind = site.intake(), site.intake(), NextServer(silent=True)
    async with serving(behind) as port:
        async with passing(first, site, port, policy="hold") as address:
            await send(address, BAD)
            site.act(judged(first)[0])
            await asyncio.wait_for(behind.taken.wait(), 30)  # it has the mail, and we no answer
        assert not outcomes(first)
        behind.silent = False
        async with passing(second, site, port, policy="hold"):
            await second.until(lambda now: bool(outcomes(now)), 30)
    assert [raw for _, _, raw in behind.got] == [BAD, BAD]
    assert [outcome for outcome, _ in outcomes(second)] == ["sent"]


async def test_a_mail_within_a_mail_is_not_smuggled(site: HeldSite) -> None:
    intake, behind = site.intake(), NextServer()
    inner = b"MAIL FROM:<chief@aurore.example>\r\nRCPT TO:<user1@aurore.example>\r\nDATA\r\nSubject: pay\r\n\r\npay\r\n"
    async with serving(behind) as port, passing(intake, site, port) as address:

        def work(end: bytes) -> tuple[int, bytes]:
            with smtplib.SMTP(*address, timeout=60) as client:
                client.ehlo()
                client.mail("sender@b.example")
                client.rcpt(TO[0])
                client.docmd("DATA")
                client.send(CLEAN + end + inner + b".\r\n")
                return client.getreply()

        for end in (b"\n.\n", b"\n.\r\n", b"\r.\r"):
            assert (await asyncio.to_thread(work, end))[0] == 554
    assert not behind.got


async def test_without_a_next_server_what_is_held_goes_nowhere(site: HeldSite) -> None:
    intake = site.intake()
    async with passing(intake, site, 0, policy="hold") as address:
        await send(address, BAD)
        site.act(judged(intake)[0])
        await intake.until(lambda now: bool(outcomes(now)), 30)
    assert outcomes(intake) == [("refused", "this door passes nothing on")]
