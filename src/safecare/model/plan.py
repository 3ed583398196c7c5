"""Plan: ranked responses, what each costs care, and what awaits approval."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from safecare.model.event import SCHEMA_VERSION
from safecare.model.ids import IncidentId, PlanId, SiteId
from safecare.model.marking import Marking
from safecare.model.text import Text

ActionState = Literal["proposed", "approved", "refused", "done", "expired"]


class Step(msgspec.Struct, frozen=True):
    """One step of an action's playbook, for a role."""

    role: str
    text: Text


class Approval(msgspec.Struct, frozen=True):
    """A recorded approval or refusal."""

    step: Literal["security", "clinical"]
    actor: str
    at: datetime
    decision: Literal["approved", "refused"]
    comment: str = ""


class Action(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A response, its gain and its cost. `gain` is the care spared net of `cost`, in unweighted patient-hours.

    The order of a plan follows weights by urgency, so that it need not be the order of `gain`.
    """

    id: str
    playbook: str
    title: Text
    rank: int
    gain: float
    gain_interval: tuple[float, float]
    best: float
    """Share of samples in which this action was the best one."""
    tail: float = 0.0
    """By how much the worst tenth (CVaR90) of the loss falls, weighted as the order is."""
    worst: float = 0.0
    """Patient-hours spared in the sample in which the action does worst; negative: it costs more than it spares."""
    safer: float = 0.0
    """Patients fewer in danger (fire, wrong data), mean. With them an action may stand before waiting though its `gain`
    is below 0: moving people out of a fire costs hours of care."""
    pareto: bool = False
    """Whether no other action is at least as good in mean, worst tenth, worst sample and cost."""
    cost: float
    """Care lost because of the action itself, in patient-hours."""
    cost_text: tuple[Text, ...]
    """What the action costs care, in words: shown first."""
    why: tuple[Text, ...]
    steps: tuple[Step, ...]
    needs: tuple[Literal["security", "clinical"], ...]
    """Approvals that are needed before anyone acts."""
    reversible: bool = True
    infeasible: Text | None = None
    """Why a hard clinical constraint forbids it, if one does."""
    techniques: tuple[str, ...] = ()
    """MITRE D3FEND / ATT&CK mitigation names."""
    state: ActionState = "proposed"
    approvals: tuple[Approval, ...] = ()


class OpenStep(msgspec.Struct, frozen=True):
    """A step of a running procedure that waits for somebody. `key` names this occurrence of it."""

    key: str
    role: str
    text: Text
    question: bool = False
    """True: it wants yes or no."""


class StepTaken(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a person did with one step of a procedure."""

    key: str
    text: Text
    outcome: Literal["success", "failure", "skipped", "yes", "no"]
    actor: str
    at: datetime
    comment: str = ""


class Procedure(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A playbook that people follow step by step; proposed, and begun by a person only."""

    id: str
    name: str
    """Name of its file."""
    title: Text
    description: Text
    why: tuple[Text, ...] = ()
    steps: tuple[Step, ...] = ()
    """All that may have to be done, in order, before branches are known."""
    frameworks: tuple[str, ...] = ()
    """Places in crisis schemes to which the site may map it, each with the scheme's name."""
    techniques: tuple[str, ...] = ()
    state: Literal["proposed", "running", "finished", "stopped"] = "proposed"
    open: tuple[OpenStep, ...] = ()
    taken: tuple[StepTaken, ...] = ()
    begun_by: str = ""
    begun_at: datetime | None = None


class Plan(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One revision of the ranked responses to an incident; ``wait`` is always among the actions."""

    id: PlanId
    incident: IncidentId
    revision: int
    """Revision of the plan itself."""
    forecast_revision: int
    rough: bool = False
    """Made from a first estimate of the forecast; another revision follows."""
    site: SiteId
    at: datetime
    expires: datetime
    actions: tuple[Action, ...]
    procedures: tuple[Procedure, ...] = ()
    """Those that run first, then those proposed, then those that are over."""
    marking: Marking = Marking()
    schema: int = SCHEMA_VERSION
