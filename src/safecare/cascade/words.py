"""The cascade's words: facts, figures, rules and seeds.

A fact is one `State` of one target and may become true at some time. A rule says: when `need` of its tails
are true, then after a delay, with a probability, its head becomes true. OR is need = 1, AND is need = all,
k-of-n redundancy is need = n - k + 1. A seed is a fact that stands at the start: an alert said so, or a
response brings it about.
"""

from __future__ import annotations

import hashlib
from math import inf
from typing import NamedTuple

import msgspec

from safecare.model.forecast import State
from safecare.model.text import Text


class Fact(NamedTuple):
    """One state of one asset, zone or service; it may be true from some time on."""

    target: str
    state: State


class Figure(NamedTuple):
    """A parameter with its doubt: lowest, usual and highest value (triangular distribution).

    A delay with `low` 0 and an infinite `high` is exponential with mean `usual`: failures without memory, as in dynamic
    fault trees, and most attack steps of MAL.
    """

    low: float
    usual: float
    high: float

    @classmethod
    def exactly(cls, value: float) -> Figure:
        """Return the figure without doubt."""
        return cls(value, value, value)

    @property
    def mean(self) -> float:
        """Mean of the distribution."""
        return self.usual if self.high == inf else (self.low + self.usual + self.high) / 3.0

    def scaled(self, factor: float) -> Figure:
        """Return the figure with all three values times `factor`."""
        return Figure(self.low * factor, self.usual * factor, self.high * factor)


NOW = Figure.exactly(0.0)
SURE = Figure.exactly(1.0)


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """When `need` of `tails` are true, `head` becomes true `delay` seconds later with `probability`.

    `key` is unique and stays the same from one model revision to the next: random draws hang on it.
    `lasting` effects stay when the cause goes (spoilt goods); others end with it (power comes back).
    """

    key: str
    kind: str
    """Family, by which responses pick rules: needs, powers, connects, fire, theft, ..."""
    tails: tuple[Fact, ...]
    need: int
    head: Fact
    text: Text
    delay: Figure = NOW
    probability: Figure = SURE
    lasting: bool = False
    source: str = "assumed"
    """Where the figures come from."""

    def __post_init__(self) -> None:
        """Refuse what no system can hold (`ValueError`)."""
        if not 1 <= self.need <= len(set(self.tails)) == len(self.tails):
            raise ValueError(f"rule {self.key}: needs {self.need} of {len(self.tails)} facts, each named once")
        _check(self.key, self.delay, self.probability)


class Seed(msgspec.Struct, frozen=True, kw_only=True):
    """`fact` is true from `at` (seconds, may be before the start) until `until`, with `probability`."""

    key: str
    fact: Fact
    text: Text
    at: float = 0.0
    probability: Figure = SURE
    until: float = inf
    source: str = ""

    def __post_init__(self) -> None:
        """Refuse a probability that is none (`ValueError`)."""
        _check(self.key, NOW, self.probability)


def _check(key: str, delay: Figure, probability: Figure) -> None:
    exponential = delay.low == 0.0 < delay.usual < delay.high == inf
    if not (0.0 <= delay.low <= delay.usual <= delay.high < inf or exponential):
        raise ValueError(f"rule {key}: delay {delay} is not low <= usual <= high")
    if not 0.0 <= probability.low <= probability.usual <= probability.high <= 1.0:
        raise ValueError(f"rule {key}: probability {probability} is not low <= usual <= high within 0-1")


def key_number(key: str) -> int:
    """Return the 64-bit number of `key` (BLAKE2b), the same on every machine and in every run."""
    return int.from_bytes(hashlib.blake2b(key.encode(), digest_size=8).digest(), "big")
