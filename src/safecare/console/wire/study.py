"""Recovery of an incident and risks of the hospital, as the browser sees them."""

from __future__ import annotations

import msgspec


class BackView(msgspec.Struct, frozen=True):
    """A damaged thing, or a service: share of courses, and seconds until it is back (10, 50, 90 %; null: later)."""

    id: str
    name: str
    probability: float
    back: tuple[float | None, ...]


class RecoveryView(msgspec.Struct, frozen=True, kw_only=True):
    """What crews bring back. Losses are means, in patient-hours, within `horizon` seconds."""

    crews: int
    order: list[BackView]
    """Damaged things, the first to be worked on first."""
    services: list[BackView]
    loss_without: float
    loss: float
    horizon: float


class RiskTable(msgspec.Struct, frozen=True):
    """One table of the risk study, in the reader's language."""

    name: str
    head: tuple[str, ...]
    rows: tuple[tuple[str | int | float, ...], ...]
