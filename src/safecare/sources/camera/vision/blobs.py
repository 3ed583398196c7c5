"""People as blobs of foreground: works on any camera without a model file.

Source: reference measurement on PETS2009 S2.L1 (MOG2 blobs reach F1 0.67 at IoU 0.5, a small network 0.91):
good enough for presence, dwell and counts of a dozen, not for telling a person from a bed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from safecare.sources.camera.vision.background import Background
from safecare.sources.camera.vision.parts import Box, Image, Picture, Tracked

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

ASPECT = 0.4
"""Width of a person over height; PETS2009 truth: 32 to 83 pixels, median 0.39."""
MIN_HEIGHT = 0.06
"""Smallest person without calibration, share of the picture's height; chosen: 11 rows of 180."""
MIN_ROWS = 9
"""Smallest person with calibration, rows of the reduced picture; chosen: less has no shape, noise has."""
MIN_FILL = 0.25
"""Least share of foreground in a person's box; chosen: legs apart and a lost torso still pass."""
MERGED_WIDTH = 1.5
"""Widths of one person from which a blob is taken for several; chosen: arms and a bag stay below."""
MERGED_HEIGHT = 1.35
"""Heights of one person from which a blob is taken for several; needs calibration; chosen."""
COVER = 0.35
"""Share of a person's box that must still be uncovered foreground to count one more; chosen: head and
shoulders of somebody half hidden."""
SAME_TEXTURE = 0.7
"""Correlation of a blob with the background behind it from which only the light has changed; chosen: a person's
clothes have nothing to do with the floor and the wall behind."""
FLAT = 3.0
"""Standard deviation of the fine texture, grey levels, below which a blob shows nothing; chosen: twice the noise
of a reduced picture."""
FINE = (7, 7)
"""Pixels over which texture counts as fine; chosen: less than a torso."""
SCORE = 0.6
"""Score of a blob: it may begin a track, and must move before it is told as a person."""
MOST = 40
"""Most people told from one blob; chosen: bounds the work on a picture full of motion."""
GROWN_BY = (9, 5)
"""Rows and columns by which foreground is grown where it is told, as motion is before a network."""
MOST_BLOBS = 100
"""Most blobs looked at in one picture; chosen: bounds the work on noise."""


