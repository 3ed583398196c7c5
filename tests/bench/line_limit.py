"""What no tracker can better: the same rule over the same boxes, with the truth's own identities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
from mot_score import overlaps
from physical_truth import FPS, Lines, Mark
from video_truth import Boxes

from safecare.app.film import one_camera
from safecare.detect.physical.people_line import LineCrossed
from safecare.model.events.video import PeopleSeen, Seen
from safecare.model.scene import Area, Scene
from safecare.sources.camera.places import Teller
from safecare.sources.camera.vision.assign import assign
from safecare.sources.camera.vision.tracker import FAINT

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
Found = Mapping[int, Sequence[tuple[float, float, float, float, float]]]
"""By frame: (left, top, width, height, score)."""


def limit(truth: Boxes, found: Found, lines: Lines, size: tuple[int, int]) -> list[Mark]:
    """Return the crossings that the rule tells when each box has the identity of the true one that it covers."""
    areas = tuple(Area(id=name, kind="line", line=line) for name, line in lines.items())
    hospital = one_camera(Scene(areas=areas, size=size), "UTC")
    teller, rule = Teller("limit", hospital.assets[0]), LineCrossed(hospital)
    told: list[Mark] = []
    last = max(truth, default=0)
    for frame in [*sorted(truth), last + round(FPS)]:  # a second later nobody is there
        at = START + timedelta(seconds=frame / FPS)
        people = _people(truth.get(frame, ()), found.get(frame, ()))
        event: PeopleSeen = teller.people(at, at, "limit", people, None, size)
        for alert in rule.feed([event]):
            way = str(alert.why[0].args["direction"])
            told.append((str(alert.title.args["area"]), way, (alert.last - START).total_seconds()))
    return told


def _people(
    true: Sequence[tuple[int, float, float, float, float]], found: Sequence[tuple[float, float, float, float, float]]
) -> tuple[Seen, ...]:
    boxes = [box for box in found if box[4] >= FAINT]
    if not true or not boxes:
        return ()
    shared = overlaps(np.array([one[1:] for one in true]), np.array([box[:4] for box in boxes]))
    people = []
    for row, column in assign(1 - shared, 0.6):
        left, top, width, height, _ = boxes[column]
        people.append(Seen(true[row][0], left + width / 2, top + height, 0.0, width, height))
    return tuple(people)
