"""Geometry of `LineCrossed`; what is raised and what not stands in the golden cases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from safecare.detect.physical.people_line import LineCrossed, between, offset
from safecare.model.alert import Alert
from safecare.model.events.video import Seen
from safecare.model.hospital import Hospital
from safecare.model.ids import AssetId
from safecare.model.scene import Area
from safecare.sources.camera.places import Teller
from safecare.testing.hospital_scenes import drawn_hospital

UP = Area(id="up", kind="line", line=((100.0, 200.0), (100.0, 100.0)))
PLACES = st.tuples(st.floats(-500, 500), st.floats(-500, 500))


@pytest.mark.parametrize(("point", "expected"), [((110.0, 150.0), 10.0), ((90.0, 150.0), -10.0), ((100.0, 0.0), 0.0)])
def test_right_is_right_for_who_looks_up_the_picture(point: tuple[float, float], expected: float) -> None:
    assert offset(UP, point) == pytest.approx(expected)


@given(PLACES, PLACES)
def test_a_crossing_is_between_the_ends_or_not_whichever_way_it_goes(
    one: tuple[float, float], other: tuple[float, float]
) -> None:
    if offset(UP, one) * offset(UP, other) < 0:
        assert between(UP, one, other) is between(UP, other, one)


def test_starts_without_memory() -> None:
    assert list(LineCrossed(drawn_hospital()).feed([])) == []


START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
CAMERA = AssetId("camera.entrance")


def with_line(*line: tuple[float, float]) -> Hospital:
    """Return the hospital with one line in the picture (640 x 480) of its entrance's camera."""
    hospital = drawn_hospital()
    area = Area(id="line", kind="line", line=(line[0], line[1]))
    scene = msgspec.structs.replace(hospital.scenes[CAMERA], areas=(area,))
    return msgspec.structs.replace(hospital, scenes={CAMERA: scene})


def told(hospital: Hospital, *points: tuple[float, float, float], track: int = 1, after: float = 0.0) -> list[Alert]:
    """Return what is told of somebody seen at `points` (seconds, x, y), and nobody a second after the last."""
    camera = hospital.asset(CAMERA)
    assert camera is not None
    teller, rule = Teller("test", camera), LineCrossed(hospital)
    alerts: list[Alert] = []
    for at, x, y in (*points, (points[-1][0] + 1.0, -1.0, -1.0)):
        when = START + timedelta(seconds=at)
        people = (Seen(track, x, y, at, 32.0, 85.0),) if x >= 0 else ()
        alerts += rule.feed([teller.people(when, when, "test", people, None, (640, 480))])
    return alerts


def walk(begin: float, end: float, x: float, speed: float) -> list[tuple[float, float, float]]:
    """Return points of an even walk to the right along the row 250, five a second."""
    count = round((end - begin) * 5)
    return [(begin + number / 5, x + speed * number / 5, 250.0) for number in range(count + 1)]


def test_who_was_hidden_crossed_where_an_even_walk_passes_the_line() -> None:
    hospital = with_line((320.0, 400.0), (320.0, 100.0))
    (alert,) = told(hospital, *walk(0, 3, 200, 30), *walk(6, 9, 380, 30))
    assert (alert.last - START).total_seconds() == pytest.approx(4.2, abs=0.1)  # 5.95 pixels beyond


def test_who_strides_on_is_told_before_the_way_is_evened_out() -> None:
    hospital = with_line((320.0, 400.0), (320.0, 100.0))
    camera = hospital.asset(CAMERA)
    assert camera is not None
    teller, rule = Teller("test", camera), LineCrossed(hospital)
    for at, x, y in walk(0, 4, 250, 60):
        when = START + timedelta(seconds=at)
        people = (Seen(1, x, y, at, 32.0, 85.0),)
        if list(rule.feed([teller.people(when, when, "test", people, None, (640, 480))])):
            assert x <= 320 + 85 * 0.25 + 12  # a quarter of a height, and a look
            return
    pytest.fail("never told")


@pytest.mark.parametrize(("x", "at_once"), [(360.0, True), (330.0, False)])
def test_who_was_hidden_is_told_at_first_sight_if_surely_beyond(x: float, at_once: bool) -> None:
    camera, hospital = drawn_hospital().asset(CAMERA), with_line((320.0, 400.0), (320.0, 100.0))
    assert camera is not None
    teller, rule = Teller("test", camera), LineCrossed(hospital)
    alerts: list[Alert] = []
    for at, there in (*((at, here) for at, here, _ in walk(0, 2, 250, 30)), (2.6, 0.0), (3.2, 0.0), (3.8, x)):
        when = START + timedelta(seconds=at)
        people = (Seen(1, there, 250.0, at, 32.0, 85.0),) if there else ()
        alerts += rule.feed([teller.people(when, when, "test", people, None, (640, 480))])
    assert bool(alerts) is at_once


def test_a_line_that_ends_at_the_edge_of_the_picture_goes_on_below_it() -> None:
    low = [(at, x, 484.0) for at, x, _ in walk(0, 4, 280, 25)]
    assert len(told(with_line((320.0, 478.0), (320.0, 100.0)), *low)) == 1
    assert not told(with_line((320.0, 440.0), (320.0, 100.0)), *low)


def test_a_track_number_that_comes_again_much_later_is_somebody_else() -> None:
    hospital = with_line((320.0, 400.0), (320.0, 100.0))
    assert not told(hospital, *walk(0, 2, 200, 30), *walk(30, 32, 400, 30))
