"""Made walks: the same seed gives the same, feet stay in the picture, and the tracker follows most of them."""

from __future__ import annotations

from safecare.testing.walks import HORIZON, SIZE, made_walks


def test_the_same_seed_gives_the_same_and_another_gives_others() -> None:
    one, again, other = (made_walks(seed, seconds=10.0) for seed in (1, 1, 2))
    assert one == again
    assert one.feet != other.feet


def test_feet_are_in_the_picture_and_have_a_height_each() -> None:
    walks = made_walks(3, seconds=30.0)
    assert all(0 <= x <= SIZE[0] and HORIZON <= y <= SIZE[1] for way in walks.feet.values() for _, x, y in way)
    assert {number: len(way) for number, way in walks.feet.items()} == {
        number: len(tall) for number, tall in walks.heights.items()
    }


def test_most_of_the_people_are_followed_near_their_feet() -> None:
    walks = made_walks(4, seconds=60.0)
    told = {at: [(one.x, one.y) for one in people if not one.unseen] for at, people in walks.seen}
    true = [(at, x, y) for way in walks.feet.values() for at, x, y in way]
    near = [any(abs(px - x) < 40 and abs(py - y) < 40 for px, py in told[at]) for at, x, y in true]
    assert sum(near) > 0.75 * len(near)
