"""Made walks with known feet: people who cross a picture, the boxes that a network would give of them, their tracks.

Nothing is drawn: boxes of people are made from the feet, with what makes lines hard: the swing of the stride, a
network's error that wanders, boxes that are missing, people who hide each other, turn back at a line, or stand on it.
Figures measured on them say how a rule bears such errors, not how well it works in a hospital.

    walks = made_walks(seed=3)
    walks.feet       # by person: [(second, x, y), ...], the truth
    walks.seen       # [(second, people as the tracker tells them), ...]
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import cos, exp, pi, sin
from random import Random

from safecare.formats.ground import from_points
from safecare.model.events.video import Seen
from safecare.model.scene import PlaneMap
from safecare.sources.camera.vision.parts import Box, Clothes, Tracked
from safecare.sources.camera.vision.tracker import PersonTracker, overlap

SIZE = (1280, 720)
NEAR, FAR = 200.0, 70.0
"""Heights of people at the lower edge and at `HORIZON`, pixels; a corridor seen from the ceiling."""
HORIZON = 120.0
"""Row of the farthest feet."""
VANISHING = HORIZON - FAR * (SIZE[1] - HORIZON) / (NEAR - FAR)
"""Row at which people would have no height: that of the camera's own height, far away."""
FOCAL = 1050.0
"""Pixels of the lens: it sees 63 degrees across. Chosen, as a corridor's camera has it."""
ADULT = 1.7
"""Metres of everybody's height."""
WALK = (0.45, 1.0)
"""Heights/s (0.75 to 1.7 m/s): comfortable gait of adults is 1.27 to 1.46 (Bohannon 1997), patients are slower."""
RUNS = 1.3
"""Heights/s (2.2 m/s) from which people run: they change over at about 2.0 to 2.2 (Hreljac, 1993)."""
LONG = 15.0
"""Seconds for which somebody is in the picture, about."""
STRIDE, RUN_STRIDE = 1.1, 0.72
"""Seconds of a stride: of a walk (Winter 2009); of a run, with 165 steps a minute."""
SWING = 0.06
"""Heights by which the middle of the lower edge swings with the stride: a third of the step's half length (0.2)."""
ERROR = 0.05
"""Standard deviation of a network's foot point, heights: four pixels of eighty, as measured on PETS2009 S2.L1."""
ALIKE = 0.93
"""Seconds in which an error's likeness falls to a third: 0.86 from one picture to the next at 7 a second, measured."""
MISSED, MISSED_LONG = 0.04, 0.03
"""Shares of looks with no box of somebody, and of those with which a second without begins; chosen: sure boxes of
YOLOX-Nano on PETS2009 S2.L1 find 90 of 100."""
HIDDEN = 0.45
"""Overlap with somebody nearer from which a network gives no box of its own; as their suppression has it."""
LOOK = 24
"""Numbers of a made look."""


@dataclass(frozen=True)
class Walks:
    """Feet of each person, and what the tracker tells of their boxes."""

    feet: Mapping[int, Sequence[tuple[float, float, float]]]
    seen: Sequence[tuple[float, tuple[Seen, ...]]]
    heights: Mapping[int, Sequence[float]]
    """Of each person at each of the feet, pixels."""


def made_walks(seed: int, seconds: float = 120.0, fps: float = 5.0, people: int = 4, *, gaps: bool = True) -> Walks:
    """Return walks of `seconds`, `people` at a time on average, looked at `fps` times a second.

    Without `gaps` everybody has a box in each look, although somebody may be in front.
    """
    chance = Random(f"walks {seed}")
    count = max(1, round(people * seconds / LONG))
    walkers = [Walker(number + 1, chance, chance.uniform(-5.0, seconds)) for number in range(count)]
    return followed(walkers, seconds, fps, gaps=gaps)


def followed(walkers: Sequence[Walker], seconds: float, fps: float, *, gaps: bool = True) -> Walks:
    """Return what the tracker tells of `walkers`."""
    tracker = PersonTracker()
    feet: dict[int, list[tuple[float, float, float]]] = {}
    heights: dict[int, list[float]] = {}
    seen = []
    for look in range(round(seconds * fps)):
        at = look / fps
        boxes: list[tuple[Box, Clothes]] = []
        here = sorted((one for one in walkers if one.step(at, 1 / fps)), key=lambda one: -one.y)
        whole = [one.box() for one in here]
        for place, (one, box) in enumerate(zip(here, whole, strict=True)):
            feet.setdefault(one.number, []).append((at, one.x, one.y))
            heights.setdefault(one.number, []).append(one.height)
            hidden = one.missed(at) or any(overlap(box, other) > HIDDEN for other in whole[:place])
            if not (gaps and hidden):
                boxes.append((box, one.look()))
        told = tracker.follow([box for box, _ in boxes], at, [look for _, look in boxes], SIZE)
        seen.append((at, tuple(_seen(one, at) for one in told)))
    return Walks(feet, seen, heights)


