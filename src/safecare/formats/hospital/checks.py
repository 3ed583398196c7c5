"""Checks that need all files: double ids, what nothing is called, values out of range, impossible needs."""

from __future__ import annotations

import re
from collections.abc import Iterable
from graphlib import CycleError, TopologicalSorter
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from safecare.formats.field import INVERTIBLE
from safecare.formats.hospital.draft import Draft, Row
from safecare.formats.hospital.nodes import Node
from safecare.formats.hospital.problems import Problems
from safecare.formats.hospital.units import UCUM
from safecare.model.hospital import Asset, Dependency, Person, Service
from safecare.model.shift import parse_shift
from safecare.model.text import Text, say

OWN_DOORS = frozenset({"certificates", "console", "files"})
"""Doors that the platform has besides the site's: one of such a name would take its place, or its line on a page."""
MOST_CYCLES = 20
"""Cycles that are told in one run. Chosen: one is often the cause of the next."""

_ID = re.compile(r"[a-z0-9][a-z0-9._-]{0,79}")
_REGISTER = re.compile(r"(holding|input|coil|discrete|(analog|binary|multi-state)-(input|output|value)):\d{1,7}")
_MODBUS = re.compile(r"[A-Za-z0-9.-]+:\d{1,5}/\d{1,3}")
_IP = re.compile(r"\d{1,3}(\.\d{1,3}){3}")


def check_all(draft: Draft, problems: Problems) -> None:
    """Check what the types alone can't tell."""
    _check_ids(draft, problems)
    if not draft.gaps:
        _check_references(draft, problems)
        _check_roles(draft, problems)
    _check_addresses(draft.assets, problems)
    _check_people(draft, problems)
    for asset in draft.assets:
        _check_asset(asset, problems)
    for service in draft.services:
        _check_service(service, problems)
    for dependency in draft.dependencies:
        _check_dependency(dependency, problems)
    _check_routes(draft, problems)
    _check_cycles(draft, problems)


def _check_ids(draft: Draft, problems: Problems) -> None:
    """One name space for all that a dependency can name; each other kind has its own."""
    sites = [Row(site, draft.head.node.at("sites", number)) for number, site in _sites(draft)] if draft.head else []
    things: list[Row[Any]] = [*sites, *draft.levels, *draft.zones, *draft.assets, *draft.services]
    for rows in (things, draft.dependencies, draft.routes, draft.doors):
        seen: dict[str, Node] = {}
        for row in rows:
            id, node = row.value.id, row.node.at("id")
            if not _ID.fullmatch(id):
                problems.error(
                    node, say("{id} is no id: small letters, digits, points and hyphens, at most 80.", id=id)
                )
            first = seen.setdefault(id, node)
            if first is not node:
                place = f"{first.file}:{first.line}"
                problems.error(node, say("The id {id} is used already at {place}.", id=id, place=place))
    for door in draft.doors:
        if door.value.id in OWN_DOORS:
            problems.error(door.node.at("id"), say("The platform itself has a door {id}.", id=door.value.id))
    if draft.head:
        for number, site in _sites(draft):
            try:
                ZoneInfo(site.timezone)
            except (ZoneInfoNotFoundError, ValueError, OSError):
                node = draft.head.node.at("sites", number, "timezone")
                problems.error(node, say("There is no time zone {name}.", name=site.timezone))


class _Known:
    """Ids that may be named; those of things that could not be read are told already."""

    def __init__(self, draft: Draft) -> None:
        self.sites = {site.id for _, site in _sites(draft)}
        self.levels = {row.value.id for row in draft.levels} | draft.broken
        self.zones = {row.value.id for row in draft.zones} | draft.broken
        self.assets = {row.value.id for row in draft.assets} | draft.broken
        self.things = self.zones | self.assets | {row.value.id for row in draft.services}


