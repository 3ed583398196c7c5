"""Made-up troubles and playbooks, many of them harmful, on hospitals drawn by chance: what ranking misses or harms."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence

import numpy as np
from scipy import stats

from safecare.cascade.engine import Cascade
from safecare.cascade.simulate import Draws
from safecare.cascade.statistics import mean_interval
from safecare.cascade.words import Fact, Figure, Seed
from safecare.decide.effects import RuleIndex, changes
from safecare.decide.playbook import Mend, Playbook, Price, Response, Stop, Target, Work
from safecare.decide.ranking import Candidate, Ranking, rank
from safecare.model.forecast import State
from safecare.model.hospital import Hospital
from safecare.model.text import say
from safecare.testing.bench import Row
from safecare.testing.hospital import small_hospital
from safecare.testing.made_hospital import made_hospital

SMALL_CASES, HOSPITALS, CASES_EACH, TRUTH = 40, 40, 2, 4_000
TROUBLES = ("board.north", "freezer.1", "app.appointments", "ws.pharmacy.1", "switch.core")
NOISE, PERTURBED = 0.5, 5
FEWEST = 6
"""Responses with an effect from which an order is compared: of two or three, one swap is everything."""


@dataclasses.dataclass
class Tally:
    """What came of all cases."""

    cases: int = 0
    choices: int = 0
    recommended: int = 0
    missed: float = 0.0
    gains: float = 0.0
    worst: float = 0.0
    harmful: int = 0
    """Recommended, and harmful beyond doubt on fresh courses."""
    taus: list[float] = dataclasses.field(default_factory=list)


def regret() -> Iterable[Row]:
    """How much of the best response's gain the first one misses, whether one harms, how stable the order is."""
    random = np.random.default_rng(7)
    tally = Tally()
    small = small_hospital()
    for _ in range(SMALL_CASES):
        case(small, TROUBLES, random, tally)
    for number in range(HOSPITALS):
        hospital = made_hospital(number)
        things = [one.id for one in hospital.assets]
        for _ in range(CASES_EACH):
            case(hospital, things, random, tally)
    note = (
        f"{tally.cases} cases on {HOSPITALS + 1} hospitals, {tally.choices} responses in those where one helps, "
        f"each on {TRUTH:,} fresh courses"
    )
    yield Row(
        what="Regret of the first response",
        figure=100 * tally.missed / tally.gains,
        unit="%",
        better="less",
        target=5.0,
        note=note,
    )
    yield Row(
        what="Recommended, but harmful on fresh courses",
        figure=tally.harmful,
        unit="",
        better="less",
        target=0,
        note=f"of {tally.recommended} recommended; harmful beyond doubt (95 %)",
    )
    yield Row(
        what="Order on made hospitals, +-50 % noise: mean tau",
        figure=float(np.mean(tally.taus)),
        unit="",
        target=0.8,
        note=f"{len(tally.taus)} perturbed rankings of {FEWEST} responses or more; least {min(tally.taus):.2f}",
    )


def case(hospital: Hospital, things: Sequence[str], random: np.random.Generator, tally: Tally) -> None:
    """Draw one trouble and its playbooks, rank, and add what is true of the ranking to `tally`."""
    cascade = Cascade.of(hospital)
    known = [one for one in things if Fact(one, State.DOWN) in cascade.system.number]
    seeds = [
        Seed(
            key=f"s.{target}",
            fact=Fact(str(target), State.DOWN),
            text=say("Stated"),
            probability=Figure.exactly(float(random.choice([0.3, 0.7, 1.0]))),
        )
        for target in random.choice(known, size=int(random.integers(1, 4)), replace=False)
    ]
    books = [_book(number, random) for number in range(int(random.integers(2, 9)))]
    number = int(random.integers(1 << 30))
    found = _ranked(cascade, books, seeds, number)
    draws = Draws(cascade.system, number + 1, TRUTH)
    before, care = cascade.play(seeds, draws)
    index = RuleIndex(cascade.system)

    def truth(one: Candidate) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        change = changes(one.playbook, one.target, hospital, index)
        gains: np.ndarray[tuple[int], np.dtype[np.float64]] = (
            care.total - cascade.play(seeds, draws, change, before)[1].total
        )
        return gains

    able = {id(one): truth(one) for one in found.candidates if one.infeasible is None}
    best = max([0.0, *(float(gains.mean()) for gains in able.values())])
    first = found.candidates[: found.wait_rank]
    chosen = float(able[id(first[0])].mean()) if first else 0.0
    tally.cases += 1
    tally.choices += len(able) if best > 0.0 else 0
    tally.recommended += len(first)
    tally.missed += best - chosen
    tally.gains += best
    tally.worst = max(tally.worst, best - chosen)
    tally.harmful += sum(mean_interval(able[id(one)])[1] < 0.0 for one in first)
    tally.taus += _taus(cascade, books, seeds, number, found, random)


def _ranked(cascade: Cascade, books: Sequence[Playbook], seeds: Sequence[Seed], number: int) -> Ranking:
    return rank(cascade, RuleIndex(cascade.system), tuple(books), seeds, Draws(cascade.system, number, 64))


def _taus(
    cascade: Cascade,
    books: Sequence[Playbook],
    seeds: Sequence[Seed],
    number: int,
    found: Ranking,
    random: np.random.Generator,
) -> list[float]:
    """Return how alike the orders are when every delay and probability is off by up to half.

    Kendall's tau-b of the gains: two responses that gain the same have no order among themselves.
    """
    told = _gains(found)
    if len(told) < FEWEST:
        return []
    taus: list[float] = []
    for _ in range(PERTURBED):
        system = cascade.system
        factors = random.uniform(1.0 - NOISE, 1.0 + NOISE, (2, len(system.head), 1))
        delay, probability = system.delay * factors[0], np.minimum(1.0, system.probability * factors[1])
        other = dataclasses.replace(cascade, system=dataclasses.replace(system, delay=delay, probability=probability))
        again = _gains(_ranked(other, books, seeds, number))
        both = [key for key in told if key in again]
        if len(both) >= FEWEST:
            taus.append(float(stats.kendalltau([told[key] for key in both], [again[key] for key in both]).statistic))
    return taus


def _gains(found: Ranking) -> dict[tuple[str, str], float]:
    """Return the expected gains, to a thousandth of a patient-hour, of what may be done and does something."""
    return {
        (one.playbook.id, one.target): round(one.gain, 3)
        for one in found.candidates
        if one.infeasible is None and np.abs(one.gains).max() > 0.0
    }


def _book(number: int, random: np.random.Generator) -> Playbook:
    """Return a made-up playbook: it stops what leads out of a thing, or repairs it, and may take it down itself."""
    hours = max(0.0, float(random.uniform(-8.0, 16.0)))
    repairs = bool(random.integers(2))
    return Playbook(
        type="playbook",
        spec_version="cacao-2.0",
        id=f"playbook--{number}",
        name=f"Book {number}: {{target}}",
        playbook_types=("mitigation",),
        workflow=(Work("operator", "Do it"),),
        response=Response(
            targets=(Target(State.DOWN),),
            after=float(random.uniform(5.0, 600.0)),
            stops=() if repairs else (Stop(("needs", "powers", "encryption"), out_of="self"),),
            repairs=(Mend(State.DOWN),) if repairs else (),
            costs=(Price(State.DOWN, hours),) if hours else (),
        ),
    )
