"""`Duress` passes on what a reader says; what is raised and what not stands in the golden cases."""

from __future__ import annotations

from safecare.detect.physical.badge_duress import Duress
from safecare.model.events.doors import BadgeGranted
from safecare.testing.made import made


def test_each_entry_is_told() -> None:
    events = [made(BadgeGranted, second, "door.pharmacy", holder="h", duress=True) for second in (0, 60)]
    assert [alert.severity for alert in Duress().feed(events)] == [90, 90]
