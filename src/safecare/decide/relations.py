"""How a response gets from the thing in trouble to what it acts on."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from safecare.decide.playbook import Relation
from safecare.model.hospital import Asset, Hospital, Zone


def related(hospital: Hospital, id: str, relation: Relation) -> tuple[str, ...]:
    """Return the things that stand in `relation` to `id`, without doubles, in the hospital's order.

    ``network``: networks that connect it; ``machines``: what a network connects; ``hosted``: what runs on it;
    ``stored``: what is kept in it; ``stores``: where it is kept; ``loads``: what it powers; ``zone``: where it
    stands; ``compartment``: zones of its fire compartment; ``doors``: doors of its zone; ``services``: care
    given in the zone, or that needs the thing.
    """
    return tuple(dict.fromkeys(_RELATIONS[relation](hospital, id)))


def _itself(hospital: Hospital, id: str) -> Iterator[str]:
    yield id


def _forward(kind: str) -> Callable[[Hospital, str], Iterator[str]]:
    def find(hospital: Hospital, id: str) -> Iterator[str]:
        return (on for edge in hospital.dependencies_at(id) if edge.kind == kind and edge.of == id for on in edge.on)

    return find


def _backward(kind: str) -> Callable[[Hospital, str], Iterator[str]]:
    def find(hospital: Hospital, id: str) -> Iterator[str]:
        return (edge.of for edge in hospital.dependencies_at(id) if edge.kind == kind and id in edge.on)

    return find


def _zone(hospital: Hospital, id: str) -> Iterator[str]:
    thing = hospital.thing(id)
    if isinstance(thing, Zone):
        yield id
    elif isinstance(thing, Asset) and thing.zone:
        yield thing.zone


def _compartment(hospital: Hospital, id: str) -> Iterator[str]:
    for here in _zone(hospital, id):
        zone = hospital.zone(here)
        yield here
        if zone and zone.fire_compartment:
            key = (zone.site, zone.fire_compartment)
            yield from (other.id for other in hospital.zones if (other.site, other.fire_compartment) == key)


def _doors(hospital: Hospital, id: str) -> Iterator[str]:
    for zone in _zone(hospital, id):
        yield from (asset.id for asset in hospital.assets if asset.between and zone in asset.between)


def _services(hospital: Hospital, id: str) -> Iterator[str]:
    thing = hospital.thing(id)
    if isinstance(thing, Zone):
        yield from (service.id for service in hospital.services if id in service.zones)
    elif isinstance(thing, Asset) and thing.between:
        yield from (service.id for service in hospital.services if set(service.zones) & set(thing.between))
    else:
        yield from (of for of in _backward("needs")(hospital, id) if hospital.service(of))
        yield from (on for on in _forward("feeds")(hospital, id) if hospital.service(on))


_RELATIONS: dict[Relation, Callable[[Hospital, str], Iterator[str]]] = {
    "self": _itself,
    "network": _backward("connects"),
    "machines": _forward("connects"),
    "hosted": _forward("hosts"),
    "stored": _forward("stores"),
    "stores": _backward("stores"),
    "loads": _forward("powers"),
    "zone": _zone,
    "compartment": _compartment,
    "doors": _doors,
    "services": _services,
}
