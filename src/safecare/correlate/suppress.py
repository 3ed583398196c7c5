"""Suppressions and maintenance windows: what a person has said need not be an incident, until when, and why.

What is suppressed is counted and stays on the list of alerts; it joins no incident. Something graver than what the
window allows, or elsewhere, is never suppressed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from fnmatch import fnmatchcase

from safecare.model.alert import Alert
from safecare.model.events.acts import Suppressed

MOST = 500
"""Most windows that are followed at a time. Chosen: far above what people keep an eye on."""
LONGEST = timedelta(days=90)
"""Longest window. Chosen: a quarter; what is wrong for longer wants a better rule or a repaired thing."""


def covers(window: Suppressed, alert: Alert) -> bool:
    """Return whether `window` hides `alert`."""
    if window.ended or alert.severity > window.severity or not window.begins <= alert.first <= window.expires:
        return False
    if window.only not in {None, alert.site}:
        return False
    if not any(fnmatchcase(alert.rule, pattern) for pattern in window.rules):
        return False
    if not window.assets and not window.zones:
        return True
    return _within(alert.assets, window.assets) or _within(alert.zones, window.zones)


def _within(named: Sequence[str], allowed: Sequence[str]) -> bool:
    """Return whether all that is named is allowed: a new place is never hidden by a known one beside it."""
    return bool(named) and set(named) <= set(allowed)


class Suppressions:
    """The windows that are open. Keeps the latest word on each."""

    def __init__(self, windows: Iterable[Suppressed] = ()) -> None:
        """Go on with `windows`."""
        self._windows = {one.suppression: one for one in windows}

    def set(self, window: Suppressed) -> None:
        """Take a person's word on a window; one that ended is forgotten, the oldest go when there are too many."""
        self._windows.pop(window.suppression, None)
        if not window.ended:
            self._windows[window.suppression] = window
        if len(self._windows) > MOST:
            del self._windows[next(iter(self._windows))]

    def hides(self, alert: Alert) -> bool:
        """Return whether one of the windows hides `alert`."""
        return any(covers(window, alert) for window in self._windows.values())

    def all(self) -> list[Suppressed]:
        """Return the windows, for a snapshot."""
        return list(self._windows.values())
