"""What a cascade costs care: per service a queue that grows while capacity is cut, and in-patients to be moved.

A service is whole, in fallback (``DEGRADED``: `fallback_efficiency` of its capacity is left) or lost
(``DOWN``: nothing is left). Patients arrive at `arrivals` per hour; whom the cut capacity can't take waits,
and the queue is worked off once capacity is back. Those already in beds (mean of arrivals x stay, Little's
law, at most `beds`) count for as long as the service is lost: they must be moved and cared for elsewhere.

Nobody waits longer than `PATIENCE`. When a service becomes ``UNSAFE`` (fire, wrong data), those present count
`HARM` hours each, once.

Loss = weight x (hours waited + bed hours lost + harm) within the horizon, in patient-hours. It is 0 without
cut and danger, and grows with each cut's length.

Source: stock-flow per service, checked against Düsseldorf 2020 (mean stay and admissions give 569 in-patients
on day 5 where 550 were published); fluid queue as in any queueing text.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from safecare.cascade.simulate import Outcome
from safecare.cascade.system import Floats
from safecare.cascade.words import Fact
from safecare.model.forecast import State
from safecare.model.hospital import Service

HOUR = 3600.0
PATIENCE = 24.0
"""Hours after which a patient no longer waits but is treated elsewhere or rebooked; so nobody counts for more.
Chosen: postponed care of Synnovis 2024 was rebooked from day to day, urgent care diverted within hours."""
HARM = 240.0
"""Patient-hours that a patient in danger counts for: ten days, about one more hospital stay. Chosen: it makes
getting people out of danger worth hours of closed service, and rather weighs lives too low than not at all."""


@dataclass(frozen=True)
class Care:
    """Loss by service (row) and sample (column)."""

    services: tuple[Service, ...]
    hours_down: Floats
    """Hours in which the service is lost."""
    hours_cut: Floats
    """Hours in which it is lost or in fallback."""
    patients: Floats
    """Patients delayed or moved."""
    loss: Floats
    """Weighted patient-hours."""

    @property
    def total(self) -> Floats:
        """Loss of all services, by sample."""
        return np.asarray(self.loss.sum(axis=0), np.float64)


def care(services: Sequence[Service], outcome: Outcome, horizon: float) -> Care:
    """Return what `outcome` costs `services` within `horizon` seconds."""
    hit = tuple(service for service in services if _touched(service, outcome))
    if not hit:
        none = np.zeros((0, outcome.samples))
        return Care((), none, none, none, none)
    cut = _spans(outcome, hit, State.DEGRADED, horizon)
    down = _spans(outcome, hit, State.DOWN, horizon)
    hours_down, hours_cut, patients, loss = service_losses(hit, cut, down, horizon)
    danger = np.stack([np.isfinite(outcome.start(Fact(service.id, State.UNSAFE))) for service in hit])
    harm = _column([service.weight * present(service) * HARM for service in hit])
    return Care(hit, hours_down, hours_cut, patients, loss + np.where(danger, harm, 0.0))


def service_losses(
    services: Sequence[Service], cut: tuple[Floats, Floats], down: tuple[Floats, Floats], horizon: float
) -> tuple[Floats, Floats, Floats, Floats]:
    """Return (hours lost, hours lost or in fallback, patients, weighted patient-hours) by service and sample.

    `cut` and `down` are the begin and end (seconds, within 0 and `horizon`) of fallback and loss, one row per
    service, one column per sample.
    """
    arrivals = _column([service.arrivals for service in services])
    normal = _column([max(service.capacity, service.arrivals) for service in services])
    efficiency = _column([service.fallback_efficiency for service in services])
    in_beds = _column([present(service) if service.beds else 0.0 for service in services])
    weight = _column([service.weight for service in services])
    times = np.sort(np.stack([np.zeros_like(cut[0]), *cut, *down, np.full_like(cut[0], horizon)]), axis=0)
    waiting = np.zeros_like(cut[0])
    waited, delayed, hours_cut = waiting.copy(), waiting.copy(), waiting.copy()
    for begin, end in pairwise(times):
        middle, hours = (begin + end) / 2.0, (end - begin) / HOUR
        lost = (down[0] <= middle) & (middle < down[1])
        reduced = ~lost & (cut[0] <= middle) & (middle < cut[1])
        growth = arrivals - np.where(lost, 0.0, np.where(reduced, efficiency * normal, normal))
        room = np.where(growth < 0.0, waiting, arrivals * PATIENCE - waiting)
        moving = np.minimum(hours, np.where(growth == 0.0, 0.0, room / np.maximum(np.abs(growth), 1e-12)))
        waited += waiting * hours + growth * moving * (hours - moving / 2.0)
        waiting = np.maximum(0.0, waiting + growth * moving)
        delayed += np.where(growth > 0.0, growth * hours, 0.0)
        hours_cut += np.where(lost | reduced, hours, 0.0)
    hours_down = (down[1] - down[0]) / HOUR
    moved = np.where(hours_down > 0.0, in_beds, 0.0)
    return hours_down, hours_cut, delayed + moved, weight * (waited + in_beds * hours_down)


def _column(values: Sequence[float]) -> Floats:
    return np.array(values, np.float64)[:, None]


def present(service: Service) -> float:
    """Return how many patients are there at a time: arrivals x stay (Little's law), at most the beds if it has any."""
    there = service.arrivals * service.stay
    return min(float(service.beds), there) if service.beds else there


def _touched(service: Service, outcome: Outcome) -> bool:
    return any(outcome.row(Fact(service.id, state)) is not None for state in (State.DEGRADED, State.DOWN, State.UNSAFE))


def _spans(outcome: Outcome, services: Sequence[Service], state: State, horizon: float) -> tuple[Floats, Floats]:
    """Begin and end of `state` of each service, clipped to 0-horizon; both at the horizon where it does not happen."""
    facts = [Fact(service.id, state) for service in services]
    start = np.clip(np.stack([outcome.start(fact) for fact in facts]), 0.0, horizon)
    end = np.clip(np.stack([outcome.end(fact) for fact in facts]), start, horizon)
    return start, end
