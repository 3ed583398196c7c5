"""What moves and belongs to nobody who is known: it may be somebody whom nothing has found, so it is hidden whole.

Source: the project's privacy rule "faces pixelated before storage": a head that no network finds is one all the same.
"""

from __future__ import annotations

from collections.abc import Sequence

from safecare.sources.camera.vision.parts import Box, Image

ASIDE, ABOVE = 0.4, 0.15
"""Parts of a person's width and height around their box in which motion is their own: arms, a stride, what is grown
around motion. Chosen; where a head of somebody else is so near, it is beside theirs and mostly pixelated with it."""
LEAST = 60
"""Pixels of a reduced picture below which motion is noise; motion is grown to 45 by a single one."""
MOST = 40
"""Pieces beyond which all of the picture counts as one; chosen: bounds the work."""


def strangers(moving: Image | None, people: Sequence[Box], size: tuple[int, int]) -> list[Box]:
    """Return boxes around the parts of `moving` (0: still) that are not of `people`; pixels of the reduced picture.

    While nothing is known of what moves (None), that is all of the picture, whose width and height are `size`.
    """
    import cv2

    everything = [Box(0.0, 0.0, float(size[0]), float(size[1]))]
    if moving is None:
        return everything
    left = moving.copy()
    for box in people:
        aside, above = ASIDE * box.width, ABOVE * box.height
        top, low = max(0, round(box.y - above)), max(0, round(box.y + box.height + above))
        first, last = max(0, round(box.x - aside)), max(0, round(box.x + box.width + aside))
        left[top:low, first:last] = 0
    _, _, stats, _ = cv2.connectedComponentsWithStats(left)
    found = [Box._make((*map(float, row[:4]), 1.0)) for row in stats[1:] if row[4] >= LEAST]
    return found if len(found) <= MOST else everything
