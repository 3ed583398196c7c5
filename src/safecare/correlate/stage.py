"""Correlation: alerts in, incidents out.

Each alert is compared with the alerts in memory that stand near it (same thing, person, room, the room next
door, a short path of dependencies); where the score reaches `relations.JOIN` they belong together. Groups
are the connected parts of that picture (single linkage), so the score is symmetric and nothing depends on
order. A group becomes an incident when it holds enough evidence (`Group.opens`).

What is guaranteed: which alerts are in one incident depends only on the set of alerts, not on their order
or batches, as long as no alert comes more than `LATENESS` late, no act of a person falls in between, and no
bound was hit (`counts` tells: forgotten, unlisted, dropped). The score and reason of a link, and which of two
merged incidents keeps its id, depend on the order of arrival. Revision numbers count changes, so that
they are the same for any cutting into batches; of the changes of one batch only the last is published.

Acts: a person validates, contains, closes or reopens an incident. A closed one takes in what was late (of a
severity that it knows), never what happened after. ``new`` on an incident that was merged takes it out again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec

from safecare.correlate import relations as rel
from safecare.correlate.affinity import Tie, affinity, explain, most
from safecare.correlate.describe import incident
from safecare.correlate.group import FIRST, POLICY, Group, Trace, trace
from safecare.correlate.memory import ALERTS, Memory
from safecare.correlate.places import Places
from safecare.correlate.story import Teller, templates
from safecare.model.alert import Alert
from safecare.model.events.acts import IncidentJudged
from safecare.model.hospital import Hospital
from safecare.model.ids import AlertId, IncidentId, derived_id
from safecare.model.incident import Incident, Link
from safecare.model.topics import Item

LATENESS = rel.HOUR
"""Seconds that an alert may be late and still find everything it belongs to. Chosen: a gateway's restart."""

INCIDENTS = 2_000
"""Most incidents in memory; beyond, closed ones are let go first, then the oldest. Chosen: years of a quiet site."""

ACTS = 32
"""Acts per incident that are remembered to know a repeat. Chosen: more than any incident sees."""

_RANK = {"contained": 0, "validated": 1, "new": 2, "closed": 3}


class Memo(msgspec.Struct, kw_only=True):
    """State of the stage between two snapshots."""

    groups: list[Group] = []
    absorbed: list[Group] = []
    arrivals: list[AlertId] = []
    counts: dict[str, int] = {}


