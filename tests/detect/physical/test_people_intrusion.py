"""Stays and hours behind `Intrusion`; what is raised and what not stands in the golden cases."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from safecare.detect.physical.people_intrusion import Intrusion
from safecare.detect.physical.scenes import open_at
from safecare.testing.hospital_scenes import drawn_hospital


@pytest.mark.parametrize(
    ("hours", "hour", "expected"),
    [
        ("20:00-06:00", 23, True),
        ("20:00-06:00", 2, True),
        ("20:00-06:00", 12, False),
        ("08:00-18:00", 12, True),
        ("08:00-18:00", 19, False),
        ("", 3, True),
    ],
)
def test_hours_are_those_of_the_site(hours: str, hour: int, expected: bool) -> None:
    at = datetime(2026, 1, 5, hour - 1, 30, tzinfo=UTC)  # Paris is an hour ahead in winter
    assert open_at(hours, at, drawn_hospital(), "aurore") is expected


def test_starts_without_memory() -> None:
    assert list(Intrusion(drawn_hospital()).feed([])) == []
