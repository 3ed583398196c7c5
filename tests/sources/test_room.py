"""Memory that connections share."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from safecare.sources.room import OWN, Held, Room


def test_each_has_its_own_and_shares_the_rest() -> None:
    room = Room(100)
    one, two = Held(room), Held(room)
    assert one.hold(OWN + 60)
    assert not two.hold(OWN + 50)
    assert two.hold(OWN)
    assert one.hold(OWN + 10)
    assert two.hold(OWN + 90)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2 * OWN))))
def test_nothing_is_lost_or_made(steps: list[tuple[int, int]]) -> None:
    room = Room(OWN)
    held = [Held(room) for _ in range(4)]
    for place, size in steps:
        held[place].hold(size)
        assert room.free >= 0
    for one in held:
        assert one.hold(0)
    assert room.free == OWN
