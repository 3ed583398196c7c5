"""What a playbook, applied to a target, changes in the cascade."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from safecare.cascade.simulate import Changes, Repair
from safecare.cascade.system import System
from safecare.cascade.words import Fact, Seed
from safecare.decide.playbook import Playbook, Stop
from safecare.decide.relations import related
from safecare.model.hospital import Hospital
from safecare.model.text import Ref, say

MINUTE = 60.0
HOUR = 3600.0


class RuleIndex:
    """Rules of a system by kind and by the things they lead out of and into."""

    def __init__(self, system: System) -> None:
        self._out: dict[tuple[str, str], list[int]] = defaultdict(list)
        self._into: dict[tuple[str, str], list[int]] = defaultdict(list)
        for number, rule in enumerate(system.rules):
            for target in {tail.target for tail in rule.tails}:
                self._out[rule.kind, target].append(number)
            self._into[rule.kind, rule.head.target].append(number)

    def pick(self, hospital: Hospital, target: str, stop: Stop) -> Iterator[int]:
        """Yield the rules that `stop` names for `target`."""
        for relation, index in ((stop.out_of, self._out), (stop.into, self._into)):
            if relation is not None:
                for thing in related(hospital, target, relation):
                    for kind in stop.kinds:
                        yield from index.get((kind, thing), ())


def changes(playbook: Playbook, target: str, hospital: Hospital, index: RuleIndex) -> Changes:
    """Return what `playbook` on `target` changes."""
    response = playbook.response
    after = response.after * MINUTE
    return Changes(
        stops={rule: after for stop in response.stops for rule in index.pick(hospital, target, stop)},
        slows={rule: (after, stop.factor) for stop in response.slows for rule in index.pick(hospital, target, stop)},
        repairs={
            Fact(thing, mend.state): Repair(after if mend.minutes is None else mend.minutes * MINUTE, mend.damage)
            for mend in response.repairs
            for thing in related(hospital, target, mend.of)
        },
        seeds=tuple(
            Seed(
                key=f"response:{playbook.id}:{target}:{thing}.{price.state}",
                fact=Fact(thing, price.state),
                text=say("Response: {title}", title=say(playbook.name, target=Ref(target))),
                at=after,
                until=after + price.hours * HOUR,
                source="playbook",
            )
            for price in response.costs
            for thing in related(hospital, target, price.of)
        ),
    )


def change_of(action: str, playbooks: Iterable[Playbook], hospital: Hospital, index: RuleIndex) -> Changes | None:
    """Return what the action of a plan (its id: playbook and target) changes; None if there is no such playbook."""
    name, _, target = action.partition(":")
    found = next((one for one in playbooks if one.id.removeprefix("playbook--") == name), None)
    return None if found is None or not target else changes(found, target, hospital, index)
