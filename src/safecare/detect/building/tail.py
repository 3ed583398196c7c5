"""How rare a value is, told by the tail of all values before it. Streaming, in constant memory.

Source: peaks over threshold (Pickands 1975; Siffer et al., "Anomaly Detection in Streams with Extreme Value Theory",
KDD 2017):
excesses over a high threshold follow a generalised Pareto law, here fitted by its moments (Hosking and Wallis, 1987).
"""

from __future__ import annotations

import math
from bisect import bisect_left, insort

import msgspec

SHARE = 0.02
"""Share of values that is the tail (Siffer et al. use 2 %)."""
FEWEST, MOST = 10, 80
"""Least and most values in the tail (chosen: moments of fewer are noise, of more no longer the tail)."""
HEAVIEST = 0.5
"""Largest shape of the law (a heavier tail has no variance, and moments no meaning)."""
LEAST = 0.1
"""Least scale of the tail, as a share of the mean distance of all values from their mean (chosen)."""
LEARNING = 50
"""Values before anything is rare (chosen)."""


class Tail(msgspec.Struct):
    """The upper tail of what was seen."""

    count: int = 0
    mean: float = 0.0
    spread: float = 0.0
    """Running mean of all values, and of their distance from it."""
    largest: list[float] = msgspec.field(default_factory=list)

    def rarity(self, value: float) -> float:
        """Return the chance (0-1) of a value like this or larger; 1 while learning.

        What was there before has at least the share that it had.
        """
        if self.count < LEARNING or len(self.largest) < FEWEST:
            return 1.0
        size = min(len(self.largest), max(FEWEST, int(SHARE * self.count)))
        tail = self.largest[-size:]
        threshold = tail[0]
        share = size / self.count
        if value <= threshold:
            return 1.0
        alike = len(self.largest) - bisect_left(self.largest, value)
        return max(self._law(tail, share, value), alike / self.count)

    def _law(self, tail: list[float], share: float, value: float) -> float:
        """Return the chance by the law that the tail follows; `share` of all values is in it."""
        threshold = tail[0]
        excesses = [one - threshold for one in tail[1:]]
        mean = sum(excesses) / len(excesses)
        least = LEAST * self.spread
        if mean <= least:  # values that stand in steps: all of the tail are alike
            if least <= 0.0:
                return 1.0 / self.count**2
            return share * math.exp(-min((value - threshold) / least, 700.0))
        variance = sum((one - mean) ** 2 for one in excesses) / len(excesses)
        ratio = mean * mean / variance if variance > 0.0 else 1.0
        shape = min(max(0.5 * (1.0 - ratio), 0.0), HEAVIEST)
        scale = mean * (1.0 - shape)
        over = (value - threshold) / scale
        if shape < 1e-6:
            return share * math.exp(-min(over, 700.0))
        return float(share * (1.0 + shape * over) ** (-1.0 / shape))

    def add(self, value: float) -> None:
        """Remember a value."""
        self.count += 1
        self.mean += (value - self.mean) / self.count
        self.spread += (abs(value - self.mean) - self.spread) / self.count
        if len(self.largest) < MOST:
            insort(self.largest, value)
        elif value > self.largest[0]:
            del self.largest[0]
            insort(self.largest, value)
