"""A mask saved in the console reaches the stream that is being looked at: doors begin anew, nothing restarts."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest

from safecare.app.doors import Built, DoorTasks
from safecare.app.health import Doors
from safecare.model.clock import SystemClock
from safecare.model.events.video import CameraState, PeopleSeen
from safecare.model.hospital import Hospital
from safecare.model.ids import AssetId
from safecare.model.scene import Scene
from safecare.scenarios.make.clips import pictures
from safecare.scenarios.make.scenes import loitering
from safecare.sources.camera.source import Cameras
from safecare.testing.camera_streams import FORMAT, Camera, CameraServer, encode
from safecare.testing.hospital import small_hospital
from safecare.testing.intake import MemoryIntake

pytestmark = pytest.mark.slow
CAMERA = AssetId("camera.corridor")
SIZE = (320, 180)
ALL = ((0.0, 0.0), (320.0, 0.0), (320.0, 180.0), (0.0, 180.0))


def masked() -> Hospital:
    """Return the hospital after somebody has drawn a mask over the whole picture."""
    return msgspec.structs.replace(small_hospital(), scenes={CAMERA: Scene(areas=(), size=SIZE, masks=(ALL,))})


@pytest.mark.timeout(180)
async def test_a_saved_mask_holds_in_the_running_stream() -> None:
    clip = encode(pictures(loitering(seconds=60, seed=3), SIZE, 5), 5)
    before, after = MemoryIntake(clock=SystemClock()), MemoryIntake(clock=SystemClock(), hospital=masked())
    given = iter((before, after))
    intakes: Any = lambda door: next(given)  # noqa: E731 - as the platform gives one to each door
    doors = DoorTasks(intakes, Doors(SystemClock()))
    server = CameraServer({"hall": Camera("good", [clip])})
    async with server.serving(), asyncio.TaskGroup() as group:
        cameras: dict[str, Any] = {CAMERA: {"url": server.url("hall"), "format": FORMAT}}

        def built() -> Built:
            door: Any = Cameras(cameras=cameras, model="none")
            return Built({"cameras": door}, {}, {"cameras": "camera"}, {})

        doors.start(built(), group)
        await before.until(lambda one: any(isinstance(event, PeopleSeen) for event in one.events), 60)
        await doors.stop()
        doors.start(built(), group)  # what the platform does when zones are saved
        await after.until(
            lambda one: any(isinstance(event, CameraState) and event.state == "covered" for event in one.events), 60
        )
        await doors.stop()
    assert not any(isinstance(event, PeopleSeen) for event in after.events)
