"""Memory behind `Counterflow`; what is raised and what not stands in the golden cases."""

from __future__ import annotations

from safecare.detect.physical.people_counterflow import Counterflow
from safecare.model.events.video import PeopleSeen, Seen
from safecare.testing.hospital_scenes import SIZE, drawn_hospital
from safecare.testing.made import made


def at(second: float, x: float, unseen: float = 0.0) -> PeopleSeen:
    one = Seen(track=1, x=x, y=100, since=second, height=80, width=30, unseen=unseen)
    return made(PeopleSeen, second, "camera.entrance", people=(one,), size=SIZE)


def test_a_guess_goes_nowhere() -> None:
    events = [at(0, 600), *[at(second, 600 - 30 * second, unseen=1.0) for second in range(1, 5)]]
    assert not list(Counterflow(drawn_hospital()).feed(events))


def test_it_is_told_once() -> None:
    events = [at(second, 620 - 30 * second) for second in range(6)]
    assert len(list(Counterflow(drawn_hospital()).feed(events))) == 1
