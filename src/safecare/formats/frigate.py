"""What Frigate says over MQTT about its cameras. Pure and bounded.

Source: Frigate's documentation, "MQTT": ``frigate/events`` (new, update, end of a tracked object), ``frigate/reviews``
(new, update, end of what a person should look at), ``frigate/<camera>/status/<role>``. Unknown keys are passed over.
"""

from __future__ import annotations

from typing import Literal, TypeVar

import msgspec

from safecare.model.layout import laid_out

LIMIT = 262_144
"""Largest message, bytes (chosen: an event with a long path has some 20 kB)."""
PIXELS = 100_000.0
"""Furthest place of a box, pixels (chosen: ten times the largest picture)."""
NAME = 100
"""Longest name of a camera or zone, characters (chosen)."""


class FrigateError(ValueError):
    """A message that can't be read: why."""


class Tracked(msgspec.Struct, frozen=True):
    """An object that is being followed. Times are seconds since 1970; `box` is left, top, right, bottom in pixels."""

    id: str
    camera: str
    label: str
    frame_time: float
    start_time: float
    box: tuple[float, float, float, float]
    score: float | None = None
    top_score: float | None = None
    false_positive: bool | None = False
    current_zones: tuple[str, ...] = ()


class TrackedMessage(msgspec.Struct, frozen=True):
    """A message of ``frigate/events``."""

    type: str
    """new, update or end; versions add others, which update."""
    after: Tracked


class ReviewData(msgspec.Struct, frozen=True):
    """What a review is about."""

    objects: tuple[str, ...] = ()
    zones: tuple[str, ...] = ()


class Review(msgspec.Struct, frozen=True):
    """What a person should look at: ``alert``, or only ``detection``."""

    id: str
    camera: str
    severity: Literal["alert", "detection"]
    start_time: float
    end_time: float | None = None
    data: ReviewData = ReviewData()


class ReviewMessage(msgspec.Struct, frozen=True):
    """A message of ``frigate/reviews``."""

    type: str
    """new, update or end; versions add others (genai), which update."""
    after: Review


M = TypeVar("M", TrackedMessage, ReviewMessage)
_tracked, _review = msgspec.json.Decoder(laid_out(TrackedMessage)), msgspec.json.Decoder(laid_out(ReviewMessage))


def read_tracked(raw: bytes) -> TrackedMessage:
    """Read a message of ``frigate/events``. Raises `FrigateError`."""
    read = _read(raw, _tracked)
    left, top, right, bottom = read.after.box
    if not (left <= right and top <= bottom and max(map(abs, read.after.box)) <= PIXELS):
        raise FrigateError(f"no box of a picture: {', '.join(f'{one:.0f}' for one in read.after.box)}"[:120])
    return read


def read_review(raw: bytes) -> ReviewMessage:
    """Read a message of ``frigate/reviews``. Raises `FrigateError`."""
    return _read(raw, _review)


def _read(raw: bytes, decoder: msgspec.json.Decoder[M]) -> M:
    if len(raw) > LIMIT:
        raise FrigateError(f"{len(raw)} bytes are over the limit of {LIMIT}")
    try:
        read = decoder.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise FrigateError(str(error)) from error
    if len(read.after.camera) > NAME or len(read.after.id) > NAME:
        raise FrigateError(f"a name of more than {NAME} characters")
    return read
