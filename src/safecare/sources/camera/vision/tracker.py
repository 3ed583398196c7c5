"""Our own tracker: who moves as expected and wears the same is the same person.

Each track predicts where its person stands (Kalman filter with constant velocity, in heights of the person, so that
near and far are alike). A box belongs to the track for which it is likeliest: by place, by height, and by the look of
the clothes, as a logarithm of how much likelier the box is from this person than from somebody else. Sure boxes are
shared out first, then faint ones among people seen a moment ago.

Sources: SORT (Bewley et al., ICIP 2016), ByteTrack's second round (Zhang et al., ECCV 2022), looks as in DeepSORT
(Wojke et al., ICIP 2017) but from colours. The constants are rounded from how people walk and look, not searched for;
on PETS2009 S2.L1, which was in sight, moving one by a third to a half changes HOTA (64) by 4 points at most, while
without looks it falls to 51.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass, field
from math import hypot, inf, log, pi
from typing import NamedTuple

from safecare.sources.camera.vision.assign import assign
from safecare.sources.camera.vision.parts import Box, Clothes, Tracked

SURE, FAINT = 0.5, 0.2
"""Scores of the first and the second round; a detector's scores are scaled so that 0.6 is its own best threshold."""
BIRTH = 0.6
"""Score with which a new track may begin."""
CONFIRM = 3
"""Sightings (see `NEWS`) before a track is told; chosen: noise rarely lasts three pictures."""
NEWS = 1 / 7
"""Seconds between two pictures from which the second counts in full; below, by as much less as it is sooner, for it
errs as the first did: measured at 7 pictures a second on PETS2009, 0.86 of an error is still there in the next one."""
LEAST_NEWS = 0.01
"""Least that a picture counts, so that two of the same time do no harm."""
STEADY = 0.7
"""Share of the pictures since the first sighting in which somebody must be seen to be told; chosen: noise flickers."""
MOVED, STILL_SURE = 0.5, 0.7
"""Heights that somebody must have moved since the first sighting to be told, or the mean score that does without:
people come walking, while noise, swinging doors and things that look like people stay where they appear."""
STOOD_HERE = 0.6
"""Heights around a place where somebody stood up to `REMEMBER` seconds ago: what is seen there needs not move to be
told, for a passer-by may have taken the first track along."""
THING = 5.0
"""Seconds for which something was seen in one place without being told, from which on it keeps its boxes for itself: a
sign that looks like a person, so that who passes does not leave their track there. Chosen: people move by then."""
STAYS = 1.0
"""Seconds after which somebody who halts has stood there; chosen: who walks out at the picture's edge seems to halt."""
TENTATIVE = 0.5
"""Seconds unseen after which a track that was never told is forgotten; chosen."""
REMEMBER = 8.0
"""Seconds unseen for which a person is remembered; chosen: behind a pillar or another person."""
REMEMBER_LEFT = 1.0
"""The same for somebody last seen at the picture's edge: they have left, and who comes in there is mostly another."""
EDGE = 0.05
"""Heights from the edge within which a box touches it."""
COAST_WALKING, COAST_STANDING = 1.0, 5.0
"""Seconds unseen for which a walker, and somebody who stood, still count as there; chosen."""
STANDING_SPEED = 0.25
"""Heights per second below which somebody stands; chosen: 0.4 m/s, a third of a walk."""
FAINT_WITHIN = 1.0
"""Seconds since the last sighting within which a faint box will do."""
FOOT_ERROR = 0.05
"""Standard deviation of a network's foot point, heights; chosen: four pixels of eighty."""
BLOB_ERROR = 0.15
"""The same for a blob, which grows and shrinks with its shadow and with who stands beside; chosen."""
PUSH = 0.5
"""Acceleration, heights/s^2 (0.85 m/s^2): people start and stop within two seconds."""
STAND_ERROR = 0.3
"""Standard deviation, heights, of where somebody who stood and is hidden stands on; as likely as that they walk off."""
START_SPEED = 0.6
"""Standard deviation of an unknown speed, heights/s: a walk is 0.75."""
TIRE = 3.0
"""Seconds in which the speed of a person unseen fades to a third: nobody walks straight on for long."""
GATE = 16.0
"""Squared deviations beyond which a box is not considered: four deviations."""
DENSITY = 0.1
"""Other people per square height, against whom a box is weighed; chosen: a dozen in a picture of 12 x 10 heights."""
HEIGHT_ERROR = 0.15
"""Standard deviation of the logarithm of a box's height."""
LOOK_WEIGHT, LOOK_MIDDLE = 20.0, 0.36
"""How much a look counts, and the distance that speaks neither for nor against: two normal distributions, means 0.25
(same) and 0.50 (other), deviation 0.1, give (0.50 - 0.25) / 0.1^2 = 25 and 0.375; a little less for dimmer pictures."""
LOOK_SLOWEST = 0.05
"""Least weight of a new look in a track's own."""
SMOOTH = 0.3
"""Weight of the newest box's size; chosen."""
CUT_OFF = 0.8
"""Share of the person's height from which a box with the head where it is expected has lost its feet: behind somebody,
or a desk. Chosen: a stride changes the height by a tenth."""
HEAD = 0.15
"""Heights from the expected place within which the upper edge is the head's."""
EARLY = 50
"""Foot points kept of somebody who is not yet told; chosen: ten seconds at 5 pictures a second."""
TAKEN = 0.6
"""Overlap with a box that a track has taken from which another box is the same person; as networks have it."""
MOST_PLACES = 2000
"""Places remembered where people stood; chosen: bounds the work, twenty people for eight seconds."""
TOUCH = 0.05
"""Overlap of two boxes from which the look of either is mixed, and not learnt."""


