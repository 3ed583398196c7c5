"""Rules from places: fire and its spread, rooms that can't be used, intruders and what they reach."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from safecare.cascade import figures as chosen
from safecare.cascade.figures import Figures
from safecare.cascade.words import Fact, Rule
from safecare.model.forecast import State
from safecare.model.hospital import Asset, Hospital, Zone
from safecare.model.text import Ref, Text, say

GUARDED = frozenset({"restricted", "critical"})
"""Zones in which an intruder does harm; elsewhere the public or staff walk anyway."""
REACHABLE_GROUPS = frozenset({"it", "network", "medical", "pharmacy", "cold_chain", "utility"})
BURNS_NOT = frozenset({"application", "dataset", "network"})
"""Things without a body: they go with the machine that holds them."""
FIRE_ALARM_GROUPS = frozenset({"fire"})


def place_rules(hospital: Hospital) -> Iterator[Rule]:
    """Yield the rules of all zones."""
    assets: dict[str, list[Asset]] = defaultdict(list)
    for asset in hospital.assets:
        if asset.zone:
            assets[asset.zone].append(asset)
    for zone in hospital.zones:
        yield from _fire(hospital, zone, assets[zone.id])
        if zone.security in GUARDED:
            yield from _intruder(zone, assets[zone.id])
    for asset in hospital.assets:
        if asset.group == "door" and asset.between:
            yield from _door(hospital, asset, asset.between)


def _rule(
    kind: str,
    cause: Fact,
    head: Fact,
    values: Figures,
    text: Text,
    *,
    lasting: bool = False,
    more: tuple[Fact, ...] = (),
) -> Rule:
    also = "".join(f"+{fact.target}.{fact.state}" for fact in more)
    return Rule(
        key=f"{kind}:{cause.target}.{cause.state}{also}>{head.target}.{head.state}",
        kind=kind,
        tails=(cause, *more),
        need=1 + len(more),
        head=head,
        delay=values.delay,
        probability=values.probability,
        text=text,
        lasting=lasting,
    )


def _fire(hospital: Hospital, zone: Zone, assets: list[Asset]) -> Iterator[Rule]:
    burning = Fact(zone.id, State.UNSAFE)
    left = say("{zone} is left because of fire or smoke", zone=Ref(zone.id))
    yield _rule("evacuated", burning, Fact(zone.id, State.DOWN), chosen.EVACUATED, left)
    for other in _next_rooms(hospital, zone):
        text = say("Smoke reaches {zone} from {other}", zone=Ref(other), other=Ref(zone.id))
        yield _rule("fire", burning, Fact(other, State.UNSAFE), chosen.FIRE_SPREADS, text, lasting=True)
    told = {
        on
        for edge in hospital.dependencies_at(zone.id)
        if edge.kind == "hosts" and edge.of == zone.id
        for on in edge.on
    }
    for asset in assets:
        if asset.id in told or asset.kind in BURNS_NOT or asset.group in FIRE_ALARM_GROUPS:
            continue
        text = say("{thing} stands in {zone}", thing=Ref(asset.id), zone=Ref(zone.id))
        yield _rule("fire", burning, Fact(asset.id, State.DOWN), chosen.FIRE_TAKES, text, lasting=True)


def _next_rooms(hospital: Hospital, zone: Zone) -> list[str]:
    """Neighbours in the same fire compartment; without known openings, the compartment's rooms on this level."""
    if not zone.fire_compartment:
        return []
    joined = hospital.adjacent(zone.id)
    return [
        other.id
        for other in hospital.zones
        if other.id != zone.id
        and other.site == zone.site
        and other.fire_compartment == zone.fire_compartment
        and (other.id in joined if joined else other.level == zone.level)
    ]


def _intruder(zone: Zone, assets: list[Asset]) -> Iterator[Rule]:
    inside = Fact(zone.id, State.ACCESSED)
    for asset in assets:
        if asset.group in REACHABLE_GROUPS and asset.kind not in BURNS_NOT:
            text = say("Who is in {zone} can touch {thing}", thing=Ref(asset.id), zone=Ref(zone.id))
            yield _rule("touch", inside, Fact(asset.id, State.ACCESSED), chosen.REACHED, text, lasting=True)


def _door(hospital: Hospital, door: Asset, between: tuple[str, str]) -> Iterator[Rule]:
    """Yield the rules by which a defeated door lets an intruder on into a guarded zone."""
    one, other = between
    for here, there in ((one, other), (other, one)):
        outside, inside = hospital.zone(here), hospital.zone(there)
        if outside is None or inside is None or inside.security not in GUARDED:
            continue
        text = say("{door} leads into {zone}", door=Ref(door.id), zone=Ref(there))
        open_door, head = Fact(door.id, State.COMPROMISED), Fact(there, State.ACCESSED)
        if outside.security in GUARDED:
            more = (Fact(here, State.ACCESSED),)
            yield _rule("door", open_door, head, chosen.PASSED, text, lasting=True, more=more)
        else:
            yield _rule("door", open_door, head, chosen.PASSED, text, lasting=True)