def floor() -> PlaneMap:
    """Return the map from the picture to the floor, in metres."""
    corners = [(0.0, HORIZON), (float(SIZE[0]), HORIZON), (0.0, float(SIZE[1])), (float(SIZE[0]), float(SIZE[1]))]
    metres = [(ADULT / tall(y) * (x - SIZE[0] / 2), ADULT / tall(y) * FOCAL) for x, y in corners]
    found = from_points(corners, metres)
    if found is None:
        raise ValueError("three of the corners lie on a line")
    return found


def tall(y: float) -> float:
    """Return how tall somebody is whose feet are in row `y`, pixels."""
    return FAR + (NEAR - FAR) * (y - HORIZON) / (SIZE[1] - HORIZON)


def _seen(one: Tracked, at: float) -> Seen:
    x, y = one.box.foot
    path = tuple((at - then, px, py) for then, px, py in one.way)
    size = (one.box.width, one.box.height, one.box.score)
    return Seen(one.track, x, y, at - one.since, *size, unseen=at - one.seen, path=path)


class Walker:
    """Somebody who walks from one edge to another; some halt on the way, some turn back, some bend."""

    def __init__(self, number: int, chance: Random, begin: float, speed: tuple[float, float] = WALK) -> None:
        import numpy as np

        self.number, self._chance, self._begin = number, chance, begin
        side = chance.choice((-1, 1))
        self.x = 0.0 if side > 0 else SIZE[0]
        self.y = chance.uniform(HORIZON + 60, SIZE[1] - 5)
        self._speed = chance.uniform(*speed)
        self._stride = STRIDE if self._speed < RUNS else RUN_STRIDE
        self._turn = (0.0 if side > 0 else pi) + chance.uniform(-0.6, 0.6)
        self._bend = chance.gauss(0, 0.12)
        self._halts = sorted(
            (begin + chance.uniform(2, 15), chance.uniform(1, 6), chance.random() < 0.4)
            for _ in range(chance.choice((0, 0, 1, 1, 2)))
        )
        self._phase = chance.uniform(0, 2 * pi)
        self._off = (chance.gauss(0, ERROR), chance.gauss(0, ERROR))
        self._blind = -1.0
        self._walked = 0.0
        self._gone = False
        self._width = chance.uniform(0.33, 0.42)
        own = np.abs(np.random.default_rng(chance.randrange(1 << 30)).normal(0, 1, LOOK)) ** 2
        self._own = own / own.sum()

    @property
    def height(self) -> float:
        """How tall the person is in the picture, pixels."""
        return tall(self.y)

    @property
    def _aslant(self) -> float:
        """How much shorter a step into the depth is in the picture than one across."""
        return (self.y - VANISHING) / FOCAL

    def straight(self, side: int, y: float, speed: float, halts: Sequence[tuple[float, float, bool]] = ()) -> Walker:
        """Go straight across, to the right (`side` 1) or left (-1), but for `halts` (when, how long, whether back)."""
        self.x, self.y = 0.0 if side > 0 else SIZE[0], y
        self._turn, self._bend, self._speed, self._halts = 0.0 if side > 0 else pi, 0.0, speed, list(halts)
        return self

    def step(self, at: float, long: float) -> bool:
        """Go on for `long` seconds up to `at`; tell whether the feet are in the picture. Who has left stays away."""
        if at < self._begin or self._gone:
            return False
        halted = False
        for begin, lasts, back in self._halts:
            halted = halted or begin <= at < begin + lasts
            if back and begin <= at < begin + long:
                self._turn += pi + self._chance.uniform(-0.5, 0.5)
        if not halted:
            self._turn += self._bend * long
            far = self._speed * self.height * long
            self.x += far * cos(self._turn)
            self.y += self._aslant * far * sin(self._turn)
            self._walked += long
        alike = exp(-long / ALIKE)
        fresh = ERROR * (1 - alike**2) ** 0.5
        self._off = tuple(alike * one + self._chance.gauss(0, fresh) for one in self._off)  # type: ignore[assignment]
        self._gone = not (0 <= self.x <= SIZE[0] and HORIZON <= self.y <= SIZE[1])
        return not self._gone

    def box(self) -> Box:
        """Return the box that a network would give now."""
        high = self.height * (1 + self._chance.gauss(0, 0.02))
        swing = SWING * sin(2 * pi * self._walked / self._stride + self._phase) if self._walked else 0.0
        x = self.x + self.height * (self._off[0] + swing * cos(self._turn))
        y = self.y + self.height * (self._off[1] + self._aslant * swing * sin(self._turn))
        wide = self._width * high
        return Box(x - wide / 2, y - high, wide, high, self._chance.uniform(0.55, 0.95))

    def missed(self, at: float) -> bool:
        """Tell whether there is no box of the person in the look at `at`."""
        if at >= self._blind and self._chance.random() < MISSED_LONG:
            self._blind = at + self._chance.uniform(0.3, 1.5)
        return at < self._blind or self._chance.random() < MISSED

    def look(self) -> Clothes:
        """Return what the clothes look like now: square roots of shares, of length 1."""
        import numpy as np

        other = np.random.default_rng(self._chance.randrange(1 << 30)).dirichlet(np.ones(LOOK))
        shares = 0.9 * self._own + 0.1 * other
        look: Clothes = np.sqrt(shares / shares.sum()).astype(np.float32)
        return look
