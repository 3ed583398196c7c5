"""A ranking put into words: what an action costs care (first), and why it stands where it stands."""

from __future__ import annotations

import msgspec

from safecare.cascade.engine import Cascade
from safecare.cascade.simulate import Outcome
from safecare.cascade.statistics import mean_interval
from safecare.decide.observation import Observation
from safecare.decide.ranking import LEAST_SAFER, Candidate, Ranking, is_containment, is_useful
from safecare.model.forecast import State
from safecare.model.hospital import Asset, Hospital, Service
from safecare.model.plan import Action, Step
from safecare.model.text import Amount, Ref, Span, Text, say

HOUR = 3600.0
MOST_REASONS = 3
LEAST_DROP = 0.05
"""Fall of a probability worth a reason. Chosen: below five points sampling noise speaks."""
LEAST_CUT = 0.05
"""Hours of cut below which a cost isn't worth a sentence: three minutes."""
WAIT = "wait"


_FALLS = {
    State.DOWN: "{thing} is lost with {after} % instead of {before} %",
    State.DEGRADED: "{thing} works only in part with {after} % instead of {before} %",
    State.UNSAFE: "{thing} is dangerous with {after} % instead of {before} %",
    State.COMPROMISED: "{thing} is in an attacker's hands with {after} % instead of {before} %",
    State.CORRUPTED: "{thing} holds wrong data with {after} % instead of {before} %",
    State.EXPOSED: "{thing} has leaked with {after} % instead of {before} %",
    State.ACCESSED: "{thing} is reached by an intruder with {after} % instead of {before} %",
}


_CUT = "One of the cheapest set of responses that together close every usual way to the loss of {service}"
_DOUBTS = {
    State.DOWN: "Find out first whether {thing} is lost. If so, best is: {one}. If not: {other}",
    State.DEGRADED: "Find out first whether {thing} works only in part. If so, best is: {one}. If not: {other}",
    State.UNSAFE: "Find out first whether {thing} is dangerous. If so, best is: {one}. If not: {other}",
    State.COMPROMISED: "Find out first whether an attacker holds {thing}. If so, best is: {one}. If not: {other}",
    State.CORRUPTED: "Find out first whether {thing} holds wrong data. If so, best is: {one}. If not: {other}",
    State.EXPOSED: "Find out first whether {thing} has leaked. If so, best is: {one}. If not: {other}",
    State.ACCESSED: "Find out first whether an intruder has reached {thing}. If so, best is: {one}. If not: {other}",
}


def actions(cascade: Cascade, ranking: Ranking) -> tuple[Action, ...]:
    """Return the actions of `ranking` in order, ``wait`` among them."""
    told = [_action(cascade.hospital, candidate) for candidate in ranking.candidates]
    told.insert(ranking.wait_rank, _wait(ranking))
    return tuple(numbered(action, place) for place, action in enumerate(told, 1))


def action_id(candidate: Candidate) -> str:
    """Return the id of an action: the same playbook on the same target is the same action in every revision."""
    return f"{candidate.playbook.id.removeprefix('playbook--')}:{candidate.target}"


def numbered(action: Action, place: int) -> Action:
    """Return `action` with rank `place`."""
    return msgspec.structs.replace(action, rank=place)


def _wait(ranking: Ranking) -> Action:
    why: list[Text] = []
    if ranking.wait_rank == 0:
        why.append(say("No action is expected to help care more than it costs"))
    hours = float(ranking.care.total_hours.mean())
    why.append(say("Doing nothing costs care {hours} patient-hours", hours=Amount(round(hours, 1))))
    if ranking.observation is not None:
        why.append(_doubt(*ranking.observation))
    return Action(
        id=WAIT,
        playbook=WAIT,
        title=say("Wait and watch"),
        rank=0,
        gain=0.0,
        gain_interval=(0.0, 0.0),
        best=ranking.wait_best,
        pareto=ranking.wait_pareto,
        cost=0.0,
        cost_text=(say("Costs care nothing of its own"),),
        why=tuple(why),
        steps=(Step("operator", say("Watch the incident; a new forecast comes with every new alert")),),
        needs=(),
    )


def _doubt(observation: Observation, if_true: Candidate | None, if_false: Candidate | None) -> Text:
    """Return what to find out first, and what would then be best."""
    one, other = (
        say("Wait and watch") if best is None else say(best.playbook.name, target=Ref(best.target))
        for best in (if_true, if_false)
    )
    return say(_DOUBTS[observation.fact.state], thing=Ref(observation.fact.target), one=one, other=other)


