"""What a cascade costs care: per service, the patient-hours of care that are not given in time.

A service is whole, in fallback (``DEGRADED``: `fallback_efficiency` of its capacity is left) or lost
(``DOWN``: it takes nobody). Patients arrive at `arrivals` per hour and stay `stay` hours, so that at any time
`present` are cared for (Little's law, at most `beds`). While a service takes fewer than arrive, those who are
there leave one by one when their stay ends, and fewer follow: the number missing, m, obeys
``dm/dt = (turned away share x present - m) / stay``, and the loss is the area under m. So

- a service never loses more than present x horizon, and a bed-hour counts once;
- a lost outpatient clinic costs visits, a ward at first only its admissions, as in every published outage;
- 0 is lost without a cut, and more with each cut's length.

All who are there count at once while a service is lost and its rooms can't be used, or it is one of `TIED`:
they must be moved. When a service becomes ``UNSAFE``, those present are in danger: all by fire in its
rooms, `MISLED` of them by wrong data.

Care hours are plain: for people. The loss by which responses are ranked is weight x (care hours + `HARM` for
each patient in danger): it says what matters more, and is no number of hours.

Source: stock-flow per service, checked against Düsseldorf 2020 in tests/cascade/test_care_published.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from safecare.cascade.simulate import Outcome
from safecare.cascade.system import Floats, Mask
from safecare.cascade.words import Fact
from safecare.model.forecast import State
from safecare.model.hospital import Service

HOUR = 3600.0
HARM = 240.0
"""Hours of lost care that ranking counts for a patient in danger: ten days, about one more hospital stay. Chosen:
it makes getting people out of danger worth hours of closed service. Never shown as hours."""
MISLED = 0.1
"""Share of the patients present whom wrong data can harm before someone notices. Chosen: about as many as suffer any
adverse event in hospital at all (one in ten, reviews of patient records)."""
TIED = frozenset({"icu", "neonatology", "resuscitation"})
"""Kinds of service whose patients can't stay in a unit that is lost, because they hang on its machines."""
LEAST_STAY = 0.1
"""Hours: a service without `stay` still takes some minutes of each patient. Chosen."""

Spans = tuple[Floats, Floats]
"""Begins and ends (seconds within 0 and the horizon) by episode, service and sample; equal where there is none."""


@dataclass(frozen=True)
class Losses:
    """What services lose, by service (row) and sample (column)."""

    hours_down: Floats
    """Hours in which the service is lost."""
    hours_cut: Floats
    """Hours in which it is lost or in fallback."""
    patients: Floats
    """Patients turned away, delayed or moved."""
    hours: Floats
    """Patient-hours of care not given in time, unweighted."""
    peak: Floats
    """Most patients missing at one time."""


@dataclass(frozen=True)
class Care(Losses):
    """`Losses` of all services that are touched, and who is in danger."""

    services: tuple[Service, ...]
    danger: Floats
    """Patients in danger."""

    @property
    def loss(self) -> Floats:
        """What ranking compares, by service and sample: weight x (hours + harm). No number of hours."""
        weight = _column([service.weight for service in self.services])
        return np.asarray(weight * (self.hours + HARM * self.danger), np.float64)

    @property
    def total(self) -> Floats:
        """`loss` of all services, by sample."""
        return np.asarray(self.loss.sum(axis=0), np.float64)

    @property
    def total_hours(self) -> Floats:
        """Patient-hours of care of all services, unweighted, by sample."""
        return np.asarray(self.hours.sum(axis=0), np.float64)


def care(services: Sequence[Service], outcome: Outcome, horizon: float) -> Care:
    """Return what `outcome` costs `services` within `horizon` seconds."""
    hit = tuple(service for service in services if _touched(service, outcome))
    if not hit:
        none = np.zeros((0, outcome.samples))
        return Care(none, none, none, none, none, (), none)
    cut = _spans(outcome, hit, State.DEGRADED, horizon)
    down = _spans(outcome, hit, State.DOWN, horizon)
    lost = service_losses(hit, cut, down, _emptied(outcome, hit, down), horizon)
    danger = np.stack([present(service) * _endangered(outcome, service) for service in hit])
    return Care(lost.hours_down, lost.hours_cut, lost.patients, lost.hours, lost.peak, hit, danger)


