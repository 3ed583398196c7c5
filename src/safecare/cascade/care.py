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
    blank = np.zeros((len(hit), outcome.samples))
    result = Care(hit, blank.copy(), blank.copy(), blank.copy(), blank.copy())
    for row, service in enumerate(hit):
        cut = _span(outcome, Fact(service.id, State.DEGRADED), horizon)
        down = _span(outcome, Fact(service.id, State.DOWN), horizon)
        hours_down, hours_cut, patients, loss = service_loss(service, cut, down, horizon)
        danger = np.isfinite(outcome.start(Fact(service.id, State.UNSAFE)))
        result.hours_down[row], result.hours_cut[row] = hours_down, hours_cut
        result.patients[row] = patients
        result.loss[row] = loss + np.where(danger, service.weight * present(service) * HARM, 0.0)
    return result


def service_loss(
    service: Service, cut: tuple[Floats, Floats], down: tuple[Floats, Floats], horizon: float
) -> tuple[Floats, Floats, Floats, Floats]:
    """Return (hours lost, hours lost or in fallback, patients, weighted patient-hours) by sample.

    `cut` and `down` are the begin and end (seconds, within 0 and `horizon`) of fallback and loss.
    """
    times = np.sort(np.stack([np.zeros_like(cut[0]), *cut, *down, np.full_like(cut[0], horizon)]), axis=0)
    normal = max(service.capacity, service.arrivals)
    waiting = np.zeros_like(cut[0])
    waited, delayed, hours_cut = waiting.copy(), waiting.copy(), waiting.copy()
    for begin, end in pairwise(times):
        middle, hours = (begin + end) / 2.0, (end - begin) / HOUR
        lost = (down[0] <= middle) & (middle < down[1])
        reduced = ~lost & (cut[0] <= middle) & (middle < cut[1])
        capacity = np.where(lost, 0.0, np.where(reduced, service.fallback_efficiency * normal, normal))
        growth = service.arrivals - capacity
        room = np.where(growth < 0.0, waiting, service.arrivals * PATIENCE - waiting)
        moving = np.minimum(hours, np.where(growth == 0.0, 0.0, room / np.maximum(np.abs(growth), 1e-12)))
        waited += waiting * hours + growth * moving * (hours - moving / 2.0)
        waiting = np.maximum(0.0, waiting + growth * moving)
        delayed += np.where(growth > 0.0, growth * hours, 0.0)
        hours_cut += np.where(lost | reduced, hours, 0.0)
    hours_down = (down[1] - down[0]) / HOUR
    in_beds = present(service) if service.beds else 0.0
    loss = service.weight * (waited + in_beds * hours_down)
    return hours_down, hours_cut, delayed + np.where(hours_down > 0.0, in_beds, 0.0), loss


def present(service: Service) -> float:
    """Return how many patients are there at a time: arrivals x stay (Little's law), at most the beds if it has any."""
    there = service.arrivals * service.stay
    return min(float(service.beds), there) if service.beds else there


def _touched(service: Service, outcome: Outcome) -> bool:
    number = outcome.system.number
    return any(
        number.get(Fact(service.id, state), -1) in outcome.rows for state in (State.DEGRADED, State.DOWN, State.UNSAFE)
    )


def _span(outcome: Outcome, fact: Fact, horizon: float) -> tuple[Floats, Floats]:
    """Begin and end of `fact` clipped to 0-horizon; both at the horizon where it does not happen."""
    start = np.clip(outcome.start(fact), 0.0, horizon)
    end = np.clip(outcome.end(fact), start, horizon)
    return start, end