@dataclass
class _Track:
    track: int
    box: Box
    since: float
    seen: float
    look: Clothes | None
    x: float
    y: float
    born: tuple[float, float]
    at: float
    blur: float
    """Variance of a box's foot point, square heights."""
    width: float
    height: float
    """Size of the person, evened out; `box` is the last one as it was seen."""
    spread: tuple[float, float, float]
    """Variance of place, covariance, variance of speed; heights, the same in both directions."""
    speed_x: float = 0.0
    speed_y: float = 0.0
    news: float = 1.0
    """How much the picture at hand counts."""
    looked: float = 1.0
    hits: float = 1.0
    looks: float = 1.0
    total: float = 0.0
    way: float = 0.0
    stood: tuple[float, float] | None = None
    """Where the person stood when last seen; None for a walker."""
    halted: float = inf
    """Since when the person stands; infinite for a walker."""
    told: bool = False
    early: list[tuple[float, float, float]] = field(default_factory=list)
    """(time, x, y) of the foot points before the track was told."""

    @property
    def standing(self) -> bool:
        return hypot(self.speed_x, self.speed_y) < STANDING_SPEED

    @property
    def error(self) -> float:
        return self.spread[0] + self.blur

    def predict(self, at: float) -> None:
        step = max(0.0, at - self.at)
        self.at = at
        self.news = min(1.0, step / NEWS)
        self.looks += self.news
        place, both, speed = self.spread
        hidden = at - self.seen > TENTATIVE
        push = PUSH**2
        self.spread = (
            place + 2 * step * both + step**2 * speed + push * step**3 / 3,
            both + step * speed + push * step**2 / 2,
            speed + push * step,
        )
        self.x += self.speed_x * step * self.height
        self.y += self.speed_y * step * self.height
        if hidden:
            self.speed_x *= max(0.0, 1 - step / TIRE)
            self.speed_y *= max(0.0, 1 - step / TIRE)

    def take(self, box: Box, look: Clothes | None, at: float) -> None:
        box = self._whole(box)
        foot_x, foot_y = box.foot
        height = self.height
        off_x, off_y = (foot_x - self.x) / height, (foot_y - self.y) / height
        place, both, speed = self.spread
        error = place + self.blur / max(self.news, LEAST_NEWS)
        gain, gain_speed = place / error, both / error
        self.x += gain * off_x * height
        self.y += gain * off_y * height
        self.speed_x += gain_speed * off_x
        self.speed_y += gain_speed * off_y
        self.spread = (place - gain * place, both - gain * both, speed - gain_speed * both)
        self.stood = (self.x, self.y) if self.standing else None
        self.halted = min(self.halted, at) if self.standing else inf
        self.width += self.news * SMOOTH * (box.width - self.width)
        self.height += self.news * SMOOTH * (box.height - height)
        self.box = Box(self.x - box.width / 2, self.y - box.height, box.width, box.height, box.score)
        self.seen = at
        if not self.told:
            self.early = [*self.early[1 - EARLY :], (at, self.x, self.y)]
        self.hits += self.news
        self.total += self.news * box.score
        self.way = max(self.way, hypot(foot_x - self.born[0], foot_y - self.born[1]) / self.height)
        if look is not None:
            self.looked += self.news
            share = self.news * max(1 / self.looked, LOOK_SLOWEST)
            self.look = look if self.look is None else self.look + share * (look - self.look)

    def _whole(self, box: Box) -> Box:
        """Return `box` down to the feet, if only they are hidden."""
        if self.hits < CONFIRM or box.height >= CUT_OFF * self.height:
            return box
        if abs(box.y - (self.y - self.height)) > HEAD * self.height:
            return box
        return box._replace(height=self.height)

    def confirm(self, *, stood_here: bool) -> bool:
        """Tell the track if it has shown enough; True when it is new."""
        steady = self.hits >= max(CONFIRM, STEADY * self.looks)
        real = stood_here or self.way >= MOVED or self.total / max(1.0, self.hits - 1) >= STILL_SURE
        self.told = steady and real
        return self.told


