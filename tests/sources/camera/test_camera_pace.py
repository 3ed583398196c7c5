"""A stream that is looked at too slowly: pictures are left out, and time does not pile up."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from safecare.sources.camera.pace import BEHIND, JUMP, LEAST_EVERY, Pace


class Hand:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.at = 100.0

    def __call__(self) -> float:
        return self.at


def looks(seconds: float, each: float, fps: float = 5.0, drift: float = 0.0) -> tuple[int, int, float]:
    """Play a stream whose looks take `each` seconds; return looks, those left out, and the worst delay of a look."""
    clock = Hand()
    pace = Pace(clock.at, clock)
    began, done, left, worst = clock.at, 0, 0, 0.0
    for number in range(int(seconds * fps)):
        due = began + number / fps * (1 + drift)
        clock.at = max(clock.at, due)
        pace.time(number / fps)
        if pace.late():
            left += 1
            continue
        worst = max(worst, clock.at - due)
        clock.at += each
        done += 1
    return done, left, worst


def test_nothing_is_left_out_when_there_is_time() -> None:
    assert looks(600, 0.15) == (3000, 0, 0.0)


@given(st.floats(0.25, 0.9))
def test_delay_stays_small_however_slow_the_looks_are(each: float) -> None:
    done, left, worst = looks(120, each)
    assert left > 0
    assert done >= 120 / max(each, 1 / 5) * 0.5
    assert worst <= BEHIND + LEAST_EVERY + each


def test_a_camera_whose_clock_is_slow_is_not_taken_for_late() -> None:
    assert looks(24 * 3600, 0.05, fps=0.5, drift=0.0001)[1] == 0


def test_a_clock_that_jumps_back_holds_nothing_up() -> None:
    clock = Hand()
    pace = Pace(clock.at, clock)
    left = 0
    for number in range(400):
        clock.at += 0.2
        pace.time(min(number, 50) / 5)  # the decoder gives times that never fall
        left += pace.late()
    assert left < 400 - 80 / LEAST_EVERY * 0.8
    assert pace.behind <= JUMP