class CorrelateStage:
    """The stage of the road that ties alerts into incidents."""

    group = "correlate"
    topics = frozenset({"alert", "event"})

    def __init__(self, hospital: Hospital, *, alerts: int = ALERTS, incidents: int = INCIDENTS) -> None:
        """Correlate by the places and dependencies of `hospital`; `alerts` and `incidents` bound the memory."""
        self._places = Places(hospital)
        self._teller = Teller(self._places, templates())
        self._limits = (alerts, incidents)
        self._now: float | None = None
        self._saved = b""
        self.restore(b"")

    @property
    def counts(self) -> dict[str, int]:
        """What is in memory, and how often a bound was hit or an act found no incident."""
        return {"alerts": len(self._memory), "groups": len(self._groups), **self._counts}

    def feed(self, items: Sequence[Any]) -> Iterable[Item]:
        """Take alerts and acts; return the latest revision of every incident that changed."""
        self._touched: dict[str, Group] = {}
        for item in items:
            if isinstance(item, Alert):
                self._saved = b""
                self._hear(item)
            elif isinstance(item, IncidentJudged):
                self._saved = b""
                self._judge(item)
        return [self._publish(group) for group in self._touched.values()]

    def tick(self, now: datetime) -> Iterable[Item]:
        """Forget what is too old to matter. Nothing follows from it."""
        self._now = present = now.timestamp()
        stamped = self._memory.stamp(present)
        expired = self._memory.expire(present - rel.LONGEST - LATENESS)
        if stamped or expired:
            self._saved = b""
            self._bury(expired)
        return ()

    def snapshot(self) -> bytes:
        """Return the state; written anew only when something has changed, for it is asked for often."""
        if not self._saved:
            memo = Memo(
                groups=list(self._groups.values()),
                absorbed=list(self._absorbed.values()),
                arrivals=self._memory.arrivals(),
                counts=self._counts,
            )
            self._saved = msgspec.msgpack.encode(memo)
        return self._saved

    def restore(self, state: bytes) -> None:
        """Go back to `state`; empty: a fresh start."""
        memo = msgspec.msgpack.decode(state, type=Memo) if state else Memo()
        self._groups = {group.key: group for group in memo.groups}
        self._absorbed = {group.incident: group for group in memo.absorbed if group.incident}
        self._live = {group.incident: group for group in memo.groups if group.incident}
        self._saved = state
        self._counts = {"forgotten": 0, "unlisted": 0, "dropped": 0, "unheard": 0, **memo.counts}
        self._memory = Memory(self._limits[0])
        members = {id: member for group in memo.groups for id, member in group.members.items()}
        for id in memo.arrivals:
            if id in members:
                self._memory.add(members[id])
        self._touched = {}

    def _publish(self, group: Group) -> Incident:
        return incident(group, self._teller)

    def _hear(self, alert: Alert) -> None:
        known = self._memory.get(alert.id)
        if known is not None:
            self._hear_again(known, alert)
            return
        homes = (zone for asset in alert.assets for zone in self._places.home(asset))
        fresh = trace(alert, self._places.keys(alert), homes, self._now, scene=self._places.scene(alert))
        ties = self._choose(self._ties(fresh), fresh)
        if not ties:
            group = Group(key=fresh.id)
            self._groups[group.key] = group
            self._remember(fresh)
            group.add(fresh, Link(fresh.id, None, 1.0, FIRST))
        else:
            group = self._survivor([self._groups[key] for key in ties])
            if len(ties) == 1 and group.counts_only(fresh):
                self._count(group, fresh)
                return
            self._reopen(group, fresh)
            self._remember(fresh)
            group.add(fresh, ties[group.key].link(fresh))
            self._unite(group, fresh, ties)
        self._settle(group, fresh)

    def _hear_again(self, known: Trace, alert: Alert) -> None:
        """Take from an alert that comes again what it says beyond the first: graver, surer, longer, more places."""
        group = self._groups.get(known.group)
        more = _enriched(known, alert)
        if group is None or not more:
            return
        self._reopen(group, known, alert)
        for name, value in more.items():
            setattr(known, name, value)
        known.named()
        keys = dict.fromkeys((*known.keys, *self._places.keys(alert)))
        self._memory.widen(known, tuple(keys))
        group.recount()
        ties = self._choose(self._ties(known), known)
        if ties:
            survivor = self._survivor([group, *(self._groups[key] for key in ties)])
            if survivor is not group:
                tie = ties[survivor.key]
                why = explain(known, tie.old, tie.probe)
                self._absorb(survivor, group, Link(group.root(), tie.old.id, tie.score, why))
            self._unite(survivor, known, ties)
            group = survivor
        self._settle(group, known)

    def _ties(self, fresh: Trace) -> dict[str, Tie]:
        """Return the strongest tie to each group."""
        best: dict[str, Tie] = {}
        for key in fresh.keys:
            for probe in self._places.probes(key):
                highest = most(fresh, probe)
                if highest < rel.JOIN:
                    continue
                for old in self._memory.near(probe.key, fresh.start):
                    if old.id == fresh.id or (fresh.group and old.group == fresh.group):
                        continue
                    known = best.get(old.group)
                    if known is not None and known.score >= highest:
                        continue
                    score = affinity(self._places, fresh, old, probe)
                    if score >= rel.JOIN and (known is None or score > known.score) and old.group in self._groups:
                        best[old.group] = Tie(score, old, probe)
        return best

    def _choose(self, ties: dict[str, Tie], fresh: Trace) -> dict[str, Tie]:
        """Return the ties that count: open groups, none of which a person has set apart from a stronger one."""
        strongest = sorted(ties.items(), key=lambda item: (-item[1].score, item[0]))
        chosen: dict[str, Tie] = {}
        barred = set(self._groups[fresh.group].apart) if fresh.group else set()
        for key, tie in strongest:
            group = self._groups[key]
            if group.state != "closed" and key not in barred:
                chosen[key] = tie
                barred |= group.apart
        if chosen or fresh.group:
            return chosen
        return dict([item for item in strongest if _takes_late(self._groups[item[0]], fresh)][:1])

    def _survivor(self, groups: Sequence[Group]) -> Group:
        """Return the group that takes the others in: an incident, the one that people are furthest with, the oldest."""
        if len(groups) == 1:
            return groups[0]

        def rank(group: Group) -> tuple[bool, int, float, str]:
            return (group.incident is None, _RANK[group.state], group.earliest().start, group.key)

        return min(groups, key=rank)

    def _unite(self, group: Group, fresh: Trace, ties: dict[str, Tie]) -> None:
        for key, tie in ties.items():
            if key != group.key:
                other = self._groups[key]
                link = Link(other.root(), fresh.id, tie.score, explain(tie.old, fresh, tie.probe))
                self._absorb(group, other, link)

    def _absorb(self, group: Group, other: Group, bridge: Link) -> None:
        group.take(other, bridge)
        del self._groups[other.key]
        for key in other.apart:
            if key in self._groups:
                self._groups[key].apart.add(group.key)
        if other.incident is None:
            return
        del self._live[other.incident]
        other.state, other.into = "closed", group.incident
        other.revision += 1
        self._absorbed[other.incident] = other
        group.merged = (*group.merged, other.incident)
        self._touch(group)
        self._touch(other)
        if len(self._absorbed) > self._limits[1]:
            del self._absorbed[next(iter(self._absorbed))]
            self._counts["dropped"] += 1

    def _settle(self, group: Group, latest: Trace) -> None:
        """Open the group if it is enough now; else count the change of what is open already."""
        if group.incident is None:
            if not group.opens(latest):
                return
            first = group.earliest()
            group.incident = IncidentId(derived_id(first.first, "incident", first.id))
            self._live[group.incident] = group
            self._bound()
        group.revision += 1
        if group.state == "new" and group.validated_by_policy():
            group.state, group.validated_by = "validated", POLICY
        self._touch(group)

    def _touch(self, group: Group) -> None:
        if group.incident is not None:
            self._touched[group.incident] = group

    def _count(self, group: Group, fresh: Trace) -> None:
        """Count a mere repeat instead of listing it."""
        self._counts["unlisted"] += 1
        if group.repeat(fresh) and group.incident is not None:
            group.revision += 1
            self._touch(group)

    def _reopen(self, group: Group, fresh: Trace, alert: Alert | None = None) -> None:
        """Call an incident contained no more when it goes on: graver, or in a new place."""
        said = alert or fresh
        severity, zones, last = said.severity, said.zones, said.last
        if group.state != "contained" or group.acted is None or last <= group.acted:
            return
        known = {zone for member in group.members.values() for zone in member.zones}
        if severity > group.highest or not known.issuperset(zones):
            group.state = "validated"

    def _remember(self, fresh: Trace) -> None:
        forgotten = self._memory.add(fresh)
        self._counts["forgotten"] += len(forgotten)
        self._bury(forgotten)

    def _bury(self, forgotten: Iterable[Trace]) -> None:
        for one in forgotten:
            group = self._groups.get(one.group)
            if group is None:
                continue
            group.alive -= 1
            if group.alive <= 0 and group.incident is None:
                del self._groups[group.key]

    def _bound(self) -> None:
        """Let an incident go when there are too many: a closed one, else one that nothing can join, else the oldest."""
        if len(self._live) <= self._limits[1]:
            return
        gone = min(self._live.values(), key=lambda one: (one.state != "closed", one.alive > 0, one.earliest().start))
        if gone.incident is not None:
            del self._live[gone.incident]
        del self._groups[gone.key]
        self._counts["dropped"] += 1

    def _judge(self, act: IncidentJudged) -> None:
        group = self._live.get(act.incident)
        if group is None and act.state == "new" and act.incident in self._absorbed:
            group = self._split(self._absorbed[act.incident])
        elif group is None and act.state == "validated":  # what was merged meanwhile is as true as it was
            group = self._end(act.incident)
        if group is None:
            self._counts["unheard"] += 1
        elif judge(group, act):
            self._touch(group)

    def _end(self, id: IncidentId) -> Group | None:
        """Return the incident into which the merged one called `id` went in the end."""
        seen: set[IncidentId] = set()
        while id in self._absorbed and id not in seen:
            seen.add(id)
            id = self._absorbed[id].into or id
        return self._live.get(id)

    def _split(self, part: Group) -> Group | None:
        """Take a merged incident out of the one that it went into, and keep the two apart from then on."""
        whole = self._end(part.incident) if part.incident else None
        if whole is None or part.incident is None:
            return None
        mine = {id: whole.members[id] for id in part.members if id in whole.members}
        if not mine or len(mine) == len(whole.members):
            return None
        whole.give_back(mine)
        whole.merged = tuple(id for id in whole.merged if id != part.incident)
        whole.apart.add(part.key)
        whole.revision += 1
        part.members, part.links = mine, {id: part.links[id] for id in mine}
        part.apart.add(whole.key)
        part.into = None
        part.recount()
        for group in (whole, part):
            for member in group.members.values():
                member.group = group.key
            group.alive = sum(self._memory.get(id) is not None for id in group.members)
        del self._absorbed[part.incident]
        self._groups[part.key] = self._live[part.incident] = part
        self._touch(whole)
        return part


