"""What `PersonDown` raises and what not: the golden cases; here, that it starts empty, and what a pose adds."""

from __future__ import annotations

import pytest

from safecare.detect.physical.people_down import CONFIDENCE, CONFIDENCE_POSE, PersonDown
from safecare.model.events.video import PeopleSeen, Seen
from safecare.testing.hospital_scenes import CAMERA, SIZE, drawn_hospital
from safecare.testing.made import made


def test_starts_without_memory() -> None:
    assert list(PersonDown(drawn_hospital()).feed([])) == []


@pytest.mark.parametrize(
    ("width", "height", "tilt", "confidence"),
    [
        (90.0, 45.0, None, CONFIDENCE),  # the shape alone
        (90.0, 45.0, 88.0, CONFIDENCE_POSE),  # the shape, and a trunk that lies
        (70.0, 75.0, 80.0, CONFIDENCE_POSE),  # no wide shape: foreshortened, but the trunk lies
        (90.0, 45.0, 10.0, None),  # a wide shape with a trunk that stands: arms stretched out
        (70.0, 75.0, None, None),
        (90.0, 45.0, 45.0, CONFIDENCE),  # a pose that says neither
    ],
)
def test_what_a_pose_adds(width: float, height: float, tilt: float | None, confidence: float | None) -> None:
    rule = PersonDown(drawn_hospital())
    stood = Seen(track=1, x=300.0, y=250.0, since=5.0, width=35.0, height=90.0)
    events = [made(PeopleSeen, second, CAMERA, people=(stood,), size=SIZE) for second in range(5)]
    lying = Seen(track=1, x=300.0, y=255.0, since=9.0, width=width, height=height, tilt=tilt)
    events += [made(PeopleSeen, second, CAMERA, people=(lying,), size=SIZE) for second in range(5, 20)]
    assert [alert.confidence for alert in rule.feed(events)] == ([] if confidence is None else [confidence])
