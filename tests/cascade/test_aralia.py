"""Published fault trees through the production Monte-Carlo, within 4 sigma; and the one figure that can't be right.

Data: openpra-org/aralia-fault-tree-dataset (CC BY-SA 4.0), read from ``SAFECARE_DATA/impact/aralia``.
"""

from __future__ import annotations

import csv
import os
import xml.etree.ElementTree as ET
from itertools import product
from math import fsum, prod, sqrt
from pathlib import Path

import numpy as np
import pytest

from safecare.cascade.exact import solve
from safecare.cascade.simulate import Draws, simulate
from safecare.cascade.system import compile_rules
from safecare.cascade.words import Fact, Figure, Rule, Seed
from safecare.formats.open_psa import read_open_psa
from safecare.model.forecast import State
from safecare.model.text import say

FOLDER = Path(os.environ.get("SAFECARE_DATA", "")) / "impact" / "aralia"
SAMPLES = 40_000

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        "SAFECARE_DATA" not in os.environ or not FOLDER.is_dir(), reason="SAFECARE_DATA with impact/aralia is not set"
    ),
]


def fact(name: str) -> Fact:
    return Fact(name, State.DOWN)


def tree(path: Path) -> tuple[list[Rule], list[Seed], Fact]:
    """Rules of the gates, seeds of the basic events, and the one gate that no other gate uses."""
    root = ET.parse(path).getroot()
    rules: list[Rule] = []
    used: set[str] = set()
    for gate in root.iter("define-gate"):
        (formula,) = list(gate)
        names = list(dict.fromkeys(child.attrib["name"] for child in formula))
        used.update(names)
        need = {"or": 1, "and": len(names)}.get(formula.tag) or int(formula.attrib["min"])
        rules.append(
            Rule(
                key=gate.attrib["name"],
                kind="gate",
                tails=tuple(fact(name) for name in names),
                need=need,
                head=fact(gate.attrib["name"]),
                text=say("Gate"),
            )
        )
    seeds = [
        Seed(
            key=event.attrib["name"],
            fact=fact(event.attrib["name"]),
            text=say("Event"),
            probability=Figure.exactly(float(event.find("float").attrib["value"])),  # type: ignore[union-attr]
        )
        for event in root.iter("define-basic-event")
    ]
    (top,) = [one.head for one in rules if one.head.target not in used]
    return rules, seeds, top


def published(folder: Path) -> dict[str, float]:
    """Top-event probability by tree."""
    with (folder / "expected.csv").open(encoding="utf-8") as file:
        return {row["tree"]: float(row["top_event_probability"]) for row in csv.DictReader(file)}


@pytest.mark.parametrize("name", ["das9206", "edf9205", "edfpa14b", "chinese"])
def test_published_probability_is_met(name: str) -> None:
    expected = published(FOLDER)[name]
    rules, seeds, top = tree(FOLDER / f"{name}.xml")
    system = compile_rules(rules)
    outcome = simulate(system, seeds, Draws(system, 2026, SAMPLES), 1.0)
    measured = float(np.isfinite(outcome.start(top)).mean())
    assert abs(measured - expected) <= 4 * sqrt(expected * (1 - expected) / SAMPLES)


def test_one_published_figure_is_larger_than_anything_possible() -> None:
    """das9204 has AND and OR only: its top is not likelier than all sets of events that bring it about together."""
    root = ET.parse(FOLDER / "das9204.xml").getroot()
    gates = {gate.attrib["name"]: gate[0] for gate in root.iter("define-gate")}
    assert {formula.tag for formula in gates.values()} == {"and", "or"}
    chances = {
        event.attrib["name"]: float(event.find("float").attrib["value"])  # type: ignore[union-attr]
        for event in root.iter("define-basic-event")
    }
    found = {name: {frozenset({name})} for name in chances}
    while len(found) < len(chances) + len(gates):
        for name, formula in gates.items():
            args = [found.get(one.attrib["name"]) for one in formula]
            if name not in found and None not in args:
                sets = [one for one in args if one is not None]
                joined = (frozenset[str]().union(*some) for some in product(*sets))
                found[name] = set().union(*sets) if formula.tag == "or" else set(joined)
    (top,) = gates.keys() - {one.attrib["name"] for one in root.iter("gate")}
    most = fsum(prod(chances[event] for event in one) for one in found[top])
    assert solve(read_open_psa((FOLDER / "das9204.xml").read_bytes(), "das9204")).probability < most
    assert most < published(FOLDER)["das9204"] / 1000
