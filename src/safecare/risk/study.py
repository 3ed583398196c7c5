"""A risk study: what each origin leads to on this hospital, by the same cascade that forecasts incidents.

EBIOS RM: workshop 1 (care services as business values, feared events with gravity), 2 (origins and aims), 3 (strategic
scenarios: origin to feared event), 4 (operational scenarios: causal chains, likelihood), 5 (treatment: where the chain
can be cut). ISO/IEC 27005: the register of risks, each with likelihood, consequence and level.
Source: ANSSI, EBIOS Risk Manager, guide of 2018 (scales of four for gravity and likelihood, matrix of the risk level);
ISO/IEC 27005:2022, clauses 7 and 8.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from safecare.cascade.engine import Cascade
from safecare.cascade.simulate import NO_CHANGES
from safecare.cascade.words import Fact, Figure, Seed
from safecare.impact.facts import Given
from safecare.impact.outlook import Outlook, look
from safecare.model.forecast import Effect, State
from safecare.model.hospital import Asset, Service
from safecare.model.text import Ref, Text, say
from safecare.risk.origins import Origin, touched

SAMPLES = 400
"""Courses for each scenario: a probability of 50 % is told within 5 points (95 %)."""
GRAVITY = (50.0, 1_000.0, 10_000.0)
"""Patient-hours of care not given in time from which gravity is 2, 3 and 4. Chosen: about one ward for a shift, one
ward for three days, and all of a large hospital's care for half a day."""
RECORDS = (1.0, 1_000.0, 100_000.0)
"""People whose data is exposed from which gravity is 2, 3 and 4. Chosen: one person, a clinic's, a whole hospital's."""
LIKELIHOOD = (0.003, 0.03, 0.3)
"""Yearly rates from which likelihood is 2, 3 and 4. Chosen: once in 300, 30 and 3 years."""
LEVELS = ((1, 1, 1, 2), (1, 1, 2, 3), (1, 2, 3, 3), (2, 3, 3, 3))
"""Risk level 1 (acceptable as it is), 2 (to be watched), 3 (not acceptable) by gravity (row) and likelihood. Chosen
after the example matrix of the guide; a committee sets its own."""
LEAST = 0.02
"""Probability below which an effect is not told: sampling noise."""
CRITERIA = {State.DOWN: say("availability"), State.CORRUPTED: say("integrity"), State.EXPOSED: say("confidentiality")}
"""Security criteria by the state of a service that offends them."""


class FearedEvent(msgspec.Struct, frozen=True, kw_only=True):
    """Workshop 1: a care service is harmed. `hours`: patient-hours not given in time if nobody repairs it."""

    service: str
    criterion: Text
    hours: float
    gravity: int | None
    """None where patient-hours can't price it (secrecy, wrong data that stops no care): people set it."""


class Scenario(msgspec.Struct, frozen=True, kw_only=True):
    """Workshops 2 to 4, and one row of the register: an origin that begins at `entry`."""

    origin: Origin
    entry: tuple[str, ...]
    yearly: tuple[float, float, float]
    """Yearly rate of the scenario harming care: that of the origin times the probability that it gets so far."""
    probability: float
    """That data is exposed, or the service that is hit most often harmed, once it has begun."""
    likelihood: int
    hours: float
    """Patient-hours of care not given in time, mean, where it has begun."""
    worst_tenth: float
    records: float
    """People whose data is exposed, mean."""
    gravity: int
    level: int | None
    """None where the model knows no way from there to care or data: people judge it, it is not called acceptable."""
    services: tuple[Effect, ...]
    """Services affected, the most probable first."""
    chain: tuple[Text, ...]
    """How it gets to the first of them."""


class Study(msgspec.Struct, frozen=True, kw_only=True):
    """All tables. `empty`: origins for which the hospital has nothing that they could touch."""

    feared: tuple[FearedEvent, ...]
    scenarios: tuple[Scenario, ...]
    empty: tuple[Origin, ...]
    blank: tuple[str, ...]
    """Assets of which the model knows nothing: no study of them, and no safety either."""
    horizon: float
    samples: int


