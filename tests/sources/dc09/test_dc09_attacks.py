"""What somebody on the panels' network may try, over real TCP and UDP; what the panel itself says is still taken."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from test_dc09_door import KEY, STAMP, intake, receiver, sia, tell

from safecare.detect.physical.alarm_intrusion import IntrusionAlarm
from safecare.formats.alarm.dc09 import LIMIT, encrypted, framed, read_keys
from safecare.model.events.panels import PanelSignal
from safecare.testing.clock import START, FakeClock

AES = read_keys({"1234": KEY})["1234"]
OTHER = read_keys({"1234": KEY[::-1]})["1234"]


def sealed(data: str, sequence: int, seconds: float = 0.0, key: bytes = AES, kind: str = "SIA-DCS") -> bytes:
    """Return an encrypted message of account 1234 whose time is `seconds` ahead of `START`."""
    stamp = f"{START + timedelta(seconds=seconds):_%H:%M:%S,%m-%d-%Y}"
    return framed(f'"*{kind}"{sequence:04}L0#1234[' + encrypted(f"#1234|{data}]{stamp}", key))


@pytest.mark.parametrize(("seconds", "word"), [(20, "ACK"), (21, "NAK"), (-40, "ACK"), (-41, "NAK"), (86_400, "NAK")])
async def test_the_window_of_time_is_that_of_the_standard(seconds: int, word: str) -> None:
    taken = intake()
    async with receiver(taken, keys={"1234": KEY}) as door:
        told = await tell(door, sealed("NBA7", 1, seconds))
    assert ('ACK"' if word == "ACK" else f'"{word}"').encode() in told
    assert len(taken.events) == (word == "ACK")
    assert len(taken.rejects) == (word == "NAK")
    if word == "NAK":  # with our time, so that a panel whose clock is wrong can set it
        assert STAMP.encode() in told


async def test_a_wrong_key_and_a_message_in_clear_are_not_taken_and_the_panel_is() -> None:
    taken = intake()
    async with receiver(taken, keys={"1234": KEY}) as door:
        assert b'"NAK"' in await tell(door, sealed("NBA7", 1, key=OTHER))
        assert b'"DUH"' in await tell(door, sia("NBA7"))
        assert b'"DUH"' in await tell(door, framed(f'"*SIA-DCS"0001L0#1234[zz]{STAMP}'))
        assert b'"NAK"' in await tell(door, framed('"*SIA-DCS"0001L0#1234['))
        assert not taken.events
        assert b'ACK"' in await tell(door, sealed("NBA7", 2))
    assert len(taken.events) == 1


async def test_what_was_recorded_is_one_event_however_often_it_is_played() -> None:
    """Within the window a recording passes the checks; it is the same event, and changes nothing that came after it."""
    taken = intake()
    over, alarm = sealed("NBR7", 4), sealed("NBA7", 5, 1)
    async with receiver(taken, keys={"1234": KEY}) as door:
        for raw in (over, alarm, over, alarm, over):
            assert b'ACK"' in await tell(door, raw)
        assert isinstance(taken.clock, FakeClock)
        taken.clock.advance(timedelta(minutes=2))
        assert b'"NAK"' in await tell(door, over)
    assert len({one.id for one in taken.events}) == 2
    rule = IntrusionAlarm(taken.hospital)
    assert len(list(rule.feed(taken.events))) == 1
    assert rule._standing.stands("door.pharmacy\x1f", START + timedelta(seconds=2))


async def test_a_wrong_checksum_or_length_is_not_answered_and_the_repetition_is_taken() -> None:
    taken, good = intake(), sia("NBA7")
    async with receiver(taken) as door:
        for spoilt in (b"\n0000" + good[5:], good[:5] + b"0FFF" + good[9:], good.replace(b"NBA7", b"NBA8"), b"\n\r"):
            assert await tell(door, spoilt) == b""
        assert b'"ACK"' in await tell(door, good)
    assert [one.asset for one in taken.events] == ["door.pharmacy"]
    assert len(taken.rejects) == 3


async def test_half_a_message_is_no_alarm_and_hides_none() -> None:
    taken, good = intake(), sia("NBA7")
    async with receiver(taken) as door:
        for cut in range(1, len(good) - 1):
            assert await tell(door, good[:cut]) == b""
        assert not taken.events
        assert b'"ACK"' in await tell(door, good)
        held = await asyncio.open_connection(*door.address)
        held[1].write(good[:20])
        await held[1].drain()
        assert b'"ACK"' in await tell(door, sia("NBR7", 2))  # others go on meanwhile
        held[1].write(good[20:])
        assert b'"ACK"' in await asyncio.wait_for(held[0].readuntil(b"\r"), 10)
        held[1].close()
    assert len(taken.events) == 3


async def test_a_message_behind_one_without_an_end_is_taken_when_it_is_repeated() -> None:
    taken, good = intake(), sia("NBA7")
    async with receiver(taken) as door:
        reader, writer = await asyncio.open_connection(*door.address)
        writer.write(good[:-1] + good)  # the end of the first is lost
        writer.write(sia("NBA7"))  # the panel has no answer, and repeats
        assert b'"ACK"' in await asyncio.wait_for(reader.readuntil(b"\r"), 10)
        writer.close()
    assert {one.asset for one in taken.events} == {"door.pharmacy"}


@pytest.mark.parametrize("account", ["9999", "", "FFFFFFFFFFFFFFFF"])
async def test_an_account_that_nobody_knows_is_told_so_and_kept(account: str) -> None:
    taken = intake()
    async with receiver(taken) as door:
        line = f"#{account}" if account else ""
        assert b'"DUH"' in await tell(door, framed(f'"SIA-DCS"0001L0{line}[{line}|NBA7]'))
    assert (len(taken.events), len(taken.rejects)) == (0, 1)


async def test_data_of_another_account_than_the_line_says_are_not_taken() -> None:
    taken = intake()
    async with receiver(taken) as door:
        assert b'"DUH"' in await tell(door, framed('"SIA-DCS"0001L0#777[#1234|NBA7]'))
        assert b'"DUH"' in await tell(door, framed('"ABC-DEF"0001L0#1234[#1234|NBA7]'))
    assert not taken.events


async def test_connections_that_only_wait_keep_no_panel_out() -> None:
    taken = intake()
    async with receiver(taken) as door:
        door._most, door._quiet.seconds = 4, 0.0
        waiting = [await asyncio.open_connection(*door.address) for _ in range(4)]
        for _, writer in waiting:
            writer.write(b"\n0000")  # never more than that
            await writer.drain()
        while len(door._quiet._heard) < 4:
            await asyncio.sleep(0)
        for sequence in range(1, 9):
            assert b'"ACK"' in await tell(door, sia("NBA7", sequence))
        for _, writer in waiting:
            writer.close()
    assert len(taken.events) == 8


async def test_a_flood_of_datagrams_is_bounded_and_the_panel_is_answered_by_tcp() -> None:
    taken = intake()
    async with receiver(taken) as door:
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            asyncio.DatagramProtocol, remote_addr=door.address
        )
        for number in range(3000):
            transport.sendto(b"\n%04d" % number + b"\xff" * 40)
        assert b'"ACK"' in await tell(door, sia("NBA7"))
        transport.close()
    assert [one.asset for one in taken.events] == ["door.pharmacy"]


async def test_numbers_that_jump_start_anew_or_stand_still_hide_nothing() -> None:
    taken = intake()
    async with receiver(taken) as door:
        for sequence, zone in ((9998, 7), (9999, 8), (1, 7), (7000, 8), (0, 7), (0, 8), (0, 7)):
            assert b'"ACK"' in await tell(door, sia(f"NBA{zone}", sequence))
    assert [one.asset for one in taken.events if isinstance(one, PanelSignal)] == [
        "door.pharmacy",
        "fire.pharmacy",
    ] * 3 + ["door.pharmacy"]


async def test_the_longest_message_and_one_byte_more() -> None:
    taken = intake()
    body = '"SIA-DCS"0001L0#1234[#1234|NBA7^' + "x" * 3000 + "^]"
    async with receiver(taken) as door:
        assert b'"ACK"' in await tell(door, framed(body))
        assert await tell(door, b"\n" + b"A" * LIMIT + b"\r") == b""
        assert b'"ACK"' in await tell(door, sia("NBA7", 2))
    assert len(taken.events) == 2
