"""Figures over samples: Wilson interval, quantiles, tail mean."""

from __future__ import annotations

from math import ceil, sqrt

import numpy as np

from safecare.cascade.system import Floats

Z95 = 1.959963984540054
"""Two-sided 95 % quantile of the normal distribution."""
TAIL = 0.9
"""CVaR level: the mean of the worst tenth. Chosen: with some hundred samples a thinner tail is noise."""


def wilson(hits: int, samples: int) -> tuple[float, float]:
    """Return the 95 % interval of a share. Source: E. B. Wilson, JASA 22 (1927). Raises `ValueError` for no sample."""
    if samples < 1 or not 0 <= hits <= samples:
        raise ValueError(f"{hits} of {samples} is no share")
    share, square = hits / samples, Z95 * Z95
    middle = (share + square / (2 * samples)) / (1 + square / samples)
    half = Z95 * sqrt(share * (1 - share) / samples + square / (4 * samples * samples)) / (1 + square / samples)
    low = 0.0 if hits == 0 else middle - half
    high = 1.0 if hits == samples else middle + half
    return max(0.0, low), min(1.0, high)


def tail_mean(values: Floats) -> float:
    """Return CVaR90: the mean of the worst (highest) tenth of `values`."""
    worst = max(1, ceil(round(len(values) * (1.0 - TAIL), 9)))
    return float(np.mean(np.sort(values)[-worst:]))


def mean_interval(values: Floats) -> tuple[float, float]:
    """Return the 95 % interval of the mean of `values` (normal approximation)."""
    middle = float(np.mean(values))
    half = Z95 * float(np.std(values, ddof=1)) / sqrt(len(values)) if len(values) > 1 else 0.0
    return middle - half, middle + half
