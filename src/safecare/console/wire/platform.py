"""Health, rejects, audit, channels, crisis log, sharing, ingest."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from safecare.console.wire.incidents import Named


class CrisisEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the crisis log. `at`: when it was; `written`: when the platform took it."""

    number: int
    id: str
    at: datetime
    written: datetime
    who: str
    role: str
    entry: str
    entry_name: str
    words: str
    to: str
    incident: str | None
    corrects: int | None
    """Number of the line that this one puts right."""
    hash: str
    exercise: str = ""
    """The scenario that ran when it was written; empty: none did."""


class CrisisLog(msgspec.Struct, frozen=True):
    """The crisis log, and whether the chain that seals it holds."""

    entries: list[CrisisEntry]
    verified: bool


class SharePreview(msgspec.Struct, frozen=True, kw_only=True):
    """What of an incident would leave the house, what would not, and its own label."""

    title: str
    story: list[str]
    places: list[str]
    techniques: list[str]
    withheld: list[str]
    marking: str
    partners: list[str]
    """Names of those to whom it can be sent."""


class ShareEntry(msgspec.Struct, frozen=True):
    """What went to whom."""

    at: datetime
    who: str
    to: str
    tlp: str
    form: str
    incident: str
    sha256: str
    answer: str
    """What the partner said to what was sent."""


class ShareSent(msgspec.Struct, frozen=True):
    """What the partner said: how many objects it took, refused, and still looks at; and why."""

    taken: int
    refused: int
    waiting: int
    reasons: list[str]


class RuleView(msgspec.Struct, frozen=True, kw_only=True):
    """How a rule has done: alerts and incidents of a time, and what people judged of these."""

    rule: str
    domain: str
    alerts: int
    incidents: int
    true: int
    benign: int
    false: int
    open: int
    last: datetime | None
    active: bool
    """The rule runs now."""
    below: list[tuple[int, int]]
    """Severity, and how many of its alerts were below: what a threshold there would have hidden."""


class ChannelTest(msgspec.Struct, frozen=True):
    """The last test of a channel: to which role, when, and what became of it."""

    role: str
    at: datetime
    outcome: str
    reason: str | None


class ChannelView(msgspec.Struct, frozen=True, kw_only=True):
    """A way by which notices leave. `missing`: why it can't be used."""

    name: str
    missing: str
    roles: list[Named]
    """Roles that a route tells by it."""
    tests: list[ChannelTest]


class RouteView(msgspec.Struct, frozen=True, kw_only=True):
    """Who is told about what."""

    id: str
    severity: int
    sites: list[Named]
    zones: list[Named]
    domains: list[str]
    shifts: list[str]
    in_force: bool
    """Whether its hours cover the present moment."""
    levels: list[list[Named]]
    answer_within: float
    channels: list[str]


class ChannelsView(msgspec.Struct, frozen=True):
    """All channels and routes."""

    channels: list[ChannelView]
    routes: list[RouteView]


class AlarmLoad(msgspec.Struct, frozen=True, kw_only=True):
    """Alarms for each operator at the desk; `now`, `peak` and `mean` within ten minutes, over the last day."""

    operators: int
    """People of the security desk whose screens are open now; the figures count at least one."""
    now: float
    peak: float
    peak_at: datetime | None
    mean: float
    limit: int
    """Alarms within ten minutes that one person can take."""
    shares: dict[str, float]
    """Share (0-1) of each level of severity."""
    alarms: int
    """All of the last day."""


class RejectView(msgspec.Struct, frozen=True):
    """What a door could not read."""

    id: str
    at: datetime
    door: str
    size: int
    reason: str
    place: str


class AuditEntry(msgspec.Struct, frozen=True):
    """One link of the audit chain."""

    seq: int
    at: datetime
    actor: str
    act: str
    about: str
    """The act in the reader's words; `detail` is what was sealed."""
    detail: Any
    hash: str


class Audit(msgspec.Struct, frozen=True):
    """A part of the audit chain, and whether the whole chain holds."""

    entries: list[AuditEntry]
    verified: bool


class LineRefused(msgspec.Struct, frozen=True):
    """A line of an ingest request that was not taken."""

    line: int
    reason: str


class Taken(msgspec.Struct, frozen=True):
    """What of an ingest request was taken; durable."""

    accepted: int
    rejected: list[LineRefused]


class Done(msgspec.Struct, frozen=True):
    """The act is durable."""

    id: str
