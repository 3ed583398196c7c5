"""A MAL attack graph as rules on a hospital: each step is a fact, and some steps do something to the thing they are on.

An ``or`` step follows from any attack step before it, an ``and`` step from all of them, if no defence and no missing
thing stands against it; after its time to compromise, if that ends at all. An ``and`` step doesn't wait for what there
is no need for: a defence that is missing, a thing that is there, an ``or`` step with one of these before it, an ``and``
step with nothing else before it; but one attack step before it must be done (as in mal-simulator 3.3, which says
"necessary"). A defence is there or not in a whole course (its probability). What a step does to a thing follows from
its name (`EFFECTS`, the names of coreLang and trainingLang); a thing that is taken over by other ways in the hospital
counts as taken over in the model too. Things are matched to those of the hospital by hand (``--map``), or by an equal
id or name; the others are named.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple, Self

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
    needless = Needless.of(graph)
    rules = tuple(rule for step in graph.steps.values() for rule in _rules(step, graph, things, needless))
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


class Needless(NamedTuple):
    """Steps that nothing waits for: always, or in courses in which some defence is missing."""

    always: frozenset[str]
    maybe: frozenset[str]

    @classmethod
    def of(cls, graph: MalGraph) -> Self:
        """Return what is needless in `graph`."""
        sure = {one.name for one in graph.steps.values() if one.kind not in ATTACK and not _stands(one)}
        luck = {one.name for one in graph.steps.values() if one.kind == "defense" and 0.0 < one.takes.probability < 1.0}
        always, at_most = (_follows(graph, begin) for begin in (sure - luck, sure | luck))
        return cls(always, at_most - always)


def _stands(step: MalStep) -> bool:
    """Return whether a defence or a missing thing stands against the steps after it, for certain."""
    if step.kind == "defense":
        return step.takes.probability == 1.0
    return step.exists is (step.kind == "notExist")


def _follows(graph: MalGraph, begin: Iterable[str]) -> frozenset[str]:
    """Return the steps that are needless when those of `begin` are."""
    after: dict[str, list[str]] = {}
    missing: dict[str, int] = {}
    for step in graph.steps.values():
        parents = dict.fromkeys(step.parents)
        missing[step.name] = len(parents) if step.kind == "and" else min(1, len(parents))
        for parent in parents:
            after.setdefault(parent, []).append(step.name)
    found = dict.fromkeys(begin)
    waiting = list(found)
    while waiting:
        for name in after.get(waiting.pop(), ()):
            missing[name] -= 1
            if missing[name] == 0 and graph.steps[name].kind in ATTACK:
                found[name] = None
                waiting.append(name)
    return frozenset(found)


def _rules(step: MalStep, graph: MalGraph, things: Mapping[str, str], needless: Needless) -> Iterator[Rule]:
    if step.kind not in ATTACK:
        return
    if step.name in needless.maybe:
        yield from _without(step, graph, needless)
    tails = _tails(step, graph, needless)
    if tails and step.takes.probability > 0.0:
        if _begun(step.name) in tails:
            parents = dict.fromkeys(name for name in step.parents if graph.steps[name].kind in ATTACK)
            yield _joint("begun", step, tuple(map(_fact, parents)), 1, _begun(step.name))
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


def _begun(name: str) -> Fact:
    """Return "one of the attack steps before the step is done"."""
    return Fact(f"mal:{name}:begun", State.COMPROMISED)


def _unneeded(name: str, kind: str = "and") -> Fact:
    """Return "there is no need for the step, or the defence is missing"."""
    return _fact(name) if kind == "defense" else Fact(f"mal:{name}:unneeded", State.COMPROMISED)


def _past(name: str) -> Fact:
    """Return "the step is done, or there is no need for it"."""
    return Fact(f"mal:{name}:past", State.COMPROMISED)


def _joint(way: str, step: MalStep, tails: tuple[Fact, ...], need: int, head: Fact) -> Rule:
    text = say("Step of the attack: {name}", name=step.name)
    key = f"mal:{step.name}:{way}"
    return Rule(key=key, kind="attack", tails=tails, need=need, head=head, text=text, lasting=True, source=SOURCE)


def _without(step: MalStep, graph: MalGraph, needless: Needless) -> Iterator[Rule]:
    """Yield when there is no need for `step`, and that what waits for it then waits no more."""
    open_ = [graph.steps[name] for name in dict.fromkeys(step.parents) if name in needless.maybe]
    tails = tuple(_unneeded(one.name, one.kind) for one in open_)
    yield _joint("unneeded", step, tails, len(tails) if step.kind == "and" else 1, _unneeded(step.name))
    yield _joint("past", step, (_fact(step.name), _unneeded(step.name)), 1, _past(step.name))


def _tails(step: MalStep, graph: MalGraph, needless: Needless) -> tuple[Fact, ...]:
    """Return the facts from which `step` follows; none if it can't be reached."""
    parents = [graph.steps[name] for name in dict.fromkeys(step.parents)]
    attack = [one.name for one in parents if one.kind in ATTACK]
    if step.kind == "or" or not attack:
        return tuple(map(_fact, attack))
    if any(one.kind not in ATTACK and _stands(one) for one in parents):
        return ()
    tails = [_past(name) if name in needless.maybe else _fact(name) for name in attack if name not in needless.always]
    if all(name in needless.maybe or name in needless.always for name in attack):
        tails.append(_begun(step.name))
    return (*tails, *(_fact(one.name) for one in parents if one.kind == "defense" and one.name in needless.maybe))
