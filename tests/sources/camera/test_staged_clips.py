"""What is staged in drawn clips is told by its rule, in time; the look-alike beside it is not."""

from __future__ import annotations

import pytest

from safecare.testing.staged_clips import Kind, judged, staged
from safecare.testing.staged_fires import FireKind, TwinKind, staged_fire
from safecare.testing.staged_tampers import staged_tamper, told

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("kind", "seed", "rule", "within"),
    [
        ("abandoned", 2, "object.abandoned", 30),
        ("removed", 1, "object.removed", 15),
        ("turned", 1, "camera.moved", 10),
        ("knocked", 2, "camera.moved", 10),
        ("fall", 1, "people.down", 15),
    ],
)
def test_staged_is_told(kind: Kind, seed: int, rule: str, within: float) -> None:
    found = judged(staged(kind, seed, seconds=48))
    assert any(one == rule and 0 <= after <= within for one, after in found), found


@pytest.mark.parametrize("kind", ["attended", "stumble", "lights", "normal"])
def test_look_alike_is_quiet(kind: Kind) -> None:
    assert judged(staged(kind, 1, seconds=40)) == []


@pytest.mark.parametrize(("kind", "state"), [("cover.tape", "veiled"), ("loop10.all", "replayed")])
def test_what_is_done_to_a_camera_is_told(kind: str, state: str) -> None:
    assert state in {one for one, after in told(staged_tamper(kind, 3)) if after > 0}


@pytest.mark.parametrize("kind", ["web", "night.empty"])
def test_what_happens_to_a_picture_by_itself_is_not(kind: str) -> None:
    assert told(staged_tamper(kind, 3)) == []


def test_flames_are_told() -> None:
    found = judged(staged_fire("flames", 1, seconds=36))
    assert any(one == "fire.seen" and 0 <= after <= 25 for one, after in found), found


@pytest.mark.parametrize("kind", ["vest", "beacon", "screen", "smoke"])
def test_what_is_taken_for_flames_is_none(kind: FireKind | TwinKind) -> None:
    found = judged(staged_fire(kind, 1, seconds=30))
    assert not [one for one, _ in found if one == "fire.seen"]
