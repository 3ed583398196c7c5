"""Shifts: at which hours of which days a route is in force, in the site's own time.

Written as ``07:00-19:00`` (every day), ``mon-fri 08:00-18:00`` or ``sat,sun 00:00-24:00``. A shift that ends at or
before its start goes over midnight, and belongs to the day on which it began.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timedelta

import msgspec

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY = timedelta(days=1)
_WRITTEN = re.compile(r"(?:([a-z,\-]+) )?(\d{2}):(\d{2})-(\d{2}):(\d{2})")


class Shift(msgspec.Struct, frozen=True):
    """Days (0 is Monday), and begin and end as minutes after midnight; an end above 1440 is on the next day."""

    days: frozenset[int]
    begin: int
    end: int

    def covers(self, at: datetime) -> bool:
        """Tell whether `at` (in the site's own time) lies in the shift; its end does not."""
        minute = at.hour * 60 + at.minute
        today, yesterday = at.weekday(), (at - _DAY).weekday()
        return (today in self.days and self.begin <= minute < self.end) or (
            yesterday in self.days and minute + 1440 < self.end
        )


def parse_shift(text: str) -> Shift:
    """Read a shift as people write it. Raises `ValueError`."""
    found = _WRITTEN.fullmatch(text.strip().lower())
    if found is None:
        raise ValueError(text)
    names, *numbers = found.groups()
    begin_hour, begin_minute, end_hour, end_minute = map(int, numbers)
    begin, end = begin_hour * 60 + begin_minute, end_hour * 60 + end_minute
    if begin >= 1440 or end > 1440 or begin_minute > 59 or end_minute > 59:
        raise ValueError(text)
    return Shift(_days(names) if names else frozenset(range(7)), begin, end if end > begin else end + 1440)


def on_duty(shifts: Iterable[str], at: datetime) -> bool:
    """Tell whether one of `shifts` covers `at` (in the site's own time); no shifts: always."""
    read = [parse_shift(one) for one in shifts]
    return not read or any(one.covers(at) for one in read)


def _days(names: str) -> frozenset[int]:
    found: set[int] = set()
    for part in names.split(","):
        first, _, last = part.partition("-")
        if first not in DAYS or (last or first) not in DAYS:
            raise ValueError(names)
        day, until = DAYS.index(first), DAYS.index(last or first)
        while day != until:
            found.add(day)
            day = (day + 1) % 7
        found.add(until)
    return frozenset(found)
