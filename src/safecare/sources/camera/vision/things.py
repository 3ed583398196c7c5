"""Things that were put down, or are no longer there: what has changed in the picture and stays.

Two pictures of the scene are kept, a quick one (seconds) and a slow one (as it was). What differs between them for
some time without moving is a change that stays; people who are followed do not count. A thing ends: smoke, the shine
of a lamp and soft shadows fade away over many pixels. It stands out from what is around it: in the quick picture if it
came, in the slow one if it went.

Sources: two backgrounds of different speed as in Porikli et al., "Robust detection of abandoned and removed objects in
complex surveillance videos" (EURASIP J. ASP 2008); which of the two stands out: San Miguel and Martinez (AVSS 2008), by
colour instead of edges, which tiles and lines of a floor have, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from safecare.sources.camera.vision.background import Light
from safecare.sources.camera.vision.parts import Box, Image, Tracked

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
else:
    Floats = Any

EVERY = 0.5
"""Seconds between two looks; chosen: what stays can wait."""
LEARN = 3.0
"""Seconds from the first picture in which the scene is learnt; chosen."""
QUICK = 1.5
"""Time constant of the quick picture, seconds; chosen: somebody who walks leaves no trace in it."""
SLOW = 60.0
"""Time constant with which the slow picture follows what has not changed (daylight), seconds; chosen."""
FORGET = 1200.0
"""Seconds after which a change becomes the scene; chosen: longer than any limit of the rules."""
DIFFERS = 20.0
"""Levels of a colour between the two pictures; chosen: above a soft shadow, below a dark bag on a grey floor."""
QUIET = 12.0
"""Levels of a colour of the picture off the quick one above which something moves; chosen: above coding noise."""
SETTLED = 10.0
"""Seconds for which a place must have shown the same, nobody before it, until a change there counts; chosen: otherwise
who stood there in the first pictures is something gone when they walk away."""
STAYS = 3.0
"""Seconds after which a change is told; chosen: the rules wait longer."""
LEAST, MOST = 20, 0.1
"""Pixels of the reduced picture, and share of it, between which a change is a thing; chosen: a bag of 40 cm where
people are 50 pixels of 720 high, and a tenth of the picture."""
FLASH = 0.4
"""Share of the picture that differs from which the light or the camera has changed, not a thing; chosen."""
FADES = 0.25
"""Share of a change that what is two to four pixels beside it has changed by, too, up to which it is a thing; chosen: a
bag out of focus with a soft shadow of its own has 0.1 to 0.2, smoke 0.4 to 0.8."""
STIRRED = 5.0
"""Seconds without motion in a blob's box after which it is a thing; chosen: people sway more often."""
STIR_SHARE = 0.01
"""Share of the box that must move; as `safecare.sources.camera.vision.background` has it."""
AROUND = 0.15
"""Share of a person's box around it that may be theirs: arms, shadow; chosen."""
SAME = 0.3
"""Overlap from which a change is the one of the last look; chosen: its outline flickers."""


class Change(NamedTuple):
    """A change that stays: number, box in pixels of the reduced picture, since when (seconds), and if it went."""

    number: int
    box: Box
    since: float
    gone: bool


