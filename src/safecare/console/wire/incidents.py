"""Incidents, alerts, forecasts and plans as the browser sees them."""

from __future__ import annotations

from datetime import datetime

import msgspec

from safecare.model.forecast import Totals
from safecare.model.severity import Level
from safecare.store.read import Revision


class Named(msgspec.Struct, frozen=True):
    """An id with its name."""

    id: str
    name: str


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """An incident in a list."""

    id: str
    revision: int
    state: str
    level: Level
    severity: int
    title: str
    site: str
    zones: list[Named]
    opened: datetime
    updated: datetime
    alerts: int
    combined: bool
    domains: list[str]
    acknowledged: bool
    validated_by: str
    verdict: str = ""
    into: str | None = None
    exercise: str = ""
    """The scenario that ran when it began; empty: none did."""


class Counts(msgspec.Struct, frozen=True):
    """How much there is."""

    events: int
    alerts: int
    incidents_open: int
    notices_open: int
    rejects: int


class Flood(msgspec.Struct, frozen=True):
    """Alerts of the last ten minutes, and how many one operator can take."""

    alarms_10min: int
    limit: int


class Board(msgspec.Struct, frozen=True):
    """The situation."""

    seq: int
    at: datetime
    sites: list[Named]
    incidents: list[Card]
    counts: Counts
    flood: Flood
    last_data: datetime | None


class AlertView(msgspec.Struct, frozen=True, kw_only=True):
    """An alert."""

    id: str
    rule: str
    domain: str
    title: str
    why: list[str]
    severity: int
    level: Level
    confidence: float
    first: datetime
    last: datetime
    assets: list[Named]
    zones: list[Named]
    techniques: list[str]
    still: str | None
    events: int


class ListedAlert(AlertView, frozen=True, kw_only=True):
    """An alert with its incident."""

    incident: str | None
    exercise: str = ""
    """The scenario that ran when it began; empty: none did."""


class ClipView(msgspec.Struct, frozen=True, kw_only=True):
    """A clip around an alert, of `seconds`; it is deleted at `until`. `clear`: the visitor may ask to see it clear."""

    id: str
    address: str
    camera: str
    at: datetime
    seconds: float
    until: datetime
    clear: bool


class LinkView(msgspec.Struct, frozen=True):
    """Why an alert belongs to the incident, and what cameras kept of it."""

    alert: AlertView
    to: str | None
    score: float
    why: str
    clips: list[ClipView] = []
    missing: list[str] = []
    """Why a camera has no clip, or none any more."""


class ReceiptView(msgspec.Struct, frozen=True):
    """What became of a notice."""

    outcome: str
    who: str
    channel: str
    at: datetime
    reason: str | None


class IncidentNotice(msgspec.Struct, frozen=True, kw_only=True):
    """Who was told."""

    id: str
    role: str
    role_name: str
    channel: str
    level: int
    at: datetime
    title: str
    answer_by: datetime | None
    receipts: list[ReceiptView]


class IncidentView(Card, frozen=True, kw_only=True):
    """An incident with all that belongs to it."""

    story: list[str]
    links: list[LinkView]
    notices: list[IncidentNotice]
    untold: list[str]
    """Why nobody was reached; empty when somebody was."""
    history: list[Revision]


class Moment(msgspec.Struct, frozen=True):
    """One line of an incident's time line. `detail`: rule, channel, reason, or number and seal in the audit chain."""

    at: datetime
    lane: str
    what: str
    who: str
    detail: str
    decision: bool = False
    """What a person decided, as it stands in the audit chain."""


class HopView(msgspec.Struct, frozen=True):
    """One step of an explanation."""

    text: str
    after: float
    source: str


class EffectView(msgspec.Struct, frozen=True, kw_only=True):
    """What may happen to one thing."""

    target: str
    name: str
    kind: str
    state: str
    state_name: str
    probability: float
    low: float
    high: float
    earliest: float
    likely: tuple[float, float, float] | None
    by: tuple[tuple[float, float, float, float], ...]
    """Seconds, chance by then, and its 95 % interval."""
    path: list[HopView]


class EffectGroup(msgspec.Struct, frozen=True):
    """Effects of one family."""

    group: str
    name: str
    effects: list[EffectView]


class LossView(msgspec.Struct, frozen=True, kw_only=True):
    """Expected loss of one care service."""

    service: str
    name: str
    hours_down: float
    patients: float
    fallback: str | None


class ForecastView(msgspec.Struct, frozen=True, kw_only=True):
    """What the incident breaks next."""

    at: datetime
    horizon: float
    samples: int
    rough: bool
    """A first estimate from few courses; a better one follows."""
    groups: list[EffectGroup]
    losses: list[LossView]
    loss: tuple[float, float]
    endangered: float
    totals: Totals
    unknown: list[Named]
    revision: int


class StepView(msgspec.Struct, frozen=True):
    """One step of a playbook."""

    role: str
    role_name: str
    text: str


class ApprovalView(msgspec.Struct, frozen=True):
    """A recorded approval."""

    step: str
    actor: str
    at: datetime
    decision: str
    comment: str


class ActionView(msgspec.Struct, frozen=True, kw_only=True):
    """A response with gain and cost."""

    id: str
    title: str
    rank: int
    gain: float
    gain_low: float
    gain_high: float
    best: float
    tail: float
    worst: float
    safer: float
    pareto: bool
    cost: float
    cost_text: list[str]
    why: list[str]
    steps: list[StepView]
    needs: list[str]
    reversible: bool
    infeasible: str | None
    techniques: list[str]
    state: str
    approvals: list[ApprovalView]


class OpenStepView(msgspec.Struct, frozen=True):
    """A step of a running procedure that waits for somebody."""

    key: str
    role: str
    role_name: str
    text: str
    question: bool


class StepTakenView(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody did with a step."""

    text: str
    outcome: str
    actor: str
    at: datetime
    comment: str


class KnownProcedure(msgspec.Struct, frozen=True):
    """A procedure that can be begun, proposed or not."""

    id: str
    title: str


class ProcedureView(msgspec.Struct, frozen=True, kw_only=True):
    """A playbook that people follow step by step."""

    id: str
    title: str
    description: str
    why: list[str]
    steps: list[StepView]
    frameworks: list[str]
    techniques: list[str]
    state: str
    open: list[OpenStepView]
    taken: list[StepTakenView]
    begun_by: str
    begun_at: datetime | None


class PlanView(msgspec.Struct, frozen=True, kw_only=True):
    """Ranked responses."""

    id: str
    revision: int
    at: datetime
    expires: datetime
    rough: bool
    """Made from a first estimate; another revision follows."""
    actions: list[ActionView]
    procedures: list[ProcedureView]
