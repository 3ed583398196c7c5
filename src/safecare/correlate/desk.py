"""What people say of incidents: what state they are in, and which alerts belong to them."""

from __future__ import annotations

from safecare.correlate.gathering import Gathering
from safecare.correlate.group import POLICY, Group
from safecare.model.events.acts import Act, IncidentArranged, IncidentJudged
from safecare.model.text import say

ACTS = 32
"""Acts per incident that are remembered to know a repeat. Chosen: more than any incident sees."""


def judge(gathering: Gathering, act: IncidentJudged) -> None:
    """Validate, contain, close or reopen. ``new`` on an incident that was merged takes it out again."""
    group = gathering.live(act.incident)
    part = gathering.absorbed(act.incident)
    if group is None and act.state == "new" and part is not None:
        group = gathering.undo(part)
    elif group is None and act.state == "validated":  # what was merged meanwhile is as true as it was
        group = gathering.end(act.incident)
    if group is None:
        gathering.unheard()
    elif _judged(group, act):
        gathering.touch(group)


def _judged(group: Group, act: IncidentJudged) -> bool:
    if _heard(group, act):
        return False
    group.state, group.judged, group.acted = act.state, True, act.at
    group.revision += 1
    if act.state == "new":
        group.verdict, group.validated_by = "", ""
    elif act.verdict:
        group.verdict = act.verdict
    if act.state == "validated" or (act.state == "contained" and group.validated_by in {"", POLICY}):
        group.validated_by = act.actor
    return True


def arrange(gathering: Gathering, act: IncidentArranged) -> None:
    """Merge, split, detach or attach. What cannot be done any more (or would leave nothing) is counted as unheard."""
    group = gathering.end(act.incident)
    if group is None:
        gathering.unheard()
        return
    if _heard(group, act):
        return
    if act.change == "merge":
        done = _merge(gathering, group, act)
    elif act.change == "attach":
        done = _attach(gathering, group, act)
    else:
        done = _part(gathering, group, act)
    if done:
        group.judged, group.acted = True, act.at
        group.revision += 1
        gathering.touch(group)
    else:
        gathering.unheard()


def _merge(gathering: Gathering, group: Group, act: IncidentArranged) -> bool:
    other = gathering.end(act.other) if act.other else None
    if other is None or other is group or "closed" in {group.state, other.state}:
        return False
    gathering.merge(group, other, say("Put together by a person"))
    return True


def _attach(gathering: Gathering, group: Group, act: IncidentArranged) -> bool:
    """Bring alerts in from wherever they are: whole groups that are no incident, or alerts out of one that is.

    An incident of which nothing else would be left is taken in as a whole: what was split off comes back.
    """
    done = False
    for number, alert in enumerate(act.alerts):
        holder = gathering.holding(alert)
        if holder is None or holder is group:
            continue
        whole = holder.members.keys() <= set(act.alerts) and holder.state != "closed"
        if not whole and (holder.incident is not None or len(holder.members) > 1):
            part = gathering.take_out(holder, [alert], f"{act.id}.{number}")
            if part is None:
                continue
            holder = part
        gathering.merge(group, holder, say("Put together by a person"))
        done = True
    return done


def _part(gathering: Gathering, group: Group, act: IncidentArranged) -> bool:
    part = gathering.take_out(group, act.alerts, act.id)
    if part is None:
        return False
    if act.change == "split":
        gathering.open(part, act.id)
        part.state, part.judged, part.acted = group.state, True, act.at
        part.revision += 1
        gathering.touch(part)
    return True


def _heard(group: Group, act: Act) -> bool:
    """Return whether `act` was heard before, and remember it."""
    if act.id in group.heard:
        return True
    group.heard = [*group.heard, act.id][-ACTS:]
    return False
