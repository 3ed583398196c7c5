"""Availability of care as the browser sees it."""

from __future__ import annotations

from datetime import datetime

import msgspec


class FigureView(msgspec.Struct, frozen=True):
    """One figure with the time that it is of, and who or which system said so."""

    value: str | int | bool
    at: datetime
    by: str


class ExpectedView(msgspec.Struct, frozen=True, kw_only=True):
    """What the forecast of an open incident expects of the service. `earliest`: seconds after `at`."""

    incident: str
    state: str
    state_name: str
    probability: float
    earliest: float
    at: datetime
    hours_down: float


class CareView(msgspec.Struct, frozen=True, kw_only=True):
    """One service: what is said of it now, and what is expected. `planned_beds` is of the hospital's files."""

    id: str
    name: str
    kind: str
    site: str
    site_name: str
    planned_beds: int
    figures: dict[str, FigureView]
    expected: list[ExpectedView]
    fallback: str | None
