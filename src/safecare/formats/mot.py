"""Tracks as the MOT Challenge writes them: ``frame,id,left,top,width,height,confidence,-1,-1,-1``, frames from 1.

Source: Leal-Taixé et al., "MOTChallenge 2015" (arXiv 1504.01942), section 3.3.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple


class MotBox(NamedTuple):
    """One person in one picture; pixels. `track` is -1 for a box that belongs to no track."""

    frame: int
    track: int
    left: float
    top: float
    width: float
    height: float
    score: float


def lines(boxes: Iterable[MotBox]) -> Iterator[str]:
    """Yield one line for each box, in order of frame and track."""
    for one in sorted(boxes):
        numbers = ",".join(f"{part:.2f}" for part in one[2:6])
        yield f"{one.frame},{one.track},{numbers},{one.score:.4f},-1,-1,-1"


def filled(boxes: Iterable[MotBox], most: int) -> list[MotBox]:
    """Return `boxes` with gaps of up to `most` frames in a track filled along a straight line, at half the score."""
    found: list[MotBox] = []
    last: dict[int, MotBox] = {}
    for one in sorted(boxes):
        before = last.get(one.track)
        if before is not None and 1 < one.frame - before.frame <= most:
            for frame in range(before.frame + 1, one.frame):
                share = (frame - before.frame) / (one.frame - before.frame)
                places = [a + share * (b - a) for a, b in zip(before[2:6], one[2:6], strict=True)]
                score = min(before.score, one.score) / 2
                found.append(MotBox(frame, one.track, places[0], places[1], places[2], places[3], score))
        last[one.track] = one
        found.append(one)
    return found