def _check_references(draft: Draft, problems: Problems) -> None:
    known = _Known(draft)
    for level in draft.levels:
        _refer(level.node.at("properties", "safecare:site"), [level.value.site], known.sites, _no_site, problems)
    for zone in draft.zones:
        _refer(zone.node.at("properties", "level_id"), [zone.value.level], known.levels, _no_level, problems)
    for asset in draft.assets:
        _check_asset_references(asset, known, problems)
    for service in draft.services:
        _refer(service.node.at("site"), [service.value.site], known.sites, _no_site, problems)
        _refer(service.node.at("zones"), service.value.zones, known.zones, _no_zone, problems)
    for dependency in draft.dependencies:
        _refer(dependency.node.at("of"), [dependency.value.of], known.things, _no_thing, problems)
        _refer(dependency.node.at("on"), dependency.value.on, known.things, _no_thing, problems)
    for person in draft.people:
        _refer(person.node.at("site"), [person.value.site], known.sites, _no_site, problems)
        _refer(person.node.at("zones"), person.value.zones, known.zones, _no_zone, problems)
        _refer(person.node.at("workstation"), [person.value.workstation], known.assets, _no_thing, problems)
    for camera, scene in draft.scenes.items():
        _refer(scene.node, [camera], known.assets, _no_thing, problems)
        for number, area in enumerate(scene.value.areas):
            place = scene.node.at("zones", number)
            _refer(place.at("zone"), [area.zone], known.zones, _no_zone, problems)
            _refer(place.at("door"), [area.door], known.assets, _no_thing, problems)
    for route in draft.routes:
        _refer(route.node.at("sites"), route.value.sites, known.sites, _no_site, problems)
        _refer(route.node.at("zones"), route.value.zones, known.zones, _no_zone, problems)


def _check_asset_references(row: Row[Asset], known: _Known, problems: Problems) -> None:
    asset, node = row.value, row.node
    _refer(node.at("site"), [asset.site], known.sites, _no_site, problems)
    if asset.between is None:
        _refer(node.at("zone"), [asset.zone], known.zones, _no_zone, problems)
    else:
        opening = "properties" in node.fields
        place = node.at("properties", "safecare:between") if opening else node.at("between")
        _refer(place, asset.between, known.zones, _no_zone, problems)
    _refer(node.at("watches"), [asset.watches], known.zones, _no_zone, problems)
    _refer(node.at("protects"), asset.protects, known.zones | known.assets, _no_thing, problems)


def _refer(node: Node, ids: Iterable[str | None], known: Any, reason: Any, problems: Problems) -> None:
    for number, id in enumerate(ids):
        if id is not None and id not in known:
            problems.error(node.at(number), reason(id))


def _no_site(id: str) -> Text:
    return say("There is no site {id}.", id=id)


def _no_level(id: str) -> Text:
    return say("There is no level {id}.", id=id)


def _no_zone(id: str) -> Text:
    return say("There is no zone {id}.", id=id)


def _no_thing(id: str) -> Text:
    return say("Nothing here is called {id}.", id=id)


def _check_addresses(assets: list[Row[Asset]], problems: Problems) -> None:
    owners: dict[tuple[str, str], str] = {}
    for row in assets:
        for system, value in row.value.addresses.items():
            place = row.node.at("addresses", system)
            owner = owners.setdefault((system, value), row.value.id)
            if owner != row.value.id:
                problems.error(
                    place, say("The address {address} belongs to {owner} already.", address=value, owner=owner)
                )
            if system == "modbus" and not _MODBUS.fullmatch(value):
                problems.error(place, say("A Modbus address is host:port/unit, not {address}.", address=value))
            if system == "ip" and not (_IP.fullmatch(value) and all(int(part) < 256 for part in value.split("."))):
                problems.error(place, say("{address} is no IPv4 address.", address=value))


def _check_asset(row: Row[Asset], problems: Problems) -> None:
    asset, node = row.value, row.node
    if not 1 <= asset.criticality <= 4:
        problems.error(node.at("criticality"), say("The criticality is 1 (low) to 4 (life depends on it)."))
    if asset.records < 0:
        problems.error(node.at("records"), say("A number of records can't be negative."))
    for number, name in enumerate(asset.inverted):
        if name not in INVERTIBLE:
            known = ", ".join(sorted(INVERTIBLE))
            problems.error(node.at("inverted", number), say("Here must stand one of: {options}.", options=known))
    for number, point in enumerate(asset.points):
        at = node.at("points", number)
        if not _REGISTER.fullmatch(point.register):
            problems.error(
                at.at("register"),
                say(
                    "A register is holding:, input:, coil: or discrete: (Modbus), or an object such as analog-input: "
                    "(BACnet), and a number, not {text}.",
                    text=point.register,
                ),
            )
        if point.unit and point.unit not in UCUM:
            problems.error(at.at("unit"), say("{unit} is no unit that is known here (UCUM).", unit=point.unit))
        if point.low is not None and point.high is not None and point.low >= point.high:
            problems.error(at, say("The normal range of {point} is empty.", point=point.name))
        if not point.unit and point.register.startswith(("holding", "input")):
            problems.warning(at, say("The point {point} has a number but no unit.", point=point.name))


