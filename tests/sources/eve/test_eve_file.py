"""Following Suricata's file: growth, rotation, cuts, restarts, bad lines, a full disk."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from safecare.model.events.network import ConnectionSeen, SignatureMatched
from safecare.sources.api import UnreadableError
from safecare.sources.eve.decode import read_eve_lines
from safecare.sources.eve.follow import EveFile
from safecare.sources.line_file import Position
from safecare.testing.intake import MemoryIntake, running


def record(number: int, **changes: Any) -> bytes:
    """One flow record; `number` makes it another one."""
    base = {
        "timestamp": f"2026-03-17T02:10:{number % 60:02}.000000+0000",
        "event_type": "flow",
        "src_ip": "10.1.10.21",
        "src_port": 40_000 + number,
        "dest_ip": "10.1.20.10",
        "dest_port": 443,
        "proto": "TCP",
        "flow_id": number,
        "flow": {"pkts_toclient": 3, "bytes_toserver": 100, "bytes_toclient": 900},
        "tcp": {"tcp_flags_tc": "1b"},
    }
    return json.dumps({**base, **changes}).encode() + b"\n"


@contextlib.asynccontextmanager
async def following(path: Path, intake: MemoryIntake) -> AsyncIterator[None]:
    async with running(EveFile("eve", path, every=0.01), intake):
        yield


async def until(intake: MemoryIntake, count: int) -> None:
    async with asyncio.timeout(10):
        while len(intake.events) < count:
            await asyncio.sleep(0.005)


async def test_links_and_pipes_that_others_put_there_do_no_harm(tmp_path: Path) -> None:
    path, intake, precious = tmp_path / "eve.json", MemoryIntake(), tmp_path / "precious"
    precious.write_bytes(b"ours")
    (tmp_path / ".eve.json.eve.new").symlink_to(precious)
    os.mkfifo(tmp_path / ".eve.json.eve.position")
    path.write_bytes(record(1))
    async with following(path, intake):
        await until(intake, 1)
    assert precious.read_bytes() == b"ours"
    path.unlink()
    os.mkfifo(path)
    async with asyncio.timeout(5):
        with pytest.raises(OSError, match="regular"):
            await EveFile("eve", path).run(intake)


async def test_growth_and_rotation_lose_nothing(tmp_path: Path) -> None:
    path, intake = tmp_path / "eve.json", MemoryIntake()
    path.write_bytes(record(1) + record(2)[:40])
    async with following(path, intake):
        await until(intake, 1)
        with path.open("ab") as file:
            file.write(record(2)[40:] + record(3))
        await until(intake, 3)
        path.rename(tmp_path / "eve.json.1")
        with (tmp_path / "eve.json.1").open("ab") as file:
            file.write(record(4))  # Suricata writes on until it is told to open anew
        await until(intake, 4)
        path.write_bytes(record(5))
        await until(intake, 5)
    assert [event.src_port for event in intake.events if isinstance(event, ConnectionSeen)] == [
        40_001,
        40_002,
        40_003,
        40_004,
        40_005,
    ]


async def test_a_restart_goes_on_where_it_was(tmp_path: Path) -> None:
    path, intake = tmp_path / "eve.json", MemoryIntake()
    path.write_bytes(record(1))
    async with following(path, intake):
        await until(intake, 1)
    with path.open("ab") as file:
        file.write(record(2))
    async with following(path, intake):
        await until(intake, 2)
    assert len(intake.events) == 2


async def test_a_crash_while_storing_repeats_nothing(tmp_path: Path) -> None:
    path, intake = tmp_path / "eve.json", MemoryIntake()
    path.write_bytes(record(1) + record(2))
    async with following(path, intake):
        await until(intake, 2)
    [stored] = tmp_path.glob(".eve.json.*")
    done = msgspec.json.decode(stored.read_bytes(), type=Position)
    stored.write_bytes(msgspec.json.encode(Position(done.inode, 0, 0, done.offset)))  # as left by a crash
    with path.open("ab") as file:
        file.write(record(3))
    async with following(path, intake):
        await until(intake, 3)
    assert len({event.id for event in intake.events}) == 3 == len(intake.events)


async def test_a_file_cut_in_place_is_read_anew(tmp_path: Path) -> None:
    path, intake = tmp_path / "eve.json", MemoryIntake()
    path.write_bytes(record(1) + record(2))
    async with following(path, intake):
        await until(intake, 2)
        path.write_bytes(record(3))
        await until(intake, 3)


async def test_bad_lines_are_kept_and_the_rest_goes_on(tmp_path: Path) -> None:
    path, intake = tmp_path / "eve.json", MemoryIntake()
    path.write_bytes(record(1) + b"{half a record\n" + record(2, src_ip="") + record(3))
    async with following(path, intake):
        await until(intake, 2)
    assert [reject.raw[:5] for reject in intake.rejects] == [b"{half", b'{"tim']
    assert "src_ip" in intake.rejects[1].reason


async def test_no_room_means_wait_not_loss(tmp_path: Path) -> None:
    path, intake = tmp_path / "eve.json", MemoryIntake()
    intake.room = 0
    path.write_bytes(record(1))
    async with following(path, intake):
        async with asyncio.timeout(10):
            while intake.states.get("eve", ("", ""))[0] != "failed":
                await asyncio.sleep(0.005)
        intake.room = None
        await until(intake, 1)


def test_assets_and_alerts() -> None:
    intake = MemoryIntake()
    raw = record(
        1,
        event_type="alert",
        flow=None,
        alert={"signature": "ET X", "severity": 1},
        src_ip="203.0.113.5",
        dest_ip="10.1.10.21",
    )
    [event], errors = read_eve_lines(raw, intake.hospital, "eve", intake.clock.now())
    assert not errors
    assert isinstance(event, SignatureMatched)
    assert (event.asset, event.zone) == ("ws.pharmacy.1", "aurore.office.pharmacy")


def test_a_reject_can_be_read_again() -> None:
    intake, door = MemoryIntake(), EveFile("eve", Path("eve.json"))
    assert len(list(door.decode(record(1) + record(2), {}, intake))) == 2
    with pytest.raises(UnreadableError, match="line 1"):
        list(door.decode(b"{", {}, intake))
