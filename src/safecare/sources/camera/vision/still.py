"""A picture of the moment for the person who must judge it, with heads made unrecognisable first.

Source: the project's privacy rule "faces pixelated before storage". Without a face detector the whole upper
third of every person's box is pixelated, and the picture is small.
"""

from __future__ import annotations

from collections.abc import Iterable

from safecare.sources.camera.vision.parts import Box, Image

WIDTH = 640
"""Largest width in pixels; chosen: enough to see what happens, little to recognise somebody by."""
QUALITY = 80
"""JPEG quality."""
HEAD_SHARE = 1 / 3
"""Upper share of a box that is pixelated: a head is an eighth of a person, a blob's top is not exact."""
CELLS = 4
"""Cells across the box: one is a tenth of the person's height, hence about as large as the head."""
MARGIN = 0.15
"""Share of the box added around it."""


def still(colour: Image, boxes: Iterable[Box]) -> bytes:
    """Return `colour` (BGR) as a small JPEG in which the heads of `boxes` (pixels of `colour`) are pixelated."""
    import cv2

    scale = min(1.0, WIDTH / colour.shape[1])
    small: Image = cv2.resize(colour, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)  # type: ignore[assignment]
    for box in boxes:
        _pixelate(small, Box(box.x * scale, box.y * scale, box.width * scale, box.height * scale))
    done, raw = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    return raw.tobytes() if done else b""


def _pixelate(image: Image, box: Box) -> None:
    import cv2

    rows, columns = image.shape[:2]
    top = max(0, int(box.y - MARGIN * box.height))
    bottom = min(rows, int(box.y + HEAD_SHARE * box.height) + 1)
    left = max(0, int(box.x - MARGIN * box.width))
    right = min(columns, int(box.x + (1 + MARGIN) * box.width) + 1)
    if bottom <= top or right <= left:
        return
    coarse = cv2.resize(image[top:bottom, left:right], (CELLS, CELLS), interpolation=cv2.INTER_AREA)
    image[top:bottom, left:right] = cv2.resize(coarse, (right - left, bottom - top), interpolation=cv2.INTER_NEAREST)
