"""Made walks in which something is staged: people who run among those who walk, and visits to a door with badges.

Nothing is drawn (see `safecare.testing.walks`): figures measured on these say how a rule bears the errors of boxes and
tracks, not how well it works in a hospital.

    runs = made_runs(seed=3)
    runs.runners     # who runs, by person
    visits = made_visits(seed=3)
    visits.visits    # each with its kind, its grants, and when somebody slipped in
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Literal

from safecare.testing.walks import LONG, SIZE, WALK, Walker, Walks, followed, tall

RUN = (1.65, 2.95)
"""Heights/s (2.8 to 5.0 m/s): from a jog to a sprint over a corridor's length."""
HURRY = (1.0, 1.25)
"""Heights/s (1.7 to 2.1 m/s): as fast as people walk."""
DOOR = ((640.0, 720.0), (640.0, 200.0))
"""The line of the door; who enters goes to the right."""
APART = 20.0
"""Seconds from one visit to the next."""
Kind = Literal["alone", "two badges", "slips in", "one leaves", "turns back"]
KINDS: tuple[Kind, ...] = ("alone", "two badges", "slips in", "slips in", "one leaves", "turns back")


@dataclass(frozen=True)
class Runs:
    """Walks, and which of the people run."""

    walks: Walks
    runners: frozenset[int]


@dataclass(frozen=True)
class Visit:
    """Somebody enters with a badge: when, the times of grants, and when another one enters without, if so."""

    kind: Kind
    at: float
    grants: tuple[float, ...]
    slips_in: float | None = None


@dataclass(frozen=True)
class Visits:
    """Walks through the line `DOOR`, and what they are."""

    walks: Walks
    visits: Sequence[Visit]


def made_runs(seed: int, seconds: float = 120.0, fps: float = 5.0, people: int = 4) -> Runs:
    """Return walks of `seconds`; of five people one runs and one hurries. Who runs neither halts nor turns back."""
    chance = Random(f"runs {seed}")
    walkers, runners = [], set()
    for number in range(1, max(1, round(people * seconds / LONG)) + 1):
        begin = chance.uniform(-5.0, seconds)
        speed = chance.choice((RUN, HURRY, WALK, WALK, WALK))
        one = Walker(number, chance, begin, speed)
        if speed is RUN:
            one.straight(chance.choice((-1, 1)), one.y, chance.uniform(*RUN))
            runners.add(number)
        walkers.append(one)
    return Runs(followed(walkers, seconds, fps), frozenset(runners))


def made_visits(seed: int, visits: int = 12, fps: float = 5.0) -> Visits:
    """Return visits to a door, `APART` one from the other."""
    chance = Random(f"visits {seed}")
    walkers: list[Walker] = []
    told = []
    for number in range(visits):
        kind, at, y = chance.choice(KINDS), APART * (number + 1), chance.uniform(350, 650)
        walkers.append(_walker(len(walkers) + 1, chance, at, y))
        grants, late = [at - chance.uniform(0.5, 2.5)], at + chance.uniform(0.8, 4.0)
        beside = min(max(y + chance.uniform(-40, 40), 350), 650)
        if kind == "two badges":
            grants.append(late - chance.uniform(0.3, 0.7))
        if kind == "one leaves":
            walkers.append(_walker(len(walkers) + 1, chance, late, beside, side=-1))
        elif kind != "alone":
            walkers.append(_walker(len(walkers) + 1, chance, late, beside, back=kind == "turns back"))
        told.append(Visit(kind, at, tuple(grants), late if kind == "slips in" else None))
    return Visits(followed(walkers, APART * (visits + 1), fps), told)


def _walker(number: int, chance: Random, at: float, y: float, *, side: int = 1, back: bool = False) -> Walker:
    """Return somebody who reaches the door's line at `at`, or halts at 0.6 heights from it and turns `back`."""
    speed = chance.uniform(*WALK)
    way = (DOOR[0][0] if side > 0 else SIZE[0] - DOOR[0][0]) - (0.6 * tall(y) if back else 0.0)
    begin = at - way / (speed * tall(y))
    return Walker(number, chance, begin).straight(side, y, speed, ((at, 1.0, True),) if back else ())
