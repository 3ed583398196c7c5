"""Made-up troubles and playbooks, many of them harmful, on the small hospital: what ranking misses of the best gain."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from safecare.cascade.engine import Cascade
from safecare.cascade.simulate import Draws
from safecare.cascade.words import Fact, Figure, Seed
from safecare.decide.effects import RuleIndex, changes
from safecare.decide.playbook import Mend, Playbook, Price, Response, Stop, Target, Work
from safecare.decide.ranking import Candidate, rank
from safecare.model.forecast import State
from safecare.model.text import say
from safecare.testing.bench import Row
from safecare.testing.hospital import small_hospital

CASES, TRUTH = 40, 4_000
TROUBLES = ("board.north", "freezer.1", "app.appointments", "ws.pharmacy.1", "switch.core")


def regret() -> Iterable[Row]:
    """How much of the best response's gain the first one misses. The truth: each candidate on `TRUTH` other courses."""
    cascade = Cascade.of(small_hospital())
    index = RuleIndex(cascade.system)
    random = np.random.default_rng(7)
    missed, gains, harmful, choices = 0.0, 0.0, 0, 0
    for round_ in range(CASES):
        hit = random.choice(TROUBLES, size=int(random.integers(1, 4)), replace=False)
        seeds = [
            Seed(
                key=f"s.{target}",
                fact=Fact(str(target), State.DOWN),
                text=say("Stated"),
                probability=Figure.exactly(float(random.choice([0.3, 0.7, 1.0]))),
            )
            for target in hit
        ]
        books = [_book(number, random) for number in range(int(random.integers(2, 7)))]
        found = rank(cascade, index, books, seeds, Draws(cascade.system, 1_000 + round_, 64))
        draws = Draws(cascade.system, 5_000 + round_, TRUTH)
        before, care = cascade.play(seeds, draws)

        def truth(one: Candidate) -> float:
            change = changes(one.playbook, one.target, cascade.hospital, index)
            return float((care.total - cascade.play(seeds, draws, change, before)[1].total).mean())  # noqa: B023

        able = [one for one in found.candidates if one.infeasible is None]
        best = max([0.0, *map(truth, able)])
        choices += len(able) if best > 0.0 else 0
        chosen = truth(found.candidates[0]) if found.wait_rank else 0.0
        missed, gains = missed + best - chosen, gains + best
        harmful += sum(one.gain < 0.0 for one in found.candidates[: found.wait_rank])
    note = f"{CASES} cases, {choices} responses in those where one helps, each on {TRUTH:,} courses"
    yield Row(
        what="Regret of the first response", figure=100 * missed / gains, unit="%", better="less", target=5.0, note=note
    )
    yield Row(what="The same: recommended, with a negative gain", figure=harmful, unit="", better="less", target=0)


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
