"""What happens in an annotated clip: people with way-points in a picture with simple perspective.

Positions are fractions of the picture (0-1, origin top left) and name the foot point. A person at row `y`
is ``Scene.height(y)`` of the picture's height tall. Times are seconds from the first picture. Everything is
drawn from a seed: the same call gives the same scene.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

WALK = 0.75
"""Walking speed in body heights per second: 1.3 m/s at 1.7 m (PETS2009 medians lie at 0.96 to 1.32 m/s)."""
FAR, NEAR = 0.62, 0.95
"""Rows in which people walk."""

Waypoint = tuple[float, float, float]
"""(time, x, y)."""


@dataclass(frozen=True)
class Actor:
    """One person: present from the first to the last way-point, walking straight between them."""

    id: int
    way: tuple[Waypoint, ...]
    tall: float = 1.0
    """Height relative to a person of 1.7 m."""

    def place(self, at: float) -> tuple[float, float] | None:
        """Return (x, y) at `at`, None when not in the scene."""
        if not self.way or not self.way[0][0] <= at <= self.way[-1][0]:
            return None
        for (t1, x1, y1), (t2, x2, y2) in zip(self.way, self.way[1:], strict=False):
            if t1 <= at <= t2:
                part = (at - t1) / (t2 - t1) if t2 > t1 else 1.0
                return x1 + part * (x2 - x1), y1 + part * (y2 - y1)
        return self.way[-1][1:]


@dataclass(frozen=True)
class Scene:
    """A place, people and the length of the recording."""

    place: str
    """``corridor`` or ``hall``: which background is painted."""
    seconds: float
    seed: int
    actors: tuple[Actor, ...]
    near_height: float = 0.48
    """Height of a person at the lower edge, share of the picture's height."""
    horizon: float = 0.2
    """Row in which a person would have height zero."""

    def height(self, y: float) -> float:
        """Return the height of a person with feet in row `y`, as a share of the picture's height."""
        return max(0.02, self.near_height * (y - self.horizon) / (1 - self.horizon))

    @property
    def calibration(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """Two pairs (row of the feet, height), as the camera's settings want them."""
        return (FAR, self.height(FAR)), (NEAR, self.height(NEAR))


def normal_day(seconds: float = 60.0, seed: int = 1, per_minute: float = 12.0) -> Scene:
    """Return a corridor with passers-by, some of whom stop briefly (3 to 8 s)."""
    rng = Random(f"normal_day {seed}")
    return Scene("corridor", seconds, seed, tuple(_passers_by(rng, seconds, per_minute, first=1)))


def loitering(
    seconds: float = 60.0, seed: int = 1, arrive: float = 5.0, leave: float | None = None, per_minute: float = 6.0
) -> Scene:
    """Return a corridor in which one person (actor 1) comes, stays beside a door and sways, while others pass.

    The person is at the door from about `arrive` to `leave` (None: to the end).
    """
    rng = Random(f"loitering {seed}")
    scene = Scene("corridor", seconds, seed, ())
    x, y = 0.68 + rng.uniform(-0.04, 0.04), 0.72
    way = _enter(scene, arrive, x, y, side=1)
    at = arrive
    until = seconds + 1 if leave is None else leave
    while at < until:
        pause = rng.uniform(2.0, 6.0)
        step_x, step_y = rng.uniform(-0.02, 0.02), rng.uniform(-0.015, 0.015)
        way += [(at + pause, *way[-1][1:]), (at + pause + 0.8, x + step_x, y + step_y)]
        at += pause + 0.8
    if leave is not None:
        way += _exit(scene, way[-1], side=1)
    stayer = Actor(1, tuple(way))
    return Scene("corridor", seconds, seed, (stayer, *_passers_by(rng, seconds, per_minute, first=2)))


def crowd(seconds: float = 60.0, seed: int = 1, people: int = 15, arrive: float = 5.0, within: float = 20.0) -> Scene:
    """Return a hall into which `people` walk between `arrive` and `arrive + within` and then stand, shifting about."""
    rng = Random(f"crowd {seed}")
    scene = Scene("hall", seconds, seed, (), near_height=0.3, horizon=0.0)
    spots = _spots(rng, scene, people)
    actors: list[Actor] = []
    for number, (x, y) in enumerate(spots, start=1):
        at = arrive + within * number / people
        way = _enter(scene, at, x, y, side=rng.choice((0, 1)))
        while at < seconds + 1:
            pause = rng.uniform(2.0, 7.0)
            way += [(at + pause, *way[-1][1:]), (at + pause + 0.7, x + rng.uniform(-0.01, 0.01), y)]
            at += pause + 0.7
        actors.append(Actor(number, tuple(way), rng.uniform(0.92, 1.06)))
    return Scene("hall", seconds, seed, tuple(actors), scene.near_height, scene.horizon)


def hall_day(seconds: float = 60.0, seed: int = 1, per_minute: float = 14.0) -> Scene:
    """Return the hall on a normal day: people cross it, a few wait shortly."""
    rng = Random(f"hall_day {seed}")
    actors = tuple(_passers_by(rng, seconds, per_minute, first=1, near_height=0.3, horizon=0.0))
    return Scene("hall", seconds, seed, actors, near_height=0.3, horizon=0.0)


def empty(seconds: float = 20.0, seed: int = 1) -> Scene:
    """Return the corridor with nobody in it."""
    return Scene("corridor", seconds, seed, ())


SCENES: dict[str, Callable[..., Scene]] = {
    "normal_day": normal_day,
    "loitering": loitering,
    "crowd": crowd,
    "hall_day": hall_day,
    "empty": empty,
}
"""Scenes by name; all take `seconds` and `seed`."""


def _passers_by(
    rng: Random, seconds: float, per_minute: float, first: int, near_height: float = 0.48, horizon: float = 0.2
) -> list[Actor]:
    scene = Scene("", seconds, 0, (), near_height, horizon)
    actors: list[Actor] = []
    at = rng.expovariate(per_minute / 60) + 2.0  # the camera has seen its place empty at first
    while at < seconds:
        side, y = rng.choice((0, 1)), rng.uniform(FAR, NEAR)
        halt_x = rng.uniform(0.2, 0.8)
        way = _enter(scene, at + _walk(scene, y, halt_x, side), halt_x, y, side)
        if rng.random() < 0.15:
            way.append((way[-1][0] + rng.uniform(3.0, 8.0), halt_x, y))
        way += _exit(scene, way[-1], 1 - side)
        actors.append(Actor(first + len(actors), tuple(way), rng.uniform(0.92, 1.06)))
        at += rng.expovariate(per_minute / 60)
    return actors


def _speed(scene: Scene, y: float) -> float:
    """Return the walking speed in row `y`, picture widths per second (16:9)."""
    return WALK * scene.height(y) * 9 / 16


def _edge(side: int) -> float:
    return -0.08 if side == 0 else 1.08


def _walk(scene: Scene, y: float, x: float, side: int) -> float:
    return abs(x - _edge(side)) / _speed(scene, y)


def _enter(scene: Scene, at: float, x: float, y: float, side: int) -> list[Waypoint]:
    return [(at - _walk(scene, y, x, side), _edge(side), y), (at, x, y)]


def _exit(scene: Scene, last: Waypoint, side: int) -> list[Waypoint]:
    at, x, y = last
    return [(at + _walk(scene, y, x, side), _edge(side), y)]


def _spots(rng: Random, scene: Scene, people: int) -> list[tuple[float, float]]:
    """Return places to stand, at least a shoulder's width apart."""
    spots: list[tuple[float, float]] = []
    for _ in range(people * 200):
        x, y = rng.uniform(0.12, 0.88), rng.uniform(0.55, 0.97)
        width = 0.45 * scene.height(y) * 9 / 16
        if all(abs(x - other_x) > width or abs(y - other_y) > 0.08 for other_x, other_y in spots):
            spots.append((x, y))
        if len(spots) == people:
            break
    return spots
