"""What the door knows of its cameras: settings, asset, zone, and how their pictures are to be judged."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from safecare.model.event import Event
from safecare.model.events.video import CameraState, PeopleSeen, Seen, Spot, SpotsSeen, Thing, ThingsSeen
from safecare.model.hospital import Asset, Hospital
from safecare.model.ids import ArtifactHash, AssetId
from safecare.model.layout import laid_out
from safecare.model.scene import Scene
from safecare.sources.camera.messages import View

STILL_SHARE = 0.8
"""Share of a zone's loitering time from which a still is taken, so that it is there when the rule fires; chosen."""


SHA256 = re.compile(r"[0-9A-Fa-f]{64}")
MOST_DAYS = 30
"""Most days for which clips may be kept: the French rule for video (Code de la sécurité intérieure, L252-5)."""


class CameraSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One camera in the door's settings. Positions are fractions (0-1) of the picture, origin top left."""

    url: str = ""
    """Live stream: ``rtsp(s)://…``, ``onvif(s)://…`` (asked for its sub-stream, or for ``?profile=…``), ``http(s)://…``
    (MJPEG) or the path of a file; empty: only clips."""
    format: str | None = None
    """FFmpeg's name of the stream's container, where the default (``mpjpeg`` for HTTP) does not fit."""
    area: tuple[tuple[float, float], ...] = ()
    """Outline of the watched zone; empty: the whole picture."""
    person: tuple[tuple[float, float], ...] = ()
    """One or two pairs (row of the feet, height of a standing person): makes counts of groups meaningful."""
    fps: float = 5.0
    """Pictures per second that are looked at."""
    clip_days: float | None = None
    """Days for which clips around alerts are kept; 0: none are made; not given: as the door says."""
    clear: bool = False
    """Whether a copy of each clip with clear heads is kept, sealed, for those who may ask for it with a reason."""
    authority: str = ""
    """PEM file of the authority of its certificate (or the certificate itself), where it speaks TLS; none: those that
    the system trusts."""
    fingerprint: str = ""
    """SHA-256 of its certificate (hexadecimal): this one and no other is good, whoever signed it."""
    unchecked: bool = False
    """Whether its certificate is not looked at: then anybody on the way may show other pictures."""
    turns: bool = False
    """Whether the camera turns by itself (dome): then it is no alert that it looks elsewhere."""


def read_cameras(raw: Mapping[str, Any]) -> dict[AssetId, CameraSettings]:
    """Read the door's setting ``cameras`` (by asset id). Raises `ValueError` that names the place."""
    try:
        cameras = msgspec.convert(raw, laid_out(dict[str, CameraSettings]))
    except msgspec.ValidationError as error:
        raise ValueError(f"cameras: {error}") from error
    for name, one in cameras.items():
        points = (*one.area, *one.person)
        if (
            len(one.area) in {1, 2}
            or len(one.person) > 2
            or any(not 0 <= part <= 1 for pair in points for part in pair)
        ):
            raise ValueError(f"cameras: {name}: area needs 3 points, person 1 or 2, all between 0 and 1")
        if one.clip_days is not None and not 0 <= one.clip_days <= MOST_DAYS:
            raise ValueError(f"cameras: {name}: clip_days {one.clip_days} is outside 0-{MOST_DAYS}")
        if bool(one.authority) + bool(one.fingerprint) + one.unchecked > 1:
            raise ValueError(f"cameras: {name}: only one of authority, fingerprint and unchecked")
        if one.fingerprint and not SHA256.fullmatch(one.fingerprint.replace(":", "")):
            raise ValueError(f"cameras: {name}: fingerprint is no SHA-256 in hexadecimal")
        if not 0.5 <= one.fps <= 30:
            raise ValueError(f"cameras: {name}: fps {one.fps} is outside 0.5-30")
    return {AssetId(name): one for name, one in cameras.items()}


def camera_of(hospital: Hospital, name: str) -> Asset | None:
    """Return the camera whose asset id, or whose address in the system ``camera``, is `name`."""
    asset = hospital.asset(name) or hospital.at_address("camera", name)
    return asset if asset is not None and asset.kind == "camera" else None


