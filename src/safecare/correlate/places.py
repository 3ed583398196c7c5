"""What stands near what: the keys under which an alert is found, and where else to look for its like.

An alert is found by keys: its assets, zones, people and peers. For each key there are `Probe`s, the keys
to look under: the key itself (same room, same thing), the rooms next to it, and whatever a short path of
dependencies leads to. All probes are symmetric (if A looks under B, B looks under A, with the same weight),
so that the order of arrival does not matter. They are worked out once per key and kept.

Hubs: a path is weakened by the inverse degree of what it passes through, the square root of it where it
ends, and never goes through a thing with very many neighbours. So a core switch, the main board, the
site's network or the main corridor glue nothing together. Zones are never passed through.
"""

from __future__ import annotations

import ipaddress
from collections import defaultdict
from collections.abc import Iterable, Iterator
from math import sqrt
from typing import NamedTuple

from safecare.correlate import relations as rel
from safecare.correlate.geometry import share_wall
from safecare.correlate.relations import Mix, Relation
from safecare.model.alert import Alert, Domain
from safecare.model.hospital import Dependency, DependencyKind, Hospital, Service, Zone
from safecare.model.ids import ZoneId

ALL = frozenset(Mix)


class Step(NamedTuple):
    """One step of a path, in the direction of the dependency: `of` hosts, feeds, powers ... `on`."""

    kind: DependencyKind | str
    of: str
    on: str


class Probe(NamedTuple):
    """Look under `key`: what is found there is tied by `relation` with `weight`, for the mixes in `mixes`."""

    key: str
    relation: Relation
    weight: float
    mixes: frozenset[Mix]
    steps: tuple[Step, ...] = ()
    here: bool = False
    """The path begins at a place: the alert that looks must have happened there, not only stand there."""
    there: bool = False
    """The path ends at a place: so must the alert that is found."""


class _Edge(NamedTuple):
    to: str
    weight: float
    mixes: frozenset[Mix]
    step: Step


class _Way(NamedTuple):
    """A path walked so far."""

    to: str
    weight: float
    mixes: frozenset[Mix]
    steps: tuple[Step, ...]
    inside: bool

    def on(self, edge: _Edge, through: float) -> _Way:
        """Return the way that goes on along `edge`; `through` is what is left of it for passing where it is."""
        return _Way(
            edge.to,
            self.weight * through * edge.weight,
            self.mixes & edge.mixes,
            (*self.steps, edge.step),
            self.inside or edge.step.kind == "inside",
        )

    def needless_beside(self, other: _Way) -> bool:
        """Return whether `other` leads to the same thing, no weaker, of the same sort, for more mixes."""
        same = other.to == self.to and other.inside == self.inside
        return same and other.mixes > self.mixes and other.weight >= self.weight


NAMED = 64
"""Most assets, zones, people or peers of one alert that are looked at. Chosen: far above what rules name."""

PERSON, PEER = "person", "peer"
COMPARTMENT, FIRE = "compartment", "fire"
SECTOR, SUPPLY = "sector", "supply"
_CAUSES = {COMPARTMENT: ("fire", FIRE), SECTOR: ("utility", SUPPLY)}
"""Family of rooms: which asset group makes an alert a cause for all of them, and the family such alerts stand under."""
_SEEN_BY = {COMPARTMENT: FIRE, FIRE: COMPARTMENT, SECTOR: SUPPLY, SUPPLY: SECTOR}
"""Everything looks for causes, and causes look for everything."""


BLIND = frozenset({"camera.lost", "camera.flapping", "camera.veiled"})
"""The alerts about cameras that say nothing of who is there."""


def key_of(family: str, value: str) -> str:
    """Return the key of something that is no asset or zone; can't be mistaken for one of those."""
    return f"{family}\x1f{value}"


