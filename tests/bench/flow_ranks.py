"""Made flows ranked by the score of flows: how well attacks stand above what is normal."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from safecare.detect.cyber.flow_score import FlowScore
from safecare.testing import flows as made_flows
from safecare.testing.bench import Row


def ranked() -> Iterator[Row]:
    """A smoke test of the score on made flows (NSL-KDD is not at hand); it learns from normal ones only."""
    every: list[float] = []
    by_kind: dict[str, list[float]] = {}
    for seed in range(3):
        score = FlowScore(len(made_flows.FEATURES))
        score.learn(made_flows.features(made_flows.normal_flows(1000 + seed, 15_000)))
        mixed = [*made_flows.normal_flows(2000 + seed, 8000), *made_flows.attack_flows(3000 + seed, 6000)]
        mixed.sort(key=lambda one: one.at)
        scores, labels = score.score(made_flows.features(mixed)), np.array([one.label for one in mixed])
        every.append(made_flows.auc(scores, labels != ""))
        for kind in made_flows.MIX:
            some = (labels == "") | (labels == kind)
            by_kind.setdefault(kind, []).append(made_flows.auc(scores[some], labels[some] != ""))
    worst = min(by_kind, key=lambda kind: float(np.mean(by_kind[kind])))
    yield Row(
        what="flow score on made flows in NSL-KDD's mix of attacks, AUC",
        figure=float(np.mean(every)),
        unit="",
        target=0.965,
        note=f"not NSL-KDD itself; hardest: {worst} {np.mean(by_kind[worst]):.3f}",
    )
