"""The receiver over real TCP and UDP, with an independent sender's bytes."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
import siadc09.account
import siadc09.message

from safecare.formats.alarm.dc09 import encrypted, framed, read_keys
from safecare.model.event import Event
from safecare.model.events.building import FireSignal
from safecare.model.events.panels import DeviceHeard, PanelSignal
from safecare.model.hospital import Hospital
from safecare.sources.api import UnreadableError
from safecare.sources.dc09.door import Dc09Door
from safecare.sources.dc09.heard import LINES, Heard, Last
from safecare.testing.clock import START, FakeClock
from safecare.testing.hospital import small_hospital
from safecare.testing.intake import MemoryIntake, running

KEY = "0123456789abcdef0123456789abcdef"
STAMP = f"{START:_%H:%M:%S,%m-%d-%Y}"


def hospital() -> Hospital:
    """The tiny hospital with a panel (the north board), and zone 7 of it at the pharmacy's door."""
    named = {"board.north": "1234", "door.pharmacy": "1234/7", "fire.pharmacy": "1234/8", "door.office": "777/1"}
    small = small_hospital()
    assets = tuple(
        msgspec.structs.replace(one, addresses=one.addresses | {"sia": named[one.id]}) if one.id in named else one
        for one in small.assets
    )
    return msgspec.structs.replace(small, assets=assets)


def intake(**more: Any) -> MemoryIntake:
    return MemoryIntake(hospital=hospital(), **more)


@contextlib.asynccontextmanager
async def receiver(taken: MemoryIntake, **more: Any) -> AsyncIterator[Dc09Door]:
    door = Dc09Door("panels", port=0, **more)
    async with running(door, taken):
        yield door


async def tell(door: Dc09Door, *frames: bytes) -> bytes:
    """Send over TCP, and return all that is answered until the receiver has taken the last."""
    reader, writer = await asyncio.open_connection(*door.address)
    writer.write(b"".join(frames))
    writer.write_eof()
    try:
        return await asyncio.wait_for(reader.read(), 10)
    finally:
        writer.close()


def sia(data: str, sequence: int = 1, account: str = "1234") -> bytes:
    return framed(f'"SIA-DCS"{sequence:04}L0#{account}[#{account}|{data}]{STAMP}')


async def test_alarms_are_acknowledged_once_stored() -> None:
    taken = intake()
    async with receiver(taken) as door:
        told = await tell(door, sia("Nri1/BA007"), sia("NFA8", 2), framed('"ADM-CID"0003L0#1234[#1234|3110 01 008]'))
    assert told.count(b'"ACK"') == 3
    intrusion, fire, normal = taken.events
    assert isinstance(intrusion, PanelSignal)
    assert (intrusion.what, intrusion.asset, intrusion.code, intrusion.at) == (
        "intrusion",
        "door.pharmacy",
        "BA",
        START,
    )
    assert isinstance(fire, FireSignal)
    assert isinstance(normal, FireSignal)
    assert [(one.asset, one.state) for one in (fire, normal)] == [
        ("fire.pharmacy", "alarm"),
        ("fire.pharmacy", "normal"),
    ]


async def test_an_independent_sender_is_understood_by_tcp_and_udp() -> None:
    taken, account = intake(), siadc09.account.Account(acct=0x1234, key=KEY)
    null = siadc09.message.NullMessage(account).encode(seq=7, timestamp=START.replace(tzinfo=None))
    answered: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    class Panel(asyncio.DatagramProtocol):
        def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
            answered.set_result(data)

    async with receiver(taken, keys={"1234": KEY}, supervised={"1234": 60}) as door:
        told = await tell(door, null)
        again = siadc09.message.NullMessage(account).encode(seq=8, timestamp=START.replace(tzinfo=None))
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(Panel, remote_addr=door.address)
        transport.sendto(again)
        by_udp = await asyncio.wait_for(answered, 10)
        transport.close()
    known = {account.get_id(): account.key}
    for raw, sequence in ((told, 7), (by_udp, 8)):
        message = siadc09.message.parse_frame(raw, known)
        assert (message.idtoken, message.seq, message.encrypted) == ("ACK", sequence, True)
    assert [(type(one), one.asset) for one in taken.events] == [(DeviceHeard, "board.north")] * 2
    assert isinstance(taken.events[0], DeviceHeard)
    assert taken.events[0].every == 60


