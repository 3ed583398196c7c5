"""Scores of flows: distance, reasons, streaming as one batch; `FlowAnomaly` keeps its state across a restart."""

from __future__ import annotations

import numpy as np

from safecare.detect.cyber.flow_score import FlowScore
from safecare.detect.cyber.network_flow_anomaly import BATCH, FlowAnomaly
from safecare.model.events.network import ConnectionSeen
from safecare.testing.made import HOSPITAL, made, restarted


def flows(seed: int, count: int) -> np.ndarray:
    chance = np.random.default_rng(seed)
    rows = chance.normal(size=(count, 4))
    rows[:, 1] = rows[:, 0] + 0.1 * rows[:, 1]  # two features that go together
    return rows


def test_score_sees_what_no_feature_alone_shows() -> None:
    score = FlowScore(4)
    score.learn(flows(1, 5000))
    usual = score.score(flows(2, 1000))
    assert 0.8 < usual.mean() < 1.2
    odd = np.array([[1.5, -1.5, 0.0, 0.0]])  # each value is usual, together they are not
    assert score.score(odd)[0] > 10 * usual.mean()
    assert score.reasons(np.array([0.0, 0.0, 50.0, 0.0]))[0] == 2


def test_batches_come_to_the_same_as_the_whole() -> None:
    rows, whole, parts = flows(3, 900), FlowScore(4), FlowScore(4)
    whole.learn(rows)
    for at in range(0, 900, 30):
        parts.learn(rows[at : at + 30])
    np.testing.assert_allclose(parts.mean, whole.mean, atol=0.15)
    np.testing.assert_allclose(parts.covariance, whole.covariance, atol=0.3)


def test_hostile_values_give_numbers() -> None:
    score = FlowScore(2)
    score.learn(np.array([[np.inf, np.nan], [1e300, -1e300], [0.0, 1.0]]))
    assert np.isfinite(score.score(np.array([[np.nan, np.inf]]))).all()


def test_state_survives_a_restart() -> None:
    rule = FlowAnomaly(HOSPITAL)
    events = [
        made(ConnectionSeen, n * 60.0, src_ip="10.1.40.20", dst_ip="10.1.40.10", dst_port=104, bytes_out=1000 + n % 9)
        for n in range(BATCH + 50)
    ]
    assert list(rule.feed(events)) == []
    assert restarted(rule, FlowAnomaly(HOSPITAL))._usual == rule._usual
    assert len(rule._usual["ct"].waiting) == 50
