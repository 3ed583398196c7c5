"""The soak of cameras, for seconds instead of hours: every kind of failing camera once, and what the verdict sees."""

from __future__ import annotations

import pytest

from safecare.testing.camera_load import Load
from safecare.testing.soak import FAILING, Soak, cameras, soak


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_cameras_of_all_kinds_are_followed() -> None:
    run = await soak(12, 20.0, 4.0, (320, 180), None)
    assert {name.partition("-")[2] for name in run.load.lives} == {"good", *FAILING}
    assert run.samples
    assert run.samples[-1][3] == 12


def sampled(memory: list[float]) -> Soak:
    run = Soak(Load(cameras(0, []), None))
    run.samples = [(60.0 * number, 100.0, one, 2) for number, one in enumerate(memory, 1)]
    return run


def test_memory_that_grows_is_told() -> None:
    assert sampled([150.0] * 5 + [200.0] * 20).bounded()  # it grows while workers meet their first faults
    assert not sampled([100.0 + 10 * number for number in range(25)]).bounded()
