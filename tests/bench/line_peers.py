"""Public trackers over the same boxes, and their crossings by plain hysteresis: what lines cost without our tracks.

They do not come with the project (they want the other build of OpenCV): ``pip install trackers==2.6.1`` in an
environment of its own, whose ``site-packages`` stands last in ``PYTHONPATH``, puts them beside us. Apache-2.0. Each as
it is, at 7 pictures a second, but for the scores: 0.6 begins a track, as the survey had it and ours has it.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from physical_truth import FPS, MARGIN, Lines, Mark, crossings
from video_truth import Boxes

from safecare.model.plugins import lacking

SURE = 0.6
NAMES = {"SORT": "SORTTracker", "OC-SORT": "OCSORTTracker", "C-BIoU": "CBIoUTracker", "BoT-SORT": "BoTSORTTracker"}
SCORES = {
    "SORT": {"track_activation_threshold": SURE},
    "OC-SORT": {"high_conf_det_threshold": SURE},
    "C-BIoU": {"track_activation_threshold": SURE, "high_conf_det_threshold": SURE},
    "BoT-SORT": {"track_activation_threshold": SURE, "high_conf_det_threshold": SURE, "enable_cmc": False},
}
LEAST = {"SORT": SURE, "OC-SORT": SURE}
"""Scores of what a tracker is shown; the others sort out faint boxes themselves, from 0.1."""
Found = Mapping[int, Sequence[tuple[float, float, float, float, float]]]


def at_hand() -> bool:
    """Tell whether the public trackers are installed."""
    return not lacking(("trackers", "supervision"))


def tracked(name: str, found: Found, frames: int) -> Boxes:
    """Return the tracks that the public tracker `name` makes of the boxes `found`."""
    known = importlib.import_module("trackers")
    boxes_of = importlib.import_module("supervision").Detections
    tracker = getattr(known, NAMES[name])(frame_rate=FPS, **SCORES[name])
    least = LEAST.get(name, 0.1)
    told: Boxes = {}
    for frame in range(frames):
        rows = np.array([one for one in found.get(frame, ()) if one[4] >= least], float).reshape(-1, 5)
        corners = np.concatenate([rows[:, :2], rows[:, :2] + rows[:, 2:4]], 1)
        boxes = boxes_of(xyxy=corners, confidence=rows[:, 4], class_id=np.zeros(len(rows), int))
        told[frame] = list(_rows(tracker.update(boxes)))
    return told


def _rows(boxes: Any) -> Iterator[tuple[int, float, float, float, float]]:
    for (left, top, right, low), track in zip(boxes.xyxy, boxes.tracker_id, strict=True):
        if track >= 0:
            yield int(track), float(left), float(top), float(right - left), float(low - top)


def marks(tracks: Boxes, lines: Lines) -> list[Mark]:
    """Return the crossings of `tracks`, as the truth's own are counted."""
    return [
        (name, one.way, one.end)
        for name, line in lines.items()
        for one in crossings(tracks, line, MARGIN)
        if one.room >= 0
    ]
