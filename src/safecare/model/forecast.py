"""Forecast: what an incident breaks next, per asset and per care service, with times."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Literal

import msgspec

from safecare.model.event import SCHEMA_VERSION
from safecare.model.ids import IncidentId, SiteId
from safecare.model.marking import Marking
from safecare.model.text import Text


class State(StrEnum):
    """What may be true of a thing (reference model: facts of the cascade)."""

    DOWN = "down"
    COMPROMISED = "compromised"
    EXPOSED = "exposed"
    CORRUPTED = "corrupted"
    ACCESSED = "accessed"
    UNSAFE = "unsafe"
    DEGRADED = "degraded"
    """Works, but not fully: a service in its fallback, a freezer out of its range, a hall too full."""


class Hop(msgspec.Struct, frozen=True):
    """One step of the path that explains a forecast: by which dependency, when at the earliest."""

    text: Text
    after: float
    """Seconds from the start of the forecast."""
    source: str = ""
    """Where the dependency's figures come from."""
    rule: str = ""
    """Key of the rule by which this follows; empty for what stood at the start."""


class Totals(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What all services lose together within the horizon, in the figures that a crisis staff counts in; means."""

    beds: float = 0.0
    """Most patients in beds who are missing at one time: beds that can't be used."""
    operations: float = 0.0
    appointments: float = 0.0
    diversion: float = 0.0
    """Hours in which emergencies are sent elsewhere, summed over emergency departments."""
    records: float = 0.0
    """People whose data is exposed."""


class Effect(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What may happen to `target` (asset or service id): probability by horizon, and times in seconds."""

    target: str
    kind: Literal["asset", "service"]
    group: str
    """Family on screen: it, pharmacy, cold_chain, utility, physical, care, other."""
    state: State
    probability: float
    interval: tuple[float, float]
    """95 % interval of the probability (Wilson)."""
    earliest: float
    """Seconds until the effect in the worst case; 0 = already so."""
    likely: tuple[float, float, float] | None = None
    """10, 50 and 90 % quantiles of the time among samples where it happens."""
    by: tuple[tuple[float, float], ...] = ()
    """Pairs (seconds, probability by then)."""
    path: tuple[Hop, ...] = ()


class CareLoss(msgspec.Struct, frozen=True, kw_only=True):
    """Expected loss of one care service within the horizon."""

    service: str
    hours_down: float
    patients: float
    """Patients turned away, delayed or moved."""
    hours: float = 0.0
    """Patient-hours of care not given in time, unweighted."""
    endangered: float = 0.0
    """Patients in danger (fire, wrong data), mean."""
    fallback: Text | None = None


class Forecast(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Forecast for one revision of an incident."""

    incident: IncidentId
    revision: int
    site: SiteId
    at: datetime
    horizon: float
    """Seconds."""
    samples: int
    rough: bool = False
    """A first estimate from few courses: the same revision follows with more."""
    effects: tuple[Effect, ...]
    losses: tuple[CareLoss, ...]
    loss: tuple[float, float]
    """Mean and CVaR90 of the care not given in time if nobody acts, in patient-hours, unweighted."""
    endangered: float = 0.0
    """Patients in danger if nobody acts, mean."""
    totals: Totals = Totals()
    unknown: tuple[str, ...] = ()
    """Assets of the incident about which the hospital model says nothing."""
    left_out: int = 0
    """Effects that are known but not listed, because the list would be too long to read."""
    marking: Marking = Marking()
    schema: int = SCHEMA_VERSION
