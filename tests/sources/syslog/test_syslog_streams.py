"""Messages by UDP, TCP and TLS become events; what is no message goes to the rejects."""

from __future__ import annotations

import asyncio
import socket
import ssl
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safecare.formats.logs.syslog import LINE
from safecare.model.events.logs import LogRecorded
from safecare.sources.syslog import door as door_module
from safecare.sources.syslog.door import OFF, SyslogDoor, split
from safecare.testing.intake import MemoryIntake, running
from safecare.testing.papers import papers

MESSAGE = b"<38>Oct 11 22:14:15 10.1.10.21 sshd[1]: Failed password"


async def with_door(act: Any, **settings: Any) -> tuple[MemoryIntake, SyslogDoor]:
    intake, door = MemoryIntake(), SyslogDoor(door="syslog", **{"port": 0, **settings})
    async with running(door, intake):
        await act(door, intake)
    return intake, door


def records(intake: MemoryIntake) -> list[LogRecorded]:
    return [event for event in intake.events if isinstance(event, LogRecorded)]


async def test_udp_and_tcp_with_both_framings() -> None:
    async def act(door: SyslogDoor, intake: MemoryIntake) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            udp.sendto(MESSAGE, door.datagrams)
            udp.sendto(b"", door.datagrams)
        _, writer = await asyncio.open_connection(*door.address)
        writer.write(MESSAGE + b"\n" + b"%d %s" % (len(MESSAGE), MESSAGE) + b"plain words\n" + MESSAGE)
        writer.write_eof()
        await intake.until(lambda one: len(one.events) >= 5 and bool(one.rejects))
        writer.close()

    intake, _ = await with_door(act)
    found = records(intake)
    assert len({event.id for event in found}) == 5
    assert [event.fields["message"] for event in found].count("Failed password") == 4
    assert {event.asset for event in found if event.host == "10.1.10.21"} == {"ws.pharmacy.1"}


async def test_tls(tmp_path: Path) -> None:
    authority, certificate, key = papers(tmp_path)

    async def act(door: SyslogDoor, intake: MemoryIntake) -> None:
        context = ssl.create_default_context(cafile=authority)
        _, writer = await asyncio.open_connection(*door.secure, ssl=context)
        writer.write(b"%d %s" % (len(MESSAGE), MESSAGE))
        await intake.until(lambda one: len(one.events) == 1)
        writer.close()

    await with_door(act, port=OFF, tls=0, certificate=certificate, key=key)


async def test_udp_beyond_the_queue_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door_module, "QUEUE", 1)

    async def act(door: SyslogDoor, intake: MemoryIntake) -> None:
        for _ in range(10):
            door.take(MESSAGE, "10.0.0.1", intake)

    _, door = await with_door(act)
    assert door.lost >= 8


def test_split_cuts_what_has_no_end() -> None:
    assert split(b"a\nb\n3 xyz2 q") == ([b"a\n", b"b\n", b"xyz"], b"2 q")
    messages, rest = split(b"x" * (LINE + 5))
    assert (len(messages[0]), rest) == (LINE, b"x" * 5)


@given(st.lists(st.binary(max_size=40), max_size=8))
def test_split_takes_any_bytes_in_any_parts(parts: list[bytes]) -> None:
    whole, rest = split(b"".join(parts))
    buffer, found = b"", []
    for part in parts:
        messages, buffer = split(buffer + part)
        found += messages
    assert (found, buffer) == (whole, rest)
