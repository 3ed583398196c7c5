"""The SMTP door, spoken to by real clients."""

from __future__ import annotations

import asyncio
import contextlib
import smtplib
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import uvloop

from safecare.model.events.files import MailReceived
from safecare.sources.api import UnreadableError
from safecare.sources.mail.door import MAX_RECIPIENTS, MailDoor
from safecare.testing.intake import MemoryIntake, running
from safecare.testing.papers import papers

MAIL = b"From: a@b.example\r\nSubject: x\r\n\r\n.hello\r\n\xff\r\n"
TO = ["USER1@aurore.example", "nobody@aurore.example", "user2@aurore.example"]


@asynccontextmanager
async def listening(intake: MemoryIntake, **settings: Any) -> AsyncIterator[tuple[str, int]]:
    door = MailDoor(port=0, **settings)
    async with running(door, intake):
        yield door.address


async def send(
    address: tuple[str, int], raw: bytes = MAIL, to: list[str] | None = None
) -> dict[str, tuple[int, bytes]]:
    def work() -> dict[str, tuple[int, bytes]]:
        with smtplib.SMTP(*address, timeout=20) as client:
            return client.sendmail("sender@b.example", to or TO, raw)

    return await asyncio.to_thread(work)


async def talk(address: tuple[str, int], work: Callable[[socket.socket], bytes]) -> bytes:
    def run() -> bytes:
        with socket.create_connection(address, timeout=20) as client:
            return work(client)

    return await asyncio.to_thread(run)


async def test_a_mail_is_kept_and_told() -> None:
    intake = MemoryIntake()
    async with listening(intake) as address:
        assert await send(address) == {}
    (event,) = intake.events
    assert isinstance(event, MailReceived)
    assert intake.artifacts.read(event.artifact) == MAIL
    assert event.holders == ("holder.1", "holder.2")
    assert (event.size, event.client, event.site) == (len(MAIL), "127.0.0.1", "aurore")
    assert "example" not in repr(event)


async def test_many_mails_over_many_connections() -> None:
    intake = MemoryIntake()
    async with listening(intake) as address:
        await asyncio.gather(*(send(address, MAIL + str(number).encode()) for number in range(30)))
    assert len({event.id for event in intake.events}) == 30


async def test_no_room_is_told_and_the_mail_stays_with_its_sender() -> None:
    intake = MemoryIntake()
    async with listening(intake) as address:
        for room in (0, 1):  # no room for the bytes; room for the bytes but not for the event
            intake.room = room
            with pytest.raises(smtplib.SMTPDataError) as error:
                await send(address)
            assert error.value.smtp_code == 452
            assert error.value.smtp_error == b"4.3.1 Insufficient system storage, try again later"
        assert not intake.events
        assert intake.states["mail"][0] == "waiting"
        intake.room = None
        await send(address)
    assert len(intake.events) == 1


async def test_too_large_is_refused_before_and_while_it_comes() -> None:
    intake = MemoryIntake()
    async with listening(intake, message_mb=1) as address:
        big = b"Subject: x\r\n\r\n" + (b"y" * 70 + b"\r\n") * 30_000
        with pytest.raises(smtplib.SMTPSenderRefused) as error:
            await send(address, big)
        assert error.value.smtp_code == 552

        def without_size(client: socket.socket) -> bytes:
            stream = client.makefile("rwb")
            for line in (b"HELO x\r\n", b"MAIL FROM:<a@b.example>\r\n", b"RCPT TO:<c@d.example>\r\n", b"DATA\r\n"):
                stream.write(line)
            stream.write(big + b".\r\n")
            stream.flush()
            return [stream.readline() for _ in range(6)][-1]

        assert (await talk(address, without_size)).startswith(b"552")
        assert await send(address) == {}
    assert len(intake.events) == 1


@pytest.mark.slow
async def test_a_hundred_megabytes_are_refused() -> None:
    intake = MemoryIntake()
    async with listening(intake) as address:
        with pytest.raises(smtplib.SMTPSenderRefused):
            await send(address, b"Subject: x\r\n\r\n" + (b"y" * 998 + b"\r\n") * 100_000)
    assert not intake.artifacts.kept


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        (b"HELO x\r\nMAIL FROM:\r\n", b"501"),
        (b"HELO x\r\nDATA\r\n", b"503"),
        (b"HELO x\r\n\xff\xfe\r\n", b"500"),
        (b"HELO x\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nDATA\r\n\r\n.\r\n", b"554"),
    ],
)
async def test_malformed_is_refused_for_good(lines: bytes, code: bytes) -> None:
    def work(client: socket.socket) -> bytes:
        client.sendall(lines + b"QUIT\r\n")
        answers = client.makefile("rb").read().splitlines()
        return bytes(answers[-2])

    async with listening(MemoryIntake()) as address:
        assert (await talk(address, work)).startswith(code)


