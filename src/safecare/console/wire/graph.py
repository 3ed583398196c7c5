"""The impact graph as the browser sees it, and what it may ask for."""

from __future__ import annotations

from typing import Annotated

import msgspec

Names = Annotated[list[Annotated[str, msgspec.Meta(min_length=1, max_length=200)]], msgspec.Meta(max_length=100)]
"""Ids of things, rules or actions (chosen: what one change still can mean)."""
LATEST = 30 * 24 * 3600.0
"""Seconds: latest time of a change (chosen: far beyond any horizon)."""


class WhatIf(msgspec.Struct, frozen=True):
    """Body of POST /api/incidents/{id}/what-if.

    From `at` seconds on `spare` is kept from harm and rules `off` hold no more; `actions` of the plan are carried out.
    """

    spare: Names = []
    off: Names = []
    actions: Names = []
    at: Annotated[float, msgspec.Meta(ge=0, le=LATEST)] = 0.0


class CauseView(msgspec.Struct, frozen=True):
    """A rule that led from one thing to another, in this share of courses."""

    rule: str
    text: str
    source: str
    share: float


class EdgeView(msgspec.Struct, frozen=True):
    """From one thing to another."""

    of: str
    on: str
    causes: list[CauseView]


class HoldingView(msgspec.Struct, frozen=True):
    """A state of a thing, and in which share of courses it holds at each time."""

    state: str
    state_name: str
    probability: float
    earliest: float
    holds: tuple[float, ...]


class NodeView(msgspec.Struct, frozen=True, kw_only=True):
    """A thing that is or may be hit."""

    id: str
    name: str
    kind: str
    group: str
    group_name: str
    layer: int
    evidence: list[str]
    probability: float
    earliest: float
    holds: tuple[float, ...]
    states: list[HoldingView]


class GainView(msgspec.Struct, frozen=True):
    """Patient-hours spared by the change: mean and its 95 % interval."""

    mean: float
    low: float
    high: float


class GraphView(msgspec.Struct, frozen=True, kw_only=True):
    """What may come of an incident; losses are mean and mean of the worst tenth, in patient-hours."""

    times: tuple[float, ...]
    nodes: list[NodeView]
    edges: list[EdgeView]
    left_out: int
    loss: tuple[float, float]
    loss_without: tuple[float, float]
    gain: GainView | None
