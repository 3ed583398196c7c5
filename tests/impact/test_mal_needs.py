"""Which steps of a MAL attack graph fall, course by course, against the rules of mal-simulator 3.3 written out."""

from __future__ import annotations

import random

import numpy as np
import pytest

from safecare.cascade.engine import Cascade
from safecare.cascade.simulate import Draws
from safecare.cascade.words import Fact
from safecare.formats.mal import MalGraph, MalStep, Takes
from safecare.impact.mal import mal_on
from safecare.model.forecast import State
from safecare.testing.hospital import small_hospital

pytestmark = pytest.mark.slow
SAMPLES = 24


def made(seed: int) -> MalGraph:
    chance = random.Random(seed)
    steps: dict[str, MalStep] = {}
    names = [f"a:s{number}" for number in range(chance.randint(4, 14))]
    for name in names:
        kind = chance.choice(["or", "and", "and", "defense", "exist", "notExist"])
        parents = () if kind not in {"or", "and"} else tuple(chance.sample(names, chance.randint(0, 4)))
        takes = Takes(probability=chance.choice([0.0, 0.5, 0.5, 1.0]) if kind == "defense" else 1.0)
        steps[name] = MalStep(name, "a", kind, takes, parents, chance.random() < 0.5)  # type: ignore[arg-type]
    attack = [name for name, step in steps.items() if step.kind in {"or", "and"}]
    return MalGraph(steps, tuple(chance.sample(attack, min(len(attack), 2))))


def fallen(graph: MalGraph, enabled: set[str]) -> set[str]:
    steps = graph.steps
    needed = dict.fromkeys(steps, True)
    blocks = {name for name in steps if steps[name].kind == "defense" and name in enabled}
    blocks |= {name for name in steps if steps[name].kind == "exist" and not steps[name].exists}
    blocks |= {name for name in steps if steps[name].kind == "notExist" and steps[name].exists}
    for _ in steps:
        for name, step in steps.items():
            if step.kind in {"or", "and"}:
                test = all if step.kind == "or" else any
                needed[name] = not step.parents or test(needed[one] for one in step.parents)
            else:
                needed[name] = name in blocks
    done = set(graph.entries)
    for _ in steps:
        for name, step in steps.items():
            if step.kind not in {"or", "and"} or not done & set(step.parents):
                continue
            free = step.kind == "or" or not blocks & set(step.parents)
            if free and (step.kind == "or" or all(one in done for one in step.parents if needed[one])):
                done.add(name)
    return done


@pytest.mark.parametrize("seed", range(60))
def test_the_same_steps_fall(seed: int) -> None:
    graph = made(seed)
    attack = mal_on(small_hospital(), graph, {})
    cascade = Cascade.of(small_hospital(), more=attack.rules)
    outcome = cascade.play(attack.seeds, Draws(cascade.system, seed, SAMPLES))[0]

    def happens(name: str) -> list[bool]:
        return list(np.isfinite(outcome.start(Fact(f"mal:{name}", State.COMPROMISED))))

    known = {fact.target.removeprefix("mal:") for fact in cascade.system.number}
    luck = {name: happens(name) for name, step in graph.steps.items() if step.kind == "defense"}
    for course in range(SAMPLES):
        enabled = {
            name
            for name in luck
            if graph.steps[name].takes.probability == 1.0
            or (graph.steps[name].takes.probability == 0.5 and not luck[name][course])
        }
        expected = fallen(graph, enabled)
        for name, step in graph.steps.items():
            if step.kind in {"or", "and"} and (name in known or name not in graph.entries):
                assert happens(name)[course] == (name in expected), name