@dataclass
class BlobFinder:
    """Finds people-sized blobs. `person` holds one or two pairs (row of the feet, height), fractions of the picture."""

    person: tuple[tuple[float, float], ...] = ()
    background: Background = field(default_factory=Background)
    moving: Image | None = field(default=None, init=False)
    """The foreground of the last picture, a little grown (0: background); None while the background is being learnt."""

    def __post_init__(self) -> None:
        """Take hold of the image library."""
        import cv2
        import numpy as np

        self._cv2, self._np = cv2, np

    def find(self, picture: Picture, at: float, tracked: Sequence[Tracked]) -> list[Box]:
        """Return boxes of people in `picture`; none while the background is being learnt."""
        mask = self.background.foreground(picture.small, at, tracked)
        self.moving = None
        if mask is None:
            return []
        rows = mask.shape[0]
        tall = max(3, rows // 36) | 1
        mask = self._cv2.medianBlur(mask, 3)  # type: ignore[assignment]
        mask = self._cv2.morphologyEx(mask, self._cv2.MORPH_CLOSE, self._np.ones((tall, 3), self._np.uint8))  # type: ignore[assignment]
        self.moving = self._cv2.dilate(mask, self._np.ones(GROWN_BY, self._np.uint8))  # type: ignore[assignment]
        _, _, stats, _ = self._cv2.connectedComponentsWithStats(mask)
        blobs = sorted(
            ((Box._make((*map(float, row[:4]), SCORE)), int(row[4])) for row in stats[1:]), key=lambda one: -one[1]
        )
        large = [(blob, area) for blob, area in blobs[:MOST_BLOBS] if self._large(blob, area, rows)]
        behind = self.background.picture() if large else mask
        solid = [(blob, area) for blob, area in large if not self._only_light(blob, mask, picture.small, behind)]
        return [box for blob, area in solid for box in self._people(mask, blob, area)]

    def careful(self, colour: Image) -> list[Box] | None:
        """Return None: who does not move is background."""
        return None

    def expected(self, row: float, rows: int) -> float | None:
        """Return the height of a person whose feet are in `row` of a picture with `rows`; None if not calibrated."""
        if not self.person:
            return None
        (row_a, height_a), (row_b, height_b) = self.person[0], self.person[-1]
        slope = (height_b - height_a) / (row_b - row_a) if row_b != row_a else 0.0
        return max(0.02, height_a + slope * (row / rows - row_a)) * rows

    def _large(self, blob: Box, area: int, rows: int) -> bool:
        """Tell whether `blob` can be a person, or half of one."""
        known = self.expected(blob.y + blob.height, rows)
        person = known if known is not None else blob.height
        least = max(0.45 * known, MIN_ROWS) if known is not None else MIN_HEIGHT * rows
        return blob.height >= least and area >= MIN_FILL * ASPECT * person * least

    def _only_light(self, blob: Box, mask: Image, small: Image, behind: Image) -> bool:
        """Tell whether `blob` shows the same texture as the background, or none at all."""
        rows, columns = slice(int(blob.y), int(blob.y + blob.height)), slice(int(blob.x), int(blob.x + blob.width))
        inside = mask[rows, columns] > 0
        now = self._fine(small[rows, columns, 1])[inside]
        before = self._fine(behind[rows, columns, 1])[inside]
        spread, spread_before = float(now.std()), float(before.std())
        if spread < FLAT:
            return spread_before < FLAT
        together = float(((now - now.mean()) * (before - before.mean())).mean())
        return spread_before > 0 and together / (spread * spread_before) > SAME_TEXTURE

    def _fine(self, part: Image) -> NDArray[np.float32]:
        """Return the fine texture of `part`, so that light above and dark below are not taken for likeness."""
        values = part.astype(self._np.float32)
        fine: NDArray[np.float32] = values - self._cv2.blur(values, FINE)
        return fine

    def _people(self, mask: Image, blob: Box, area: int) -> list[Box]:
        rows = mask.shape[0]
        known = self.expected(blob.y + blob.height, rows)
        person = known if known is not None else blob.height
        wide = blob.width > MERGED_WIDTH * ASPECT * person
        high = known is not None and blob.height > MERGED_HEIGHT * person
        if not wide and not high:
            return [blob] if area >= MIN_FILL * blob.width * blob.height else []

        def height_at(row: float) -> float:
            return self.expected(row, rows) or blob.height

        return self._split(mask, blob, height_at)

    def _split(self, mask: Image, blob: Box, height_at: Callable[[float], float]) -> list[Box]:
        """Lay person-sized boxes over the blob, best covered first, until too little is left."""
        top, left = int(blob.y), int(blob.x)
        rest = (mask[top : top + int(blob.height), left : left + int(blob.width)] > 0).astype(self._np.uint8)
        found: list[Box] = []
        while len(found) < MOST:
            box = self._best(rest, top, height_at)
            if box is None:
                break
            found.append(Box(box.x + left, box.y + top, box.width, box.height, SCORE))
            rest[max(0, int(box.y)) : int(box.y + box.height), max(0, int(box.x)) : int(box.x + box.width)] = 0
        return found

    def _best(self, rest: Image, top: int, height_at: Callable[[float], float]) -> Box | None:
        rows, columns = rest.shape
        sums = self._cv2.integral(rest)
        best: tuple[float, Box] | None = None
        for foot in range(rows, 0, -max(2, rows // 40)):
            height = height_at(top + foot)
            width = min(max(3, round(ASPECT * height)), columns)
            head = max(0, round(foot - height))
            covered = sums[foot, width:] - sums[foot, :-width] - sums[head, width:] + sums[head, :-width]
            column = int(covered.argmax())
            share = float(covered[column]) / (width * height)
            worth = share + 0.1 * foot / rows  # of two equal ones the nearer person, who hides the other
            if share >= COVER and (best is None or worth > best[0]):
                best = (worth, Box(column, foot - height, width, height, 0.7))
        return best[1] if best else None