class _Found(NamedTuple):
    """A box of the picture at hand, the looks of all its boxes, and its place among them."""

    box: Box
    looks: Sequence[Clothes]
    number: int

    @property
    def look(self) -> Clothes | None:
        return self.looks[self.number] if self.looks else None


@dataclass
class PersonTracker:
    """The same boxes and looks give the same track numbers. `error`: standard deviation of a foot point, heights."""

    error: float = FOOT_ERROR
    _next: int = field(default=1, init=False)
    _live: list[_Track] = field(default_factory=list, init=False)
    _stood: list[tuple[float, float, float]] = field(default_factory=list, init=False)
    """(x, y, time): where told people have stood of late."""

    def follow(
        self,
        boxes: Sequence[Box],
        at: float,
        looks: Sequence[Clothes] = (),
        size: tuple[float, float] | None = None,
    ) -> list[Tracked]:
        """Take the boxes of one picture and return the confirmed people, hidden ones at a lower score."""
        for one in self._live:
            one.predict(at)
        found = [_Found(box, looks, number) for number, box in enumerate(boxes)]
        sure = [one for one in found if one.box.score >= SURE]
        faint = [one for one in found if FAINT <= one.box.score < SURE]
        hidden = _hidden([one.box for one in sure])
        sure = self._match([one for one in self._live if one.told or at - one.since >= THING], sure, at, hidden)
        recent = [one for one in self._live if one.told and one.seen < at and at - one.seen <= FAINT_WITHIN]
        self._match(recent, faint, at)
        sure = self._match([one for one in self._live if not one.told and one.seen < at], sure, at, hidden)
        self._begin(sure, at)
        self._live = [one for one in self._live if at - one.seen <= _memory(one, size)]
        for one in self._live:
            if not one.told and one.confirm(stood_here=self._stood_at(one)):
                one.track, self._next = self._next, self._next + 1
        fresh = [(one.x, one.y, at) for one in self._live if one.told and one.seen == at >= one.halted + STAYS]
        self._stood = [place for place in self._stood if at - place[2] <= REMEMBER][-MOST_PLACES:] + fresh
        told = [_tracked(one, at) for one in self._live if one.told and at - one.seen <= _coast(one)]
        for one in self._live:
            if one.told:
                one.early = []
        return told

    def _match(self, tracks: list[_Track], found: list[_Found], at: float, hidden: Container[Box] = ()) -> list[_Found]:
        """Give each track its likeliest box and return what is left; looks of `hidden` boxes are not learnt."""
        if not tracks or not found:
            return found
        import numpy as np

        costs = np.array([[_cost(track, one) for one in found] for track in tracks])
        used = set()
        for row, column in assign(costs, 0.0):
            one = found[column]
            clear = one.box.score >= SURE and one.box not in hidden
            tracks[row].take(one.box, one.look if clear else None, at)
            used.add(column)
        return [one for column, one in enumerate(found) if column not in used]

    def _stood_at(self, one: _Track) -> bool:
        """Tell whether somebody had stood where `one` began, when it did."""
        places = ((x, y) for x, y, at in self._stood if at <= one.since)
        return any(_distance(one.born, place) <= STOOD_HERE * one.height for place in places)

    def _begin(self, found: list[_Found], at: float) -> None:
        held = [one.box for one in self._live if one.seen == at]
        for one in found:
            box = one.box
            if box.score >= BIRTH and not any(overlap(box, other) > TAKEN for other in held):
                foot, blur = box.foot, self.error**2
                spread = (blur, 0.0, START_SPEED**2)
                size = (box.width, max(box.height, 1.0))
                begun = _Track(0, box, at, at, one.look, *foot, foot, at, blur, *size, spread, early=[(at, *foot)])
                self._live.append(begun)


