"""What stated facts break next, without an incident: the same cascade, asked from the command line."""

from __future__ import annotations

import msgspec
import numpy as np

from safecare.cascade.care import Care
from safecare.cascade.engine import Cascade
from safecare.cascade.simulate import NO_CHANGES, Changes, Draws
from safecare.cascade.statistics import mean_interval, tail_mean
from safecare.cascade.system import Floats
from safecare.impact.facts import Given
from safecare.impact.forecast import effects_of, losses_of
from safecare.impact.totals import totals
from safecare.model.forecast import CareLoss, Effect, Totals

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
"""Of the loss, as its distribution is told."""


class Loss(msgspec.Struct, frozen=True, kw_only=True):
    """Distribution of the care not given in time, patient-hours, unweighted."""

    mean: float
    interval: tuple[float, float]
    """95 % interval of the mean."""
    cvar90: float
    """Mean of the worst tenth."""
    quantiles: tuple[tuple[float, float], ...]
    """Pairs (share, patient-hours)."""


class Gain(msgspec.Struct, frozen=True, kw_only=True):
    """Patient-hours spared by a change, course by course with the same luck: mean and its 95 % interval."""

    mean: float
    low: float
    high: float


class WhatIf(msgspec.Struct, frozen=True, kw_only=True):
    """The same with the change."""

    effects: tuple[Effect, ...]
    care: tuple[CareLoss, ...]
    loss: Loss
    totals: Totals
    gain: Gain


class Outlook(msgspec.Struct, frozen=True, kw_only=True):
    """What follows from the facts. Times in seconds."""

    horizon: float
    samples: int
    seed: int
    effects: tuple[Effect, ...]
    left_out: int
    """Effects too small to be told apart from none, or beyond the longest list."""
    care: tuple[CareLoss, ...]
    loss: Loss
    totals: Totals
    endangered: float
    unknown: tuple[str, ...]
    """Things that were named and that the hospital doesn't have."""
    blank: tuple[str, ...]
    """Assets without any dependency or place: nothing is known about them, and nothing is foretold."""
    what_if: WhatIf | None = None


def look(cascade: Cascade, given: Given, changes: Changes, samples: int, seed: int) -> Outlook:
    """Return what follows from `given`, and what else follows with `changes`, on the same draws."""
    draws = Draws(cascade.system, seed, samples)
    outcome, care = cascade.play(given.seeds, draws)
    effects, left_out = effects_of(cascade, outcome)
    what_if = None
    if changes != NO_CHANGES:
        other, other_care = cascade.play(given.seeds, draws, changes, outcome)
        spared = care.total_hours - other_care.total_hours
        low, high = mean_interval(spared)
        what_if = WhatIf(
            effects=effects_of(cascade, other)[0],
            care=losses_of(other_care),
            loss=_loss(other_care.total_hours),
            totals=totals(cascade.hospital, other, other_care),
            gain=Gain(mean=float(spared.mean()), low=low, high=high),
        )
    return Outlook(
        horizon=cascade.horizon,
        samples=samples,
        seed=seed,
        effects=effects,
        left_out=left_out,
        care=losses_of(care),
        loss=_loss(care.total_hours),
        totals=totals(cascade.hospital, outcome, care),
        endangered=_mean_danger(care),
        unknown=given.unknown,
        blank=cascade.blank(),
        what_if=what_if,
    )


def _loss(hours: Floats) -> Loss:
    quantiles = np.quantile(hours, QUANTILES)
    return Loss(
        mean=float(hours.mean()),
        interval=mean_interval(hours),
        cvar90=tail_mean(hours),
        quantiles=tuple((share, float(value)) for share, value in zip(QUANTILES, quantiles, strict=True)),
    )


def _mean_danger(care: Care) -> float:
    return float(care.danger.sum(axis=0).mean()) if len(care.danger) else 0.0
