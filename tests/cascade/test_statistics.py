"""Wilson interval against published values, tail mean, interval of a mean."""

from __future__ import annotations

import numpy as np
import pytest

from safecare.cascade.statistics import mean_interval, tail_mean, wilson


@pytest.mark.parametrize(
    ("hits", "samples", "low", "high"),
    [
        # R. G. Newcombe, Statistics in Medicine 17 (1998), table I, method 3
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_meets_published_intervals(hits: int, samples: int, low: float, high: float) -> None:
    assert wilson(hits, samples) == pytest.approx((low, high), abs=6e-5)


def test_no_share_is_refused() -> None:
    for hits, samples in ((1, 0), (3, 2), (-1, 5)):
        with pytest.raises(ValueError):
            wilson(hits, samples)


def test_tail_mean_is_the_mean_of_the_worst_tenth() -> None:
    assert tail_mean(np.arange(100.0)) == pytest.approx(94.5)
    assert tail_mean(np.array([3.0])) == 3.0


def test_interval_of_a_mean_holds_it() -> None:
    low, high = mean_interval(np.array([1.0, 2.0, 3.0]))
    assert low < 2.0 < high
    assert mean_interval(np.array([2.0])) == (2.0, 2.0)