async def test_a_repetition_is_acknowledged_and_stored_once_and_gaps_are_counted() -> None:
    taken = intake()
    async with receiver(taken) as door:
        told = await tell(door, sia("NBA7"), sia("NBA7"), sia("NBR7", 5))
    assert (told.count(b'"ACK"'), len(taken.events), door.gaps) == (3, 2, 3)
    assert "3 messages missing" in taken.states["panels"][1]


async def test_what_cannot_be_read_is_kept_and_answered_as_the_standard_says() -> None:
    taken = intake()
    bad_checksum = b"\n0000" + sia("NBA7")[5:]
    old = f"{START - timedelta(hours=1):_%H:%M:%S,%m-%d-%Y}"
    recorded = framed('"*SIA-DCS"0004L0#5678[' + encrypted(f"#5678|NBA1]{old}", read_keys({"5678": KEY})["5678"]))
    async with receiver(taken, keys={"5678": KEY}) as door:
        assert await tell(door, bad_checksum) == b""
        stranger = await tell(door, sia("NBA1", account="9999"))
        replayed = await tell(door, recorded)
        plain = await tell(door, sia("NBA1", account="5678"))
    assert [b'"DUH"' in stranger, b'"NAK"' in replayed, b'"DUH"' in plain] == [True, True, True]
    assert len(taken.rejects) == 4
    assert not taken.events
    with pytest.raises(UnreadableError, match="checksum"):
        list(Dc09Door("panels").decode(taken.rejects[0].raw, taken.rejects[0].context, taken))


async def test_a_zone_that_no_file_names_is_told_all_the_same_and_codes_nobody_knows_are_notes() -> None:
    taken = intake()
    async with receiver(taken) as door:
        await tell(door, sia("NFA99"), sia("NFA4", account="777"), sia("NJT", 3))
    panel, elsewhere, note = taken.events
    assert (type(panel), panel.asset) == (FireSignal, "board.north")
    assert (type(elsewhere), elsewhere.asset, elsewhere.site) == (FireSignal, None, "aurore")
    assert isinstance(note, PanelSignal)
    assert (note.what, note.code) == ("note", "JT")


async def test_with_no_room_there_is_no_answer_and_the_repetition_counts() -> None:
    taken = intake()
    taken.room = 0
    async with receiver(taken) as door:
        assert await tell(door, sia("NBA7")) == b""
        assert taken.states["panels"][0] == "failed"
        taken.room = None
        assert b'"ACK"' in await tell(door, sia("NBA7"))
    assert len(taken.events) == 1


async def test_noise_ends_its_own_connection_only() -> None:
    taken = intake(clock=FakeClock())
    async with receiver(taken) as door:
        assert await tell(door, b"\n" + b"\x00" * 20_000) == b""
        assert b'"ACK"' in await tell(door, b"\xff" * 100, sia("NBA7"))
    events: list[Event] = taken.events
    assert len(events) == 1


async def test_a_repetition_after_a_restart_is_known_and_the_gap_is_counted(tmp_path: Path) -> None:
    taken = intake()
    frame = framed('"SIA-DCS"0007L0#1234[#1234|NBA7]')
    later = framed('"SIA-DCS"0010L0#1234[#1234|NBA7]')
    async with receiver(taken, positions=tmp_path) as door:
        assert b'"ACK"' in await tell(door, frame)
    async with receiver(taken, positions=tmp_path) as door:
        assert b'"ACK"' in await tell(door, frame)
        assert len(taken.events) == 1
        assert b'"ACK"' in await tell(door, later)
        assert door.gaps == 2
    assert len(taken.events) == 2
    (tmp_path / "panels.heard").write_bytes(b"{half\n\xff\n")
    async with receiver(taken, positions=tmp_path) as door:
        assert b'"ACK"' in await tell(door, frame)
    assert len(taken.events) == 3


@pytest.mark.slow
async def test_what_panels_said_last_is_written_anew_before_it_grows_large(tmp_path: Path) -> None:
    known = Heard(tmp_path / "heard")
    for number in range(LINES + 5):
        known.keep({"1234": Last("1234", number, "x", START)})
    assert len((tmp_path / "heard").read_bytes().splitlines()) < 10
    again = Heard(known.path)
    again.load()
    assert again.accounts["1234"].sequence == LINES + 4


async def test_a_supervised_account_that_was_never_heard_is_named() -> None:
    taken = intake()
    async with receiver(taken, supervised={"1234": 60, "777": 60}) as door:
        assert "2 supervised accounts never heard: 1234, 777" in taken.states["panels"][1]
        await tell(door, framed('"NULL"0001L0#1234[]'))
        assert "1 supervised accounts never heard: 777" in taken.states["panels"][1]