def _check_service(row: Row[Service], problems: Problems) -> None:
    service, node = row.value, row.node
    if not service.zones:
        problems.error(node, say("The service {service} has no zone.", service=service.id))
    if not 0.0 <= service.fallback_efficiency <= 1.0:
        problems.error(node.at("fallback_efficiency"), say("A share lies between 0 and 1."))
    for name in ("beds", "arrivals", "capacity", "stay", "fallback_hours", "weight"):
        if getattr(service, name) < 0:
            problems.error(node.at(name), say("{name} can't be negative.", name=name))
    if service.arrivals > service.capacity > 0:
        problems.warning(
            node.at("arrivals"), say("More patients come to {service} than it can treat.", service=service.id)
        )


def _check_dependency(row: Row[Dependency], problems: Problems) -> None:
    dependency, node = row.value, row.node
    if not dependency.on:
        problems.error(node, say("The dependency {id} names nothing in on.", id=dependency.id))
    if dependency.of in dependency.on:
        problems.error(node.at("on"), say("{id} depends on itself.", id=dependency.of))
    if dependency.at_least is None:
        return
    if dependency.kind != "needs":
        problems.error(node.at("at_least"), say("at_least is only for the kind needs."))
    elif not 1 <= dependency.at_least <= len(dependency.on):
        problems.error(node.at("at_least"), say("at_least is 1 to {count} here.", count=len(dependency.on)))


def _check_people(draft: Draft, problems: Problems) -> None:
    owned: dict[tuple[str, str], Row[Person]] = {}
    for row in draft.people:
        person = row.value
        own = {"holder": (person.holder,), "badges": person.badges, "accounts": person.accounts, "mail": person.mail}
        for field, values in own.items():
            for value in values:
                if owned.setdefault((field, value.lower()), row) is not row:
                    problems.error(row.node.at(field), say("{value} belongs to somebody else already.", value=value))


def _check_routes(draft: Draft, problems: Problems) -> None:
    for row in draft.routes:
        if not 0 <= row.value.severity <= 100:
            problems.error(row.node.at("severity"), say("A severity lies between 0 and 100."))
        if not row.value.levels or not all(row.value.levels):
            problems.error(row.node.at("levels"), say("A route tells at least one role, on every level."))
        for number, written in enumerate(row.value.shifts):
            try:
                parse_shift(written)
            except ValueError:
                example = "mon-fri 08:00-18:00"
                problems.error(
                    row.node.at("shifts", number),
                    say("Here must stand a shift, for example {example}.", example=example),
                )


def _check_roles(draft: Draft, problems: Problems) -> None:
    roles = set(draft.head.value.roles) if draft.head else set()
    for person in draft.people:
        _refer(person.node.at("role"), [person.value.role], roles, _no_role, problems)
    for route in draft.routes:
        for number, level in enumerate(route.value.levels):
            _refer(route.node.at("levels", number), level, roles, _no_role, problems)


def _no_role(id: str) -> Text:
    return say("There is no role {id} in hospital.yaml.", id=id)


def _check_cycles(draft: Draft, problems: Problems) -> None:
    """Find things that need each other at once: when all are down, none could ever start again."""
    needs: dict[str, set[str]] = {}
    places: dict[tuple[str, str], Node] = {}
    for row in draft.dependencies:
        dependency = row.value
        redundant = dependency.at_least is not None and dependency.at_least < len(dependency.on)
        if dependency.kind not in ("needs", "powers") or redundant or dependency.delay[2] > 0:
            continue
        pairs = [(dependency.of, on) if dependency.kind == "needs" else (on, dependency.of) for on in dependency.on]
        for of, on in pairs:
            if of != on:
                needs.setdefault(of, set()).add(on)
                places.setdefault((of, on), row.node)
    for _ in range(MOST_CYCLES):
        try:
            TopologicalSorter(needs).prepare()
        except CycleError as error:
            cycle: list[str] = error.args[1][::-1]  # graphlib lists each before the one that needs it
            edge = (cycle[0], cycle[1])
            shown = " -> ".join(cycle[:10])
            problems.error(
                places[edge],
                say("These need each other, with no redundancy and no autonomy: {cycle}.", cycle=shown),
            )
            needs[edge[0]].discard(edge[1])
        else:
            return


def _sites(draft: Draft) -> list[tuple[int, Any]]:
    return list(enumerate(draft.head.value.sites)) if draft.head else []
