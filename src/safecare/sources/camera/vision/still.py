"""A picture of the moment for the person who must judge it, with heads made unrecognisable first.

Source: the project's privacy rule "faces pixelated before storage". Without a face detector the whole upper
third of every person's box is pixelated, and the picture is small.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from safecare.sources.camera.vision.parts import Box, Image

WIDTH = 640
"""Largest width in pixels; chosen: enough to see what happens, little to recognise somebody by."""
QUALITY = 80
"""JPEG quality. Chosen: what a person needs to see stays clear."""
HEAD_SHARE = 1 / 3
"""Upper share of a box that is pixelated: a head is an eighth of a person, a blob's top is not exact."""
CELLS = 4
"""Cells across the box: one is a tenth of the person's height, hence about as large as the head."""
COARSE = 32
"""Cells across a picture of which nobody knows where the heads are; chosen: a cell is larger than a head."""
MARGIN = 0.15
"""Share of the box added around it."""
UNKNOWN = 64
"""Cells across a picture in which only who moves is known; chosen: a door or a bed is seen, and a head that fills a
tenth of the picture has six cells."""


class Hidden(NamedTuple):
    """What is hidden in a picture: the heads of some boxes, all of others; pixels of the picture.

    `unknown`: somebody who does not move may be anywhere, so that all of the picture is made coarse, too.
    """

    heads: Sequence[Box]
    whole: Sequence[Box] = ()
    unknown: bool = False

    def scaled(self, scale: float) -> Hidden:
        """Return the same for the picture `scale` times as large."""
        return Hidden(
            [scaled(one, scale) for one in self.heads], [scaled(one, scale) for one in self.whole], self.unknown
        )


def still(colour: Image, hidden: Hidden) -> bytes:
    """Return `colour` (BGR) as a small JPEG without what is `hidden` (in its pixels)."""
    import cv2

    scale = min(1.0, WIDTH / colour.shape[1])
    small: Image = cv2.resize(colour, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)  # type: ignore[assignment]
    small = without(small, hidden.scaled(scale))
    done, raw = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    return raw.tobytes() if done else b""


def without(image: Image, hidden: Hidden) -> Image:
    """Return a copy of `image` without what is `hidden`."""
    return pixelated(blurred(image, UNKNOWN) if hidden.unknown else image, hidden.heads, hidden.whole)


def pixelated(image: Image, boxes: Iterable[Box], whole: Iterable[Box] = ()) -> Image:
    """Return a copy of `image` in which the heads of `boxes` and all of `whole` (its own pixels) are pixelated."""
    copy = image.copy()
    for box in boxes:
        _pixelate(copy, box, HEAD_SHARE, CELLS)
    for box in whole:
        _pixelate(copy, box, 1.0, max(CELLS, round(COARSE * box.width / image.shape[1])))
    return copy


def scaled(box: Box, scale: float) -> Box:
    """Return `box` in a picture `scale` times as large."""
    return Box(box.x * scale, box.y * scale, box.width * scale, box.height * scale, box.score)


def blurred(image: Image, cells: int = COARSE) -> Image:
    """Return `image` so coarse, `cells` across, that nobody in it can be recognised."""
    import cv2

    rows, columns = image.shape[:2]
    coarse = cv2.resize(image, (cells, max(1, round(cells * rows / columns))), interpolation=cv2.INTER_AREA)
    found: Image = cv2.resize(coarse, (columns, rows), interpolation=cv2.INTER_NEAREST)  # type: ignore[assignment]
    return found


def _pixelate(image: Image, box: Box, share: float, cells: int) -> None:
    import cv2

    rows, columns = image.shape[:2]
    top = max(0, int(box.y - MARGIN * box.height))
    bottom = min(rows, int(box.y + (share if share < 1 else 1 + MARGIN) * box.height) + 1)
    left = max(0, int(box.x - MARGIN * box.width))
    right = min(columns, int(box.x + (1 + MARGIN) * box.width) + 1)
    if bottom <= top or right <= left:
        return
    coarse = cv2.resize(image[top:bottom, left:right], (cells, cells), interpolation=cv2.INTER_AREA)
    image[top:bottom, left:right] = cv2.resize(coarse, (right - left, bottom - top), interpolation=cv2.INTER_NEAREST)
