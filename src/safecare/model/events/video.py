"""What the video path saw. Pictures stay in the artifact store, heads pixelated."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from safecare.model.event import Event
from safecare.model.ids import AlertId, ArtifactHash


class Seen(msgspec.Struct, frozen=True, omit_defaults=True):
    """One tracked person or blob in a picture: foot point and size of the box in the picture's pixels."""

    track: int
    x: float
    y: float
    since: float
    """Seconds that this track has existed."""
    width: float = 0.0
    height: float = 0.0
    score: float = 1.0
    unseen: float = 0.0
    """Seconds since the person was really seen; above 0 somebody or something hides them, and the place is a guess."""
    tilt: float | None = None
    """Angle of the trunk from upright, degrees, where a pose network was asked and found a body; 90: somebody lies."""
    path: tuple[tuple[float, float, float], ...] = ()
    """Foot points since the last telling, this one left out: (seconds before this moment, x, y)."""


class PeopleSeen(Event, frozen=True, kw_only=True, tag="people.seen"):
    """People in a camera's picture (`asset` = camera) inside the watched `zone`, about once a second."""

    people: tuple[Seen, ...]
    size: tuple[int, int] = (0, 0)
    """Width and height of the picture, pixels; (0, 0) if not told."""
    still: ArtifactHash | None = None
    """Pixelated picture of this moment, if one was kept."""


class Thing(msgspec.Struct, frozen=True, omit_defaults=True):
    """A change in the picture that stays: foot point and size in the picture's pixels."""

    number: int
    x: float
    y: float
    width: float
    height: float
    since: float
    """Seconds that it has been so."""
    gone: bool = False
    """Whether something is no longer there; otherwise something has come."""
    tilt: float | None = None
    """As of `Seen`, where the change is a body."""


class ThingsSeen(Event, frozen=True, kw_only=True, tag="things.seen"):
    """What has changed in a camera's picture (`asset` = camera) and stays, people left out; empty when nothing does."""

    things: tuple[Thing, ...]
    size: tuple[int, int] = (0, 0)
    """Width and height of the picture, pixels."""
    still: ArtifactHash | None = None
    """Picture of this moment, people's heads pixelated, if one was kept."""


class Spot(msgspec.Struct, frozen=True, omit_defaults=True):
    """Something that has a name, mostly by a special model: foot point and size in the picture's pixels."""

    label: str
    x: float
    y: float
    width: float
    height: float
    score: float
    since: float = 0.0
    """Seconds that it has been told."""
    plain: bool = False
    """Whether colour and motion alone tell it, no model."""


class SpotsSeen(Event, frozen=True, kw_only=True, tag="spots.seen"):
    """What is seen by name in the picture of camera `asset`; empty at its end.

    By a special model, the surest of each label; by colour and motion alone, all flames (``plain``).
    """

    spots: tuple[Spot, ...]
    size: tuple[int, int] = (0, 0)
    """Width and height of the picture, pixels."""
    still: ArtifactHash | None = None
    """Picture of this moment, people's heads pixelated, if one was kept."""


class CameraState(Event, frozen=True, kw_only=True, tag="camera.state"):
    """The picture of camera `asset` came back, stopped, froze, moved, or could not be read."""

    state: str
    detail: str = ""


class ClipKept(Event, frozen=True, kw_only=True, tag="clip.kept"):
    """A clip of camera `asset` around `alerts` was kept, from `at` on, heads unrecognisable; it goes at `until`.

    `clear` is a copy with clear heads where the site keeps one, sealed with the secret `key` of the vault.
    """

    alerts: tuple[AlertId, ...]
    seconds: float
    artifact: ArtifactHash
    until: datetime
    clear: ArtifactHash | None = None
    key: str = ""


class ClipMissing(Event, frozen=True, kw_only=True, tag="clip.missing"):
    """There is no clip of camera `asset` around `alerts`, or none any more.

    `late`: the alert came when the camera's memory held what it tells of no more; `lost`: camera or worker was
    gone before the clip was made; `many`: too many were waited for; `empty`: no picture was left of that time; `store`:
    it could not be stored; `over`: it was deleted when its time was over.
    """

    alerts: tuple[AlertId, ...]
    why: Literal["late", "lost", "many", "empty", "store", "over"]
