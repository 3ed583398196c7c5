"""A line on which things go wrong, or on which somebody else speaks: real TCP lines to the receiver station."""

from __future__ import annotations

import asyncio
import random
from datetime import timedelta

import pytest
from test_espa_door import SELECT, ask, call, hospital, station

from safecare.formats.alarm.espa import ACK, ENQ, EOT, ETX, LIMIT, NAK, SOH, STX, framed
from safecare.model.events.panels import DeviceHeard, PanelSignal
from safecare.sources.espa.door import EspaDoor
from safecare.testing.clock import FakeClock
from safecare.testing.device_server import running
from safecare.testing.intake import MemoryIntake

EMERGENCY = call("Bett 12 Notruf")


async def test_every_single_wrong_bit_of_a_block_is_found_and_the_repetition_is_taken() -> None:
    taken = MemoryIntake(hospital=hospital())
    async with station(taken) as line:
        for place in range(1, len(EMERGENCY) - 1):
            for bit in range(7):  # the eighth is the line's parity
                wrong = bytearray(EMERGENCY)
                wrong[place] ^= 1 << bit
                if wrong[place] in (SOH, EOT, ETX, ENQ) or EMERGENCY[place] == ETX:
                    continue  # another sign of the line's own, below
                assert await ask(line, SELECT) == ACK
                assert await ask(line, bytes(wrong)) == NAK, f"byte {place}, bit {bit}"
                line[1].write(bytes([EOT]))
        assert not taken.events
        assert await ask(line, SELECT) == ACK
        assert await ask(line, EMERGENCY) == ACK
    assert len(taken.events) == 1


async def test_a_block_without_its_end_is_none_and_the_next_one_is_taken() -> None:
    taken = MemoryIntake(hospital=hospital())
    async with station(taken) as line:
        for cut in (1, 5, len(EMERGENCY) - 2, len(EMERGENCY) - 1):
            assert await ask(line, SELECT) == ACK
            line[1].write(EMERGENCY[:cut] + bytes([EOT]))  # the sender gives up; as a check an EOT is a wrong one
            if cut == len(EMERGENCY) - 1:
                assert (await line[0].readexactly(1))[0] == NAK
        assert not taken.events
        assert await ask(line, SELECT) == ACK
        line[1].write(EMERGENCY[:9])  # the cable was out for a moment
        assert await ask(line, EMERGENCY) == ACK
    assert len(taken.events) == 1


async def test_without_an_end_of_the_transmission_the_next_selection_counts() -> None:
    taken = MemoryIntake(hospital=hospital())
    async with station(taken) as line:
        assert await ask(line, SELECT) == ACK
        assert await ask(line, EMERGENCY) == ACK  # and no EOT
        line[1].write(b"1\x053\x05" + call("for station 3"))
        assert await ask(line, SELECT) == ACK
        assert await ask(line, call("Bett 13 Notruf")) == ACK
    assert len(taken.events) == 2


async def test_two_who_talk_at_once_make_no_call_and_hide_none() -> None:
    taken = MemoryIntake(hospital=hospital())
    mixed = bytes(byte for pair in zip(EMERGENCY, call("Bett 77 Hilfe!"), strict=False) for byte in pair)
    async with station(taken) as line:
        assert await ask(line, SELECT) == ACK
        line[1].write(mixed + bytes([EOT]))
        assert await ask(line, SELECT) in (ACK, NAK)
        line[1].write(bytes([EOT]) + SELECT)
        await asyncio.wait_for(line[0].readexactly(1), 10)
        assert not taken.events
        line[1].write(EMERGENCY)
        told = await asyncio.wait_for(line[0].readexactly(1), 10)
        while told[0] == NAK:  # what was said to the mixture comes first
            told = await asyncio.wait_for(line[0].readexactly(1), 10)
    (event,) = taken.events
    assert isinstance(event, PanelSignal)
    assert event.what == "medical"


