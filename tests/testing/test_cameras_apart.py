"""Stand-in cameras in a process of their own: what they hold is theirs, and they notice who has gone."""

from __future__ import annotations

import asyncio
import contextlib
import os
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from safecare.scenarios.make.clips import pictures
from safecare.scenarios.make.scenes import loitering
from safecare.testing.camera_load import Load
from safecare.testing.camera_streams import Camera, apart, encode
from safecare.testing.growth import Held
from safecare.testing.soak import STAND_INS, Soak


def connections(pid: int) -> int:
    """Return how many sockets `pid` has open."""
    found = 0
    for one in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # closed since the list was made
            found += str(one.readlink()).startswith("socket:")
    return found


@pytest.mark.timeout(120)
async def test_cameras_apart_hold_their_connections_themselves_and_let_them_go() -> None:
    clip = encode(pictures(loitering(seconds=2, seed=3), (64, 36), 5), 5)
    cameras = {"good": Camera("good", [clip]), "slow": Camera("drips", [clip]), "cut": Camera("cut", [clip])}
    async with apart(cameras) as served:
        assert served.pid != os.getpid()
        assert Path(served.urls["cut"]).stat().st_size > 91
        alone = connections(served.pid)
        for name in ("good", "slow"):
            at = urlsplit(served.urls[name])
            for _ in range(10):
                reader, writer = await asyncio.open_connection(at.hostname, at.port)
                writer.write(b"GET /%s HTTP/1.0\r\n\r\n" % name.encode())
                assert await reader.readline() == b"HTTP/1.0 200 OK\r\n"
                assert connections(served.pid) > alone
                writer.close()
        while connections(served.pid) > alone:
            await asyncio.sleep(0)
    assert not Path(f"/proc/{served.pid}").exists()
    assert not Path(served.urls["cut"]).exists()


def test_what_the_stand_ins_hold_is_shown_and_not_judged() -> None:
    run = Soak(Load({}, None))
    held = [Held(60.0 * number, 100.0 + number, 9 + number, 3) for number in range(30)]
    run.traces.held[STAND_INS, 7] = held
    assert run.grown() == []
    assert any(line.startswith(STAND_INS) and "+60.00" in line and not line.endswith("GREW") for line in run.table())
    run.traces.held["doors", 8] = held
    assert [one.name for one in run.grown()] == ["doors"]
