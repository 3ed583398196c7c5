"""Everything that is done with one camera's pictures: health, people, tracks, the watched area, stills."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from math import hypot

import msgspec

from safecare.model.events.video import Seen, Spot, Thing
from safecare.sources.camera.messages import PictureState, View
from safecare.sources.camera.vision.background import Background
from safecare.sources.camera.vision.blobs import BlobFinder
from safecare.sources.camera.vision.flames import Flames
from safecare.sources.camera.vision.health import PictureHealth
from safecare.sources.camera.vision.looks import Looks
from safecare.sources.camera.vision.masks import Masks
from safecare.sources.camera.vision.parts import Box, Finder, Image, Picture, Tracked, Tracker
from safecare.sources.camera.vision.pose import Body, Pose, Postures
from safecare.sources.camera.vision.specials import Known, Labelled, Specials
from safecare.sources.camera.vision.still import Hidden, scaled, still
from safecare.sources.camera.vision.strangers import strangers
from safecare.sources.camera.vision.things import Change, Things
from safecare.sources.camera.vision.tracker import BLOB_ERROR, FOOT_ERROR, PersonTracker

STILL_EVERY = 10.0
"""Least seconds between two stills; chosen: bounds the store at 360 small pictures an hour and camera."""
NEAR = 1.0
"""Heights from a line within which people are told in each picture; chosen: a walker is farther away by the time that
the way is evened out over a stride."""
THINGS_EVERY = 1.0
"""Least seconds between two tellings of what stays; chosen: the rules wait for many."""
STILL_AGAIN = 30.0
"""Seconds after which a reason that lasts gives another still; chosen."""


@dataclass(frozen=True)
class Look:
    """What one picture gave. `people` is None when it is not yet time to tell, or nobody came or went."""

    people: tuple[Seen, ...] | None = None
    still: bytes = b""
    state: PictureState = "ok"
    size: tuple[int, int] = (0, 0)
    """Width and height of the camera's picture."""
    found: tuple[tuple[float, float, float, float, float], ...] = ()
    """(left, top, width, height, score) of each box, if the view asks for them."""
    things: tuple[Thing, ...] | None = None
    """What has changed and stays; None when it is not yet time to tell, or still nothing does."""
    things_still: bytes = b""
    spots: tuple[Spot, ...] | None = None
    """What a special model sees, and flames; None when nobody has looked, or there is still nothing."""
    spots_still: bytes = b""


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

    def __init__(
        self,
        view: View,
        finder: Finder | None = None,
        tracker: Tracker | None = None,
        pose: Pose | None = None,
        special: Labelled | None = None,
    ) -> None:
        """Build it for `view`; `finder` defaults to blobs of motion; `pose` tells how those who may lie do.

        `special` sees what it alone has a name for.
        """
        self._specials = Specials(special) if special is not None else None
        self._flames = Flames() if view.fire else None
        self._spots: dict[str, tuple[Spot, ...]] = {}
        """By who sees them: what was seen last."""
        self._spots_told: frozenset[tuple[str, bool]] = frozenset()
        self.view = view
        self._postures = Postures(pose) if pose is not None and view.things else None
        self._bodies: dict[int, Body] = {}
        """By track: how those who may lie do. Changes of the picture have numbers below 0 there."""
        self._finder = finder or self._blobs()
        self._state: PictureState = "ok"
        self._tracker = tracker or PersonTracker(FOOT_ERROR if finder else BLOB_ERROR)
        self._clothed = finder is not None  # what a blob wears is mixed with the wall and with who stands beside
        self._health = PictureHealth(view.turns)
        self._things = Things(sure=finder is not None) if view.things else None
        self._things_at = float("-inf")
        self._things_told: frozenset[int] = frozenset()
        self._changes: tuple[Change, ...] = ()
        self._masks = Masks(view.masks)
        self._stills = StillChooser(view)
        self._tracked: list[Tracked] = []
        self.strangers: list[Box] = []
        """Places of motion that belongs to none of `people`, in the camera's pixels."""
        self.people: list[Box] = []
        """Boxes of all who may be in the last picture (found, followed, hidden), in the camera's pixels."""
        self._paths: dict[int, list[tuple[float, float, float]]] = {}
        self._told_at = float("-inf")
        self._told_any = False

    def _blobs(self) -> BlobFinder:
        return BlobFinder(self.view.person, Background(self.view.fps or 5.0))

    def look(self, picture: Picture, at: float) -> Look:
        """Take the picture of `at` (seconds) and return what is to be told."""
        picture = self._masks.applied(picture)
        look = self._with_spots(self._people(picture, at), picture, at)
        if self._things is None:
            return look
        if look.state != "ok":
            self._things.forget()
            return look
        changes = self._things.look(picture.small, at, self._tracked)
        self._changes = () if changes is None else tuple(changes)
        return look if changes is None else self._with_things(look, picture, at, changes)

    def _with_spots(self, look: Look, picture: Picture, at: float) -> Look:
        """Add what the special model sees, and flames, to `look`, if one has looked, and sees or saw something."""
        known = self._specials.look(picture, at) if self._specials is not None else None
        burning = self._flames.look(picture.small, at) if self._flames is not None else None
        if known is not None:
            self._spots["model"] = tuple(_spot(one, at) for one in known)
        if burning is not None:
            named = [Known("flames", scaled(one.box, picture.scale), one.since) for one in burning]
            self._spots["flames"] = tuple(msgspec.structs.replace(_spot(one, at), plain=True) for one in named)
        spots = tuple(spot for seen in self._spots.values() for spot in seen)
        if (known is None and burning is None) or not (spots or self._spots_told):
            return look
        labels = frozenset((one.label, one.plain) for one in spots)
        raw = self._still(picture) if labels - self._spots_told else b""
        self._spots_told = labels
        return replace(look, spots=spots, spots_still=raw, size=_size(picture))

    def _with_things(self, look: Look, picture: Picture, at: float, changes: Sequence[Change]) -> Look:
        """Add what stays to `look`, if it is time to tell."""
        numbers = frozenset(one.number for one in changes)
        if numbers == self._things_told and (not numbers or at - self._things_at < THINGS_EVERY - 0.001):
            return look
        raw = self._still(picture) if numbers - self._things_told else b""
        self._things_at, self._things_told = at, numbers
        things = tuple(_thing(one, picture.scale, at, self._tilt(-1 - one.number)) for one in changes)
        return replace(look, things=things, things_still=raw, size=_size(picture))

    def _people(self, picture: Picture, at: float) -> Look:
        state = self._health.judge(picture.small, at)
        if not self._clothed and state != self._state and "moved" in (state, self._state):
            self._finder = self._blobs()  # before the old view, all of the new one would be foreground
        self._state = state
        shape = (picture.small.shape[0], picture.small.shape[1])
        boxes = self._finder.find(picture, at, self._tracked)
        wide = [scaled(box, picture.scale) for box in boxes]
        self._tracked = self._tracker.follow(
            boxes, at, Looks(picture.colour, wide) if self._clothed else (), (shape[1], shape[0])
        )
        self.people = [*wide, *(scaled(one.box, picture.scale) for one in self._tracked)]
        unknown = strangers(self._finder.moving, [*boxes, *(one.box for one in self._tracked)], (shape[1], shape[0]))
        self.strangers = [scaled(box, picture.scale) for box in unknown]
        found = tuple(tuple(round(part, 3) for part in box) for box in wide) if self.view.tell_found else ()
        size = _size(picture)
        inside = [one for one in self._tracked if self._in_area(one.box.foot, shape)]
        self._catch_up(inside, picture.scale)
        if self._postures is not None:
            seen = {one.track: scaled(one.box, picture.scale) for one in inside if one.seen == at}
            wide_things = {-1 - one.number: scaled(one.box, picture.scale) for one in self._changes if not one.gone}
            self._bodies = self._postures.look(picture.colour, {**wide_things, **seen}, at)
        if at - self._told_at < self.view.tell_every - 0.001 and not self._near_line(inside, shape):
            self._remember(inside, picture.scale, at)
            return Look(state=state)
        if not inside and not self._told_any and not found:
            return Look(state=state)
        self._told_at, self._told_any = at, bool(inside)
        raw = self._still(picture) if self._stills.wanted(inside, at) else b""
        people = tuple(
            _seen(one, picture.scale, at, self._paths.get(one.track, ()), self._tilt(one.track)) for one in inside
        )
        self._paths = {}
        return Look(people, raw, state, size, found)  # type: ignore[arg-type]  # five numbers each

    def _tilt(self, number: int) -> float | None:
        body = self._bodies.get(number)
        return round(body.tilt) if body is not None else None

    def _remember(self, people: Sequence[Tracked], scale: float, at: float) -> None:
        for one in people:
            x, y = one.box.foot
            self._paths.setdefault(one.track, []).append((at, x * scale, y * scale))

    def _catch_up(self, people: Sequence[Tracked], scale: float) -> None:
        """Remember the way of those who have just become sure."""
        for one in people:
            if one.way:
                self._paths.setdefault(one.track, []).extend((at, x * scale, y * scale) for at, x, y in one.way)

    def _still(self, picture: Picture) -> bytes:
        """Return the picture with the heads of all, and all who may be somebody, made unrecognisable."""
        return still(picture.colour(), self.hidden(picture.colour()))

    def hidden(self, colour: Image) -> Hidden:
        """Return what is to be hidden in the picture at hand, which is `colour`, after a careful look at it."""
        found = self.careful(colour)
        return Hidden([*self.people, *(found or ())], self.strangers, found is None)

    def careful(self, colour: Image) -> list[Box] | None:
        """Return boxes of all who may be in `colour`, in its pixels; None where who does not move can't be found."""
        return self._finder.careful(colour)

    def _near_line(self, people: Sequence[Tracked], shape: tuple[int, int]) -> bool:
        """Tell whether somebody is so near a line that it matters at once."""
        if self.view.lines is None:
            return bool(people)
        rows, columns = shape
        drawn = [((x1 * columns, y1 * rows), (x2 * columns, y2 * rows)) for (x1, y1), (x2, y2) in self.view.lines]
        return any(_away(one.box.foot, *line) <= NEAR * one.box.height for one in people for line in drawn)

    def _in_area(self, foot: tuple[float, float], shape: tuple[int, int]) -> bool:
        if not self.view.area:
            return True
        rows, columns = shape
        return inside(self.view.area, foot[0] / columns, foot[1] / rows)