def overlap(one: Box, other: Box) -> float:
    """Return the intersection over union of two boxes."""
    wide = min(one.x + one.width, other.x + other.width) - max(one.x, other.x)
    high = min(one.y + one.height, other.y + other.height) - max(one.y, other.y)
    if wide <= 0 or high <= 0:
        return 0.0
    return wide * high / (one.width * one.height + other.width * other.height - wide * high)


def _hidden(sure: Sequence[Box]) -> set[Box]:
    """Return the boxes that touch another one."""
    return {box for box in sure if any(other is not box and overlap(box, other) > TOUCH for other in sure)}


def _cost(track: _Track, found: _Found) -> float:
    """Return the logarithm of how much likelier somebody else is than this person; below 0 it is this person."""
    box, height = found.box, track.height
    place = _place_cost(_distance(box.foot, (track.x, track.y)) / height, track.error)
    if track.stood is not None and track.at - track.seen > COAST_WALKING:
        place = min(place, _place_cost(_distance(box.foot, track.stood) / height, STAND_ERROR**2) + log(2))
    if place == inf:
        return inf
    taller = log(max(box.height, 1.0) / height) / HEIGHT_ERROR
    cost = place + 0.5 * taller**2
    look = found.look if track.look is not None else None
    if look is not None and track.look is not None:
        alike = min(1.0, float(look @ track.look))
        cost += LOOK_WEIGHT * ((1 - alike) ** 0.5 - LOOK_MIDDLE)
    return cost


def _place_cost(off: float, variance: float) -> float:
    """Return the logarithm of how much likelier a stranger stands `off` (heights) from here than this person."""
    squared = off**2 / variance
    return 0.5 * squared + log(2 * pi * variance * DENSITY) if squared <= GATE else inf


def _distance(one: tuple[float, float], other: tuple[float, float]) -> float:
    return hypot(one[0] - other[0], one[1] - other[1])


def _memory(one: _Track, size: tuple[float, float] | None) -> float:
    """Return for how long `one` is remembered unseen, seconds."""
    if not one.told:
        return TENTATIVE
    if size is None:
        return REMEMBER
    near = EDGE * one.height
    box = one.box
    inside = box.x > near and box.x + box.width < size[0] - near and box.y + box.height < size[1] - near
    return REMEMBER if inside else REMEMBER_LEFT


def _coast(one: _Track) -> float:
    return COAST_STANDING if one.standing else COAST_WALKING


def _tracked(one: _Track, at: float) -> Tracked:
    if one.seen == at:
        return Tracked(one.track, one.box, one.since, one.seen, tuple(one.early[:-1]))
    box = Box(one.x - one.width / 2, one.y - one.height, one.width, one.height, one.box.score * 0.5)
    return Tracked(one.track, box, one.since, one.seen)
