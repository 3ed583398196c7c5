"""Identifiers: time-ordered for what happens, readable for what stands in the hospital.

Everything that happens (event, alert, incident, notice, ...) has a UUID whose first 48 bits are
milliseconds since 1970, so that the order of ids is the order of time (RFC 9562, 5.7 and 5.8).
What stands in the hospital (asset, zone, service) has the readable key of the site's own files.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import NewType

import uuid_utils

EventId = NewType("EventId", str)
AlertId = NewType("AlertId", str)
IncidentId = NewType("IncidentId", str)
PlanId = NewType("PlanId", str)
NoticeId = NewType("NoticeId", str)
ReceiptId = NewType("ReceiptId", str)

SiteId = NewType("SiteId", str)
ZoneId = NewType("ZoneId", str)
AssetId = NewType("AssetId", str)
ServiceId = NewType("ServiceId", str)
HolderId = NewType("HolderId", str)
"""Pseudonym of a person (badge holder, account owner). Never a clear name."""

ArtifactHash = NewType("ArtifactHash", str)
"""SHA-256 of an artifact's bytes, 64 lower-case hexadecimal digits."""


def new_id(at: datetime) -> str:
    """Return a fresh UUIDv7 whose time is `at` (aware), in canonical text."""
    return str(uuid_utils.uuid7(nanoseconds=int(at.timestamp() * 1_000_000) * 1000))


def derived_id(at: datetime, *parts: str) -> str:
    """Return the UUIDv8 that belongs to `parts` at time `at`: same input, same id.

    Used wherever a replay must not make a second thing: an alert is its rule, entity and window,
    an incident its first alert. Layout: 48 bits of time, then 74 bits of SHA-256 over the parts.
    """
    digest = hashlib.sha256("\x1f".join(parts).encode()).digest()
    milliseconds = max(0, int(at.timestamp() * 1000)) & 0xFFFF_FFFF_FFFF
    tail = int.from_bytes(digest[:10], "big")
    return str(uuid_utils.uuid8(milliseconds, tail >> 62 & 0xFFF, tail & (1 << 62) - 1))
