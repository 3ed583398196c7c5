"""What people decide about actions, and how it outlives a new ranking."""

from __future__ import annotations

import msgspec

from safecare.decide.wording import numbered
from safecare.model.events.acts import PlanDecided
from safecare.model.plan import Action, Approval, Plan

_SETTLED = frozenset({"approved", "done", "refused"})


def decided(plan: Plan, act: PlanDecided) -> Plan | None:
    """Return the next revision of `plan` after `act`; None if it changes nothing.

    Nothing changes for an unknown, forbidden, refused or expired action, for the same act twice, and for
    ``done`` on what was not approved: nothing acts without recorded approval.
    """
    action = next((one for one in plan.actions if one.id == act.action), None)
    changed = _after(action, act) if action else None
    if changed is None:
        return None
    actions = tuple(changed if one.id == changed.id else one for one in plan.actions)
    return msgspec.structs.replace(plan, revision=plan.revision + 1, at=max(plan.at, act.at), actions=actions)


def _after(action: Action, act: PlanDecided) -> Action | None:
    if act.decision == "done":
        return msgspec.structs.replace(action, state="done") if action.state == "approved" else None
    approval = Approval(step=act.step, actor=act.actor, at=act.at, decision=act.decision, comment=act.comment)
    if action.infeasible is not None or action.state not in {"proposed", "approved"}:
        return None
    if any(one.step == act.step and one.decision == act.decision for one in action.approvals):
        return None
    return with_approval(action, approval)


def carried_over(fresh: tuple[Action, ...], known: tuple[Action, ...]) -> tuple[Action, ...]:
    """Return `fresh` with the approvals and states that people have given to the same actions in `known`.

    An action that was approved, refused or done and is no longer a candidate stays at the end: it is the record.
    """
    settled = {action.id: action for action in known if action.approvals or action.state in _SETTLED}
    merged: list[Action] = []
    for action in fresh:
        old = settled.pop(action.id, None)
        if old is None or old.state == "expired":
            merged.append(action)
        else:
            merged.append(msgspec.structs.replace(action, state=old.state, approvals=old.approvals))
    kept = [action for action in settled.values() if action.state != "expired"]
    return tuple(numbered(action, place) for place, action in enumerate((*merged, *kept), 1))


def with_approval(action: Action, approval: Approval) -> Action:
    """Return `action` after `approval`: all that it needs given means approved, one refusal means refused."""
    approvals = (*action.approvals, approval)
    if approval.decision == "refused":
        return msgspec.structs.replace(action, approvals=approvals, state="refused")
    given = {one.step for one in approvals if one.decision == "approved"}
    state = "approved" if given >= set(action.needs) else action.state
    return msgspec.structs.replace(action, approvals=approvals, state=state)


def expired(plan: Plan) -> Plan | None:
    """Return the next revision of `plan` with all that awaited approval expired; None if nothing did."""
    actions = tuple(
        msgspec.structs.replace(one, state="expired") if one.state == "proposed" else one for one in plan.actions
    )
    if actions == plan.actions:
        return None
    return msgspec.structs.replace(plan, revision=plan.revision + 1, actions=actions)
