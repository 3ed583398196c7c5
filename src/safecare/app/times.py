"""Times that senders give, before anything counts with them: one bad clock, or one liar, must not stop the road.

A time that can't be true (far before or after our own) is replaced by the time of arrival. Left as it is, it would
overflow what the stages calculate, stand above all others on the screens for ever, and be kept past its retention.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TypeVar

from msgspec.structs import replace

from safecare.model.alert import Alert
from safecare.model.event import Event
from safecare.model.events.clinical import AppointmentChanged
from safecare.model.topics import Item

I = TypeVar("I", bound=Item)  # noqa: E741 - an item

OLDEST = datetime(2000, 1, 1, tzinfo=UTC)
"""Earliest time that is believed (chosen: devices without a clock battery say 1970; recordings are younger)."""
AHEAD = timedelta(days=1)
"""How far a sender may be ahead of us (chosen: local time told as UTC is up to 14 hours off)."""
PLANNED = (datetime(1900, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC))
"""Bounds of what is planned, an appointment say (chosen: far from where calculating overflows)."""


def believed(item: I, now: datetime) -> I:
    """Return `item`, the times of an event or alert in UTC, those that can't be true replaced by `now`."""
    match item:
        case AppointmentChanged():
            return replace(item, at=_time(item.at, now), seen=_time(item.seen, now), start=_planned(item.start))
        case Event():
            return replace(item, at=_time(item.at, now), seen=_time(item.seen, now))
        case Alert():
            first = _time(item.first, now)
            return replace(item, first=first, last=max(first, _time(item.last, now)))
        case _:
            return item


def _time(at: datetime, now: datetime) -> datetime:
    return at.astimezone(UTC) if at.tzinfo and OLDEST <= at <= now + AHEAD else now


def _planned(at: datetime | None) -> datetime | None:
    return at.astimezone(UTC) if at and at.tzinfo and PLANNED[0] <= at <= PLANNED[1] else None
