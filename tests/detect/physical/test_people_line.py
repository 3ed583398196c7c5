"""Geometry of `LineCrossed`; what is raised and what not stands in the golden cases."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safecare.detect.physical.people_line import LineCrossed, between, offset
from safecare.model.scene import Area
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