def _away(point: tuple[float, float], begin: tuple[float, float], end: tuple[float, float]) -> float:
    """Return how far `point` is from the line between `begin` and `end`."""
    wide, high = end[0] - begin[0], end[1] - begin[1]
    along = (point[0] - begin[0]) * wide + (point[1] - begin[1]) * high
    share = min(1.0, max(0.0, along / (wide**2 + high**2 or 1.0)))
    return hypot(point[0] - begin[0] - share * wide, point[1] - begin[1] - share * high)


def inside(area: Sequence[tuple[float, float]], x: float, y: float) -> bool:
    """Tell whether the point lies in the outline `area` (even-odd rule)."""
    within = False
    for (x1, y1), (x2, y2) in zip(area, (*area[1:], area[0]), strict=True):
        if (y1 > y) != (y2 > y) and x < x1 + (y - y1) * (x2 - x1) / (y2 - y1):
            within = not within
    return within


def _size(picture: Picture) -> tuple[int, int]:
    """Return width and height of the camera's picture."""
    return round(picture.small.shape[1] * picture.scale), round(picture.small.shape[0] * picture.scale)


def _spot(one: Known, at: float) -> Spot:
    x, y = one.box.foot
    width, height, score = round(one.box.width, 1), round(one.box.height, 1), round(one.box.score, 2)
    return Spot(one.label, round(x, 1), round(y, 1), width, height, score, round(at - one.since, 2))


def _thing(change: Change, scale: float, at: float, tilt: float | None) -> Thing:
    box = scaled(change.box, scale)
    x, y = box.foot
    width, height = round(box.width, 1), round(box.height, 1)
    return Thing(change.number, round(x, 1), round(y, 1), width, height, round(at - change.since, 2), change.gone, tilt)


def _seen(
    one: Tracked, scale: float, at: float, path: Sequence[tuple[float, float, float]], tilt: float | None
) -> Seen:
    x, y = one.box.foot
    return Seen(
        track=one.track,
        x=round(x * scale, 1),
        y=round(y * scale, 1),
        since=round(at - one.since, 2),
        width=round(one.box.width * scale, 1),
        height=round(one.box.height * scale, 1),
        score=round(one.box.score, 2),
        unseen=round(at - one.seen, 2),
        tilt=tilt,
        path=tuple((round(at - then, 2), round(px, 1), round(py, 1)) for then, px, py in path),
    )
