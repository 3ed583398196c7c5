"""Who belongs with whom: groups of alerts, tied by what they share, by rules, and by what people say.

Each alert is compared with the alerts in memory that stand near it (same thing, person, room, the room next
door, a short path of dependencies); where the score reaches `relations.JOIN` they belong together. So do the alerts
that match a rule. Groups are the connected parts of that picture (single linkage), so the score is symmetric and
nothing depends on order. A group becomes an incident when it holds enough evidence (`Group.opens`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

import msgspec

from safecare.correlate import relations as rel
from safecare.correlate.affinity import Tie, explain
from safecare.correlate.group import FIRST, POLICY, Group, Told, Trace, trace
from safecare.correlate.memory import Memory
from safecare.correlate.places import Places
from safecare.correlate.rules.engine import Match
from safecare.correlate.story import told
from safecare.correlate.ties import strongest
from safecare.model.alert import Alert
from safecare.model.ids import AlertId, IncidentId, derived_id
from safecare.model.incident import Link
from safecare.model.text import Text

LATENESS = rel.HOUR
"""Seconds that an alert may be late and still find everything it belongs to. Chosen: a gateway's restart."""

_RANK = {"contained": 0, "validated": 1, "new": 2, "closed": 3}


class Memo(msgspec.Struct, kw_only=True):
    """Groups and what they rest on, between two snapshots."""

    groups: list[Group] = []
    absorbed: list[Group] = []
    arrivals: list[AlertId] = []
    counts: dict[str, int] = {}


