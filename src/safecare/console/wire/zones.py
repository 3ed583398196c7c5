"""Zones of cameras as they are drawn: what the screen gets, and what it sends."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import msgspec

from safecare.console.wire.asks import Key
from safecare.console.wire.drawings import VersionView
from safecare.console.wire.incidents import Named
from safecare.formats.scene import ZonesFile


class CameraName(msgspec.Struct, frozen=True, kw_only=True):
    """A camera, and how many zones are drawn into its picture."""

    id: str
    name: str
    zones: int


class ZonesView(msgspec.Struct, frozen=True, kw_only=True):
    """What is drawn into the picture of a camera."""

    camera: Named
    level: str | None
    """The storey on whose plan the camera's zone lies: there, too, lie the points of a calibration."""
    doors: list[Named]
    """Doors in which a line may lie: those of the camera's storey."""
    still: str | None
    """Address of the newest (pixelated) picture that was kept."""
    size: tuple[int, int] | None
    """Pixels of the picture that the camera gave then."""
    version: int
    """The newest version, on which a new one must stand."""
    versions: list[VersionView]
    file: ZonesFile | None
    """The zones file of this version; none where it can't be read."""


class DrawZones(msgspec.Struct, frozen=True, kw_only=True):
    """Body of POST /api/cameras/{camera}/zones. `base`: the version on which it was drawn.

    `file` has the fields of docs/reference/zones.md; the reader of zones files judges it.
    """

    file: dict[str, Any]
    base: int
    comment: Annotated[str, msgspec.Meta(max_length=500)] = ""
    id: Key = ""


class TryZones(msgspec.Struct, frozen=True, kw_only=True):
    """Body of POST /api/cameras/{camera}/zones/try; `file` as of `DrawZones`."""

    file: dict[str, Any]


class TriedAlarm(msgspec.Struct, frozen=True):
    """Alarms with one title that zones would have given: how many, and when the first and the last one."""

    rule: str
    title: str
    count: int
    first: datetime
    last: datetime


class TriedZones(msgspec.Struct, frozen=True):
    """What zones would have told of the sightings since `since`."""

    since: datetime
    seen: int
    """Sightings that were replayed."""
    alarms: list[TriedAlarm]
