"""Numbers in what commands write."""

from __future__ import annotations

import pytest

from safecare.detect.written import number_of


@pytest.mark.parametrize(
    ("value", "number"),
    [
        ("21.5", 21.5),
        ("-3", -3.0),
        ("21.5 at 8", 21.5),
        ("1e13", None),
        ("nan", None),
        ("on", None),
        ("", None),
        ("1 2", None),
    ],
)
def test_one_number_or_none(value: str, number: float | None) -> None:
    assert number_of(value) == number
