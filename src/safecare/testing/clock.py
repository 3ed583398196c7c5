"""A clock that stands still until the test moves it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
"""Where a `FakeClock` begins if nothing else is said: a Monday morning."""


class FakeClock:
    """A `Clock` for tests. Wall time (`now`) can be set, also backward; `monotonic` only grows with `advance`.

    Give the object as clock and its method `monotonic` where a part measures durations::

        clock = FakeClock()
        worker = Worker(log, stage, clock, monotonic=clock.monotonic)
        clock.advance(5)          # seconds or a timedelta: both times pass
        clock.set(earlier)        # the wall clock was put back; no time has passed
    """

    def __init__(self, start: datetime = START) -> None:
        """Stand at `start` (aware; `ValueError` otherwise)."""
        self._seconds = 0.0
        self.set(start)

    def now(self) -> datetime:
        """Return the wall time, aware, in UTC."""
        return self._now

    def monotonic(self) -> float:
        """Return the seconds that have passed since the clock was made."""
        return self._seconds

    def advance(self, by: timedelta | float) -> datetime:
        """Let `by` (seconds or timedelta, not negative: `ValueError`) pass and return the new wall time."""
        step = by if isinstance(by, timedelta) else timedelta(seconds=by)
        if step < timedelta(0):
            raise ValueError(f"time does not run backward by itself ({step}); use set()")
        self._now += step
        self._seconds += step.total_seconds()
        return self._now

    def set(self, now: datetime) -> None:
        """Put the wall clock to `now` (aware; `ValueError` otherwise), forward or backward."""
        if now.tzinfo is None:
            raise ValueError("a time without zone")
        self._now = now.astimezone(UTC)
