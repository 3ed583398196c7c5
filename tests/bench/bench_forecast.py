"""Forecast and plan on the demo hospital, and exactness of the Monte-Carlo on published fault trees.

Times are CPU seconds of one core, the best of several, because machines are shared.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
from math import inf, sqrt
from pathlib import Path
from time import process_time

import numpy as np

from safecare.cascade.earliest import earliest
from safecare.cascade.engine import Cascade
from safecare.cascade.simulate import Draws, simulate
from safecare.cascade.system import compile_rules
from safecare.decide.stage import DecideStage
from safecare.demo import HOSPITAL
from safecare.formats.hospital import load
from safecare.impact.stage import ImpactStage
from safecare.model.hospital import Hospital
from safecare.testing.bench import Row, Skipped
from safecare.testing.cascade import DEMO, incident_of, theft_alerts

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "cascade"))

TREES = ("das9206", "edf9205", "edfpa14b", "edf9203", "chinese")
SAMPLES = 20_000


def rows() -> Iterable[Row | Skipped]:
    """Measure everything."""
    hospital = load(HOSPITAL).hospital
    if hospital is None:
        yield Skipped("forecast", "the demo hospital can't be read")
        return
    yield from _times(hospital)
    yield from _exactness()


def _seconds(act: Callable[[], object], repeats: int = 3) -> float:
    best = inf
    for _ in range(repeats):
        began = process_time()
        act()
        best = min(best, process_time() - began)
    return best


def _times(hospital: Hospital) -> Iterable[Row]:
    alerts = theft_alerts(DEMO)
    incident = incident_of(alerts)
    cascade = Cascade.of(hospital)
    assets = f"{len(hospital.assets)} assets, {len(cascade.system.rules)} rules"
    yield Row(
        what="Hospital to rules", figure=_seconds(lambda: Cascade.of(hospital)), unit="s", better="less", note=assets
    )

    def foretell() -> object:
        return next(iter(ImpactStage(hospital, cascade).feed([*alerts, incident])))

    (forecast,) = ImpactStage(hospital, cascade).feed([*alerts, incident])
    yield Row(what="Forecast of the vaccine theft", figure=_seconds(foretell), unit="s", better="less", target=1.0)

    def plan() -> object:
        return list(DecideStage(hospital, cascade).feed([*alerts, incident, forecast]))

    yield Row(what="Plan of the vaccine theft", figure=_seconds(plan), unit="s", better="less", target=2.0)
    yield _against_one_by_one(cascade)


def _against_one_by_one(cascade: Cascade) -> Row:
    """Samples per second, beside Dijkstra run once per sample on the same draws."""
    alerts = theft_alerts(DEMO)
    seeds = cascade.seeds(incident_of(alerts), alerts)
    samples, alone = 256, 16
    draws = Draws(cascade.system, 1, samples)
    outcome = simulate(cascade.system, seeds, draws, cascade.horizon)
    mine = _seconds(lambda: simulate(cascade.system, seeds, draws, cascade.horizon))
    table = np.full((len(cascade.system.rules), alone), np.inf)
    table[list(outcome.layout.rules)] = [row[:alone] for row in draws.rows(outcome.layout.rules)]
    begin = [
        {cascade.system.number[seed.fact]: seed.at for seed in seeds if np.isfinite(draws.seeds([seed])[0][sample])}
        for sample in range(alone)
    ]
    drawn = [column.tolist() for column in table.T]
    theirs = _seconds(lambda: [earliest(cascade.system, begin[n], drawn[n], cascade.horizon) for n in range(alone)])
    return Row(
        what="Cascade samples, all at once",
        figure=samples / mine,
        unit="/s",
        peer=alone / theirs,
        peer_name="Dijkstra, one by one",
        note=f"{len(outcome.rows)} facts reached; ours with causes and ends",
    )


def _exactness() -> Iterable[Row | Skipped]:
    folder = Path(os.environ.get("SAFECARE_DATA", "")) / "impact" / "aralia"
    if not folder.is_dir():
        yield Skipped("Aralia fault trees", "SAFECARE_DATA with impact/aralia is not set")
        return
    from test_aralia import published, tree

    worst = 0.0
    for name in TREES:
        rules, seeds, top = tree(folder / f"{name}.xml")
        system = compile_rules(rules)
        outcome = simulate(system, seeds, Draws(system, 2026, SAMPLES), 1.0)
        expected = published(folder)[name]
        worst = max(worst, abs(outcome.chance(top) - expected) / sqrt(expected * (1 - expected) / SAMPLES))
    yield Row(
        what=f"Aralia: largest deviation on {len(TREES)} trees", figure=worst, unit="sd", better="less", target=4.0
    )