def study(cascade: Cascade, origins: Sequence[Origin], samples: int = SAMPLES, seed: int = 2026) -> Study:
    """Return the risk study of the hospital of `cascade`; the riskiest scenarios first."""
    scenarios: list[Scenario] = []
    empty: list[Origin] = []
    for origin in origins:
        known = touched(origin, cascade.hospital, _knows(cascade, origin.first.state))
        if known:
            scenarios.append(_scenario(cascade, origin, known, samples, seed))
        else:
            empty.append(origin)
    scenarios.sort(key=lambda one: (-(one.level or 0), -one.hours * one.yearly[1], one.origin.id))
    feared = [event for service in cascade.hospital.services for event in _feared(cascade, service, samples, seed)]
    feared.sort(key=lambda one: (-one.hours, one.service))
    return Study(
        feared=tuple(feared),
        scenarios=tuple(scenarios),
        empty=tuple(empty),
        blank=cascade.blank(),
        horizon=cascade.horizon,
        samples=samples,
    )


def _knows(cascade: Cascade, state: State) -> Callable[[Asset], bool]:
    """Return whether the model has the fact that an asset is in `state`."""
    return lambda asset: Fact(asset.id, state) in cascade.system.number


def _feared(cascade: Cascade, service: Service, samples: int, seed: int) -> list[FearedEvent]:
    events: list[FearedEvent] = []
    for state, criterion in CRITERIA.items():
        if Fact(service.id, state) not in cascade.system.number:
            continue
        outlook = _look(cascade, [Fact(service.id, state)], samples, seed)
        hours = outlook.loss.mean
        gravity = _band(hours, GRAVITY) if state is State.DOWN or hours >= 1.0 else None
        events.append(FearedEvent(service=service.id, criterion=criterion, hours=hours, gravity=gravity))
    return events


def _scenario(cascade: Cascade, origin: Origin, entry: Sequence[Asset], samples: int, seed: int) -> Scenario:
    outlook = _look(cascade, [Fact(one.id, origin.first.state) for one in entry], samples, seed)
    services = [one for one in outlook.effects if one.kind == "service" and one.probability >= LEAST]
    services.sort(key=lambda one: (-one.probability, one.target))
    records = outlook.totals.records
    probability = 1.0 if records >= 1.0 else services[0].probability if services else 0.0
    low, usual, high = (rate * probability for rate in origin.yearly)
    likelihood = _band(usual, LIKELIHOOD)
    gravity = max(_band(outlook.loss.mean, GRAVITY), _band(records, RECORDS))
    return Scenario(
        origin=origin,
        entry=tuple(one.id for one in entry),
        yearly=(low, usual, high),
        probability=probability,
        likelihood=likelihood,
        hours=outlook.loss.mean,
        worst_tenth=outlook.loss.cvar90,
        records=records,
        gravity=gravity,
        level=LEVELS[gravity - 1][likelihood - 1] if probability > 0.0 else None,
        services=tuple(services),
        chain=tuple(hop.text for hop in services[0].path) if services else (),
    )


def _look(cascade: Cascade, facts: Sequence[Fact], samples: int, seed: int) -> Outlook:
    seeds = tuple(
        Seed(
            key=f"fact:{fact.target}.{fact.state}",
            fact=fact,
            text=say("It begins at {thing}", thing=Ref(fact.target)),
            at=0.0,
            probability=Figure.exactly(1.0),
            source="study",
        )
        for fact in facts
    )
    return look(cascade, Given(seeds, ()), NO_CHANGES, samples, seed)


def _band(value: float, limits: Sequence[float]) -> int:
    """Return 1 for below the first of `limits`, 2 for below the second, and so on."""
    return 1 + sum(value >= limit for limit in limits)
