"""An attack flow as rules on a hospital: each step follows from those before it, and acts on the things it names.

The flow tells of an attack that happened, so that every step succeeds. How long steps take isn't in it: `STEP_TAKES`.
What an action does to a thing follows from its ATT&CK technique. Things of the flow are matched to those of the
hospital by hand (``--map``), or by an equal id or name; the others are named, and nothing is foretold about them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from safecare.cascade.words import NOW, Fact, Figure, Rule, Seed
from safecare.formats.attack_flow import FlowStep
from safecare.model.forecast import State
from safecare.model.hospital import Hospital
from safecare.model.text import Ref, say

STEP_TAKES = Figure(600.0, 7_200.0, 86_400.0)
"""Seconds from one action to the next. Chosen: minutes by script, hours by hand, a day at most."""
EFFECTS = {
    "T1486": State.DOWN,  # data encrypted for impact
    "T1485": State.DOWN,  # data destruction
    "T1489": State.DOWN,  # service stop
    "T1490": State.DOWN,  # inhibit system recovery
    "T1499": State.DOWN,  # endpoint denial of service
    "T1561": State.DOWN,  # disk wipe
    "T1565": State.CORRUPTED,  # data manipulation
    "T1041": State.EXPOSED,  # exfiltration over C2 channel
    "T1048": State.EXPOSED,  # exfiltration over alternative protocol
    "T1567": State.EXPOSED,  # exfiltration over web service
    "TA0010": State.EXPOSED,  # exfiltration
    "TA0040": State.DOWN,  # impact
}
"""What an action does to the thing that it leads to, by technique or tactic (MITRE ATT&CK); all others take it over."""


class Attack(NamedTuple):
    """Rules and seeds of a flow, and its things that the hospital doesn't have."""

    rules: tuple[Rule, ...]
    seeds: tuple[Seed, ...]
    unmatched: tuple[str, ...]


def attack_on(hospital: Hospital, steps: Sequence[FlowStep], by_hand: Mapping[str, str]) -> Attack:
    """Return the flow of `steps` on `hospital`; `by_hand` gives ids of the hospital by names of the flow.

    Raises `KeyError` with an id that the hospital doesn't have.
    """
    by_id = {step.id: step for step in steps}
    named = {step.id: step.name for step in steps if step.kind == "asset"}
    found = matched(hospital, tuple(named.values()), by_hand)
    things = {id: found[name] for id, name in named.items() if name in found}
    unmatched = dict.fromkeys(name for name in named.values() if name not in found)
    rules = tuple(rule for step in steps for rule in _rules(step, by_id, things))
    start = say("The attack begins")
    leading = {id for step in steps for id in step.before}
    first = [step for step in steps if not step.before and step.id in leading]
    seeds = tuple(Seed(key=f"flow:{step.id}", fact=_fact(step), text=start, source="attack flow") for step in first)
    return Attack(rules, seeds, tuple(unmatched))


def matched(hospital: Hospital, names: Iterable[str], by_hand: Mapping[str, str]) -> dict[str, str]:
    """Return the assets of `hospital` that `names` mean: by hand, else by an equal id or name.

    Raises `KeyError` with an id that the hospital doesn't have.
    """
    for id in by_hand.values():
        if hospital.asset(id) is None:
            raise KeyError(id)
    known = {
        name.casefold(): asset.id for asset in hospital.assets for name in (asset.id, asset.name.en, asset.name.fr)
    }
    pairs = ((name, by_hand.get(name) or known.get(name.casefold())) for name in names)
    return {name: id for name, id in pairs if id is not None}


def _fact(step: FlowStep) -> Fact:
    return Fact(f"flow:{step.id}", State.COMPROMISED)


def _rules(step: FlowStep, by_id: Mapping[str, FlowStep], things: Mapping[str, str]) -> Iterator[Rule]:
    sources = [by_id[id] for id in step.before]
    text = say("Step of the attack: {name}", name=step.name or step.kind)
    if sources:
        yield Rule(
            key=f"flow:{step.id}",
            kind="attack",
            tails=tuple(_fact(one) for one in sources),
            need=len(sources) if step.kind == "AND_operator" else 1,
            head=_fact(step),
            text=text,
            delay=STEP_TAKES if step.kind == "action" else NOW,
            lasting=True,
            source="attack flow; delay assumed",
        )
    if step.id in things:
        yield from _effects(step, sources, things[step.id])


def _effects(step: FlowStep, sources: Iterable[FlowStep], thing: str) -> Iterator[Rule]:
    for one in sources:
        if one.kind == "action":
            state = EFFECTS.get(one.technique) or EFFECTS.get(one.technique.split(".")[0], State.COMPROMISED)
            yield Rule(
                key=f"flow:{one.id}>{step.id}",
                kind="attack",
                tails=(_fact(one),),
                need=1,
                head=Fact(thing, state),
                text=say("{name} acts on {thing}", name=one.name or one.technique, thing=Ref(thing)),
                lasting=True,
                source="attack flow",
            )
