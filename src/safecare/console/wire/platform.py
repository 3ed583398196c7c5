"""Session, health, rejects, audit, scenarios, ingest."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from safecare.console.wire.incidents import Named


class ExerciseNow(msgspec.Struct, frozen=True):
    """The exercise that runs now."""

    scenario: str
    since: datetime


class Me(msgspec.Struct, frozen=True):
    """Who has signed in."""

    user: str
    name: str
    role: str
    language: str
    hospital: Named
    exercise: ExerciseNow | None


class Invitation(msgspec.Struct, frozen=True):
    """A one-time link."""

    url: str
    expires: datetime


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


class ScenarioView(msgspec.Struct, frozen=True):
    """A scenario."""

    name: str
    title: str
    description: str
    steps: int
    quiet: bool


class RunStepView(msgspec.Struct, frozen=True, kw_only=True):
    """A step of a run."""

    step: int
    title: str
    input: str
    expected: str
    alert: str | None
    latency: float | None
    ok: bool | None
    told: list[str]


class RunCheckView(msgspec.Struct, frozen=True):
    """A check of a run."""

    name: str
    ok: bool
    detail: str


class RunView(msgspec.Struct, frozen=True):
    """A run."""

    name: str
    state: str
    started: datetime
    steps: list[RunStepView]
    checks: list[RunCheckView]


class RunStarted(msgspec.Struct, frozen=True):
    """The id of a run that was started."""

    run: str


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
