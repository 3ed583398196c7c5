"""A memory that forgets what it heard of longest ago."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from safecare.detect.memory import remember


@given(st.lists(st.integers(0, 30)), st.integers(1, 20))
def test_it_holds_the_newest_and_never_more_than_allowed(keys: list[int], most: int) -> None:
    known: dict[str, int] = {}
    for turn, key in enumerate(keys):
        remember(known, str(key), turn, most)
        assert len(known) <= most
        assert list(known)[-1] == str(key)
    assert list(known.values()) == sorted(known.values())


def test_a_tenth_is_forgotten_at_once() -> None:
    known: dict[str, int] = {}
    for number in range(101):
        remember(known, str(number), number, 100)
    assert list(known) == [str(number) for number in range(10, 101)]
