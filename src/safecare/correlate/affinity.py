"""How strongly two alerts are tied, and the sentence that says why."""

from __future__ import annotations

from math import sqrt
from typing import NamedTuple

from safecare.correlate import relations as rel
from safecare.correlate.group import Trace
from safecare.correlate.places import Places, Probe, Step, is_address
from safecare.model.alert import Domain
from safecare.model.ids import AssetId
from safecare.model.incident import Link
from safecare.model.severity import level_of
from safecare.model.text import Ref, Span, Text, say

FAINT = 0.3
"""Share of a tie that is left when one of the alerts is no evidence at all. Chosen: below `relations.JOIN`, so that
what is no evidence ties nothing, and a weak alert needs a closer tie than a grave one; with 0.4, a third more random
alerts were tied to the theft (`script/bench correlate`)."""


class Tie(NamedTuple):
    """How `old` is tied to a new alert."""

    score: float
    old: Trace
    probe: Probe

    def link(self, new: Trace) -> Link:
        """Return the tie as seen from the alert `new` that joined."""
        return Link(new.id, self.old.id, self.score, explain(new, self.old, self.probe))


def affinity(places: Places, one: Trace, other: Trace, probe: Probe) -> float:
    """Return the score (0-1) of the tie that `probe` found between two alerts; the same for either order."""
    pair = rel.mix(one.domain, other.domain)
    fade = probe.relation.fades.get(pair)
    if fade is None or pair not in probe.mixes or not _in_place(one, other, probe):
        return 0.0
    if pair is rel.Mix.MIXED and probe.relation in (rel.ZONE, rel.INSIDE) and not _may_touch(one, other):
        return 0.0
    if probe.relation is rel.NEXT and not (one.spreads and other.spreads):
        return 0.0
    left = fade.left(max(0.0, one.start - other.end, other.start - one.end))
    if left == 0.0:
        return 0.0
    weight = probe.weight
    if probe.relation is rel.ASSET and not _same_subject(one, other, probe.key):
        weight *= places.hub(probe.key) * _breadth(one, other)
    elif probe.relation is rel.PERSON:
        weight *= _breadth(one, other)
    elif probe.relation is rel.ZONE:
        if pair is rel.Mix.MIXED:
            weight *= places.equipment(probe.key)
        elif places.passage(probe.key) and not (one.scene or other.scene):
            weight *= rel.PUBLIC
    if pair is rel.Mix.CYBER and _strangers(one, other) and _in_passing(probe):
        weight *= rel.STRANGERS
    return round(weight * left * _worth(one, other, probe), 6)


def most(alert: Trace, probe: Probe) -> float:
    """Return the highest score that a tie of `alert` by `probe` can have, however good the other one's evidence."""
    worth = _full(alert)
    return round(probe.weight * (sqrt(worth) if probe.relation is rel.CARE else worth), 6)


def _worth(one: Trace, other: Trace, probe: Probe) -> float:
    """Return what is left of a tie for the evidence of its two alerts.

    Things that stand near each other may do so by chance: the weaker one decides. What manipulated data foretells
    and is then seen (people who come to one place) is no chance, and harmless by itself: the two bear each other out.
    """
    if probe.relation is rel.CARE:
        return sqrt(_full(one) * _full(other))
    return min(_full(one), _full(other))


def _full(alert: Trace) -> float:
    return FAINT + (1.0 - FAINT) * alert.evidence


def _same_subject(one: Trace, other: Trace, asset: str) -> bool:
    """Return whether both alerts are first of all about `asset`: then it is no mere thing that they pass through."""
    return one.assets[:1] == other.assets[:1] == (AssetId(asset),)


def _strangers(one: Trace, other: Trace) -> bool:
    return bool(one.holders) and bool(other.holders) and not set(one.holders) & set(other.holders)


def _in_passing(probe: Probe) -> bool:
    """Return whether `probe` found a thing or a name that many alerts may have in common."""
    named = probe.relation is rel.PEER and not is_address(probe.key.rpartition("\x1f")[2])
    return named or probe.relation is rel.ASSET


