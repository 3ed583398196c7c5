"""From a group in memory to the incident that everybody sees."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from safecare.correlate.group import Group, Trace
from safecare.correlate.story import Teller
from safecare.model.alert import Domain
from safecare.model.incident import Incident
from safecare.model.marking import Marking, Tlp

T = TypeVar("T")

_STRICTEST = tuple(Tlp)  # in the order of TLP 2.0, most restricted first


def incident(group: Group, teller: Teller) -> Incident:
    """Return the present revision of a group that was opened."""
    if group.incident is None:
        raise ValueError(f"group {group.key} is no incident yet")
    members = sorted(group.members.values(), key=_importance)
    first = group.earliest()
    latest = max(member.last for member in members)
    return Incident(
        id=group.incident,
        revision=group.revision,
        site=first.site,
        state=group.state,
        title=teller.title(members, group.told.values()),
        story=teller.story(members, group.repeats, group.told.values()),
        severity=group.severity,
        opened=first.first,
        updated=max(latest, group.acted) if group.acted else latest,
        links=tuple(group.links.values()),
        domains=group.domains,
        assets=_unique(asset for member in members for asset in member.assets),
        zones=_unique(zone for member in members for zone in member.zones),
        holders=_unique(holder for member in members for holder in member.holders),
        verdict=group.verdict,
        validated_by=group.validated_by,
        rules=tuple(sorted(group.told)),
        merged=group.merged,
        into=group.into,
        marking=strictest(member.marking for member in members),
    )


def strictest(markings: Iterable[Marking]) -> Marking:
    """Return a marking that allows nothing that one of `markings` forbids."""
    found = set(markings)
    label = min((marking.tlp for marking in found), key=_STRICTEST.index, default=Tlp.RED)
    narrowed = [set(marking.parties) for marking in found if marking.parties]
    if not narrowed:
        return Marking(label)
    parties = set.intersection(*narrowed)
    return Marking(label, tuple(sorted(parties))) if parties else Marking(Tlp.RED)


def _importance(member: Trace) -> tuple[int, bool, float, str]:
    """Gravest first; where equal, what stands in a place that someone can go to."""
    return (-member.severity, member.domain is not Domain.PHYSICAL, member.start, member.id)


def _unique(items: Iterable[T]) -> tuple[T, ...]:
    return tuple(dict.fromkeys(items))
