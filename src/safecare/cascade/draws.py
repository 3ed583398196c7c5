"""Random numbers by counter: the draw of a rule in a sample is a hash of seed, key and sample number.

Whatever else is in the system, a rule meets the same luck in the same sample. That is what makes two
responses comparable with few samples (common random numbers), and a replay give the same forecast.

Source: finaliser of SplitMix64 (Steele, Lea, Flood, OOPSLA 2014), used as a hash over mixed words, never
as a stepped generator, so that neighbouring seeds share nothing (the way of Salmon et al., SC 2011).
"""

from __future__ import annotations

import numpy as np

from safecare.cascade.system import Floats, Keys

GOLDEN = 0x9E3779B97F4A7C15
MASK = (1 << 64) - 1
STREAMS = 3
"""Draws of one rule in one sample: its probability, whether it succeeds, its delay."""


def mixed(words: Keys) -> Keys:
    """Return the SplitMix64 finaliser of `words`."""
    words = (words ^ (words >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    words = (words ^ (words >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return words ^ (words >> np.uint64(31))


def lanes_of(seed: int) -> Keys:
    """Return the words that tell seeds apart (first), and the streams of draws of one rule (the others)."""
    head = mixed(np.array([seed & MASK], np.uint64) + np.uint64(GOLDEN))
    return np.array([head[0], *((stream + 1) * GOLDEN & MASK for stream in range(STREAMS))], np.uint64)


def columns_of(samples: int, first: int = 0) -> Keys:
    """Return one word per sample, from number `first` on."""
    return mixed(np.arange(first + 1, first + samples + 1, dtype=np.uint64) * np.uint64(GOLDEN))


def uniforms(seed: int, keys: Keys, stream: int, samples: int, first: int = 0) -> Floats:
    """Return uniform numbers in [0, 1), one row per key, one column per sample (from number `first` on).

    `stream` tells draws of a key apart.
    """
    lanes = lanes_of(seed)
    own = mixed(mixed(keys ^ lanes[0]) + lanes[1 + stream])
    words = mixed(own[:, None] ^ columns_of(samples, first)[None, :])
    return np.asarray((words >> np.uint64(11)) * 2.0**-53, np.float64)


def triangular(figures: Floats, uniform: Floats) -> Floats:
    """Return the triangular quantiles of `uniform` (rows of `figures`: low, usual, high)."""
    low, usual, high = (figures[:, column, None] for column in range(3))
    width = high - low
    rising = np.sqrt(uniform * width * (usual - low))
    falling = np.sqrt((1.0 - uniform) * width * (high - usual))
    return np.asarray(np.where(uniform * width < usual - low, low + rising, high - falling), np.float64)


def delays(seed: int, keys: Keys, delay: Floats, probability: Floats, samples: int, first: int = 0) -> Floats:
    """Return the drawn delay of every rule in every sample; infinite where the rule fails in that sample.

    The probability itself is drawn from its triangle first: a sample carries the doubt about parameters too.
    """
    chance = probability[:, 1, None]
    if np.any(probability[:, 0] != probability[:, 2]):
        chance = triangular(probability, uniforms(seed, keys, 0, samples, first))
    succeeds = uniforms(seed, keys, 1, samples, first) < chance
    uniform = uniforms(seed, keys, 2, samples, first)
    endless = np.isinf(delay[:, 2])
    drawn = np.empty_like(uniform)
    drawn[~endless] = triangular(delay[~endless], uniform[~endless])
    drawn[endless] = -np.log1p(-uniform[endless]) * delay[endless, 1, None]
    return np.where(succeeds, drawn, np.inf)
