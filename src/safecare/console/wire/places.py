"""Sites, plans of storeys, and what a guard sees."""

from __future__ import annotations

from datetime import datetime

import msgspec

from safecare.console.wire.incidents import Named
from safecare.model.severity import Level


class LevelName(msgspec.Struct, frozen=True):
    """A storey."""

    id: str
    name: str
    building: str
    building_name: str
    ordinal: int


class SiteView(msgspec.Struct, frozen=True):
    """A site with its storeys."""

    id: str
    name: str
    levels: list[LevelName]


class ZoneView(msgspec.Struct, frozen=True, kw_only=True):
    """A room on a plan."""

    id: str
    name: str
    category: str
    security: str
    outline: tuple[tuple[float, float], ...]
    sector: str
    fire_compartment: str


class AssetView(msgspec.Struct, frozen=True, kw_only=True):
    """A thing on a plan."""

    id: str
    name: str
    kind: str
    group: str
    at: tuple[float, float] | None
    zone: str | None


class PlanState(msgspec.Struct, frozen=True):
    """Worst level of open incidents by zone and asset."""

    zones: dict[str, Level]
    assets: dict[str, Level]


class LevelView(msgspec.Struct, frozen=True):
    """The plan of a storey."""

    id: str
    name: str
    zones: list[ZoneView]
    assets: list[AssetView]
    state: PlanState


class Place(msgspec.Struct, frozen=True):
    """Where a guard is sent."""

    id: str
    name: str
    level_id: str
    outline: tuple[tuple[float, float], ...]


class ReportView(msgspec.Struct, frozen=True, kw_only=True):
    """What a person on site reports."""

    id: str
    at: datetime
    who: str
    role: str
    zone: Named | None
    words: str
    panic: bool
    picture: str | None
    voice: str | None


class Given(msgspec.Struct, frozen=True):
    """An answer that was given."""

    answer: str
    who: str
    at: datetime
    mine: bool
    """Whether the visitor gave it."""


class GuardNotice(msgspec.Struct, frozen=True, kw_only=True):
    """A notice on a guard's phone."""

    id: str
    role_name: str
    mine: bool
    """Whether the visitor is meant, or only looks on."""
    incident: str
    revision: int
    since: int
    """Revision that last brought news: answers to earlier ones do not count for it."""
    ids: list[str]
    """The same notice by all its channels: one card on the phone, and an answer to one counts for all."""
    level: Level
    title: str
    body: str
    zone: Place | None
    still: str | None
    at: datetime
    answers: list[str]
    done: bool
    given: list[Given]
    exercise: str = ""
    """The scenario that ran when it was sent; empty: none did."""


class Guard(msgspec.Struct, frozen=True):
    """All notices that are meant for the visitor."""

    notices: list[GuardNotice]
