"""What is told of early warnings, beside alarms of the same detector."""

from __future__ import annotations

from typing import Any

import pytest

from safecare.detect.building.fire_prealarm import FirePrealarm
from safecare.model.event import Event
from safecare.model.events.building import FireSignal
from safecare.testing.made import made, restarted


def fire(second: float, state: str, **more: Any) -> Event:
    return made(FireSignal, second, "fire.pharmacy", state=state, **more)


@pytest.mark.parametrize(
    ("states", "told"),
    [
        (("prealarm", "prealarm", "normal"), 1),
        (("alarm", "prealarm"), 0),
        (("prealarm", "alarm", "prealarm"), 1),
        (("fault", "normal"), 0),
        (("alarm", "normal", "prealarm"), 1),
    ],
)
def test_each_is_told_once_and_none_beside_an_alarm(states: tuple[str, ...], told: int) -> None:
    rule = FirePrealarm()
    assert len(list(rule.feed([fire(60.0 * number, state) for number, state in enumerate(states)]))) == told


def test_each_part_that_no_file_names_has_its_own_and_memory_outlives_a_crash() -> None:
    rule = FirePrealarm()
    assert len(list(rule.feed([fire(0, "prealarm", part="1"), fire(60, "prealarm", part="2")]))) == 2
    assert not list(restarted(rule, FirePrealarm()).feed([fire(120, "prealarm", part="2")]))
