"""The score of the Numenta Anomaly Benchmark, standard profile, for detectors of series.

Source: Lavin and Ahmad, "Evaluating Real-time Anomaly Detection Algorithms - the Numenta Anomaly Benchmark" (ICMLA
2015); the
weights are those of the benchmark's file ``profiles.json`` (standard: true positive 1, false negative 1, false
positive 0.11).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec

FALSE_POSITIVE = 0.11
PROBATION, LONGEST_PROBATION = 0.15, 750
"""Share of a series (and most points) at its beginning that does not count."""


class Labelled(msgspec.Struct, frozen=True):
    """Scores (0-1) of one series, and its anomaly windows as first and last point (counted from 0)."""

    scores: Sequence[float]
    windows: Sequence[tuple[int, int]]

    @property
    def probation(self) -> int:
        """Points at the beginning that do not count."""
        return min(int(PROBATION * len(self.scores)), LONGEST_PROBATION)


def _sigmoid(position: float) -> float:
    return -1.0 if position > 3.0 else 2.0 / (1.0 + math.exp(5.0 * position)) - 1.0


def raw_score(series: Labelled, threshold: float) -> float:
    """Return the sum of rewards and penalties when every score from `threshold` on is an alarm."""
    total, best = 0.0, _sigmoid(-1.0)
    found: dict[int, float] = {}
    for place in range(series.probation, len(series.scores)):
        if series.scores[place] < threshold:
            continue
        inside = next((number for number, (a, b) in enumerate(series.windows) if a <= place <= b), None)
        if inside is not None:
            a, b = series.windows[inside]
            if inside not in found:
                found[inside] = _sigmoid(-(b - place + 1) / (b - a + 1)) / best
            continue
        before = [(a, b) for a, b in series.windows if b < place]
        if not before:
            total -= FALSE_POSITIVE
        else:
            a, b = before[-1]
            total += FALSE_POSITIVE * _sigmoid((place - b) / max(1, b - a))
    return total + sum(found.values()) - (len(series.windows) - len(found))


def standard_score(corpus: Sequence[Labelled], threshold: float | None = None) -> tuple[float, float]:
    """Return the score (100: perfect, 0: no alarm) and its threshold; the best one if none is given, as in NAB."""
    windows = sum(len(one.windows) for one in corpus)
    if threshold is not None:
        total = sum(raw_score(one, threshold) for one in corpus)
        return 100.0 * (total + windows) / (2.0 * windows), threshold
    levels = sorted({round(score, 4) for one in corpus for score in one.scores[one.probation :] if score > 0.05})
    step = max(1, len(levels) // 400)
    return max((standard_score(corpus, level) for level in [*levels[::step], 0.5, 1.1]), key=lambda one: one[0])
