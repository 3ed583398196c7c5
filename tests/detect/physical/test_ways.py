"""Walks that are evened out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from math import pi, sin

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safecare.detect.physical.ways import HALF, Step, Ways
from safecare.model.events.video import PeopleSeen, Seen
from safecare.model.ids import AssetId
from safecare.sources.camera.places import Teller
from safecare.testing.hospital import small_hospital

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


def telling(at: float, *people: Seen) -> PeopleSeen:
    camera = small_hospital().asset(AssetId("camera.corridor"))
    assert camera is not None
    when = START + timedelta(seconds=at)
    return Teller("test", camera).people(when, when, "test", people, None, (640, 480))


def walked(points: list[tuple[float, float, float]]) -> list[Step]:
    """Return what is yielded for one person seen at `points` (seconds, x, y), and nobody a second after the last."""
    ways = Ways()
    tellings = [telling(at, Seen(1, x, y, at, 30.0, 80.0)) for at, x, y in points]
    return [step for one in (*tellings, telling(points[-1][0] + 1.0)) for step in ways.take(one)]


@given(st.floats(-50, 50), st.floats(-50, 50), st.integers(1, 25), st.integers(1, 40))
def test_an_even_walk_stays_as_it_is_and_each_point_is_told_once_of_each_kind(
    fast: float, down: float, rate: int, count: int
) -> None:
    points = [(number / rate, 100 + fast * number / rate, 100 + down * number / rate) for number in range(count)]
    steps = walked(points)
    for at_once in (False, True):
        told = [(step.at, step.x, step.y) for step in steps if (step.walk is not None) is at_once]
        assert [at for at, _, _ in told] == [START + timedelta(seconds=at) for at, _, _ in points]
        for (_, x, y), (_, wanted_x, wanted_y) in zip(told, points, strict=True):
            assert (x, y) == pytest.approx((wanted_x, wanted_y), abs=1e-3)  # times are whole microseconds


def test_what_swings_with_the_stride_is_evened_out() -> None:
    points = [(at / 5, 100 + 8 * at + 13 * sin(2 * pi * at / 5 / 1.1), 200.0) for at in range(40)]
    inner = [step for step in walked(points) if step.walk is None][5:-5]
    assert max(abs(step.x - (100 + 8 * 5 * (step.at - START).total_seconds())) for step in inner) < 4


def test_a_point_waits_for_half_a_stride() -> None:
    ways = Ways()
    first = list(ways.take(telling(0.0, Seen(1, 10.0, 10.0, 0.0, 30.0, 80.0))))
    assert [step.walk.points for step in first if step.walk] == [1]
    later = list(ways.take(telling(HALF.total_seconds(), Seen(1, 10.0, 10.0, 0.6, 30.0, 80.0))))
    assert [(step.walk is None, step.at) for step in later] == [(True, START), (False, START + HALF)]


def test_guesses_are_no_points_and_nobody_is_kept_who_has_gone() -> None:
    ways = Ways()
    list(ways.take(telling(0.0, Seen(1, 10.0, 10.0, 0.0, 30.0, 80.0), Seen(2, 50.0, 10.0, 0.0, 30.0, 80.0, 1.0, 0.4))))
    assert list(ways.ways) == ["1"]
    assert [step.walk for step in ways.take(telling(5.0))] == [None]
    assert not ways.ways


def test_the_path_since_the_last_telling_counts() -> None:
    path = tuple((back, 20.0 - 10 * back, 10.0) for back in (0.8, 0.6, 0.4, 0.2))
    steps = list(Ways().take(telling(0.8, Seen(1, 20.0, 10.0, 0.8, 30.0, 80.0, path=path))))
    told = [(round(step.x), step.walk.points if step.walk else 0) for step in steps]
    assert told == [(12, 0), (14, 0), (12, 1), (14, 1), (16, 1), (18, 4), (20, 5)]


def test_a_walk_knows_how_sure_it_is() -> None:
    points = [(at / 5, 100 + 8.0 * at, 200.0) for at in range(10)]
    *_, steady = (step.walk for step in walked(points) if step.walk is not None)
    jumped = [(at, x, y + 60 * (number > 6)) for number, (at, x, y) in enumerate(points)]
    *_, torn = (step.walk for step in walked(jumped) if step.walk is not None)
    assert steady.at(0.5) == pytest.approx((192.0, 200.0), abs=1e-2)
    (alone,) = (step.walk for step in walked(points[:1]) if step.walk)
    assert alone.error(0.0) == alone.error(0.5) == pytest.approx(4.0)  # a twentieth of 80 pixels
    assert steady.error(0.0) < steady.error(0.5) < torn.error(0.5) / 3