class Places:
    """Keys and probes of one hospital. Immutable but for what it has worked out already."""

    def __init__(self, hospital: Hospital) -> None:
        """Read `hospital`; paths are worked out when first needed."""
        self._hospital = hospital
        self._edges = self._read_edges()
        self._things: dict[str, int] = defaultdict(int)
        self._rooms: dict[str, int] = defaultdict(int)
        for asset in hospital.assets:
            if asset.zone:
                self._things[asset.zone] += 1
        for zone in hospital.zones:
            for key in self._rooms_keys(zone):
                self._rooms[key] += 1
        self._keys: dict[str, tuple[str, ...]] = {}
        self._probes: dict[str, tuple[Probe, ...]] = {}

    def home(self, asset: str) -> tuple[ZoneId, ...]:
        """Return the zones of an asset: both sides of a door, what a camera watches, where a thing stands."""
        found = self._hospital.asset(asset)
        if found is None or found.kind in rel.BODILESS:
            return ()
        if found.between:
            return found.between
        return (found.watches,) if found.watches else (found.zone,) if found.zone else ()

    def keys(self, alert: Alert) -> tuple[str, ...]:
        """Return the keys under which `alert` is found, of the first `NAMED` assets, zones, people and peers."""
        keys: dict[str, None] = {}
        conduit = self._passes_through(alert)
        for asset in alert.assets[:NAMED]:
            found = self._asset_keys(asset)
            keys.update(dict.fromkeys(found[:1] if conduit else found))
        for zone in () if conduit else alert.zones[:NAMED]:
            keys.update(dict.fromkeys(self._zone_keys(zone)))
        keys.update((key_of(PERSON, holder), None) for holder in alert.holders[:NAMED])
        keys.update((key_of(PEER, peer), None) for peer in alert.peers[:NAMED] if telling(peer))
        groups = {self.group(asset) for asset in alert.assets}
        for key in tuple(keys):
            family, marked, value = key.partition("\x1f")
            if marked and family in _CAUSES and _CAUSES[family][0] in groups:
                keys[key_of(_CAUSES[family][1], value)] = None
        return tuple(keys)

    def probes(self, key: str) -> tuple[Probe, ...]:
        """Return where to look for what may be tied to something found under `key`."""
        known = self._probes.get(key)
        if known is None:
            known = tuple(self._find_probes(key))
            if self._hospital.thing(key) is not None:  # what the hospital does not know is not kept: it has no bound
                self._probes[key] = known
        return known

    def scene(self, alert: Alert) -> bool:
        """Return whether `alert` is about a place and who is in it, not about a thing: no asset but cameras."""
        return is_scene(alert.rule, map(self.group, alert.assets))

    def presence(self, alert: Alert) -> bool:
        """Return whether `alert` says that somebody is in a place: at a door, or seen there."""
        groups = {self.group(asset) for asset in alert.assets}
        return alert.domain is Domain.PHYSICAL and groups <= {"door", "camera"} and alert.rule not in BLIND

    def spreads(self, alert: Alert) -> bool:
        """Return whether what `alert` tells of goes from room to room: people, fire, loss of a supply."""
        groups = {self.group(asset) for asset in alert.assets}
        return self.presence(alert) or (alert.domain is Domain.PHYSICAL and bool(groups & {"fire", "utility"}))

    def group(self, asset: str) -> str:
        """Return the family of an asset, empty if it is unknown."""
        found = self._hospital.asset(asset)
        return found.group if found else ""

    def category(self, zone: str) -> str:
        """Return the category of a zone, empty if it is unknown."""
        found = self._hospital.zone(zone)
        return found.category if found else ""

    def equipment(self, zone: str) -> float:
        """Return the share (0-1) that is left of a tie between `zone` and one of the things in it."""
        return rel.thinned(self._things[zone], rel.FREE_THINGS)

    def passage(self, zone: str) -> bool:
        """Return whether staff only pass through `zone`; what the public pass through weighs less for all."""
        found = self._hospital.zone(zone)
        return found is not None and found.category in rel.PASSAGES and found.security != "public"

    def hub(self, asset: str) -> float:
        """Return the share (0-1) that is left of a tie because both ends are this thing."""
        return sqrt(rel.thinned(len(self._edges.get(asset, ())), rel.FREE_LINKS))

    def _passes_through(self, alert: Alert) -> bool:
        """Return whether a cyber alert is about people alone, and the things in it are what it came through.

        So where a mail server or log-on server stands says nothing; where a person's own workstation stands does.
        """
        people = [self._hospital.person("holder", holder) for holder in alert.holders[:NAMED]]
        own = {person.workstation for person in people if person}
        return alert.domain is Domain.CYBER and bool(alert.holders) and own.isdisjoint(alert.assets)

    def _asset_keys(self, asset: str) -> tuple[str, ...]:
        known = self._keys.get(asset)
        if known is not None:
            return known
        keys = [asset, *(key for zone in self.home(asset) for key in self._zone_keys(zone))]
        person = self._hospital.person("workstation", asset)
        if person:
            keys.append(key_of(PERSON, person.holder))
        if self._hospital.asset(asset) is not None:
            self._keys[asset] = tuple(keys)
        return tuple(keys)

    def _zone_keys(self, zone: str) -> tuple[str, ...]:
        found = self._hospital.zone(zone)
        return (zone, *self._rooms_keys(found)) if found else (zone,)

    def _rooms_keys(self, zone: Zone) -> tuple[str, ...]:
        keys = []
        if zone.fire_compartment:
            keys.append(key_of(COMPARTMENT, f"{zone.site}/{zone.fire_compartment}"))
        if zone.sector:
            keys.append(key_of(SECTOR, f"{zone.site}/{zone.sector}"))
        return tuple(keys)

    def _find_probes(self, key: str) -> Iterator[Probe]:
        family, marked, value = key.partition("\x1f")
        if marked:
            yield self._shared(family, value)
            return
        zone = self._hospital.zone(key)
        if zone is None:
            yield Probe(key, rel.ASSET, rel.ASSET.weight, ALL)
        else:
            share = self._door_share(key) * (rel.PUBLIC if zone.security == "public" else 1.0)
            yield Probe(key, rel.ZONE, rel.ZONE.weight * share, ALL)
            yield from self._neighbours(zone)
        yield from self._paths(key)

    def _shared(self, family: str, value: str) -> Probe:
        if family == PERSON:
            return Probe(key_of(family, value), rel.PERSON, rel.PERSON.weight, ALL)
        if family == PEER:
            return Probe(key_of(family, value), rel.PEER, rel.PEER.weight, ALL)
        rooms = COMPARTMENT if family in {COMPARTMENT, FIRE} else SECTOR
        relation = rel.COMPARTMENT if rooms == COMPARTMENT else rel.SECTOR
        share = rel.thinned(self._rooms[key_of(rooms, value)], rel.FREE_ROOMS)
        return Probe(key_of(_SEEN_BY[family], value), relation, relation.weight * share, ALL)

    def _door_share(self, zone: str) -> float:
        return sqrt(rel.thinned(len(self._hospital.adjacent(zone)), rel.FREE_DOORS))

    def _neighbours(self, zone: Zone) -> Iterator[Probe]:
        doors = self._hospital.adjacent(zone.id)
        for other in self._hospital.zones:
            if other.id == zone.id or not (other.id in doors or share_wall(zone, other)):
                continue
            share = self._door_share(zone.id) * self._door_share(other.id)
            weight = rel.NEXT.weight * share * (1.0 if other.id in doors else rel.WALL)
            if weight >= rel.JOIN:
                yield Probe(other.id, rel.NEXT, weight, ALL)

    def _paths(self, start: str) -> Iterator[Probe]:
        begins = self._hospital.zone(start) is not None
        ways = self._walk(start)
        for way in ways:
            ends = self._hospital.zone(way.to) is not None
            if (begins and ends) or (way.inside and len(way.steps) == 1):
                continue  # two places are tied by `NEXT`, a thing and its room by `ZONE`
            weight = round(way.weight * self._end_share(way.to), 9)
            if weight >= rel.JOIN and not any(way.needless_beside(other) for other in ways):
                relation = rel.INSIDE if way.inside else rel.CARE if begins or ends else rel.PATH
                yield Probe(way.to, relation, weight, way.mixes, way.steps, begins, ends)

    def _walk(self, start: str) -> list[_Way]:
        """Walk along dependencies from `start`: the strongest way of each sort to each thing, at most `STEPS` long."""
        best: dict[tuple[str, frozenset[Mix], bool], _Way] = {}
        frontier = [_Way(start, self._end_share(start), ALL, (), inside=False)]
        for _ in range(rel.STEPS):
            reached: list[_Way] = []
            for way in frontier:
                through = self._through_share(way.to) if way.steps else 1.0
                for edge in self._edges_at(way.to):
                    far = way.on(edge, through)
                    known = best.get((far.to, far.mixes, far.inside))
                    if far.weight < rel.JOIN or not far.mixes or far.to == start:
                        continue
                    if known is None or far.weight > known.weight:
                        best[far.to, far.mixes, far.inside] = far
                        reached.append(far)
            frontier = reached
        return list(best.values())

    def _edges_at(self, id: str) -> Iterator[_Edge]:
        yield from self._edges.get(id, ())
        if self._hospital.zone(id):
            share = rel.thinned(self._things[id], rel.FREE_THINGS)
            for asset in self._hospital.assets_in(id):
                if asset.kind in rel.BODILESS:
                    continue
                yield _Edge(asset.id, rel.INSIDE.weight * share, ALL, Step("inside", id, asset.id))
            return
        asset_here = self._hospital.asset(id)
        if asset_here and asset_here.zone and asset_here.kind not in rel.BODILESS:
            share = rel.thinned(self._things[asset_here.zone], rel.FREE_THINGS)
            yield _Edge(asset_here.zone, rel.INSIDE.weight * share, ALL, Step("inside", asset_here.zone, id))

    def _end_share(self, id: str) -> float:
        if self._hospital.zone(id):
            return 1.0
        return sqrt(rel.thinned(len(self._edges.get(id, ())), self._free(id)))

    def _through_share(self, id: str) -> float:
        degree, free = len(self._edges.get(id, ())), self._free(id)
        asset = self._hospital.asset(id)
        key = asset is not None and asset.kind == "credential"  # that two things open with one key ties nothing
        if key or self._hospital.zone(id) or degree > rel.REFUSE * free:
            return 0.0
        return rel.thinned(degree, free)

    def _free(self, id: str) -> int:
        return rel.FREE_NEEDS if isinstance(self._hospital.thing(id), Service) else rel.FREE_LINKS

    def _read_edges(self) -> dict[str, list[_Edge]]:
        edges: dict[str, list[_Edge]] = defaultdict(list)
        for dependency in self._hospital.dependencies:
            for on in dependency.on:
                if on != dependency.of:
                    self._join(edges, dependency, on)
        for service in self._hospital.services:
            for zone in service.zones:
                step = Step("care", service.id, zone)
                edges[service.id].append(_Edge(zone, rel.CARE.weight, ALL, step))
                edges[zone].append(_Edge(service.id, rel.CARE.weight, ALL, step))
        return dict(edges)

    def _join(self, edges: dict[str, list[_Edge]], dependency: Dependency, on: str) -> None:
        weight, mixes = rel.STRENGTH[dependency.kind]
        step = Step(dependency.kind, dependency.of, on)
        edges[dependency.of].append(_Edge(on, weight, mixes, step))
        edges[on].append(_Edge(dependency.of, weight, mixes, step))


def is_scene(rule: str, groups: Iterable[str]) -> bool:
    """Return whether an alert of `rule` about assets of `groups` is about people in a place (`people.*`)."""
    return rule.startswith("people.") and all(group == "camera" for group in groups)


def is_address(peer: str) -> bool:
    """Return whether a peer is a network address, not a name."""
    try:
        ipaddress.ip_address(peer)
    except ValueError:
        return False
    return True


def telling(peer: str) -> bool:
    """Return whether an address says anything: broadcast, loopback and the like are seen everywhere."""
    try:
        address = ipaddress.ip_address(peer)
    except ValueError:
        return bool(peer)
    return not (address.is_multicast or address.is_loopback or address.is_unspecified or peer == "255.255.255.255")
