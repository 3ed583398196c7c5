"""The soak of cameras, for seconds instead of hours: every kind of failing camera once, and what the verdict sees."""

from __future__ import annotations

import os
import random

import pytest

from safecare.sources.camera.live import LiveCamera
from safecare.sources.camera.messages import Progress
from safecare.sources.camera.places import CameraSettings
from safecare.testing.camera_load import Load
from safecare.testing.growth import Held, holds
from safecare.testing.soak import DOORS, FAILING, GOOD, STAND_INS, Soak, cameras, soak, verdict


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_cameras_of_all_kinds_are_followed() -> None:
    run = await soak(16, 20.0, 4.0, (320, 180), None)
    assert {name.partition("-")[2] for name in run.load.lives} == {"good", *FAILING}
    assert sum(name.endswith("good") for name in run.load.lives) == GOOD
    assert {name for name, _ in run.traces.held} == {DOORS, STAND_INS, *run.load.lives}


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


def test_a_camera_that_never_gives_a_picture_is_told_as_such() -> None:
    load = Load(cameras(16, []), None)
    name = next(one for one in load.cameras if one.endswith("headers"))
    load.lives[name] = LiveCamera("load", load.hospital.assets[0], CameraSettings(), load)
    load.states[name, "lost"] = 1
    assert verdict(load, name).endswith("no picture, as it should")


def sampled(memory: list[float], every: float = 60.0) -> Soak:
    run = Soak(Load(cameras(0, []), None))
    run.traces.held["camera", 7] = [Held(every * number, one, 9, 3) for number, one in enumerate(memory)]
    return run


def test_growth_is_the_slope_once_a_process_has_settled() -> None:
    steady = sampled([150.0] * 5 + [200.0] * 20)
    assert steady.grown() == []  # it grew while it loaded
    grows = sampled([100.0 + number / 2 for number in range(25)])
    [one] = grows.grown()
    assert (one.name, one.samples, round(one.memory, 6)) == ("camera", 20, 30.0)
    assert any(line.endswith("GREW") for line in grows.table())


def test_what_is_taken_and_given_back_is_no_growth_and_what_leaks_beside_is() -> None:
    taken = [50.0 * (number > 5 and number % 10 >= 8) for number in range(30)]  # two minutes of ten, the last two too
    assert sampled([100.0 + one for one in taken]).grown() == []
    [one] = sampled([100.0 + one + number / 2 for number, one in enumerate(taken)]).grown()
    assert round(one.memory) == 30


def test_what_goes_up_and_down_is_no_growth_and_a_leak_within_it_is() -> None:
    chance = random.Random(1)
    around = [[chance.gauss(115.0, 5.0) for _ in range(60)] for _ in range(100)]
    assert sum(bool(sampled(one).grown()) for one in around) <= 2
    leaking = [[one + number / 3 for number, one in enumerate(each)] for each in around]  # 20 MB/h
    assert sum(bool(sampled(one).grown()) for one in leaking) >= 98


def test_what_lived_too_short_has_no_slope() -> None:
    short = sampled([100.0 + number for number in range(12)])
    assert short.grown() == []
    assert any(line.endswith("too short to tell") for line in short.table())


def test_the_longest_of_a_name_counts_and_all_starts_are_told() -> None:
    run = sampled([100.0] * 20)
    run.traces.held["camera", 8] = [Held(0.0, 500.0, 9, 3)]
    [one] = run.traces.growth()
    assert (one.pid, run.traces.processes("camera")) == (7, 2)


def test_files_and_threads_that_grow_are_told_too() -> None:
    held = [Held(60.0 * number, 100.0, 9 + number // 5, 3) for number in range(30)]
    run = sampled([])
    run.traces.held["camera", 7] = held
    assert [one.name for one in run.grown()] == ["camera"]


def test_a_process_that_has_ended_gives_no_sample() -> None:
    assert holds(2**22 + 1, 0.0) is None  # above the kernel's highest process id
    now = holds(os.getpid(), 1.0)
    assert now is not None
    assert now.memory > 1
    assert now.threads >= 1
