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


def lanes_and_columns(seed: int, keys: Keys, samples: int) -> tuple[Keys, Keys]:
    """Return the words of which a draw is mixed: one row of `keys` per stream, and one word per sample."""
    head = mixed(np.array([seed & MASK], np.uint64) + np.uint64(GOLDEN))
    own = mixed(keys ^ head)
    lanes = np.stack([mixed(own + np.uint64((stream + 1) * GOLDEN & MASK)) for stream in range(STREAMS)])
    return lanes, mixed(np.arange(1, samples + 1, dtype=np.uint64) * np.uint64(GOLDEN))


def uniforms(seed: int, keys: Keys, stream: int, samples: int) -> Floats:
    """Return uniform numbers in [0, 1), one row per key, one column per sample; `stream` tells draws of a key apart."""
    lanes, columns = lanes_and_columns(seed, keys, samples)
    words = mixed(lanes[stream][:, None] ^ columns[None, :])
    return np.asarray((words >> np.uint64(11)) * 2.0**-53, np.float64)


def triangular(figures: Floats, uniform: Floats) -> Floats:
    """Return the triangular quantiles of `uniform` (rows of `figures`: low, usual, high)."""
    low, usual, high = (figures[:, column, None] for column in range(3))
    width = high - low
    rising = np.sqrt(uniform * width * (usual - low))
    falling = np.sqrt((1.0 - uniform) * width * (high - usual))
    return np.asarray(np.where(uniform * width < usual - low, low + rising, high - falling), np.float64)


def delays(seed: int, keys: Keys, delay: Floats, probability: Floats, samples: int) -> Floats:
    """Return the drawn delay of every rule in every sample; infinite where the rule fails in that sample.

    The probability itself is drawn from its triangle first: a sample carries the doubt about parameters too.
    """
    chance = probability[:, 1, None]
    if np.any(probability[:, 0] != probability[:, 2]):
        chance = triangular(probability, uniforms(seed, keys, 0, samples))
    succeeds = uniforms(seed, keys, 1, samples) < chance
    drawn = triangular(delay, uniforms(seed, keys, 2, samples))
    return np.where(succeeds, drawn, np.inf)
