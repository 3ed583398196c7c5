"""The made flows: the same for a seed, in order, with the features they promise; the area under the curve by hand."""

from __future__ import annotations

import numpy as np
import pytest

from safecare.testing.flows import FEATURES, MIX, attack_flows, auc, features, normal_flows


def test_a_seed_gives_the_same_flows_in_order() -> None:
    one, again = normal_flows(3, 500), normal_flows(3, 500)
    assert one == again
    assert [flow.at for flow in one] == sorted(flow.at for flow in one)
    assert {flow.label for flow in one} == {""}


def test_attacks_come_in_their_mix() -> None:
    made = attack_flows(4, 4000)
    for name, share in MIX.items():
        count = sum(flow.label == name for flow in made)
        assert share * 4000 <= count <= share * 4000 + 400


def test_features_are_finite_and_named() -> None:
    table = features(normal_flows(5, 300))
    assert table.shape[1] == len(FEATURES)
    assert np.isfinite(table).all()


@pytest.mark.parametrize(
    ("scores", "bad", "area"),
    [([1, 2, 3, 4], [0, 0, 1, 1], 1.0), ([4, 3, 2, 1], [0, 0, 1, 1], 0.0), ([1, 1, 1, 1], [0, 1, 0, 1], 0.5)],
)
def test_area_under_the_curve(scores: list[float], bad: list[int], area: float) -> None:
    assert auc(np.array(scores, float), np.array(bad, bool)) == area