def _breadth(one: Trace, other: Trace) -> float:
    """Return the share that is left of a tie by something that one of the alerts names among very many."""
    widest = max(len(alert.assets) + len(alert.holders) for alert in (one, other))
    return rel.thinned(widest, rel.FREE_NAMED)


def _may_touch(one: Trace, other: Trace) -> bool:
    """Return whether what happened in the room may have to do with a machine there: somebody, fire, loss of a supply.

    A blind camera touches no machine, and who was there only when the machine had been attacked already did not do it.
    """
    cyber, physical = (one, other) if one.domain is Domain.CYBER else (other, one)
    return physical.spreads and not (physical.presence and physical.start > cyber.end + rel.AFTER)


def _in_place(one: Trace, other: Trace, probe: Probe) -> bool:
    """Return whether what stands at a path's end as a place is there because something happened in that place.

    What is mere information (level low) is neither what manipulated data sets off, nor a sign that it was manipulated.
    """
    at_ends = ((probe.here, one), (probe.there, other))
    if probe.relation is rel.CARE:
        data, people = (one, other) if one.domain is Domain.CYBER else (other, one)
        if people.end < data.start or people.rule not in rel.CROWDS:  # what was before was not set off by it
            return False
        grave = all(level_of(alert.severity) != "low" for alert in (one, other))
        return grave and all(alert.scene for is_place, alert in at_ends if is_place)
    return not any(is_place and alert.domain is Domain.CYBER for is_place, alert in at_ends)


def explain(new: Trace, old: Trace, probe: Probe) -> Text:
    """Return why `new` is tied to `old`."""
    tie = _tie(new, probe)
    gap = new.start - old.end
    if gap > 0:
        return say("{gap} after “{other}”: {tie}", gap=Span(gap), other=old.title, tie=tie)
    if old.start - new.end > 0:
        return say("{gap} before “{other}”: {tie}", gap=Span(old.start - new.end), other=old.title, tie=tie)
    return say("At the same time as “{other}”: {tie}", other=old.title, tie=tie)


def _tie(new: Trace, probe: Probe) -> Text:
    if probe.relation is rel.ASSET:
        return say("both concern {thing}", thing=Ref(probe.key))
    if probe.relation is rel.PERSON:
        return say("both concern the same person")
    if probe.relation is rel.PEER:
        return say("both involve the same network address")
    if probe.relation is rel.NEXT:
        return say("{zone} is right beside it", zone=Ref(probe.key))
    if probe.relation is rel.COMPARTMENT:
        return say("both are in the same fire compartment")
    if probe.relation is rel.SECTOR:
        return say("both are in the same supply sector")
    if probe.relation is rel.ZONE:
        return _same_zone(new, probe.key)
    return _path(probe.steps)


def _same_zone(new: Trace, zone: str) -> Text:
    if new.assets:
        return say("{thing} belongs to {zone}, where that happened", thing=Ref(new.assets[0]), zone=Ref(zone))
    return say("both happened in {zone}", zone=Ref(zone))


def _path(steps: tuple[Step, ...]) -> Text:
    sentences = [_step(step) for step in steps]
    if len(sentences) == 1:
        return sentences[0]
    if len(sentences) == 2:
        return say("{first}, and {second}", first=sentences[0], second=sentences[1])
    return say("{first}, {second}, and {third}", first=sentences[0], second=sentences[1], third=sentences[2])


_STEPS = {
    "needs": "{of} needs {on}",
    "powers": "{of} powers {on}",
    "hosts": "{of} holds {on}",
    "connects": "{of} connects {on}",
    "allows": "{of} lets traffic through to {on}",
    "controls": "{of} controls {on}",
    "stores": "{of} keeps {on}",
    "feeds": "{of} gives data to {on}",
    "opens": "{of} opens {on}",
    "care": "{of} is given in {on}",
    "inside": "{on} is in {of}",
}


def _step(step: Step) -> Text:
    return say(_STEPS[step.kind], of=Ref(step.of), on=Ref(step.on))
