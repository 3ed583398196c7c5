"""A worker that holds too much is left for a new one: what clips were due are kept first, and the loss is told."""

from __future__ import annotations

import asyncio
import contextlib
import mmap
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from safecare.model.clock import SystemClock
from safecare.model.events.video import CameraState, ClipKept, ClipMissing
from safecare.scenarios.make.clips import pictures
from safecare.scenarios.make.scenes import loitering
from safecare.sources.camera import client
from safecare.sources.camera.client import LEAVES, WorkerClient, WorkerDiedError, held
from safecare.sources.camera.clipping import Clipper
from safecare.sources.camera.live import LiveCamera
from safecare.sources.camera.messages import LiveJob, Progress, Ready, View, frame
from safecare.sources.camera.places import CameraSettings
from safecare.testing.camera_streams import FORMAT, Camera, CameraServer, Clip, encode
from safecare.testing.cascade import raised
from safecare.testing.intake import MemoryIntake

SMALL, LARGE = (320, 180), (3840, 2160)
ROOM = 32 * 1024 * 1024
"""Bytes above what a worker holds with small pictures: a decoder of 4K has more (12 MB a picture, BGR 25 MB)."""


def clip(size: tuple[int, int], seconds: float) -> Clip:
    """Return a clip with somebody in it, of `size`."""
    return encode(pictures(loitering(seconds=seconds, seed=3), size, 5), 5)


def live(name: str, url: str, intake: MemoryIntake) -> LiveCamera:
    """Return a live camera, with clips."""
    asset = intake.hospital.asset(f"camera.{name}")
    assert asset is not None
    worker = WorkerClient(network=True)
    clipper = Clipper("camera", asset, intake, worker, 1.0)
    settings = CameraSettings(url=url, format=FORMAT)
    return LiveCamera("camera", asset, settings, intake, 60.0, first_wait=0.05, worker=worker, clipper=clipper)


@contextlib.asynccontextmanager
async def following(*cameras: LiveCamera) -> AsyncIterator[None]:
    """Follow `cameras` meanwhile."""
    tasks = [asyncio.create_task(one.run()) for one in cameras]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def told(intake: MemoryIntake, camera: LiveCamera) -> list[str]:
    """Return the states of `camera` that were told."""
    return [one.state for one in intake.events if isinstance(one, CameraState) and one.asset == camera.camera.id]


def back(states: list[str]) -> bool:
    """Tell whether the picture was lost and came back."""
    return "lost" in states and "ok" in states[states.index("lost") :]


@pytest.mark.slow
@pytest.mark.timeout(480)
async def test_a_stream_that_makes_its_decoder_grow_costs_no_clip_and_no_other_camera() -> None:
    small = clip(SMALL, 5)
    server = CameraServer({"grows": Camera("resizes", [small, clip(LARGE, 1)]), "good": Camera("good", [small])})
    intake = MemoryIntake(clock=SystemClock())
    async with server.serving():
        grows = live("corridor", server.url("grows"), intake)
        good = live("hall", server.url("good"), intake)
        async with following(grows, good):
            await intake.until(lambda one: "ok" in told(one, grows) and "ok" in told(one, good), 200)
            first, other = grows.worker.pid, good.worker.pid
            assert first is not None
            grows.worker.most_held = held(first) + ROOM
            alert = raised("door.forced", 0, assets=(grows.camera.id,))
            assert grows.clipper is not None
            grows.clipper.ask(msgspec.structs.replace(alert, last=intake.clock.now()))
            await intake.until(lambda one: back(told(one, grows)), 200)
            assert grows.worker.pid != first
            assert good.worker.pid == other
    assert "lost" not in told(intake, good)
    [kept] = [one for one in intake.events if isinstance(one, ClipKept)]
    assert kept.alerts == (alert.id,)
    assert not any(isinstance(one, ClipMissing) for one in intake.events)
    lost = next(one for one in intake.events if isinstance(one, CameraState) and one.state == "lost")
    assert "too much memory" in lost.detail
    assert intake.events.index(kept) < intake.events.index(lost)


@pytest.mark.timeout(120)
async def test_a_worker_that_grows_and_does_not_leave_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = tmp_path / "worker.py"
    life, begin = frame(Progress(1)), frame(Ready(("a",)))
    script.write_text(
        f"import os\nos.write(1, {begin!r})\nheld = []\nwhile True:\n"
        f"    held += [b'x' * 2_000_000] if len(held) < 75 else []\n    os.write(1, {life!r})\n"
    )
    monkeypatch.setattr(client, "COMMAND", (sys.executable, "-SE", str(script)))
    worker, lives = WorkerClient(network=True, most_held=100_000_000), 0

    async def count() -> None:
        nonlocal lives
        async for message in worker.answers(LiveJob("camera", "rtsp://127.0.0.1/", View()), silence=60.0):
            lives += isinstance(message, Progress)

    with pytest.raises(WorkerDiedError, match="too much memory"):
        await count()
    assert lives >= LEAVES
    assert worker.pid is None


def test_what_a_process_holds_is_what_it_shares_with_no_file() -> None:
    before = held(os.getpid())
    with mmap.mmap(-1, 50_000_000, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) as kept:
        kept.write(b"x" * 50_000_000)
        assert held(os.getpid()) - before > 40_000_000
    assert held(2**22 + 1) == 0  # above the kernel's highest process id
