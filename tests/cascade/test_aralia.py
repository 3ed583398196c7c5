"""Published fault trees through the production Monte-Carlo: top-event probability within 4 sigma.

Data: openpra-org/aralia-fault-tree-dataset (CC BY-SA 4.0), read from ``SAFECARE_DATA/impact/aralia``.
"""

from __future__ import annotations

import csv
import os
import xml.etree.ElementTree as ET
from math import sqrt
from pathlib import Path

import numpy as np
import pytest

from safecare.cascade.simulate import Draws, simulate
from safecare.cascade.system import compile_rules
from safecare.cascade.words import Fact, Figure, Rule, Seed
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