@dataclass
class Things:
    """Finds changes that stay in successive reduced pictures.

    `sure`: who is followed is surely somebody; otherwise a blob that never stirs is a thing.
    """

    sure: bool = True
    _light: Light = field(default_factory=Light, init=False)
    _quick: Floats | None = field(default=None, init=False)
    _slow: Floats | None = field(default=None, init=False)
    _age: Floats | None = field(default=None, init=False)
    _calm: Floats | None = field(default=None, init=False)
    """Seconds for which each pixel has shown what the slow picture has."""
    _began: float = field(default=0.0, init=False)
    _at: float = field(default=float("-inf"), init=False)
    _known: list[Change] = field(default_factory=list, init=False)
    _next: int = field(default=1, init=False)
    _stirred: dict[int, float] = field(default_factory=dict, init=False)
    """By track: when something last moved in its box."""

    def forget(self) -> None:
        """Learn the scene anew: the picture could not be trusted."""
        self._quick, self._known = None, []

    def look(self, small: Image, at: float, people: Sequence[Tracked]) -> list[Change] | None:
        """Take the picture of `at` (seconds, growing); return what stays, None when it is not time to look."""
        import numpy as np

        if at - self._at < EVERY:
            return None
        step, self._at = min(at - self._at, 2.0), at
        now = self._light.even(small).astype(np.float32)
        if (
            self._quick is None
            or self._slow is None
            or self._age is None
            or self._calm is None
            or self._quick.shape != now.shape
        ):
            self._quick, self._slow, self._age = now, now.copy(), np.zeros(now.shape[:2], np.float32)
            self._calm = np.zeros_like(self._age)
            self._began, self._known = at, []
            return []
        if at - self._began < LEARN:
            self._slow += 0.3 * (now - self._slow)
            self._quick = self._slow.copy()
            return []
        moving = np.abs(now - self._quick).max(2) > QUIET
        self._quick += min(1.0, step / QUICK) * (now - self._quick)
        changed = np.abs(self._quick - self._slow).max(2) > DIFFERS
        theirs = _theirs(now.shape[:2], people if self.sure else self._stirring(moving, at, people))
        if float((changed & ~theirs).mean()) > FLASH:
            self._slow, self._age, self._known = self._quick.copy(), np.zeros_like(self._age), []
            self._calm[:] = 0.0
            return []
        self._age += np.where(changed & ~moving & ~theirs, step, 0.0).astype(np.float32)
        self._age[~changed] = np.maximum(0.0, self._age[~changed] - 2 * step)
        self._slow += np.where(changed | theirs, 0.0, step / SLOW).astype(np.float32)[..., None] * (now - self._slow)
        self._calm[~changed & ~theirs] += step
        self._becomes_scene(self._age > FORGET)
        self._known = self._found(at)
        return self._known

    def _becomes_scene(self, here: Any) -> None:
        """Take what the quick picture shows at the mask `here` for the scene."""
        if self._quick is None or self._slow is None or self._age is None or self._calm is None:
            return
        self._slow[here], self._age[here], self._calm[here] = self._quick[here], 0.0, 0.0

    def _stirring(self, moving: Any, at: float, people: Sequence[Tracked]) -> list[Tracked]:
        """Return those of `people` in whose box something has moved of late."""
        for one in people:
            part = moving[_rows(one.box), _columns(one.box)]
            if one.track not in self._stirred or (part.size and float(part.mean()) > STIR_SHARE):
                self._stirred[one.track] = at
        self._stirred = {track: when for track, when in self._stirred.items() if at - when <= FORGET}
        return [one for one in people if at - self._stirred[one.track] <= STIRRED]

    def _found(self, at: float) -> list[Change]:
        import cv2
        import numpy as np

        if self._age is None or self._quick is None or self._slow is None or self._calm is None:
            return []
        stays = (self._age >= STAYS).astype(np.uint8)
        joined = cv2.morphologyEx(stays, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
        _, labels, stats, _ = cv2.connectedComponentsWithStats(joined)
        found: list[Change] = []
        for label, (x, y, width, height, size) in enumerate(stats.tolist()):
            if not label or size < LEAST or size > MOST * joined.size:
                continue
            box = Box(float(x), float(y), float(width), float(height))
            before = max(self._known, key=lambda one: _shared(one.box, box), default=None)
            if before is not None and _shared(before.box, box) >= SAME:
                found.append(before._replace(box=box))
                continue
            here = (labels == label).astype(np.uint8)
            if float(np.median(self._calm[here.astype(bool)])) < SETTLED:
                self._becomes_scene(here.astype(bool))
                continue
            if not _ends(here, self._quick - self._slow):
                continue  # looked at again: what changes beside it may go
            since = at - float(self._age[here.astype(bool)].max())
            found.append(Change(self._next, box, since, _went(here, self._quick, self._slow)))
            self._next += 1
        return found


def _ends(here: Image, change: Floats) -> bool:
    """Tell whether `change` (colours now less colours before) ends around `here` (1 inside)."""
    import numpy as np

    inside, ring = np.median(change[here.astype(bool)], axis=0), _around(here)
    return not ring.any() or float(np.median(change[ring] @ inside)) <= FADES * float(inside @ inside)


def _around(here: Image) -> Any:
    """Return a mask of what is two to four pixels off `here`."""
    import cv2
    import numpy as np

    return (cv2.dilate(here, np.ones((9, 9), np.uint8)) - cv2.dilate(here, np.ones((3, 3), np.uint8))).astype(bool)


def _went(here: Image, quick: Floats, slow: Floats) -> bool:
    """Tell whether what changed at `here` (1 inside) went: then the slow picture stands out from around it."""
    import numpy as np

    inside, ring = here.astype(bool), _around(here)

    def stands_out(picture: Floats) -> float:
        return float(np.abs(picture[inside] - np.median(picture[ring], axis=0)).mean()) if ring.any() else 0.0

    return stands_out(slow) > stands_out(quick)


def _theirs(shape: tuple[int, ...], people: Sequence[Tracked]) -> Any:
    """Return a mask of where people are, in front of which nothing can be judged."""
    import numpy as np

    mask = np.zeros(shape, bool)
    for one in people:
        box = one.box
        near_x, near_y = AROUND * box.width, AROUND * box.height
        wider = Box(box.x - near_x, box.y - near_y, box.width + 2 * near_x, box.height + 2 * near_y)
        mask[_rows(wider), _columns(wider)] = True
    return mask


def _rows(box: Box) -> slice:
    return slice(max(0, int(box.y)), max(0, int(box.y + box.height) + 1))


def _columns(box: Box) -> slice:
    return slice(max(0, int(box.x)), max(0, int(box.x + box.width) + 1))


def _shared(one: Box, other: Box) -> float:
    wide = min(one.x + one.width, other.x + other.width) - max(one.x, other.x)
    high = min(one.y + one.height, other.y + other.height) - max(one.y, other.y)
    if wide <= 0 or high <= 0:
        return 0.0
    return wide * high / min(one.width * one.height, other.width * other.height)
