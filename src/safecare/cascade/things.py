"""Rules from what a thing is: machines, stores of goods, freezers, care services and their rooms."""

from __future__ import annotations

from collections.abc import Iterator

from safecare.cascade import figures as chosen
from safecare.cascade.figures import Figures
from safecare.cascade.words import SURE, Fact, Figure, Rule
from safecare.model.forecast import State
from safecare.model.hospital import Asset, Hospital, Service
from safecare.model.text import Ref, Text, say

FREEZERS = frozenset({"freezer", "fridge", "cold_room"})
FALLBACK_SPREAD = (0.5, 1.0, 1.5)
"""Doubt about how long a fallback carries: half to one and a half times what the file says. Chosen."""


def thing_rules(hospital: Hospital) -> Iterator[Rule]:
    """Yield the rules of all assets and services by what they are."""
    for asset in hospital.assets:
        yield from _asset(asset)
    for service in hospital.services:
        yield from _service(service)


def _rule(kind: str, cause: Fact, head: Fact, values: Figures, text: Text, *, lasting: bool = True) -> Rule:
    return values.rule(kind, cause, head, text, kind=kind, lasting=lasting)


def _asset(asset: Asset) -> Iterator[Rule]:
    this = Ref(asset.id)

    def fact(state: State) -> Fact:
        return Fact(asset.id, state)

    if asset.kind in FREEZERS:
        text = say("{thing} was opened and may warm up", thing=this)
        yield _rule("warming", fact(State.ACCESSED), fact(State.DEGRADED), chosen.LID_OPEN, text, lasting=False)
        text = say("{thing} is out of its range and no longer keeps what is in it", thing=this)
        yield _rule("warming", fact(State.DEGRADED), fact(State.DOWN), chosen.COLD_LOST, text, lasting=False)
    elif asset.group in {"pharmacy", "cold_chain"}:
        text = say("Who can touch {thing} can take it", thing=this)
        yield _rule("theft", fact(State.ACCESSED), fact(State.DOWN), chosen.STOLEN, text)
    elif asset.group in {"it", "network", "medical"} and asset.kind not in {"application", "dataset", "network"}:
        text = say("Who can touch {thing} can take it over", thing=this)
        yield _rule("takeover", fact(State.ACCESSED), fact(State.COMPROMISED), chosen.PLUGGED_IN, text)
    if asset.group in {"it", "medical"}:
        text = say("An attacker in {thing} can encrypt or stop it", thing=this)
        yield _rule("encryption", fact(State.COMPROMISED), fact(State.DOWN), chosen.ENCRYPTED, text)
    if asset.kind == "application":
        text = say("An attacker in {thing} can change its data", thing=this)
        yield _rule("tampering", fact(State.COMPROMISED), fact(State.CORRUPTED), chosen.TAMPERED, text)


def _service(service: Service) -> Iterator[Rule]:
    """Fallback carries a service for its hours; rooms that can't be used put it there, fire endangers its patients."""
    this = Ref(service.id)
    degraded, down = Fact(service.id, State.DEGRADED), Fact(service.id, State.DOWN)
    hours = Figure(*(service.fallback_hours * chosen.HOUR * part for part in FALLBACK_SPREAD))
    text = say("The fallback of {service} ends", service=this)
    yield _rule("fallback", degraded, down, Figures(hours, SURE), text, lasting=False)
    for zone in service.zones:
        for state in (State.DOWN, State.DEGRADED):
            text = say("{service} is given in {zone}", service=this, zone=Ref(zone))
            yield _rule("place", Fact(zone, state), degraded, chosen.CLOSED, text, lasting=False)
        text = say("Fire or smoke in {zone} endangers the patients of {service}", service=this, zone=Ref(zone))
        yield _rule("danger", Fact(zone, State.UNSAFE), Fact(service.id, State.UNSAFE), chosen.IN_DANGER, text)
