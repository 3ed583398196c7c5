"""Cameras that fail beside one that does not: each is told as lost and tried again, and the good one goes on."""

from __future__ import annotations

import asyncio
from itertools import pairwise

import pytest

from safecare.model.clock import SystemClock
from safecare.model.events.video import CameraState, PeopleSeen
from safecare.scenarios.make.clips import pictures
from safecare.scenarios.make.scenes import loitering
from safecare.sources.camera.live import LiveCamera
from safecare.sources.camera.places import CameraSettings
from safecare.testing.camera_streams import FORMAT, Camera, CameraServer, Clip, Kind, encode
from safecare.testing.intake import MemoryIntake

SIZES = (320, 180), (160, 90)
BREAKS: tuple[Kind, ...] = ("stops", "cut", "silent")
CHANGES = 4
"""Changes of the size of its pictures that a camera gets through."""


def clip(size: tuple[int, int], seconds: float) -> Clip:
    """Return a clip with somebody in it."""
    return encode(pictures(loitering(seconds=seconds, seed=3), size, 5), 5)


def live(server: CameraServer, name: str, intake: MemoryIntake) -> LiveCamera:
    """Return a live camera; one that falls silent is waited for less long than the time it is silent."""
    settings = CameraSettings(url=server.url(name), format=FORMAT)
    patience = 3.0 if name == "silent" else 60.0
    return LiveCamera("camera", intake.hospital.assets[0], settings, intake, patience, first_wait=0.05)


def states(intake: MemoryIntake) -> list[str]:
    """Return whether there was a picture, each time that it was told."""
    told = [one.state for one in intake.events if isinstance(one, CameraState)]
    return [one for one in told if one in ("ok", "lost", "unreadable")]


def lost_and_back(intake: MemoryIntake) -> bool:
    """Tell whether the picture was lost after it was there, and came back."""
    told = states(intake)
    return told[:1] == ["ok"] and "lost" in told and "ok" in told[told.index("lost") :]


def changes(intake: MemoryIntake) -> int:
    """Return how often people were seen in pictures of another size than the last."""
    sizes = [one.size for one in intake.events if isinstance(one, PeopleSeen) and one.people]
    return sum(one != other for one, other in pairwise(sizes))


@pytest.mark.slow
@pytest.mark.timeout(480)
async def test_cameras_that_fail_are_tried_again_and_the_good_one_goes_on() -> None:
    kinds: tuple[Kind, ...] = (*BREAKS, "good")
    two = [clip(size, 6) for size in SIZES]
    cameras: dict[str, Camera] = {name: Camera(name, [clip(SIZES[0], 20)]) for name in kinds}
    server = CameraServer({**cameras, "resizes": Camera("resizes", two)})
    intakes = {name: MemoryIntake(clock=SystemClock()) for name in (*cameras, "resizes")}
    async with server.serving():
        lives = {name: live(server, name, intake) for name, intake in intakes.items()}
        tasks = [asyncio.create_task(one.run()) for one in lives.values()]
        try:
            good = intakes["good"]
            await good.until(lambda one: "ok" in states(one), 200)
            first = lives["good"].worker.pid
            for name in BREAKS:
                await intakes[name].until(lost_and_back, 200)
            await intakes["resizes"].until(lambda one: changes(one) >= CHANGES, 200)
            assert lives["good"].worker.pid == first
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
    assert "lost" not in states(good)
    assert "lost" not in states(intakes["resizes"])
