"""A MAL attack graph as rules on a hospital: each step is a fact, and some steps do something to the thing they are on.

An ``or`` step follows from any attack step before it, an ``and`` step from all of them, if no defence and no missing
thing stands against it; after its time to compromise, if that ends at all. A defence is there or not in a whole course
(its probability). What a step does to a thing follows from its name (`EFFECTS`, the names of coreLang and
trainingLang); a thing that is taken over by other ways in the hospital counts as taken over in the model too. Things
are matched to those of the hospital by hand (``--map``), or by an equal id or name; the others are named.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from safecare.cascade.words import Fact, Figure, Rule, Seed
from safecare.formats.mal import MalGraph, MalStep
from safecare.impact.attack import Attack, matched
from safecare.model.forecast import State
from safecare.model.hospital import Hospital
from safecare.model.text import Ref, say

ATTACK = frozenset({"or", "and"})
EFFECTS = {
    "access": State.COMPROMISED,
    "authenticatedAccess": State.COMPROMISED,
    "compromise": State.COMPROMISED,
    "fullAccess": State.COMPROMISED,
    "read": State.EXPOSED,
    "dataExfiltration": State.EXPOSED,
    "modify": State.CORRUPTED,
    "write": State.CORRUPTED,
    "delete": State.DOWN,
    "deny": State.DOWN,
    "denialOfService": State.DOWN,
    "encrypt": State.DOWN,
    "shutdown": State.DOWN,
    "physicalAccess": State.ACCESSED,
}
"""What a step does to the thing that it is on, by its name; all other steps only lead on."""
SOURCE = "MAL model"


def mal_on(hospital: Hospital, graph: MalGraph, by_hand: Mapping[str, str]) -> Attack:
    """Return `graph` on `hospital`; `by_hand` gives ids of the hospital by names of the model.

    Raises `KeyError` with an id that the hospital doesn't have.
    """
    names = tuple(dict.fromkeys(step.asset for step in graph.steps.values()))
    things = matched(hospital, names, by_hand)
    rules = tuple(rule for step in graph.steps.values() for rule in _rules(step, graph, things))
    begins = say("The attack begins")
    seeds = [
        Seed(key=f"mal:{name}", fact=_fact(name), text=begins, source=SOURCE)
        for name in graph.entries
        if name in graph.steps
    ]
    seeds += [
        Seed(
            key=f"mal:{step.name}",
            fact=_fact(step.name),
            text=say("{name} is missing", name=step.name),
            probability=Figure.exactly(1.0 - step.takes.probability),
            source=SOURCE,
        )
        for step in graph.steps.values()
        if step.kind == "defense" and 0.0 < step.takes.probability < 1.0
    ]
    used = {fact for rule in rules for fact in (*rule.tails, rule.head)}
    told = tuple(seed for seed in seeds if seed.fact in used)  # what leads nowhere is no fact of the system
    return Attack(rules, told, tuple(name for name in names if name not in things))


def _fact(name: str) -> Fact:
    return Fact(f"mal:{name}", State.COMPROMISED)


def _rules(step: MalStep, graph: MalGraph, things: Mapping[str, str]) -> Iterator[Rule]:
    if step.kind not in ATTACK:
        return
    tails = _tails(step, graph)
    if tails and step.takes.probability > 0.0:
        yield Rule(
            key=f"mal:{step.name}",
            kind="attack",
            tails=tails,
            need=len(tails) if step.kind == "and" else 1,
            head=_fact(step.name),
            text=say("Step of the attack: {name}", name=step.name),
            delay=Figure(*step.takes[:3]),
            probability=Figure.exactly(step.takes.probability),
            lasting=True,
            source=SOURCE,
        )
    thing, state = things.get(step.asset), EFFECTS.get(step.name.rpartition(":")[2])
    if thing is None or state is None:
        return
    acts = say("{name} acts on {thing}", name=step.name, thing=Ref(thing))
    pairs = [(_fact(step.name), Fact(thing, state))]
    if state is State.COMPROMISED:
        pairs.append((pairs[0][1], pairs[0][0]))
    for way, (cause, head) in zip("><", pairs, strict=False):
        yield Rule(
            key=f"mal:{step.name}{way}{thing}",
            kind="attack",
            tails=(cause,),
            need=1,
            head=head,
            text=acts,
            lasting=True,
            source=SOURCE,
        )


def _tails(step: MalStep, graph: MalGraph) -> tuple[Fact, ...]:
    """Return the facts from which `step` follows; none if it can't be reached."""
    parents = [graph.steps[name] for name in dict.fromkeys(step.parents)]
    tails = [_fact(one.name) for one in parents if one.kind in ATTACK]
    if step.kind == "or" or not tails:
        return tuple(tails)
    for one in parents:
        absent = one.exists is False if one.kind == "exist" else one.kind == "notExist" and one.exists is True
        if absent or (one.kind == "defense" and one.takes.probability == 1.0):
            return ()
        if one.kind == "defense" and one.takes.probability > 0.0:
            tails.append(_fact(one.name))
    return tuple(tails)
