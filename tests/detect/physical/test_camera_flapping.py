"""Failures of a camera that are each too short to be told: what counts, and what does not."""

from __future__ import annotations

import pytest

from safecare.detect.physical.camera_flapping import CameraFlapping
from safecare.model.events.video import CameraState
from safecare.testing.hospital import small_hospital
from safecare.testing.made import made, restarted


def state(second: float, name: str) -> CameraState:
    return made(CameraState, second, "camera.corridor", state=name)


def failures(every: float, times: int, start: float = 0.0) -> list[CameraState]:
    return [one for n in range(times) for one in (state(start + n * every, "lost"), state(start + n * every + 5, "ok"))]


@pytest.mark.parametrize(("every", "told"), [(20, 1), (150, 1), (199, 1), (201, 0), (600, 0)])
def test_four_within_ten_minutes_are_told_once(every: float, told: int) -> None:
    assert len(list(CameraFlapping(small_hospital()).feed(failures(every, 30)))) == told


def test_it_is_told_again_when_it_was_over() -> None:
    rule = CameraFlapping(small_hospital())
    assert len(list(rule.feed(failures(60, 10)))) == 1
    assert not list(rule.feed(failures(60, 3, start=1500)))
    assert len(list(rule.feed(failures(60, 10, start=9000)))) == 1


def test_one_failure_of_several_states_counts_once() -> None:
    rule = CameraFlapping(small_hospital())
    events = [state(n * 10, name) for n, name in enumerate(("lost", "unreadable", "lost", "covered", "frozen", "lost"))]
    assert not list(rule.feed(events))


def test_a_view_that_changes_is_no_failure() -> None:
    rule = CameraFlapping(small_hospital())
    assert not list(rule.feed([state(n * 10, ("moved", "ok", "veiled", "ok")[n % 4]) for n in range(40)]))


def test_it_goes_on_over_a_restart() -> None:
    rule = CameraFlapping(small_hospital())
    assert not list(rule.feed(failures(60, 3)))
    rule = restarted(rule, CameraFlapping(small_hospital()))
    assert len(list(rule.feed(failures(60, 3, start=180)))) == 1