def view_of(hospital: Hospital, camera: Asset, settings: CameraSettings) -> View:
    """Return how the worker judges `camera`: its settings, and when its zone makes a still worth keeping."""
    zone = hospital.zone(camera.watches)
    after = zone.loiter_after * STILL_SHARE if zone and zone.loiter_after is not None else None
    scene = hospital.scenes.get(camera.id)
    return View(
        settings.area,
        settings.person,
        zone.crowd_at if zone else None,
        after,
        settings.fps,
        things=needs_things(scene),
        fire=needs_fire(scene),
        turns=settings.turns,
        masks=masks_of(scene) if scene else (),
        lines=lines_of(scene) if scene else (),
    )


def lines_of(scene: Scene) -> tuple[tuple[tuple[float, float], tuple[float, float]], ...] | None:
    """Return the scene's lines in fractions of the picture; None where they are drawn on the floor."""
    lines = [area.line for area in scene.areas if area.kind == "line"]
    wide, high = scene.size
    if lines and (scene.metres or not wide or not high):
        return None
    return tuple(((x1 / wide, y1 / high), (x2 / wide, y2 / high)) for (x1, y1), (x2, y2) in lines)


def needs_things(scene: Scene | None) -> bool:
    """Tell whether a rule of `scene` wants to know what has changed and stays."""
    return scene is not None and any(area.kind in ("abandoned", "removed", "down") for area in scene.areas)


def needs_fire(scene: Scene | None) -> bool:
    """Tell whether a rule of `scene` wants to know of flames."""
    return scene is not None and any(area.kind == "fire" for area in scene.areas)


def masks_of(scene: Scene) -> tuple[tuple[tuple[float, float], ...], ...]:
    """Return the scene's masks in fractions of the picture."""
    wide, high = scene.size
    return tuple(tuple((x / wide, y / high) for x, y in mask) for mask in scene.masks) if wide and high else ()


def time_of(seconds: float) -> datetime:
    """Return seconds since 1970 as an aware time, to the millisecond."""
    return datetime.fromtimestamp(round(seconds, 3), UTC)


class Teller:
    """Makes a camera's events. `ref` names the clip or stream, so that a clip read twice gives the same ids."""

    def __init__(self, door: str, camera: Asset) -> None:
        """Speak for `camera`, through `door`."""
        self._door = door
        self._camera = camera

    def people(
        self,
        at: datetime,
        seen: datetime,
        ref: str,
        people: tuple[Seen, ...],
        still: ArtifactHash | None,
        size: tuple[int, int] = (0, 0),
    ) -> PeopleSeen:
        """Return people in the picture of `size` at `at`."""
        return PeopleSeen(people=people, still=still, size=size, **self._common(at, seen, f"{ref} people"))

    def things(
        self,
        at: datetime,
        seen: datetime,
        ref: str,
        things: tuple[Thing, ...],
        still: ArtifactHash | None,
        size: tuple[int, int],
    ) -> ThingsSeen:
        """Return what has changed and stays in the picture of `size` at `at`."""
        return ThingsSeen(things=things, still=still, size=size, **self._common(at, seen, f"{ref} things"))

    def spots(
        self,
        at: datetime,
        seen: datetime,
        ref: str,
        spots: tuple[Spot, ...],
        still: ArtifactHash | None,
        size: tuple[int, int],
    ) -> SpotsSeen:
        """Return what a special model sees in the picture of `size` at `at`."""
        return SpotsSeen(spots=spots, still=still, size=size, **self._common(at, seen, f"{ref} spots"))

    def state(self, at: datetime, seen: datetime, ref: str, state: str, detail: str = "") -> CameraState:
        """Return a change of the camera's state."""
        return CameraState(state=state, detail=detail, **self._common(at, seen, f"{ref} {state}"))

    def _common(self, at: datetime, seen: datetime, ref: str) -> dict[str, Any]:
        camera = self._camera
        return {
            "id": Event.id_for(at, self._door, f"{camera.id} {ref} {at.isoformat()}"),
            "at": at,
            "seen": seen,
            "source": self._door,
            "site": camera.site,
            "asset": camera.id,
            "zone": camera.watches or camera.zone,
        }