def _endangered(outcome: Outcome, service: Service) -> Floats:
    """Return which share of the patients of `service` is in danger: all by fire in its rooms, some by wrong data."""
    unsafe = np.isfinite(outcome.start(Fact(service.id, State.UNSAFE)))
    fire = np.zeros_like(unsafe)
    for zone in service.zones:
        fire |= np.isfinite(outcome.start(Fact(zone, State.UNSAFE)))
    return np.where(unsafe, np.where(fire, 1.0, MISLED), 0.0)


def service_losses(services: Sequence[Service], cut: Spans, down: Spans, emptied: Spans, horizon: float) -> Losses:
    """Return what `services` lose by spans of fallback, of loss, and of loss with all patients moved."""
    arrivals = _column([service.arrivals for service in services])
    whole = _column([max(service.capacity, service.arrivals) for service in services])
    efficiency = _column([service.fallback_efficiency for service in services])
    there = _column([present(service) for service in services])
    stay = _column([max(service.stay, LEAST_STAY) for service in services])
    turned = 1.0 - np.minimum(1.0, efficiency * whole / np.maximum(arrivals, 1e-12))
    none = np.zeros_like(cut[0][:1])
    times = np.sort(np.concatenate([none, *cut, *down, *emptied, none + horizon]), axis=0)
    missing = none[0]
    lost, patients, hours_cut, peak = (missing.copy() for _ in range(4))
    for begin, end in pairwise(times):
        middle, hours = (begin + end) / 2.0, (end - begin) / HOUR
        gone, weak = _within(middle, down), _within(middle, cut)
        moved = np.logical_and(gone, _within(middle, emptied))
        away = np.where(gone, 1.0, np.where(weak, turned, 0.0))
        aim = away * there
        fading = stay * -np.expm1(-hours / stay)
        lost += np.where(moved, there * hours, aim * hours + (missing - aim) * fading)
        missing = aim + (missing - aim) * np.exp(-hours / stay)
        np.maximum(peak, np.where(moved, there, missing), out=peak)
        patients += away * arrivals * hours
        hours_cut += np.where(np.logical_or(gone, weak), hours, 0.0)
    patients += np.where((emptied[1] > emptied[0]).any(axis=0), there, 0.0)
    return Losses((down[1] - down[0]).sum(axis=0) / HOUR, hours_cut, patients, lost, peak)


def _column(values: Sequence[float]) -> Floats:
    return np.array(values, np.float64)[:, None]


def _within(time: Floats, span: Spans) -> Mask:
    return np.asarray(np.logical_and(span[0] <= time, time < span[1]).any(axis=0), np.bool_)


def present(service: Service) -> float:
    """Return how many patients are there at a time: arrivals x stay (Little's law), at most the beds if it has any."""
    there = service.arrivals * max(service.stay, LEAST_STAY)
    return min(float(service.beds), there) if service.beds else there


def _touched(service: Service, outcome: Outcome) -> bool:
    return any(outcome.row(Fact(service.id, state)) is not None for state in (State.DEGRADED, State.DOWN, State.UNSAFE))


def _emptied(outcome: Outcome, services: Sequence[Service], down: Spans) -> Spans:
    """Return when each service is lost and its patients moved: of its rooms the first fails, the last is not back."""
    begin = down[0].min(axis=0)
    end = np.where(down[1] > down[0], down[1], begin).max(axis=0)
    for row, service in enumerate(services):
        if service.kind in TIED:
            continue
        rooms = [Fact(zone, state) for zone in service.zones for state in (State.DOWN, State.UNSAFE)]
        known = [room for room in rooms if outcome.row(room) is not None]
        if not known:
            begin[row] = end[row]
            continue
        first = np.min([outcome.start(room) for room in known], axis=0)
        last = np.max([np.where(np.isfinite(outcome.start(room)), outcome.end(room), 0.0) for room in known], axis=0)
        begin[row] = np.clip(np.maximum(begin[row], first), 0.0, end[row])
        end[row] = np.clip(last, begin[row], end[row])
    return begin[None], end[None]


def _spans(outcome: Outcome, services: Sequence[Service], state: State, horizon: float) -> Spans:
    """Begins and ends of `state` of each service, clipped to 0-horizon; both at the horizon where there is none."""
    found = [outcome.episodes(Fact(service.id, state)) for service in services]
    shape = (max(len(starts) for starts, _ in found), len(services), outcome.samples)
    begin, end = np.full(shape, horizon), np.full(shape, horizon)
    for row, (starts, ends) in enumerate(found):
        begin[: len(starts), row] = np.clip(starts, 0.0, horizon)
        end[: len(ends), row] = np.clip(ends, begin[: len(ends), row], horizon)
    return begin, end
