"""What an ONVIF camera offers to look at: its profiles, and the one that suits.

Source: ONVIF Media Service 24.12, 5.2 (profiles), 5.15 (stream addresses). Pure and bounded.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from safecare.formats.camera_words import elements_of

WIDE = 640
"""Width in pixels from which a profile is enough: people of a tenth of the picture's height are found in it."""
MOST = 64
"""Most profiles that are read; cameras have two to eight."""


class Profile(msgspec.Struct, frozen=True):
    """A profile: the token by which it is asked for, its name, width and height (0: not told), encoding."""

    token: str
    name: str
    width: int
    height: int
    encoding: str


def read_profiles(raw: bytes) -> tuple[Profile, ...]:
    """Read the answer to GetProfiles. Raises `CameraWordError`."""
    found = []
    for attributes, texts in elements_of(raw, "Profiles", MOST):
        width, height = (
            int(text) if (text := texts.get(tag, "")).isdecimal() and len(text) < 6 else 0
            for tag in ("Width", "Height")
        )
        if token := attributes.get("token", ""):
            found.append(Profile(token, texts.get("Name", ""), width, height, texts.get("Encoding", "")))
    return tuple(found)


def suited(profiles: Sequence[Profile], wanted: str = "") -> Profile | None:
    """Return the profile with the token or name `wanted`, without one the sub-stream: the least that is enough.

    Where none is enough, the largest; None if there is none with a picture, or none that is wanted.
    """
    if wanted:
        return next((one for one in profiles if wanted in (one.token, one.name)), None)
    pictures = [one for one in profiles if one.encoding]
    enough = [one for one in pictures if one.width >= WIDE]
    if enough:
        return min(enough, key=lambda one: one.width * one.height)
    return max(pictures, key=lambda one: one.width * one.height, default=None)
