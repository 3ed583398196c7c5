"""Similar incidents, suppressions and rules as the browser sees them."""

from __future__ import annotations

from datetime import datetime

import msgspec

from safecare.console.wire.incidents import Named


class SimilarView(msgspec.Struct, frozen=True):
    """A closed incident that was like this one. `likeness`: 0-1."""

    id: str
    title: str
    opened: datetime
    verdict: str
    alerts: int
    likeness: float


class WindowView(msgspec.Struct, frozen=True, kw_only=True):
    """A suppression or maintenance window: who, why, what, until when, and how much it has hidden so far."""

    id: str
    window: str
    reason: str
    author: str
    set: datetime
    rules: list[str]
    assets: list[Named]
    zones: list[Named]
    severity: int
    begins: datetime
    expires: datetime
    ended: bool
    holds: bool
    hidden: int


class Hidden(msgspec.Struct, frozen=True, kw_only=True):
    """What a window would have hidden: alerts, of how many of its rules, in how many incidents."""

    alerts: int
    of: int
    incidents: int
    days: int
    sentence: str
    gravest: list[str]


class RuleView(msgspec.Struct, frozen=True):
    """A rule, and how the incidents that it had part in were judged. `precision`: 0-1, null before any verdict."""

    name: str
    title: str
    level: str
    description: str
    true: int
    benign: int
    false: int
    precision: float | None