class Gathering:
    """All groups in memory. `touched` are the incidents that changed since it was emptied last."""

    def __init__(self, places: Places, limits: tuple[int, int], memo: Memo) -> None:
        """Go on from `memo`; `limits` are the most alerts and incidents in memory."""
        self._places = places
        self._limits = limits
        self._groups = {group.key: group for group in memo.groups}
        self._absorbed = {group.incident: group for group in memo.absorbed if group.incident}
        self._live = {group.incident: group for group in memo.groups if group.incident}
        self._counts = {"forgotten": 0, "unlisted": 0, "dropped": 0, "unheard": 0, **memo.counts}
        self._memory = Memory(limits[0])
        members = {id: member for group in memo.groups for id, member in group.members.items()}
        for id in memo.arrivals:
            if id in members:
                self._memory.add(members[id])
        self.touched: dict[str, Group] = {}

    @property
    def counts(self) -> dict[str, int]:
        """What is in memory, and how often a bound was hit or an act found no incident."""
        return {"alerts": len(self._memory), "groups": len(self._groups), **self._counts}

    def memo(self) -> Memo:
        """Return what a restart needs."""
        return Memo(
            groups=list(self._groups.values()),
            absorbed=list(self._absorbed.values()),
            arrivals=self._memory.arrivals(),
            counts=self._counts,
        )

    def let_pass(self, now: float) -> bool:
        """Forget what is too old to matter at `now` (seconds since 1970); return whether anything changed."""
        stamped = self._memory.stamp(now)
        expired = self._memory.expire(now - rel.LONGEST - LATENESS)
        self._bury(expired)
        return bool(stamped or expired)

    def live(self, id: IncidentId) -> Group | None:
        """Return the incident called `id` if it is in memory and not part of another one."""
        return self._live.get(id)

    def latest(self, id: str) -> Group | None:
        """Return the incident called `id`, part of another one or not."""
        return self._live.get(IncidentId(id)) or self._absorbed.get(IncidentId(id))

    def absorbed(self, id: IncidentId) -> Group | None:
        """Return the incident called `id` if it was taken in by another one."""
        return self._absorbed.get(id)

    def unheard(self) -> None:
        """Count an act that found no incident."""
        self._counts["unheard"] += 1

    def hear(self, alert: Alert, now: float | None) -> None:
        """Take `alert` in; `now` is when it came, by the clock (seconds since 1970), if the clock has told."""
        known = self._memory.get(alert.id)
        if known is not None:
            self._hear_again(known, alert)
            return
        fresh = trace(alert, self._places, now)
        ties = self._choose(strongest(self._places, self._memory, self._groups, fresh), fresh)
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
        if "severity" in more:  # graver than when something else explained it
            group.muted.discard(known.id)
        keys = dict.fromkeys((*known.keys, *self._places.keys(alert)))
        self._memory.widen(known, tuple(keys))
        group.recount()
        ties = self._choose(strongest(self._places, self._memory, self._groups, known), known)
        if ties:
            survivor = self._survivor([group, *(self._groups[key] for key in ties)])
            if survivor is not group:
                tie = ties[survivor.key]
                why = explain(known, tie.old, tie.probe)
                self._absorb(survivor, group, Link(group.root(), tie.old.id, tie.score, why))
            self._unite(survivor, known, ties)
            group = survivor
        self._settle(group, known)

    def match(self, match: Match) -> None:
        """Tie the alerts of `match` together, and note what its rule says of them."""
        found = {sign.id: one for sign in match.signs if sign.alert and (one := self._memory.get(AlertId(sign.id)))}
        groups = {one.group: self._groups[one.group] for one in found.values() if one.group in self._groups}
        open_groups = [group for group in groups.values() if group.state != "closed"]
        if not open_groups:
            return
        group = self._survivor(open_groups)
        rule, start = match.rule, min(sign.start for sign in match.signs)
        known = group.told.get(rule.name)
        if len(groups) == 1 and known is not None and known.start < start and not rule.consequences:
            return
        text = told(match)
        changed = False
        for other in open_groups:
            if other is not group and other.key not in group.apart:
                self._absorb(group, other, Link(other.root(), group.root(), 1.0, text))
                changed = True
        mine = tuple(sorted(AlertId(id) for id in found if id in group.members))
        names = len(rule.correlation.rules)
        changed |= group.note(rule.name, Told(mine, start, rule.severity, names, text))
        changed |= self._explain(group, match)
        if changed:
            self._settle(group, max((found[id] for id in mine), key=lambda one: (one.start, one.id)))

    def _explain(self, group: Group, match: Match) -> bool:
        """Let what `match` explains be no evidence, unless it is graver than all that explains it."""
        names = match.rule.correlation.rules
        if not match.rule.consequences:
            return False
        by_name = dict(zip(names, match.signs, strict=True))
        causes = max(by_name[name].severity for name in names if name not in match.rule.consequences)
        explained = (by_name[name] for name in match.rule.consequences)
        return group.mute(AlertId(one.id) for one in explained if one.alert and one.severity <= causes)

    def _choose(self, ties: dict[str, Tie], fresh: Trace) -> dict[str, Tie]:
        """Return the ties that count: open groups, none of which a person has set apart from a stronger one."""
        ordered = sorted(ties.items(), key=lambda item: (-item[1].score, item[0]))
        chosen: dict[str, Tie] = {}
        barred = set(self._groups[fresh.group].apart) if fresh.group else set()
        for key, tie in ordered:
            group = self._groups[key]
            if group.state != "closed" and key not in barred:
                chosen[key] = tie
                barred |= group.apart
        if chosen or fresh.group:
            return chosen
        return dict([item for item in ordered if _takes_late(self._groups[item[0]], fresh)][:1])

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
        self.touch(group)
        self.touch(other)
        if len(self._absorbed) > self._limits[1]:
            del self._absorbed[next(iter(self._absorbed))]
            self._counts["dropped"] += 1

    def _settle(self, group: Group, latest: Trace) -> None:
        """Open the group if it is enough now; else count the change of what is open already."""
        if group.incident is None:
            if not group.opens(latest):
                return
            self.open(group)
        group.revision += 1
        if group.state == "new" and group.validated_by_policy():
            group.state, group.validated_by = "validated", POLICY
        self.touch(group)

    def touch(self, group: Group) -> None:
        """Note that `group` changed."""
        if group.incident is not None:
            self.touched[group.incident] = group

    def _count(self, group: Group, fresh: Trace) -> None:
        """Count a mere repeat instead of listing it."""
        self._counts["unlisted"] += 1
        if group.repeat(fresh) and group.incident is not None:
            group.revision += 1
            self.touch(group)

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

    def end(self, id: IncidentId) -> Group | None:
        """Return the incident into which the merged one called `id` went in the end."""
        seen: set[IncidentId] = set()
        while id in self._absorbed and id not in seen:
            seen.add(id)
            id = self._absorbed[id].into or id
        return self._live.get(id)

    def undo(self, part: Group) -> Group | None:
        """Take a merged incident out of the one that it went into, and keep the two apart from then on."""
        whole = self.end(part.incident) if part.incident else None
        if whole is None or part.incident is None:
            return None
        mine = [id for id in part.members if id in whole.members]
        if not mine or len(mine) == len(whole.members):
            return None
        part.links = {id: part.links[id] for id in mine}
        self._move(whole, part, mine)
        whole.merged = tuple(id for id in whole.merged if id != part.incident)
        part.into = None
        del self._absorbed[part.incident]
        self._live[part.incident] = part
        self.touch(whole)
        return part

    def take_out(self, whole: Group, ids: Collection[AlertId], key: str) -> Group | None:
        """Take the alerts `ids` out of `whole` into a group of their own, called `key`; None if nothing would stay."""
        mine = [id for id in whole.members if id in ids]
        if not mine or len(mine) == len(whole.members):
            return None
        part = Group(key=key)
        for id in mine:
            link = whole.links[id]
            kept = link.to is not None and link.to in mine
            part.links[id] = link if kept else Link(id, None, 1.0, FIRST)
        part.muted, part.told = whole.muted & set(mine), dict(whole.told)
        self._move(whole, part, mine)
        self.touch(whole)
        return part

    def open(self, group: Group, *parts: str) -> None:
        """Make an incident of `group`; `parts` keep its id apart from one that began with the same alert."""
        first = group.earliest()
        group.incident = IncidentId(derived_id(first.first, "incident", first.id, *parts))
        self._live[group.incident] = group
        self._bound()

    def merge(self, group: Group, other: Group, why: Text) -> None:
        """Let `group` take `other` in, because a person said so."""
        group.apart.discard(other.key)
        other.apart.discard(group.key)
        self._absorb(group, other, Link(other.root(), group.root(), 1.0, why))

    def holding(self, alert: AlertId) -> Group | None:
        """Return the group that holds `alert`, if it can still be tied to anything."""
        found = self._memory.get(alert)
        return self._groups.get(found.group) if found else None

    def _move(self, whole: Group, part: Group, ids: Iterable[AlertId]) -> None:
        """Give `part` the members `ids` of `whole`; the two stay apart."""
        part.members = {id: whole.members[id] for id in ids}
        whole.give_back(part.members)
        whole.apart.add(part.key)
        part.apart.add(whole.key)
        whole.revision += 1
        part.recount()
        for group in (whole, part):
            for member in group.members.values():
                member.group = group.key
            group.alive = sum(self._memory.get(id) is not None for id in group.members)
        self._groups[part.key] = part


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
