"""Event: one thing that a source saw. The subclasses stand in `safecare.model.events`.

An event carries its own time (`at`, UTC) and the time we got it (`seen`). Its `kind` is the tag
of its class; `source` names the door it came through, `ref` the sender's own id of it, so that a
message sent twice gives the same event id (`Event.id_for`).
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

import msgspec

from safecare.model.ids import AssetId, EventId, SiteId, ZoneId, derived_id
from safecare.model.marking import Marking

SCHEMA_VERSION = 1


class Event(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", omit_defaults=True):
    """What all events share. `asset` is the thing that the event is about, `zone` its place."""

    kinds: ClassVar[dict[str, type[Event]]] = {}

    id: EventId
    at: datetime
    seen: datetime
    source: str
    site: SiteId
    asset: AssetId | None = None
    zone: ZoneId | None = None
    kept: bool = False
    """True where a broker or a device had kept it for us: it tells how things stood at `at`, perhaps long before, and
    not that something happened then."""
    marking: Marking = Marking()
    schema: int = SCHEMA_VERSION

    @staticmethod
    def id_for(at: datetime, source: str, ref: str) -> EventId:
        """Return the id of what `source` calls `ref` at time `at`: sent twice, it is one event."""
        return EventId(derived_id(at, "event", source, ref))

    @property
    def kind(self) -> str:
        """The tag of the event's class, for example ``badge.granted``."""
        return str(self.__struct_config__.tag)
