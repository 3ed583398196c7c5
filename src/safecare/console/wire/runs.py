"""Scenarios and their runs."""

from __future__ import annotations

from datetime import datetime

import msgspec


class ScenarioView(msgspec.Struct, frozen=True):
    """A scenario."""

    name: str
    title: str
    description: str
    steps: int
    quiet: bool


class RunHead(msgspec.Struct, frozen=True, kw_only=True):
    """A run in the list of past ones."""

    id: str
    name: str
    title: str
    state: str
    started: datetime
    steps: int
    as_expected: int
    """Steps that brought what they had to."""
    slowest: float | None
    """Seconds from input to alert, of the slowest step."""
    missed: list[str]
    """What was missed: steps and checks."""


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
