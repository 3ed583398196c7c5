"""Doors, badges, and where badge holders are known to be."""

from __future__ import annotations

from typing import Literal

from safecare.model.event import Event
from safecare.model.ids import HolderId


class BadgeGranted(Event, frozen=True, kw_only=True, tag="badge.granted"):
    """A reader granted access at door `asset` to `holder`, by card, code or phone."""

    holder: HolderId | None = None
    means: Literal["card", "code", "phone", "unknown"] = "unknown"
    duress: bool = False
    """True when the holder used the code that says: I am forced to."""
    way: Literal["", "in", "out"] = ""
    """On which side of the door the reader is: ``in`` leads into the second of its two zones; empty if not told."""


class BadgeDenied(Event, frozen=True, kw_only=True, tag="badge.denied"):
    """A reader refused access at door `asset`."""

    holder: HolderId | None = None
    means: Literal["card", "code", "phone", "unknown"] = "unknown"
    reason: str = ""


class DoorOpened(Event, frozen=True, kw_only=True, tag="door.opened"):
    """The contact of door `asset` opened."""

    egress: bool = False
    """True when the exit button or handle inside was used: nobody needs a badge to leave."""


class DoorClosed(Event, frozen=True, kw_only=True, tag="door.closed"):
    """The contact of door `asset` closed."""


class HolderPlaced(Event, frozen=True, kw_only=True, tag="holder.placed"):
    """`holder` is known to be in `zone` (duty roster, locating tag, workstation log-on), or away (no zone)."""

    holder: HolderId
    by: Literal["roster", "tag", "logon", "badge"] = "roster"
