"""Hard constraints: what no response may do, whatever it gains. Each gives the reason in words, or nothing."""

from __future__ import annotations

from collections.abc import Callable

from safecare.cascade.simulate import Outcome
from safecare.cascade.words import Fact
from safecare.decide.playbook import Playbook
from safecare.decide.relations import related
from safecare.model.forecast import State
from safecare.model.hospital import Asset, Hospital, Service
from safecare.model.text import Ref, Text, say

LIFE_SERVICES = frozenset({"icu", "theatre", "emergency", "resuscitation", "neonatology"})
"""Care that can't pause (French list of units that must never stand without power or staff)."""
LIFE_DEPENDS = 4
"""Criticality of things on which life depends (`Asset.criticality`)."""
LIKELY = 0.1
"""Probability from which a response is held to take a thing down. Chosen: one in ten is too many for life."""
TROUBLES = frozenset({State.DOWN, State.DEGRADED, State.UNSAFE})
LEAST_LEFT = {"theatre": 0.5, "icu": 0.8}
"""Share of the theatres, and of the intensive care beds, of a site that must stay. Chosen: half of the theatres are
enough for urgent operations; intensive care has few free beds."""
FIRE_DOUBT = 0.05
"""Probability of fire from which an escape route stays free. Chosen: the cost of a free door is small."""
COLD = frozenset({"cold_chain"})
"""Stores that are qualified for what must stay cold; a kitchen's fridge is none."""
FIRE_NEAR = 0.5
"""Probability of fire from which nobody switches power there. Chosen: more likely than not."""


def infeasible(
    playbook: Playbook, target: str, hospital: Hospital, baseline: Outcome, alone: Outcome | None
) -> Text | None:
    """Return why `playbook` may not be applied to `target`, or None.

    `baseline` is what happens without a response, `alone` what the response alone does (None: it costs nothing).
    """
    reason = (_takes_life_support(hospital, alone) or _leaves_too_little(hospital, alone)) if alone else None
    for name in playbook.response.forbid:
        reason = reason or _CHECKS[name](hospital, target, baseline)
    return reason


def _takes_life_support(hospital: Hospital, alone: Outcome) -> Text | None:
    for fact, hits in alone.seen():
        if fact.state is State.DOWN and hits >= LIKELY * alone.samples and _keeps_alive(hospital, fact.target):
            return say("It would take {thing} down, on which lives depend", thing=Ref(fact.target))
        if fact.state in TROUBLES and hits >= LIKELY * alone.samples and _on_a_patient(hospital, fact.target):
            return say(_ON_A_PATIENT[_said(hospital, fact.target)], thing=Ref(fact.target))
    return None


def _said(hospital: Hospital, id: str) -> bool:
    """Return whether the hospital's files say of `id` that it works on a patient."""
    thing = hospital.asset(id)
    return thing is not None and thing.patient_connected is True


def _on_a_patient(hospital: Hospital, id: str) -> bool:
    """Return whether `id` works on a patient; where nobody says, a medical device does that stands in vital care."""
    thing = hospital.asset(id)
    if thing is None or thing.patient_connected is not None:
        return thing is not None and thing.patient_connected is True
    if thing.group != "medical":
        return False
    return any(thing.zone in service.zones for service in hospital.services if service.kind in LIFE_SERVICES)


def _leaves_too_little(hospital: Hospital, alone: Outcome) -> Text | None:
    """Of the theatres of a site, and of its intensive care, so much must stay whatever a response costs."""
    for site in hospital.sites:
        for kind, least in LEAST_LEFT.items():
            services = [one for one in hospital.services if one.site == site.id and one.kind == kind]
            whole = sum(_size(one) for one in services)
            left = sum(_size(one) * _left(one, alone) for one in services)
            if left < least * whole and any(_left(one, alone) < 1.0 for one in services):
                percent = round(100 * left / whole)
                return say(_TOO_LITTLE[kind], percent=percent, least=round(100 * least))
    return None


def _size(service: Service) -> float:
    return float(service.beds) or service.capacity or service.arrivals


def _left(service: Service, alone: Outcome) -> float:
    """Return the share of `service` that is left while the response costs most."""
    if alone.chance(Fact(service.id, State.DOWN)) >= LIKELY:
        return 0.0
    return service.fallback_efficiency if alone.chance(Fact(service.id, State.DEGRADED)) >= LIKELY else 1.0


def _keeps_alive(hospital: Hospital, id: str) -> bool:
    thing = hospital.thing(id)
    if isinstance(thing, Service):
        return thing.kind in LIFE_SERVICES
    return isinstance(thing, Asset) and thing.group == "medical" and thing.criticality >= LIFE_DEPENDS


def _escape_route(hospital: Hospital, target: str, baseline: Outcome) -> Text | None:
    door = hospital.asset(target)
    for zone in door.between or () if door else ():
        if baseline.chance(Fact(zone, State.UNSAFE)) >= FIRE_DOUBT:
            return say("{door} is a way out of {zone}, where there may be fire", door=Ref(target), zone=Ref(zone))
    return None


def _fire_near(hospital: Hospital, target: str, baseline: Outcome) -> Text | None:
    for zone in related(hospital, target, "zone"):
        if baseline.chance(Fact(zone, State.UNSAFE)) >= FIRE_NEAR:
            return say("{thing} stands in {zone}, where there is probably fire", thing=Ref(target), zone=Ref(zone))
    return None


def _no_other_store(hospital: Hospital, target: str, baseline: Outcome) -> Text | None:
    """Goods can only be moved to a store of the same kind, on the site, that works and was not opened."""
    goods = hospital.asset(target)
    kinds = {store.kind for id in related(hospital, target, "stores") if (store := hospital.asset(id))}
    for store in hospital.assets:
        if store.kind in kinds and store.group in COLD and goods and store.site == goods.site:
            troubles = (State.DOWN, State.DEGRADED, State.ACCESSED)
            if all(baseline.chance(Fact(store.id, trouble)) < FIRE_NEAR for trouble in troubles):
                return None
    return say("There is no other store for {thing} that works", thing=Ref(target))


_ON_A_PATIENT = {
    True: "It would disturb {thing}, which works on a patient, as the hospital's files say",
    False: "It would disturb {thing}, which may be in use on a patient",
}
_TOO_LITTLE = {
    "theatre": "It would leave {percent} % of the operating theatres; at least {least} % must stay",
    "icu": "It would leave {percent} % of intensive care; at least {least} % must stay",
}
_CHECKS: dict[str, Callable[[Hospital, str, Outcome], Text | None]] = {
    "escape_route": _escape_route,
    "fire_near": _fire_near,
    "no_other_store": _no_other_store,
}
