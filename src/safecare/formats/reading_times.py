"""Times as exports of readings write them, to UTC. Pure.

ISO 8601 (without offset: UTC), seconds, milli-, micro- or nanoseconds since 1970, days first as in most of the world
(``26/11/2026 03:00``, ``26.11.2026``), months first where the file shows it (``11/26/2026 3:00 PM``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Literal

Order = Literal["day", "month"]
MILLI, MICRO, NANO = 1e11, 1e14, 1e17
"""From here on a number is no longer seconds since 1970 (the year 5138), but thousandths, millionths, ..."""
_PARTED = re.compile(
    r"(\d{1,4})[/.\-](\d{1,2})[/.\-](\d{1,4})"
    r"(?:[ T,]+(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\s*([AaPp][Mm])?)?"
)


def order_of(stamps: Iterable[str]) -> Order:
    """Tell what comes first in dates such as 03/04/2026, by those that leave no choice; the day if none does."""
    for stamp in stamps:
        found = _PARTED.match(stamp.strip())
        if found and len(found[1]) <= 2:
            if int(found[1]) > 12:
                return "day"
            if int(found[2]) > 12 or found[8]:
                return "month"
    return "day"


def read_moment(text: str, order: Order = "day") -> datetime | None:
    """Return the time, aware, in UTC; None for what is none."""
    try:
        at = datetime.fromisoformat(text)
        return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return _counted(text) or _parted(text, order)


def _counted(text: str) -> datetime | None:
    try:
        number = float(text)
        size = abs(number)
        unit = 1.0 if size < MILLI else 1e3 if size < MICRO else 1e6 if size < NANO else 1e9
        return datetime.fromtimestamp(number / unit, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _parted(text: str, order: Order) -> datetime | None:
    found = _PARTED.fullmatch(text)
    if found is None:
        return None
    first, second, third = int(found[1]), int(found[2]), int(found[3])
    if len(found[1]) == 4:
        year, month, day = first, second, third
    elif len(found[3]) not in (2, 4):
        return None
    else:
        year = third if len(found[3]) == 4 else 2000 + third
        day, month = (first, second) if order == "day" else (second, first)
    hour = int(found[4] or 0)
    if found[8]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if found[8].lower() == "pm" else 0)
    try:
        whole = datetime(year, month, day, hour, int(found[5] or 0), int(found[6] or 0), tzinfo=UTC)
        return whole + timedelta(seconds=float(f"0.{found[7] or 0}"))
    except (ValueError, OverflowError):
        return None