def judge(group: Group, act: IncidentJudged) -> bool:
    """Let a person's act change `group`; return False if the act was heard before."""
    if act.id in group.heard:
        return False
    group.heard = [*group.heard, act.id][-ACTS:]
    group.state, group.judged, group.acted = act.state, True, act.at
    group.revision += 1
    if act.state == "new":
        group.verdict, group.validated_by = "", ""
    elif act.verdict:
        group.verdict = act.verdict
    if act.state == "validated" or (act.state == "contained" and group.validated_by in {"", POLICY}):
        group.validated_by = act.actor
    return True


def _takes_late(group: Group, fresh: Trace) -> bool:
    """Return whether a closed group takes `fresh` in: it happened before the closing and is no graver than the rest."""
    return group.acted is not None and fresh.last <= group.acted and fresh.severity <= group.highest


def _enriched(known: Trace, alert: Alert) -> dict[str, object]:
    """Return what `alert` says beyond what is known of it, by field of `Trace`."""
    told = {
        "severity": max(known.severity, alert.severity),
        "confidence": max(known.confidence, alert.confidence),
        "last": max(known.last, alert.last),
        "end": max(known.end, alert.last.timestamp()),
        "assets": tuple(dict.fromkeys((*known.assets, *alert.assets))),
        "zones": tuple(dict.fromkeys((*known.zones, *alert.zones))),
        "holders": tuple(dict.fromkeys((*known.holders, *alert.holders))),
    }
    return {name: value for name, value in told.items() if value != getattr(known, name)}
