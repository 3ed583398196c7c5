"""How a person's body lies: the angle of the trunk, from the joints that a pose network finds in a crop.

Asked only of candidates. A pose network knows people who stand, so the crop is shown upright and turned to each side;
the showing in which the joints are surest tells where shoulders and hips are. Source: MoveNet Lightning (Google, 2021)
with its own decoding: the person nearest to the middle, each joint near where the person's centre expects it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from math import atan2, degrees, hypot
from typing import TYPE_CHECKING, NamedTuple

from safecare.sources.camera.models import ModelCard
from safecare.sources.camera.vision.parts import Box, Image
from safecare.sources.camera.vision.session import Session, opened

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

GRID = 4
"""Pixels of input for each cell of the outputs."""
NEAR = 1.8
"""Cells added to a distance before it divides a score, as the network's authors do."""
NOSE, SHOULDERS, HIPS, KNEES = 0, (5, 6), (11, 12), (13, 14)
"""Places of joints among the 17 of COCO."""
SURE = 0.25
"""Mean score of the joints from which a body was found; measured on PETS2009: all people of 60 pixels or more."""
ROOM = 0.25
"""Share of the box's longer side added around it."""
TURNS = (0, 1, 3)
"""Quarter turns (against the clock) in which a crop is shown."""
CANDIDATE = 0.75
"""Width over height from which a box may be that of somebody who lies; standing it is 0.4."""
AGAIN = 1.0
"""Seconds until the same person is looked at again; chosen: who lies does so for long."""
MOST = 2
"""People looked at in one picture; chosen: bounds the work at six runs of 4 ms."""
REMEMBERED = 200
"""Most people remembered; chosen: bounds the state."""


class Body(NamedTuple):
    """A body found: the trunk's angle from upright (degrees, 0 to 180), and the mean score of its joints."""

    tilt: float
    score: float


class Pose:
    """MoveNet, single person, as ONNX with outputs ``points``, ``centre``, ``reach`` and ``offset``."""

    def __init__(self, card: ModelCard, session: Session) -> None:
        """Use `session`. Raises `ValueError` if its outputs do not fit."""
        import numpy as np

        if {one.name for one in session.get_outputs()} != {"points", "centre", "reach", "offset"}:
            raise ValueError(f"{card.name}: it has no outputs points, centre, reach and offset")
        self._session, self._side = session, card.width
        self._input = session.get_inputs()[0].name
        cells = card.width // GRID
        self._row, self._column = np.mgrid[0:cells, 0:cells].astype(np.float32)
        self._middle = 1 / (np.hypot(self._row - cells / 2, self._column - cells / 2) + NEAR)

    def body(self, image: Image, box: Box) -> Body | None:
        """Return how the body in `box` (pixels of `image`, BGR) lies; None where none is found."""
        import numpy as np

        crop = _square(image, box)
        if crop is None:
            return None
        best: Body | None = None
        for turns in TURNS:
            joints = self._joints(np.ascontiguousarray(np.rot90(crop, turns)))
            score = float(joints[[NOSE, *SHOULDERS, *HIPS, *KNEES], 2].mean())
            if score >= SURE and (best is None or score > best.score):
                x, y = joints[list(HIPS), :2].mean(0) - joints[list(SHOULDERS), :2].mean(0)
                for _ in range(turns):
                    x, y = -y, x
                if hypot(x, y) > 0:
                    best = Body(degrees(atan2(abs(x), y)), score)
        return best

    def _joints(self, crop: Image) -> Floats:
        """Return x, y and score of each joint in `crop`, a square."""
        import cv2
        import numpy as np

        small = cv2.resize(crop, (self._side, self._side))
        ready = small[..., ::-1].transpose(2, 0, 1)[None].astype(np.float32) / 127.5 - 1
        points, centre, reach, offset = (
            one[0] for one in self._session.run(["points", "centre", "reach", "offset"], {self._input: ready})
        )
        row, column = np.unravel_index(int(np.argmax(centre[0] * self._middle)), centre[0].shape)
        found = np.zeros((len(points), 3), np.float32)
        for joint, heat in enumerate(points):
            expected = row + reach[2 * joint, row, column], column + reach[2 * joint + 1, row, column]
            away = np.hypot(self._row - expected[0], self._column - expected[1])
            y, x = np.unravel_index(int(np.argmax(heat / (away + NEAR))), heat.shape)
            found[joint] = x + offset[2 * joint + 1, y, x], y + offset[2 * joint, y, x], heat[y, x]
        return found


@dataclass
class Postures:
    """Asks `pose` about candidates, each now and then, and remembers what it said."""

    pose: Pose
    _known: dict[int, tuple[float, Body | None]] = field(default_factory=dict, init=False)
    """By the person's number: when asked last, and the answer."""

    def look(self, image: Callable[[], Image], boxes: dict[int, Box], at: float) -> dict[int, Body]:
        """Return the bodies of the candidates among `boxes` (pixels of `image`), by number, at `at` (seconds)."""
        wide = {number: box for number, box in boxes.items() if box.width >= CANDIDATE * box.height}
        self._known = {number: known for number, known in self._known.items() if number in wide}
        due = [number for number in wide if number not in self._known or at - self._known[number][0] >= AGAIN]
        for number in sorted(due, key=lambda one: self._known.get(one, (-1.0, None))[0])[:MOST]:
            if len(self._known) < REMEMBERED or number in self._known:
                self._known[number] = at, self.pose.body(image(), wide[number])
        return {number: body for number, (_, body) in self._known.items() if body is not None}


def load(card: ModelCard, raw: bytes) -> Pose:
    """Return the network in the model file `raw`. Raises `ValueError` if it is not what `card` says."""
    return Pose(card, opened(card, raw))


def _square(image: Image, box: Box) -> Image | None:
    """Return a square around `box`, black beyond the picture; None for a box of a few pixels."""
    import numpy as np

    side = round((1 + 2 * ROOM) * max(box.width, box.height))
    if side < 16:
        return None
    left, top = round(box.x + box.width / 2 - side / 2), round(box.y + box.height / 2 - side / 2)
    rows, columns = image.shape[:2]
    inside = image[max(0, top) : min(rows, top + side), max(0, left) : min(columns, left + side)]
    if not inside.size:
        return None
    square = np.zeros((side, side, 3), np.uint8)
    y, x = max(0, -top), max(0, -left)
    square[y : y + inside.shape[0], x : x + inside.shape[1]] = inside
    return square