def _action(hospital: Hospital, candidate: Candidate) -> Action:
    playbook, target = candidate.playbook, Ref(candidate.target)
    needs = list(playbook.response.approvals)
    if candidate.cost > 0.0 and "clinical" not in needs:
        needs.append("clinical")
    return Action(
        id=action_id(candidate),
        playbook=playbook.id,
        title=say(playbook.name, target=target),
        rank=0,
        gain=float(candidate.spared.mean()),
        gain_interval=mean_interval(candidate.spared),
        best=candidate.best,
        tail=candidate.tail,
        worst=candidate.worst,
        safer=candidate.safer,
        pareto=candidate.pareto,
        cost=candidate.cost,
        cost_text=_costs(candidate),
        why=_reasons(hospital, candidate),
        steps=tuple(Step(work.agent, say(work.command, target=target)) for work in playbook.workflow),
        needs=tuple(needs),
        reversible=playbook.response.reversible,
        infeasible=candidate.infeasible,
        techniques=tuple(reference.external_id for reference in playbook.external_references),
    )


def _costs(candidate: Candidate) -> tuple[Text, ...]:
    """Return what the response alone does to care, the heaviest first."""
    told: list[tuple[float, Text]] = []
    if candidate.alone:
        care = candidate.alone[1]
        for row, service in enumerate(care.services):
            down, cut = float(care.hours_down[row].mean()), float(care.hours_cut[row].mean())
            loss = float(care.loss[row].mean())
            if down >= LEAST_CUT:
                told.append(
                    (loss, say("{service} is lost for {span}", service=Ref(service.id), span=Span(down * HOUR)))
                )
            if cut - down >= LEAST_CUT:
                span = Span((cut - down) * HOUR)
                told.append(
                    (loss, say("{service} works in its fallback for {span}", service=Ref(service.id), span=span))
                )
    if not told:
        return (say("Costs care nothing that is foreseen"),)
    return tuple(text for _, text in sorted(told, key=lambda one: -one[0]))


def _reasons(hospital: Hospital, candidate: Candidate) -> tuple[Text, ...]:
    if candidate.infeasible is not None:
        return ()
    told = _verdict(candidate)
    if candidate.saves:
        told.append(say(_CUT, service=Ref(candidate.saves)))
    return (*told, *_falls(hospital, candidate.before, candidate.outcome))


def _verdict(candidate: Candidate) -> list[Text]:
    """Return what it does to care on the whole; the hours told are unweighted, the order follows the weighted ones."""
    spared = float(candidate.spared.mean())
    hours = Amount(round(abs(spared), 1))
    if is_containment(candidate):
        return [
            say("Takes access from an attacker or intruder and costs care nothing"),
            say("What it protects can't be told in patient-hours; it stands after what helps care most"),
        ]
    proven = candidate.interval[0] > 0.0
    if not proven and candidate.interval[1] >= 0.0:
        return [say("Makes no difference to care that is certain")]
    told: list[Text] = []
    if is_useful(candidate) and spared > 0.0:
        told.append(say("Spares care {hours} patient-hours, its own cost already taken off", hours=hours))
    elif proven:
        told.append(say("Helps the more urgent care, at the expense of less urgent care"))
    elif spared < 0.0:
        told.append(say("Costs care {hours} patient-hours more than it spares", hours=hours))
    else:
        told.append(say("Harms the more urgent care more than it helps the less urgent"))
    if candidate.safer >= LEAST_SAFER:
        told.append(say("Keeps {count} patients out of danger on average", count=Amount(round(candidate.safer, 1))))
    return told


def _falls(hospital: Hospital, before: Outcome, after: Outcome) -> list[Text]:
    """Return the facts whose probability falls most, weighed by how much hangs on the thing."""
    found: list[tuple[float, Text]] = []
    for fact, hits in before.seen():
        thing = hospital.thing(fact.target)
        if not isinstance(thing, Asset | Service):
            continue
        old, new = hits / before.samples, after.chance(fact)
        if old - new >= LEAST_DROP:
            weight = 5.0 if isinstance(thing, Service) else float(thing.criticality)
            text = say(_FALLS[fact.state], thing=Ref(fact.target), before=round(100 * old), after=round(100 * new))
            found.append(((old - new) * weight, text))
    found.sort(key=lambda one: -one[0])
    return [text for _, text in found[:MOST_REASONS]]
