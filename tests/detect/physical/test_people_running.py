"""Speeds behind `Running`; what is raised and what not stands in the golden cases."""

from __future__ import annotations

from datetime import timedelta

import pytest

from safecare.detect.physical.people_running import Running, Walk, _speed
from safecare.testing.clock import START
from safecare.testing.hospital_scenes import drawn_hospital


def speeds(step: float) -> list[float | None]:
    walk = Walk()
    return [_speed(walk, START + timedelta(seconds=one / 5), (step * one / 5, 0.0)) for one in range(12)]


def test_speed_is_known_after_a_second_and_exact() -> None:
    found = speeds(3.0)
    assert found[:4] == [None] * 4
    assert all(one == pytest.approx(3.0) for one in found[4:])


def test_nobody_jumps() -> None:
    walk = Walk()
    for one in range(10):
        _speed(walk, START + timedelta(seconds=one / 5), (0.2 * one, 0.0))
    assert _speed(walk, START + timedelta(seconds=2), (60.0, 0.0)) is None


def test_starts_without_memory() -> None:
    assert list(Running(drawn_hospital()).feed([])) == []
