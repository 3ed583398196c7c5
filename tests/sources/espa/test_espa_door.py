"""The receiver station on real TCP lines, called and calling."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import msgspec

from safecare.formats.alarm.espa import ACK, EOT, NAK, framed
from safecare.model.events.building import FireSignal
from safecare.model.events.panels import DeviceHeard, PanelSignal
from safecare.model.hospital import Hospital
from safecare.sources.espa.door import EspaDoor
from safecare.testing.clock import FakeClock
from safecare.testing.hospital import small_hospital
from safecare.testing.intake import MemoryIntake, running


def hospital() -> Hospital:
    named = {"door.ward": "0123", "fire.pharmacy": "900"}
    small = small_hospital()
    assets = tuple(
        msgspec.structs.replace(one, addresses=one.addresses | {"espa": named[one.id]}) if one.id in named else one
        for one in small.assets
    )
    return msgspec.structs.replace(small, assets=assets)


def call(text: str, address: str = "0123", type: str = "3", priority: str = "1") -> bytes:
    return framed("1", {"1": address, "2": text, "4": type, "6": priority})


SELECT = b"1\x052\x05"


@contextlib.asynccontextmanager
async def station(taken: MemoryIntake, **more: Any) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    door = EspaDoor("calls", port=0, **more)
    async with running(door, taken):
        reader, writer = await asyncio.open_connection(*door.address)
        yield reader, writer
        writer.close()


async def ask(line: tuple[asyncio.StreamReader, asyncio.StreamWriter], raw: bytes) -> int:
    line[1].write(raw)
    return (await asyncio.wait_for(line[0].readexactly(1), 10))[0]


async def test_calls_are_acknowledged_once_stored() -> None:
    taken = MemoryIntake(hospital=hospital())
    async with station(taken, panel="board.north") as line:
        assert await ask(line, SELECT) == ACK
        assert await ask(line, call("Bett 12 Notruf")) == ACK
        line[1].write(bytes([EOT]))
        assert await ask(line, SELECT) == ACK
        assert await ask(line, call("INCENDIE pharmacie", "900")) == ACK
        assert await ask(line, call("Bett 12", type="1")) == ACK
    kinds = [one for one in taken.events if not isinstance(one, DeviceHeard)]
    medical, fire, over = kinds
    assert isinstance(medical, PanelSignal)
    assert (medical.what, medical.on, medical.asset) == ("medical", True, "door.ward")
    assert isinstance(fire, FireSignal)
    assert isinstance(over, PanelSignal)
    assert (over.what, over.on) == ("medical", False)
    (heard,) = (one for one in taken.events if isinstance(one, DeviceHeard))
    assert (heard.asset, heard.every) == ("board.north", 60.0)


async def test_bad_checks_are_repeated_and_kept_the_third_time() -> None:
    taken = MemoryIntake(hospital=hospital())
    bad = call("Bett 12")[:-1] + b"\x7f"
    async with station(taken) as line:
        assert await ask(line, SELECT) == ACK
        assert [await ask(line, bad) for _ in range(3)] == [NAK] * 3
        assert await ask(line, call("Bett 12")) == ACK
        assert await ask(line, call("Bett 12", address="nobody")) == ACK  # kept: sent again it would fail again
    assert [one.reason.partition(":")[0] for one in taken.rejects] == ["the check of the block fails", "espa 'nobody'"]
    assert len(taken.events) == 1


async def test_a_call_whose_answer_was_lost_is_stored_once() -> None:
    clock = FakeClock()
    taken = MemoryIntake(hospital=hospital(), clock=clock)
    async with station(taken) as line:
        for wait, calls in ((0, 1), (2, 1), (2, 1), (6, 2)):
            clock.advance(timedelta(seconds=wait))
            assert await ask(line, SELECT) == ACK
            assert await ask(line, call("Bett 12 Notruf")) == ACK
            assert len(taken.events) == calls
        assert await ask(line, call("Bett 12", type="1")) == ACK
        assert await ask(line, call("Bett 12 Notruf")) == ACK  # called again after a reset
    assert len(taken.events) == 4


async def test_with_no_room_the_caller_keeps_its_call() -> None:
    taken = MemoryIntake(hospital=hospital())
    async with station(taken) as line:
        await ask(line, SELECT)
        taken.room = 0
        assert await ask(line, call("Bett 12")) == NAK
        assert await ask(line, call("Bett 12", address="nobody")) == NAK
        taken.room = None
        assert await ask(line, call("Bett 12")) == ACK
    assert len(taken.events) == 1


async def test_other_stations_are_left_alone_and_a_poll_gets_nothing_to_say() -> None:
    taken = MemoryIntake(hospital=hospital())
    async with station(taken, polled=True) as line:
        line[1].write(b"1\x053\x05" + call("for station 3") + bytes([EOT]))
        assert await ask(line, b"2\x05") == EOT
        assert await ask(line, SELECT) == ACK
    assert not taken.events


async def test_a_serial_server_is_called_again_when_the_line_is_lost() -> None:
    taken, lines = MemoryIntake(hospital=hospital()), asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]]()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await lines.put((reader, writer))

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()[:2]
    door = EspaDoor("calls", host=host, port=port, connect=True, first_wait=0.01)
    async with running(door, taken, listens=False):
        (await asyncio.wait_for(lines.get(), 10))[1].close()
        line = await asyncio.wait_for(lines.get(), 10)
        assert await ask(line, SELECT) == ACK
        assert await ask(line, call("Bett 12")) == ACK
    line[1].close()
    server.close()
    await server.wait_closed()
    assert len(taken.events) == 1
