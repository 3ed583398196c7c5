"""Everything that is done with one camera's pictures: health, people, tracks, the watched area, stills."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from safecare.model.events.video import Seen
from safecare.sources.camera.messages import View
from safecare.sources.camera.vision.background import Background
from safecare.sources.camera.vision.blobs import BlobFinder
from safecare.sources.camera.vision.health import PictureHealth
from safecare.sources.camera.vision.parts import Box, Finder, Picture, Tracked, Tracker
from safecare.sources.camera.vision.still import still
from safecare.sources.camera.vision.tracker import PlaceTracker

TELL_EVERY = 1.0
"""Seconds between two tellings; the detectors judge by the second."""
STILL_EVERY = 10.0
"""Least seconds between two stills; chosen: bounds the store at 360 small pictures an hour and camera."""
STILL_AGAIN = 30.0
"""Seconds after which a reason that lasts gives another still; chosen."""


@dataclass(frozen=True)
class Look:
    """What one picture gave. `people` is None when it is not yet time to tell, or nobody came or went."""

    people: tuple[Seen, ...] | None = None
    still: bytes = b""
    state: Literal["ok", "frozen", "covered"] = "ok"


@dataclass
class StillChooser:
    """Decides when a moment may matter: many people begin, or somebody is staying."""

    view: View
    _last: float = field(default=float("-inf"), init=False)
    _reasons: dict[int, float] = field(default_factory=dict, init=False)

    def wanted(self, people: Sequence[Tracked], at: float) -> bool:
        """Tell whether a still of `at` is wanted."""
        reasons = set[int]()
        if self.view.still_people is not None and len(people) >= self.view.still_people:
            reasons.add(0)  # tracks count from 1
        if self.view.still_after is not None:
            reasons |= {one.track for one in people if at - one.since >= self.view.still_after}
        self._reasons = {reason: told for reason, told in self._reasons.items() if at - told < STILL_AGAIN}
        fresh = reasons - self._reasons.keys()
        if not fresh or at - self._last < STILL_EVERY:
            return False
        self._last = at
        self._reasons.update(dict.fromkeys(reasons, at))
        return True


class Watch:
    """One camera's pipeline. Pictures go in with growing times; it may go on from one clip to the next."""

    def __init__(self, view: View, finder: Finder | None = None, tracker: Tracker | None = None) -> None:
        """Build it for `view`; `finder` and `tracker` default to blobs and nearness."""
        self.view = view
        self._finder = finder or BlobFinder(view.person, Background(view.fps))
        self._tracker = tracker or PlaceTracker()
        self._health = PictureHealth()
        self._stills = StillChooser(view)
        self._tracked: list[Tracked] = []
        self._told_at = float("-inf")
        self._told_any = False

    def look(self, picture: Picture, at: float) -> Look:
        """Take the picture of `at` (seconds) and return what is to be told."""
        state = self._health.judge(picture.small, at)
        self._tracked = self._tracker.follow(self._finder.find(picture, at, self._tracked), at)
        if at - self._told_at < TELL_EVERY:
            return Look(state=state)
        shape = (picture.small.shape[0], picture.small.shape[1])
        inside = [one for one in self._tracked if self._in_area(one.box.foot, shape)]
        if not inside and not self._told_any:
            return Look(state=state)
        self._told_at, self._told_any = at, bool(inside)
        raw = self._still(picture) if self._stills.wanted(inside, at) else b""
        return Look(tuple(_seen(one, picture.scale, at) for one in inside), raw, state)

    def _still(self, picture: Picture) -> bytes:
        boxes = [_scaled(one.box, picture.scale) for one in self._tracked]
        return still(picture.colour(), boxes)

    def _in_area(self, foot: tuple[float, float], shape: tuple[int, int]) -> bool:
        if not self.view.area:
            return True
        rows, columns = shape
        return inside(self.view.area, foot[0] / columns, foot[1] / rows)


def inside(area: Sequence[tuple[float, float]], x: float, y: float) -> bool:
    """Tell whether the point lies in the outline `area` (even-odd rule)."""
    within = False
    for (x1, y1), (x2, y2) in zip(area, (*area[1:], area[0]), strict=True):
        if (y1 > y) != (y2 > y) and x < x1 + (y - y1) * (x2 - x1) / (y2 - y1):
            within = not within
    return within


def _scaled(box: Box, scale: float) -> Box:
    return Box(box.x * scale, box.y * scale, box.width * scale, box.height * scale, box.score)


def _seen(one: Tracked, scale: float, at: float) -> Seen:
    x, y = one.box.foot
    return Seen(
        track=one.track,
        x=round(x * scale, 1),
        y=round(y * scale, 1),
        since=round(at - one.since, 2),
        width=round(one.box.width * scale, 1),
        height=round(one.box.height * scale, 1),
        score=round(one.box.score, 2),
    )
