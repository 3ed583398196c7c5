"""Similar incidents, suppressions and rules as the browser sees them."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from safecare.console.wire.incidents import Named

Undo = Literal["", "reopen", "attach", "detach"]
"""What turns a change back: reopening the other incident, or a change of the alerts."""


class SimilarView(msgspec.Struct, frozen=True):
    """A closed incident that was like this one. `likeness`: 0-1."""

    id: str
    title: str
    opened: datetime
    verdict: str
    alerts: int
    likeness: float


class ArrangementView(msgspec.Struct, frozen=True, kw_only=True):
    """What a person changed about what belongs to an incident, and what turns it back (empty: it was turned back)."""

    id: str
    change: str
    at: datetime
    who: str
    other: Named | None
    alerts: list[Named]
    comment: str
    undo: Undo


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
