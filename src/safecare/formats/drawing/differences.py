"""What a new version of a storey's plan changes, in sentences: what a person looks at before it is saved."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from safecare.model.hospital import Asset, Hospital, Ring, Zone
from safecare.model.text import Text, say

MOVED = 0.01
"""Metres from which a corner or a thing has moved: the grid of drawings."""


def differences(before: Hospital, after: Hospital, level: str) -> tuple[Text, ...]:
    """Return what is added, gone, renamed, redrawn or moved on `level`; empty: nothing."""
    return (*_rooms(before, after, level), *_things(before, after, level))


def _rooms(before: Hospital, after: Hospital, level: str) -> Iterator[Text]:
    old = {zone.id: zone for zone in before.zones if zone.level == level}
    new = {zone.id: zone for zone in after.zones if zone.level == level}
    for id, zone in new.items():
        if id not in old:
            yield say("New room: {room}, {area} m²", room=_name(zone), area=round(_area(zone.outline)))
    for id, zone in old.items():
        if id not in new:
            yield say("Room gone: {room}", room=_name(zone))
    for id, zone in new.items():
        known = old.get(id)
        if known is None:
            continue
        if known.name != zone.name:
            yield say("Room renamed: {room} is now {name}", room=_name(known), name=_name(zone))
        if (known.category, known.security) != (zone.category, zone.security):
            yield say("Use or protection of {room} changed", room=_name(zone))
        if _moved(known.outline, zone.outline):
            areas = {"before": round(_area(known.outline)), "after": round(_area(zone.outline))}
            yield say("Outline of {room} changed: {before} m² before, {after} m² now", room=_name(zone), **areas)


def _things(before: Hospital, after: Hospital, level: str) -> Iterator[Text]:
    old = {asset.id: asset for asset in before.assets if _on(asset, before, level)}
    new = {asset.id: asset for asset in after.assets if _on(asset, after, level)}
    known = {asset.id for asset in before.assets}
    left = {asset.id for asset in after.assets}
    for id, asset in new.items():
        if id not in known:
            yield say("New door: {thing}", thing=_name(asset))
        elif id not in old or _place(old[id]) != _place(asset):
            yield say("{thing} is placed anew: {room}", thing=_name(asset), room=_room(asset, after))
    for id, asset in old.items():
        if id not in left:
            yield say("Door gone: {thing}", thing=_name(asset))
        elif id not in new:
            yield say("{thing} no longer stands on this level", thing=_name(asset))


def _on(asset: Asset, hospital: Hospital, level: str) -> bool:
    return any(
        zone is not None and zone.level == level for zone in map(hospital.zone, (asset.zone, *(asset.between or ())))
    )


def _place(asset: Asset) -> tuple[object, ...]:
    at = asset.at and tuple(round(value, 2) for value in asset.at)
    return asset.zone, at, asset.between and frozenset(asset.between)


def _room(asset: Asset, hospital: Hospital) -> str:
    zone = hospital.zone(asset.zone)
    return _name(zone) if zone else "–"


def _name(thing: Zone | Asset) -> str:
    return thing.name.fr if thing.name.fr == thing.name.en else f"{thing.name.fr} / {thing.name.en}"


def _moved(one: Ring, other: Ring) -> bool:
    if len(one) != len(other):
        return True
    return any(abs(a - b) > MOVED for p, q in zip(one, other, strict=True) for a, b in zip(p, q, strict=True))


def _area(ring: Ring) -> float:
    return abs(sum(ax * by - bx * ay for (ax, ay), (bx, by) in pairwise((*ring, ring[0])))) / 2
