"""The MLLP door, spoken to over real sockets."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest

from safecare.formats.hl7 import Hl7, read_hl7
from safecare.formats.mllp import MllpDecoder, frame
from safecare.model.events.clinical import AppointmentChanged
from safecare.scenarios.make.hl7 import Appointment, siu
from safecare.sources.api import UnreadableError
from safecare.sources.hl7.door import Hl7Door
from safecare.testing.clock import START
from safecare.testing.intake import MemoryIntake, running

ONE = Appointment("RDV-SECRET-1", "IPP-SECRET-1", "VACC", START + timedelta(days=1))


def message(number: int = 1, trigger: str = "S13") -> bytes:
    return siu(trigger, ONE, at=START, control=f"C{number}")


@asynccontextmanager
async def listening(intake: MemoryIntake, **settings: Any) -> AsyncIterator[tuple[str, int]]:
    door = Hl7Door(port=0, **settings)
    async with running(door, intake):
        yield door.address


async def ask(address: tuple[str, int], *pieces: bytes, answers: int = 1) -> list[Hl7]:
    """Send `pieces` one by one and return the answers; fewer when the door closes the connection."""
    reader, writer = await asyncio.open_connection(*address)
    decoder = MllpDecoder()
    out: list[Hl7] = []
    try:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
        if not answers:
            writer.write_eof()
        async with asyncio.timeout(10):
            with contextlib.suppress(ConnectionResetError):  # closed with our bytes unread
                while len(out) < max(answers, 1) and (data := await reader.read(65536)):
                    out += [read_hl7(raw) for raw in decoder.feed(data)]
    finally:
        writer.close()
    return out


def codes(answers: list[Hl7]) -> list[tuple[str, str]]:
    return [(answer.get("MSA", 1), answer.get("MSA", 2)) for answer in answers]


async def test_a_message_is_told_and_acknowledged() -> None:
    intake = MemoryIntake()
    async with listening(intake) as address:
        assert codes(await ask(address, frame(message()))) == [("AA", "C1")]
    (event,) = intake.events
    assert isinstance(event, AppointmentChanged)
    assert (event.change, event.start, event.resource) == ("moved", ONE.start, "VACC")
    assert event.asset == "app.appointments"
    assert event.peer == "127.0.0.1"
    assert "SECRET" not in repr(event)


async def test_several_messages_cut_anywhere_are_answered_in_order() -> None:
    intake = MemoryIntake()
    stream = b"".join(frame(message(number)) for number in range(20))
    async with listening(intake) as address:
        cuts = [stream[place : place + 37] for place in range(0, len(stream), 37)]
        answers = await ask(address, *cuts, answers=20)
    assert codes(answers) == [("AA", f"C{number}") for number in range(20)]
    assert len(intake.events) == 20


async def test_many_connections() -> None:
    intake = MemoryIntake()
    async with listening(intake) as address:
        await asyncio.gather(*(ask(address, frame(message(number))) for number in range(50)))
    assert len(intake.events) == 50


async def test_the_same_message_sent_again_is_the_same_event() -> None:
    intake = MemoryIntake()
    async with listening(intake) as address:
        await ask(address, frame(message()) * 2, answers=2)
    assert len({event.id for event in intake.events}) == 1


@pytest.mark.parametrize(
    ("raw", "code", "error"),
    [
        (message().replace(b"SIU^S13", b"ADT^A01"), "AR", "200"),
        (message().replace(b"SIU^S13", b"SIU^S77"), "AR", "201"),
        (message().replace(b"SCH|", b"ZZZ|"), "AE", "100"),
        (message().replace(b"UNICODE UTF-8", b"KLINGON"), "AE", "103"),
        (b"not HL7", "AR", "100"),
    ],
)
async def test_unreadable_is_kept_and_answered(raw: bytes, code: str, error: str) -> None:
    intake = MemoryIntake()
    async with listening(intake) as address:
        good, bad = await ask(address, frame(message()) + frame(raw), answers=2)
    assert codes([good]) == [("AA", "C1")]
    assert bad.get("MSA", 1) == code
    assert bad.get("ERR", 3) == error
    assert bad.get("ERR", 8)
    (reject,) = intake.rejects
    assert (reject.raw, reject.context["peer"]) == (raw, "127.0.0.1")
    with pytest.raises(UnreadableError):
        list(Hl7Door().decode(reject.raw, reject.context, intake))


async def test_no_room_asks_to_send_again() -> None:
    intake = MemoryIntake()
    intake.room = 0
    async with listening(intake) as address:
        for raw in (message(), b"not HL7"):
            (answer,) = await ask(address, frame(raw))
            assert answer.get("MSA", 1) == "AE"
            assert answer.get("ERR", 8) == "no room, send again"
        assert not intake.events
        assert not intake.rejects
        intake.room = None
        assert codes(await ask(address, frame(message()))) == [("AA", "C1")]


async def test_garbage_is_kept_and_the_next_message_is_read() -> None:
    intake = MemoryIntake()
    async with listening(intake) as address:
        assert codes(await ask(address, b"GET / HTTP/1.1\r\n\r\n" + frame(message()))) == [("AA", "C1")]
    assert [reject.raw for reject in intake.rejects] == [b"GET / HTTP/1.1"]


async def test_endless_garbage_ends_the_connection() -> None:
    intake = MemoryIntake()
    async with listening(intake) as address:
        (answer,) = await ask(address, b"x" * 200_000, answers=2)
    assert answer.get("MSA", 1) == "AR"
    assert intake.rejects


async def test_half_a_message_at_the_end_is_kept() -> None:
    intake = MemoryIntake()
    async with listening(intake) as address:
        (answer,) = await ask(address, frame(message())[:-10], answers=0)
        assert answer.get("MSA", 1) == "AR"
    assert intake.rejects[0].reason == "half a message at the end"


async def test_half_a_message_that_hangs_is_given_up() -> None:
    intake = MemoryIntake()
    async with listening(intake, half_message_seconds=0.05) as address:
        (answer,) = await ask(address, frame(message())[:50], answers=2)
    assert answer.get("MSA", 1) == "AR"
    assert not intake.events


async def test_too_large_ends_the_connection() -> None:
    intake = MemoryIntake()
    async with listening(intake, message_mb=0.01) as address:
        (answer,) = await ask(address, b"\x0b" + message() + b"Z" * 20_000, answers=2)
    assert answer.get("MSA", 1) == "AR"


async def test_too_many_connections_are_closed() -> None:
    intake = MemoryIntake()
    async with listening(intake, connections=1) as address:
        reader, writer = await asyncio.open_connection(*address)
        writer.write(frame(message()))
        assert await reader.read(1000)
        assert await ask(address, frame(message())) == []
        writer.close()


async def test_a_connection_that_is_quiet_gives_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("safecare.sources.hl7.door.QUIET", 0.0)
    async with listening(MemoryIntake(), connections=1) as address:
        _, writer = await asyncio.open_connection(*address)
        assert codes(await ask(address, frame(message()))) == [("AA", "C1")]
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


async def test_all_connections_together_hold_no_more_than_there_is_room_for() -> None:
    intake = MemoryIntake()
    async with listening(intake, held_mb=1.0) as address:
        _, writer = await asyncio.open_connection(*address)
        writer.write(b"\x0b" + message() + b"Z" * 1_900_000)
        await writer.drain()
        (answer,) = await ask(address, b"\x0b" + message() + b"Z" * 2_200_000, answers=2)
        assert (answer.get("MSA", 1), answer.get("MSA", 3)) == ("AE", "no room, send again")
        assert codes(await ask(address, frame(message()))) == [("AA", "C1")]
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


def test_a_clock_that_is_far_off_is_not_believed() -> None:
    intake = MemoryIntake()
    late = START + timedelta(hours=2)
    (event,) = Hl7Door().decode(message(), {"at": late.isoformat(), "peer": "x"}, intake)
    assert event.at == late
    (near,) = Hl7Door().decode(message(), {"at": (START + timedelta(minutes=1)).isoformat()}, intake)
    assert near.at == START
    assert near.id == event.id
