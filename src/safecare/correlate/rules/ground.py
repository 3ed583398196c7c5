"""The ground that joins stand on: under which keys a sign is found, and under which to look for its partner.

A key is a letter for the family and an id: ``z`` zone, ``s`` zone that is the scene itself (not just where some thing
stands), ``a`` asset, ``h`` person, ``p`` address, ``c`` fire compartment, ``l`` level, ``b`` building. There is no key
that all of a site share: rules can't ask for one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import NamedTuple

from safecare.correlate.geometry import share_wall
from safecare.correlate.places import Places, is_scene, telling
from safecare.correlate.relations import BODILESS
from safecare.correlate.rules.rule import Join
from safecare.correlate.rules.sign import Sign
from safecare.model.hospital import Hospital

ROUTE = 2
"""Doors between two rooms that lie on one way. Chosen: room, corridor, room; a person walks it in a minute."""
HUB = 24
"""Dependencies of a thing from which a path never leads through it. Chosen: twice an application's usual number; a core
switch or the main board would tie half of the site."""

_BY = {
    "zone": "z",
    "asset": "a",
    "person": "h",
    "address": "p",
    "compartment": "c",
    "level": "l",
    "building": "b",
    "badge": "h",  # a person's badges and accounts lead to one pseudonym (the hospital's people file)
    "account": "h",
    "device": "a",
}
_PLACE = {"room": "z", "adjacent": "z", "route": "z", "compartment": "c", "level": "l", "building": "b"}


class Look(NamedTuple):
    """Where one side of a join looks for the other. Equal looks find the same."""

    what: str
    """``same``, ``adjacent``, ``route`` or ``path``."""
    families: str
    """Families of the keys that it begins at."""
    ways: tuple[str, ...] = ()
    steps: int = 0
    forward: bool = True

    @property
    def found_under(self) -> str:
        """Families of the keys under which the other side must stand."""
        return "as" if self.what == "path" else self.families


def looks(join: Join) -> tuple[Look, Look]:
    """Return where the first of `join` looks for the second, and the second for the first."""
    if join.dependency:
        ways = tuple(sorted(set(join.dependency)))
        forward = Look("path", "as", ways, join.steps)
        return forward, forward._replace(forward=False)
    if join.place is not None:
        what = join.place if join.place in {"adjacent", "route"} else "same"
        look = Look(what, _PLACE[join.place])
        return look, look
    look = Look("same", _BY[join.identity or "person"])
    return look, look


def family_of(by: str) -> str:
    """Return the family of a `group-by` or of the `field` of a count."""
    return _BY[by]


class Ground:
    """Keys and look-ups of one hospital; what the hospital knows is worked out once."""

    def __init__(self, hospital: Hospital, places: Places) -> None:
        """Stand on `hospital`."""
        self._hospital = hospital
        self._places = places
        self._out, self._into = _edges(hospital)
        self._buildings = {level.id: level.building for level in hospital.levels}
        self._areas: dict[tuple[str, str], str] = {}
        self._persons: dict[str, str] = {}
        self._found: dict[tuple[Look, str], tuple[str, ...]] = {}

    def keys(self, sign: Sign, families: Iterable[str]) -> list[str]:
        """Return the keys of `sign` in `families`."""
        found: list[str] = []
        for family in families:
            found += self._in_family(sign, family)
        return found

    def find(self, look: Look, sign: Sign) -> Iterable[str]:
        """Return the keys under which `look` finds partners of `sign`."""
        if look.what == "same":
            return self._in_family(sign, look.families)
        starts = self.keys(sign, look.families)
        if len(starts) == 1:
            return self._reach(look, starts[0])
        return dict.fromkeys(key for start in starts for key in self._reach(look, start))

    def _in_family(self, sign: Sign, family: str) -> list[str]:
        if family == "z":
            return [f"z{zone}" for zone in sign.zones]
        if family == "s":
            scene = is_scene(sign.name, map(self._places.group, sign.assets))
            return [f"s{zone}" for zone in sign.zones] if scene else []
        if family == "a":
            return [f"a{asset}" for asset in sign.assets]
        if family == "h":
            own = {f"h{holder}": None for holder in sign.holders}
            own.update((person, None) for asset in sign.assets if (person := self._owner(asset)))
            return list(own)
        if family == "p":
            return [f"p{peer}" for peer in sign.peers if telling(peer)]
        return list(dict.fromkeys(area for zone in sign.zones if (area := self._area(family, zone))))

    def _owner(self, asset: str) -> str:
        if not self._persons:
            self._persons = {one.workstation: f"h{one.holder}" for one in self._hospital.people if one.workstation} or {
                "": ""
            }
        return self._persons.get(asset, "")

    def _area(self, family: str, zone: str) -> str:
        known = self._areas.get((family, zone))
        if known is None:
            found = self._hospital.zone(zone)
            if found is None:
                return ""
            names = {"c": found.fire_compartment, "l": found.level, "b": self._buildings.get(found.level, "")}
            known = f"{family}{found.site}/{names[family]}" if names[family] else ""
            self._areas[family, zone] = known
        return known

    def _reach(self, look: Look, key: str) -> tuple[str, ...]:
        known = self._found.get((look, key))
        if known is None:
            known = tuple(sorted(self._walk(look, key)))
            if (
                self._hospital.thing(key[1:]) is not None
            ):  # what the hospital does not know is not kept: it has no bound
                self._found[look, key] = known
        return known

    def _walk(self, look: Look, key: str) -> set[str]:
        if look.what == "adjacent":
            return {key, *(f"z{zone}" for zone in self._beside(key[1:]))}
        if look.what == "route":
            return _flood(key, ROUTE, lambda at: [f"z{zone}" for zone in self._hospital.adjacent(at[1:])])
        edges = self._out if look.forward else self._into
        wanted = set(look.ways)

        def on(at: str) -> list[str]:
            here = edges.get(at, [])
            if at != key and len(here) > HUB:
                return []
            return [to for way, to in here if way in wanted or "any" in wanted]

        return _flood(key, look.steps, on) - ({key} if key.startswith("s") else set())  # being in one room is no path

    def _beside(self, zone: str) -> Iterable[str]:
        yield from self._hospital.adjacent(zone)
        here = self._hospital.zone(zone)
        if here is not None:
            yield from (other.id for other in self._hospital.zones if other.id != zone and share_wall(here, other))


def _flood(start: str, steps: int, on: Callable[[str], list[str]]) -> set[str]:
    reached, frontier = {start}, [start]
    for _ in range(steps):
        frontier = [to for at in frontier for to in on(at) if to not in reached and not reached.add(to)]  # type: ignore[func-returns-value]
    return reached


def _edges(hospital: Hospital) -> tuple[dict[str, list[tuple[str, str]]], dict[str, list[tuple[str, str]]]]:
    """Return what each thing brings about, and what brings it about: (kind, key) by key."""
    out: dict[str, list[tuple[str, str]]] = defaultdict(list)
    into: dict[str, list[tuple[str, str]]] = defaultdict(list)

    def key(id: str) -> str:
        return f"s{id}" if hospital.zone(id) else f"a{id}"

    def join(way: str, cause: str, effect: str) -> None:
        out[cause].append((way, effect))
        into[effect].append((way, cause))

    for one in hospital.dependencies:
        for on in one.on:
            cause, effect = (on, one.of) if one.kind == "needs" else (one.of, on)
            join(one.kind, key(cause), key(effect))
    for service in hospital.services:
        for zone in service.zones:
            join("needs", key(service.id), key(zone))  # care is given, or fails, in its rooms
    for asset in hospital.assets:
        for protected in (*asset.protects, *((asset.watches,) if asset.watches else ())):
            join("protects", key(asset.id), key(protected))
        if asset.zone and asset.kind not in BODILESS:
            join("hosts", key(asset.zone), key(asset.id))
    return dict(out), dict(into)