async def test_a_mail_that_nobody_can_parse_is_kept_all_the_same() -> None:
    intake = MemoryIntake()
    raw = b"\x00\xff no header at all " + b"z" * 5000 + b"\r\n"
    async with listening(intake) as address:
        await send(address, raw)
    assert list(intake.artifacts.kept.values()) == [raw]


async def test_half_a_mail_is_no_mail() -> None:
    intake = MemoryIntake()

    def work(client: socket.socket) -> bytes:
        client.sendall(b"HELO x\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nDATA\r\nSubject: x\r\n\r\nhalf")
        return client.recv(100)

    async with listening(intake) as address:
        await talk(address, work)
        await send(address)
    assert len(intake.events) == 1


async def test_too_many_connections_and_recipients() -> None:
    intake = MemoryIntake()
    async with listening(intake, connections=1) as address:
        with socket.create_connection(address) as held:
            assert (await asyncio.to_thread(held.recv, 100)).startswith(b"220")
            assert (await talk(address, lambda client: client.recv(100))).startswith(b"421")
    async with listening(intake) as address:
        refused = await send(address, to=[f"u{number}@x.example" for number in range(MAX_RECIPIENTS + 1)])
        assert [code for code, _ in refused.values()] == [452]


@pytest.mark.slow
async def test_starttls(tmp_path: Path) -> None:
    authority, certificate, key = papers(tmp_path)
    intake = MemoryIntake()
    settings = {"certificate": str(certificate), "key": str(key), "require_tls": True}
    async with listening(intake, **settings) as address:
        with pytest.raises(smtplib.SMTPException):
            await send(address)

        def work() -> None:
            context = ssl.create_default_context(cafile=authority)
            with smtplib.SMTP(*address, timeout=20) as client:
                client.starttls(context=context)
                client.sendmail("a@b.example", TO, MAIL)

        await asyncio.to_thread(work)
    assert len(intake.events) == 1


async def test_an_address_that_is_taken_is_reported() -> None:
    intake = MemoryIntake()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        door = MailDoor(port=taken.getsockname()[1])
        async with running(door, intake, listens=False):
            await intake.until(lambda one: one.states.get("mail", ("",))[0] == "failed")


def test_decode_gives_the_same_event() -> None:
    intake = MemoryIntake()
    context = {"client": "192.0.2.1", "holders": "holder.1", "at": "2026-03-02T08:00:00+00:00"}
    (one,), (other,) = (list(MailDoor().decode(MAIL, context, intake)) for _ in range(2))
    assert one == other
    with pytest.raises(UnreadableError):
        list(MailDoor().decode(b"\r\n", {}, intake))
    with pytest.raises(UnreadableError):
        list(MailDoor().decode(MAIL, {"at": "yesterday"}, intake))


OPENING = (b"EHLO x\r\n", b"MAIL FROM:<a@b.example>\r\n", b"RCPT TO:<c@d.example>\r\n", b"DATA\r\n")


def flooded(client: socket.socket, piece: bytes) -> bytes:
    """Begin a mail, send `piece` again and again until the door ends the connection, and return its last words."""
    stream = client.makefile("rb")
    stream.readline()
    for line in OPENING:
        client.sendall(line)
        while stream.readline()[3:4] == b"-":
            pass
    with contextlib.suppress(ConnectionError):
        for _ in range(200):
            client.sendall(piece)
    try:
        return stream.read(100)
    except ConnectionError:
        return b"421 lost on the way"


@pytest.mark.slow
@pytest.mark.parametrize("piece", [b"x" * (1 << 20), b"\r\n" * (1 << 19)], ids=["a line without end", "empty lines"])
def test_a_mail_that_costs_too_much_memory_ends_its_connection_on_the_loop_of_the_platform(piece: bytes) -> None:
    async def flood() -> bytes:
        async with listening(MemoryIntake(), message_mb=1.0) as address:
            return await talk(address, lambda client: flooded(client, piece))

    assert uvloop.run(flood()).startswith(b"421")


@pytest.mark.slow
def test_all_connections_together_hold_no_more_than_there_is_room_for() -> None:
    async def flood() -> bytes:
        async with listening(MemoryIntake(), held_mb=1.0) as address:
            return await talk(address, lambda client: flooded(client, b"x" * 100_000))

    assert uvloop.run(flood()).startswith(b"421")


def test_too_many_connections_are_refused_on_the_loop_of_the_platform() -> None:
    async def second() -> bytes:
        async with listening(MemoryIntake(), connections=1) as address:
            with socket.create_connection(address) as held:
                await asyncio.to_thread(held.recv, 100)
                return await talk(address, lambda client: client.recv(100))

    assert uvloop.run(second()).startswith(b"421")


def test_a_connection_that_is_quiet_gives_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("safecare.sources.mail.door.QUIET", 0.0)

    async def second() -> bytes:
        async with listening(MemoryIntake(), connections=1) as address:
            with socket.create_connection(address) as held:
                await asyncio.to_thread(held.recv, 100)
                return await talk(address, lambda client: client.recv(100))

    assert uvloop.run(second()).startswith(b"220")
