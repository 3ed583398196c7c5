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
    reason = _takes_life_support(hospital, alone) if alone else None
    for name in playbook.response.forbid:
        reason = reason or _CHECKS[name](hospital, target, baseline)
    return reason


def _takes_life_support(hospital: Hospital, alone: Outcome) -> Text | None:
    for fact, hits in alone.seen():
        if fact.state is State.DOWN and hits >= LIKELY * alone.samples and _keeps_alive(hospital, fact.target):
            return say("It would take {thing} down, on which lives depend", thing=Ref(fact.target))
    return None


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


_CHECKS: dict[str, Callable[[Hospital, str, Outcome], Text | None]] = {
    "escape_route": _escape_route,
    "fire_near": _fire_near,
    "no_other_store": _no_other_store,
}
