"""What a rule draws in a course, compiled: whether it fires, and when. The same numbers as `safecare.cascade.draws`."""

from __future__ import annotations

from math import inf, log1p, sqrt
from typing import Any

import numpy as np

from safecare.cascade.compiled import compiled
from safecare.cascade.system import Floats, Ints, Keys

CHANCE = np.dtype(
    [
        ("need", np.int32),
        ("head", np.int32),
        ("key", np.uint64),
        ("soonest", np.float64),
        ("usual", np.float64),
        ("latest", np.float64),
        ("least", np.float64),
        ("likely", np.float64),
        ("most", np.float64),
    ]
)
"""A rule with its random parts, in one line of the processor's cache: delay (seconds) and probability.

An infinite `latest` means an exponential delay with mean `usual`."""


@compiled
def mixed(word: Any) -> Any:
    """Return the SplitMix64 finaliser of `word`, as `safecare.cascade.draws.mixed` does."""
    word = (word ^ (word >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    word = (word ^ (word >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return word ^ (word >> np.uint64(31))


@compiled
def triangular(low: float, usual: float, high: float, uniform: float) -> float:
    """Return the triangular quantile of `uniform`."""
    width = high - low
    if uniform * width < usual - low:
        return low + sqrt(uniform * width * (usual - low))
    return high - sqrt((1.0 - uniform) * width * (high - usual))


def chances(needs: Ints, heads: Ints, keys: Keys, delay: Floats, probability: Floats) -> Any:
    """Return rules as `courses` wants them."""
    found = np.empty(len(needs), CHANCE)
    found["need"], found["head"], found["key"] = needs, heads, keys
    found["soonest"], found["usual"], found["latest"] = delay.T
    found["least"], found["likely"], found["most"] = probability.T
    return found


@compiled
def drawn(rule: Any, lanes: Keys, column: Any) -> float:
    """Return the delay of `rule` in the sample of `column`; infinite where it fails."""
    own = mixed(rule.key ^ lanes[0])
    chance = rule.likely
    if rule.least != rule.most:
        doubt = (mixed(mixed(own + lanes[1]) ^ column) >> np.uint64(11)) * 2.0**-53
        chance = triangular(rule.least, chance, rule.most, doubt)
    if chance < 1.0 and (mixed(mixed(own + lanes[2]) ^ column) >> np.uint64(11)) * 2.0**-53 >= chance:
        return inf
    if rule.soonest == rule.latest:
        return rule.usual
    uniform = (mixed(mixed(own + lanes[3]) ^ column) >> np.uint64(11)) * 2.0**-53
    if rule.latest == inf:
        return -log1p(-uniform) * rule.usual
    return triangular(rule.soonest, rule.usual, rule.latest, uniform)


@compiled
def held_up(when: float, at: float, stop: float, slow_at: float, slow_by: float) -> float:
    """Return when a rule fires that would at `when`, with causes since `at`; infinite where it is stopped before."""
    if when > slow_at:
        from_ = max(at, slow_at)
        when = from_ + (when - from_) * slow_by
    return inf if when >= stop else when
