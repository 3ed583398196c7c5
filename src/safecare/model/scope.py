"""The part of a house that a person is kept to: rooms, storeys, buildings, and the things that stand there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from safecare.model.hospital import Hospital


class Scope(msgspec.Struct, frozen=True):
    """The part of a house that a visitor is kept to: ids of zones and of things that stand in them."""

    inside: frozenset[str]
    outside: frozenset[str]
    sites: frozenset[str]
    """Sites in which something of it lies."""

    def holds(self, site: str, ids: Iterable[str]) -> bool:
        """Tell whether what is about `ids` (zones, assets) of `site` belongs here.

        What touches several places belongs to each of them. What is about no place (an attack on systems) belongs to
        the whole site: nobody may miss it because nobody can say where it is.
        """
        if site not in self.sites:
            return False
        known = set(ids)
        return not self.inside.isdisjoint(known) or self.outside.isdisjoint(known)


def scope_of(hospital: Hospital, places: Sequence[str]) -> Scope | None:
    """Return the scope that `places` (zones, storeys, buildings) name; None for all. Unknown places hold nothing."""
    if not places:
        return None
    wanted = set(places)
    storeys = {one.id for one in hospital.levels if not wanted.isdisjoint({one.id, one.building})}
    zones = {one.id for one in hospital.zones if one.id in wanted or one.level in storeys}
    sites = {str(one.site) for one in hospital.zones if one.id in zones}
    standing = {one.id: one.zone for one in hospital.assets if one.zone is not None}
    inside = zones | {id for id, zone in standing.items() if zone in zones}
    everything = {str(one.id) for one in hospital.zones} | {str(id) for id in standing}
    return Scope(frozenset(map(str, inside)), frozenset(everything - inside), frozenset(sites))


def places_of(hospital: Hospital, site: str | None) -> set[str]:
    """Return the zones, storeys and buildings of `site` (none: of all) that a person can be kept to."""
    found = {str(one.id) for one in hospital.zones if site in {None, one.site}}
    for level in hospital.levels:
        if site in {None, level.site}:
            found |= {level.id, level.building}
    return found