async def test_each_line_has_its_own_conversation() -> None:
    taken, door = MemoryIntake(hospital=hospital()), EspaDoor("calls", port=0)
    async with running(door, taken):
        await asyncio.wait_for(door.started.wait(), 10)
        one, other = [await asyncio.open_connection(*door.address) for _ in range(2)]
        assert await ask(one, SELECT) == ACK
        other[1].write(EMERGENCY)  # not selected: nobody's
        other[1].write(bytes([EOT]))
        assert await ask(other, SELECT) == ACK
        assert not taken.events
        assert await ask(one, EMERGENCY) == ACK
        for _, writer in (one, other):
            writer.close()
    assert len(taken.events) == 1


@pytest.mark.parametrize("seed", range(5))
async def test_noise_gives_no_call_and_is_no_sign_that_the_panel_lives(seed: int) -> None:
    chance = random.Random(seed)
    noise = bytes(chance.choice([one for one in range(256) if one != ENQ]) for _ in range(20_000))
    taken = MemoryIntake(hospital=hospital())
    async with station(taken, panel="board.north") as line:
        line[1].write(noise + bytes([EOT]))
        line[1].write(bytes([0x7F, ENQ]) * 20)  # an open line
        line[1].write(bytes([EOT]))
        assert await ask(line, SELECT) == ACK
        assert await ask(line, EMERGENCY) == ACK
    calls = [one for one in taken.events if isinstance(one, PanelSignal)]
    assert len(calls) == 1


async def test_an_open_line_that_crackles_is_silent() -> None:
    clock = FakeClock()
    taken, door = MemoryIntake(hospital=hospital(), clock=clock), EspaDoor("calls", port=0, panel="board.north")
    async with running(door, taken):
        await asyncio.wait_for(door.started.wait(), 10)
        for crackle in (b"\x00\xff" * 50, bytes([0xFF, ENQ, EOT]), EMERGENCY[:-1] + b"\x7f"):
            reader, writer = await asyncio.open_connection(*door.address)
            writer.write(crackle)
            writer.write_eof()
            await asyncio.wait_for(reader.read(), 10)
            writer.close()
            clock.advance(timedelta(minutes=2))
        assert not taken.events
        line = await asyncio.open_connection(*door.address)
        assert await ask(line, SELECT) == ACK
        await taken.until(lambda it: any(isinstance(one, DeviceHeard) for one in it.events))
        line[1].close()


async def test_a_block_that_never_ends_and_records_that_are_none() -> None:
    taken = MemoryIntake(hospital=hospital())
    odd = [
        framed("1", {}),
        framed("1", {"1": ""}),
        bytes([SOH]) + b"1" + bytes([ETX, 0x31 ^ ETX]),
        framed("1", {"9": "x", "2": "\x7f" * 500}),
    ]
    async with station(taken) as line:
        assert await ask(line, SELECT) == ACK
        assert await ask(line, bytes([SOH]) + b"1" + bytes([STX]) + b"x" * LIMIT) == NAK
        for block in odd:
            assert await ask(line, block) == ACK  # kept: sent again it would fail again
        assert await ask(line, EMERGENCY) == ACK
    assert len([one for one in taken.events if isinstance(one, PanelSignal) and one.what == "medical"]) == 1
    assert len(taken.rejects) >= 3


async def test_lines_that_only_wait_keep_no_panel_out() -> None:
    taken, door = MemoryIntake(hospital=hospital()), EspaDoor("calls", port=0)
    door._most, door._quiet.seconds = 2, 0.0
    async with running(door, taken):
        await asyncio.wait_for(door.started.wait(), 10)
        waiting = [await asyncio.open_connection(*door.address) for _ in range(2)]
        for _, writer in waiting:
            writer.write(b"\xff")
            await writer.drain()
        while len(door._quiet._heard) < 2:
            await asyncio.sleep(0)
        line = await asyncio.open_connection(*door.address)
        assert await ask(line, SELECT) == ACK
        assert await ask(line, EMERGENCY) == ACK
        for _, writer in (*waiting, line):
            writer.close()
    assert len(taken.events) == 1
