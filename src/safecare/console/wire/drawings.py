"""Plans as they are drawn: what the editor gets, and what it sends."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import msgspec

from safecare.console.wire.asks import Key
from safecare.console.wire.incidents import Named

Id = Annotated[str, msgspec.Meta(min_length=1, max_length=80)]
Label = Annotated[str, msgspec.Meta(max_length=120)]
Metres = Annotated[float, msgspec.Meta(ge=-1e7, le=1e7)]
Spot = tuple[Metres, Metres]
Outline = Annotated[tuple[Spot, ...], msgspec.Meta(min_length=3, max_length=500)]
Security = Literal["public", "staff", "restricted", "critical"]


class TwoNames(msgspec.Struct, frozen=True):
    """A name in both languages."""

    en: Label
    fr: Label


class DrawnRoom(msgspec.Struct, frozen=True, kw_only=True):
    """A room. A new one has an id that nothing else has."""

    id: Id
    name: TwoNames
    category: Annotated[str, msgspec.Meta(max_length=40)] = "room"
    security: Security = "staff"
    outline: Outline


class DrawnDoor(msgspec.Struct, frozen=True, kw_only=True):
    """A door in the wall between two rooms."""

    id: Id
    name: TwoNames
    line: Annotated[tuple[Spot, ...], msgspec.Meta(min_length=2, max_length=20)]
    between: tuple[Id, Id]


class DrawnThing(msgspec.Struct, frozen=True, kw_only=True):
    """Where a thing stands: its room, and its place on the plan."""

    id: Id
    zone: Id | None = None
    at: Spot | None = None


class DrawPlan(msgspec.Struct, frozen=True, kw_only=True):
    """Body of POST /api/drawings/{level} and its preview. `base`: the version on which it was drawn."""

    rooms: Annotated[list[DrawnRoom], msgspec.Meta(max_length=5000)]
    doors: Annotated[list[DrawnDoor], msgspec.Meta(max_length=5000)] = []
    things: Annotated[list[DrawnThing], msgspec.Meta(max_length=5000)] = []
    base: int
    comment: Annotated[str, msgspec.Meta(max_length=500)] = ""
    id: Key = ""


class UndoPlan(msgspec.Struct, frozen=True):
    """Body of POST /api/drawings/{level}/undo: bring back version `to` (0: the hospital's files)."""

    to: Annotated[int, msgspec.Meta(ge=0)]
    base: int
    id: Key = ""


class VersionView(msgspec.Struct, frozen=True):
    """A saved version."""

    number: int
    at: datetime
    author: str
    comment: str
    undoes: int | None


class ThingView(msgspec.Struct, frozen=True, kw_only=True):
    """A thing that can be placed."""

    id: str
    name: str
    group: str
    zone: str | None
    at: tuple[float, float] | None


class EditorView(msgspec.Struct, frozen=True, kw_only=True):
    """The plan of a level to be drawn on."""

    level: Named
    may: bool
    """Whether the reader may change it."""
    building: str
    version: int
    versions: list[VersionView]
    rooms: list[DrawnRoom]
    doors: list[DrawnDoor]
    things: list[ThingView]
    """Those of this level first, then the others of the site."""


class RemarkView(msgspec.Struct, frozen=True):
    """What was left out or guessed while a drawing was read."""

    place: str
    reason: str


class ImportView(msgspec.Struct, frozen=True):
    """A drawing that was read: proposed, not saved."""

    rooms: list[DrawnRoom]
    doors: list[DrawnDoor]
    remarks: list[RemarkView]
    unit: float


class PlanCheck(msgspec.Struct, frozen=True):
    """What would change, and what keeps it from being saved."""

    changes: list[str]
    problems: list[str]


class PlanSaved(msgspec.Struct, frozen=True):
    """The version that was saved."""

    version: int
