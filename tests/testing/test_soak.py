"""The soak of cameras, for seconds instead of hours: every kind of failing camera once, and what the verdict sees."""

from __future__ import annotations

import pytest

from safecare.sources.camera.live import LiveCamera
from safecare.sources.camera.messages import Progress
from safecare.sources.camera.places import CameraSettings
from safecare.testing.camera_load import Load
from safecare.testing.soak import FAILING, Soak, cameras, soak, verdict


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_cameras_of_all_kinds_are_followed() -> None:
    run = await soak(12, 20.0, 4.0, (320, 180), None)
    assert {name.partition("-")[2] for name in run.load.lives} == {"good", *FAILING}
    assert run.samples
    assert run.samples[-1][3] == 12


def test_each_camera_has_a_verdict() -> None:
    load = Load(cameras(6, []), None)
    for name in load.cameras:
        asset = load.hospital.assets[len(load.lives)]
        load.lives[name] = LiveCamera("load", asset, CameraSettings(), load)
    first, second, third, fourth, *_ = load.cameras
    load.lives[first].pace = Progress(100, 3)
    load.states.update({(first, "ok"): 1, (second, "ok"): 2, (second, "lost"): 2, (third, "ok"): 1, (third, "lost"): 1})
    assert verdict(load, first) == "ok 1; 100 pictures, 3 left out since it was last opened: went on all the time"
    assert verdict(load, second).endswith("gone 2 times, seen 2 times")
    assert verdict(load, third).endswith("NEVER BACK")
    assert verdict(load, fourth).endswith("NEVER SEEN")


def sampled(memory: list[float]) -> Soak:
    run = Soak(Load(cameras(0, []), None))
    run.samples = [(60.0 * number, 100.0, one, 2) for number, one in enumerate(memory, 1)]
    return run


def test_memory_that_grows_is_told() -> None:
    assert sampled([150.0] * 5 + [200.0] * 20).bounded()  # it grows while workers meet their first faults
    assert not sampled([100.0 + 10 * number for number in range(25)]).bounded()
