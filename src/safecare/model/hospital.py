"""Hospital: the site's own picture of itself. Zones, doors, assets, care services, dependencies, people's roles.

Lengths are metres, durations seconds, rates per hour. Names exist in French and English. The files are
read by `safecare.formats.hospital`, which also finds what is wrong in them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from functools import cached_property
from typing import Literal

import msgspec

from safecare.model.ids import AssetId, HolderId, ServiceId, SiteId, ZoneId
from safecare.model.network import Baseline
from safecare.model.scene import Scene

Ring = tuple[tuple[float, float], ...]
"""Outline of an area in metres, in the site's own plane, without the closing point."""


class Name(msgspec.Struct, frozen=True):
    """A name in both languages."""

    en: str
    fr: str


class Site(msgspec.Struct, frozen=True, kw_only=True):
    """A place with one guard post and one time zone."""

    id: SiteId
    name: Name
    timezone: str = "Europe/Paris"


class Level(msgspec.Struct, frozen=True, kw_only=True):
    """One storey of one building; `ordinal` 0 is the ground floor."""

    id: str
    site: SiteId
    building: str
    ordinal: int
    name: Name
    building_name: Name


class Zone(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A room, corridor, hall or outdoor area: one IMDF unit of a plan."""

    id: ZoneId
    site: SiteId
    level: str
    name: Name
    category: str
    """room, corridor, ward, theatre, icu, emergency, imaging, laboratory, pharmacy, technical, stairs, outdoor, ..."""
    outline: Ring
    fire_compartment: str = ""
    sector: str = ""
    """Supply sector: rooms fed by the same electrical board."""
    security: Literal["public", "staff", "restricted", "critical"] = "staff"
    crowd_at: int | None = None
    """People seen at the same time from which the zone counts as crowded."""
    loiter_after: float | None = None
    """Seconds from which staying here is loitering."""


class Point(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One value of an asset on a field bus, and the range that is normal for it."""

    name: str
    """Quantity (temperature, humidity, pressure, voltage, ...) or binary point (lid, smoke, mains, ...)."""
    register: str
    """Where it stands, for Modbus ``holding:10``, ``input:3``, ``coil:1`` or ``discrete:2`` (from 0)."""
    scale: float = 1.0
    signed: bool = True
    unit: str = ""
    """UCUM unit; empty for a binary point."""
    low: float | None = None
    high: float | None = None
    alarm_on: bool | None = None
    """For a binary point: the state that is not normal."""


class Asset(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A thing: device, door, camera, server, application, network, utility, store, credential, data set."""

    id: AssetId
    site: SiteId
    name: Name
    kind: str
    zone: ZoneId | None = None
    at: tuple[float, float] | None = None
    """Position on the plan, metres."""
    group: str = "other"
    """Family on screen: it, network, medical, pharmacy, cold_chain, utility, door, camera, fire, intrusion."""
    criticality: int = 1
    """1 (low) to 4 (life depends on it)."""
    patient_connected: bool | None = None
    """Whether it works on a patient, so that no response may disturb it. None: the site doesn't say; then a medical
    device is taken to, where it stands in a zone of care that can't pause."""
    records: int = 0
    """For a data set: people whose data it holds."""
    addresses: dict[str, str] = {}
    """How the world calls it, by system: ip, mac, mqtt (topic), modbus (host:port/unit), hl7 (application), ..."""
    points: tuple[Point, ...] = ()
    inverted: tuple[str, ...] = ()
    """What its sender tells the contrary of: a contact that is wired, or set up, the other way around."""
    between: tuple[ZoneId, ZoneId] | None = None
    """For a door: the two zones that it joins."""
    watches: ZoneId | None = None
    """For a camera: the zone that its picture is judged for."""
    protects: tuple[str, ...] = ()
    """Zones or assets that this one protects (camera, detector, guard post)."""


class Service(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Care provided to patients, with the figures of its stock and flow."""

    id: ServiceId
    site: SiteId
    name: Name
    kind: str
    """emergency, theatre, icu, imaging, laboratory, pharmacy, ward, outpatient, sterilisation, vaccination, ..."""
    zones: tuple[ZoneId, ...] = ()
    beds: int = 0
    arrivals: float = 0.0
    """Patients per hour, as a mean over day and night."""
    capacity: float = 0.0
    """Patients per hour that can be treated when all is well, as a mean over day and night."""
    stay: float = 0.0
    """Mean stay, hours."""
    fallback_hours: float = 0.0
    """How long the service can go on without its tools (paper, manual work)."""
    fallback_efficiency: float = 0.0
    """Share of the capacity that is left in fallback, 0-1."""
    fallback: Name | None = None
    weight: float = 1.0
    """Patient-hours lost per patient-hour delayed: how much harm a delay does, relative to outpatients = 1."""


DependencyKind = Literal[
    "needs",  # `on` down -> `of` down, when more than len(on) - at_least of them are down
    "powers",  # `of` gives electricity to `on` (board, UPS, generator); autonomy = delay
    "hosts",  # `of` (room, machine) holds `on`: fire, flood or loss of `of` takes `on` along
    "connects",  # `of` (network) connects `on`: a foothold on one reaches the other
    "allows",  # traffic from network `of` to network `on` is open
    "controls",  # `of` (controller) commands `on`
    "stores",  # `of` keeps data set or goods `on`
    "feeds",  # `of` (application) gives data to `on`
    "opens",  # `of` (badge, code, door controller) opens door `on`
]


class Dependency(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An edge of the hospital. Ids are those of assets, services or zones.

    `delay` is (shortest, usual, longest) seconds from cause to effect; `probability` (low, usual, high)
    that the effect follows. `source` says where these figures come from (``assumed`` until someone measures).
    """

    id: str
    kind: DependencyKind
    of: str
    on: tuple[str, ...]
    at_least: int | None = None
    """For ``needs``: how many of `on` are enough (redundancy k of n); all of them if absent."""
    delay: tuple[float, float, float] = (0.0, 0.0, 0.0)
    probability: tuple[float, float, float] = (1.0, 1.0, 1.0)
    source: str = "assumed"


class Person(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A badge holder as the platform knows one: a pseudonym, roles, and what belongs to the pseudonym."""

    holder: HolderId
    role: str
    site: SiteId
    badges: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    mail: tuple[str, ...] = ()
    workstation: AssetId | None = None
    zones: tuple[ZoneId, ...] = ()
    """Where the person usually works."""


class Route(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Who is told about what: incidents of at least `severity` in `sites` go to `roles`, one level after the other.

    Empty `sites`, `zones`, `domains` or `shifts` stand for all of them.
    """

    id: str
    severity: int
    levels: tuple[tuple[str, ...], ...]
    """Roles by escalation level."""
    answer_within: float
    """Seconds until the next level is told if nobody has acknowledged."""
    channels: tuple[str, ...] = ("page",)
    sites: tuple[SiteId, ...] = ()
    zones: tuple[ZoneId, ...] = ()
    """Only incidents that touch one of these zones."""
    domains: tuple[Literal["cyber", "physical"], ...] = ()
    """Only incidents with an alert of one of these kinds."""
    shifts: tuple[str, ...] = ()
    """Hours at which the route is in force, in the site's own time (`safecare.model.shift`)."""


class Hospital(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """The whole model, with look-ups. Unknown ids give ``None``: the caller says what that means."""

    id: str
    name: Name
    sites: tuple[Site, ...]
    levels: tuple[Level, ...]
    zones: tuple[Zone, ...]
    assets: tuple[Asset, ...]
    services: tuple[Service, ...]
    dependencies: tuple[Dependency, ...]
    people: tuple[Person, ...] = ()
    routes: tuple[Route, ...] = ()
    roles: dict[str, Name] = {}
    """Names of the roles that people and routes speak of, by id."""
    scenes: dict[AssetId, Scene] = {}
    """What is drawn into the pictures of cameras, by camera."""
    network: Baseline | None = None
    """What is normal on the network, if a person has reviewed and frozen it."""

    @classmethod
    def empty(cls) -> Hospital:
        """Return a hospital about which nothing is known."""
        return cls(id="", name=Name("", ""), sites=(), levels=(), zones=(), assets=(), services=(), dependencies=())

    @cached_property
    def _things(self) -> dict[str, Site | Level | Zone | Asset | Service]:
        things: dict[str, Site | Level | Zone | Asset | Service] = {}
        for group in (self.sites, self.levels, self.zones, self.assets, self.services):
            things.update((thing.id, thing) for thing in group)
        return things

    @cached_property
    def _buildings(self) -> dict[str, Name]:
        return {level.building: level.building_name for level in self.levels}

    @cached_property
    def _addresses(self) -> dict[tuple[str, str], Asset]:
        return {(system, value): asset for asset in self.assets for system, value in asset.addresses.items()}

    @cached_property
    def _holders(self) -> dict[tuple[str, str], Person]:
        found: dict[tuple[str, str], Person] = {}
        for person in self.people:
            found["holder", person.holder] = person
            found.update((("badge", badge), person) for badge in person.badges)
            found.update((("account", account), person) for account in person.accounts)
            found.update((("mail", mail.lower()), person) for mail in person.mail)
            if person.workstation:
                found["workstation", person.workstation] = person
        return found

    @cached_property
    def _adjacent(self) -> dict[str, frozenset[ZoneId]]:
        joined: dict[str, set[ZoneId]] = defaultdict(set)
        for asset in self.assets:
            if asset.between:
                one, other = asset.between
                joined[one].add(other)
                joined[other].add(one)
        return {zone: frozenset(others) for zone, others in joined.items()}

    @cached_property
    def _edges(self) -> dict[str, tuple[Dependency, ...]]:
        edges: dict[str, list[Dependency]] = defaultdict(list)
        for dependency in self.dependencies:
            for end in dict.fromkeys((dependency.of, *dependency.on)):
                edges[end].append(dependency)
        return {end: tuple(found) for end, found in edges.items()}

    def thing(self, id: str) -> Site | Level | Zone | Asset | Service | None:
        """Return the site, level, zone, asset or service called `id`."""
        return self._things.get(id)

    def asset(self, id: str | None) -> Asset | None:
        """Return the asset called `id`."""
        found = self._things.get(id or "")
        return found if isinstance(found, Asset) else None

    def zone(self, id: str | None) -> Zone | None:
        """Return the zone called `id`."""
        found = self._things.get(id or "")
        return found if isinstance(found, Zone) else None

    def service(self, id: str | None) -> Service | None:
        """Return the care service called `id`."""
        found = self._things.get(id or "")
        return found if isinstance(found, Service) else None

    def at_address(self, system: str, value: str) -> Asset | None:
        """Return the asset that `system` calls `value`, for example ``("ip", "10.2.0.7")``."""
        return self._addresses.get((system, value))

    def person(self, system: Literal["holder", "badge", "account", "mail", "workstation"], value: str) -> Person | None:
        """Return the person to whom a badge, account, mail address (lower case) or workstation belongs."""
        return self._holders.get((system, value))

    def adjacent(self, zone: str) -> frozenset[ZoneId]:
        """Return the zones that a door or opening joins to `zone`."""
        return self._adjacent.get(zone, frozenset())

    def dependencies_at(self, id: str) -> tuple[Dependency, ...]:
        """Return all dependencies in which `id` stands on either side."""
        return self._edges.get(id, ())

    def assets_in(self, zone: str) -> Iterator[Asset]:
        """Yield the assets that stand in `zone`."""
        return (asset for asset in self.assets if asset.zone == zone)

    def label(self, id: str, language: str) -> str:
        """Return the name of `id` (a building, too) in ``en`` or ``fr``; the id itself if nothing is called so."""
        found = self._things.get(id)
        name = found.name if found is not None else self._buildings.get(id)
        if name is None:
            return id
        return name.fr if language == "fr" else name.en
