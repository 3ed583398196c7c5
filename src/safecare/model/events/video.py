"""What the video path saw. Pictures stay in the artifact store, heads pixelated."""

from __future__ import annotations

import msgspec

from safecare.model.event import Event
from safecare.model.ids import ArtifactHash


class Seen(msgspec.Struct, frozen=True, omit_defaults=True):
    """One tracked person or blob in a picture: foot point in pixels and, if calibrated, in metres."""

    track: int
    x: float
    y: float
    since: float
    """Seconds that this track has existed."""
    width: float = 0.0
    height: float = 0.0
    score: float = 1.0


class PeopleSeen(Event, frozen=True, kw_only=True, tag="people.seen"):
    """People in a camera's picture (`asset` = camera) inside the watched `zone`, about once a second."""

    people: tuple[Seen, ...]
    still: ArtifactHash | None = None
    """Pixelated picture of this moment, if one was kept."""


class CameraState(Event, frozen=True, kw_only=True, tag="camera.state"):
    """The picture of camera `asset` came back, stopped, froze, or could not be read."""

    state: str
    detail: str = ""
