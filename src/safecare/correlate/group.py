"""Alerts that belong together, in memory: a candidate at first, an incident from the moment it is opened."""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterable, Sequence
from datetime import datetime
from math import inf

import msgspec

from safecare.correlate.places import Places
from safecare.model.alert import Alert, Domain
from safecare.model.ids import AlertId, AssetId, EventId, HolderId, IncidentId, SiteId, ZoneId
from safecare.model.incident import Link, State, Verdict
from safecare.model.marking import Marking
from safecare.model.text import Text, say

ALONE_SEVERITY = 60
"""Severity from which one alert opens an incident by itself. Chosen: the upper two fifths of the scale, where
detectors put what needs someone to look now; what is merely unusual lies below and waits for company."""

ALONE_CONFIDENCE = 0.5
"""Confidence that such an alert needs. Chosen: more likely true than not."""

TOGETHER = 0.5
"""Evidence (0-1) from which several alerts open an incident. Chosen: more likely than not that one is grave."""

TELLING = 40
"""Severity from which a correlation rule opens an incident. Chosen: the least of level medium."""

LOW = 30
"""Severity below which an alert accompanies others but is no evidence. Chosen: the lowest band of the scale is
information; a day has many of them, and many times nothing is still nothing."""

REPEAT = 0.3
"""Share of its evidence with which each further alert of the same rule counts. Chosen: one rule's alerts err together,
so that however often one weak rule repeats itself, its evidence stays below 1.43 times a single one."""

COUNTED = 8
"""Most alerts of one rule whose evidence is counted. Chosen: with `REPEAT`, the ninth would add less than 0.0001."""

POLICY = "policy:combined"
"""Name of the policy that validates without a person: evidence of both worlds, and grave."""

POLICY_SEVERITY = 70
"""Severity from which the policy validates. Chosen: above `ALONE_SEVERITY`, it takes more than one plain alert."""

POLICY_EVIDENCE = 0.3
"""Evidence that each of both worlds must give. Chosen: one alert of middle severity, fairly sure."""

MEMBERS = 1000
"""Most alerts listed in an incident before mere repeats are only counted. Chosen: no person reads more."""

ALIKE = 50
"""Most alerts of one likeness listed before further ones are only counted. Chosen: the fiftieth tells nothing that the
first did not, and each revision carries the whole list."""

NEWS = 0.1
"""Share by which the repeats that are only counted must have grown since they were told. Chosen: nobody acts on less;
without it, something that repeats itself all day writes the whole incident anew each time."""

FIRST = say("First sign")


class Trace(msgspec.Struct, kw_only=True):
    """What is remembered of an alert."""

    id: AlertId
    rule: str
    domain: Domain
    site: SiteId
    first: datetime
    last: datetime
    severity: int
    confidence: float
    title: Text
    assets: tuple[AssetId, ...]
    zones: tuple[ZoneId, ...]
    holders: tuple[HolderId, ...]
    marking: Marking
    keys: tuple[str, ...]
    start: float
    """`first` and `last` in seconds since 1970, for quick arithmetic."""
    end: float
    arrived: float
    """When it came, by the stage's clock (seconds since 1970); infinite until the clock has told the time."""
    likeness: str = ""
    """What makes an alert a mere repeat of another one: the same rule about the same things."""
    scene: bool = False
    """It happened in a place and is about who is there (`Places.scene`); never true of cyber alerts."""
    presence: bool = False
    """It says that somebody is in a place (`Places.presence`)."""
    spreads: bool = False
    """What it tells of goes from room to room (`Places.spreads`)."""
    group: str = ""

    @property
    def evidence(self) -> float:
        """Severity times confidence, 0-1."""
        return self.severity * self.confidence / 100

    def named(self) -> Trace:
        """Work out its likeness, and return it."""
        self.likeness = "\x1f".join((self.rule, *self.assets, "", *self.zones, "", *self.holders))
        return self


def trace(alert: Alert, places: Places, arrived: float | None) -> Trace:
    """Return what is remembered of `alert`, which came at `arrived`; its things are at home in `places`."""
    homes = (zone for asset in alert.assets for zone in places.home(asset))
    last = alert.last.timestamp()
    return Trace(
        id=alert.id,
        rule=alert.rule,
        domain=alert.domain,
        site=alert.site,
        first=alert.first,
        last=alert.last,
        severity=alert.severity,
        confidence=alert.confidence,
        title=alert.title,
        assets=alert.assets,
        zones=alert.zones or tuple(dict.fromkeys(homes)),
        holders=alert.holders,
        marking=alert.marking,
        keys=places.keys(alert),
        start=alert.first.timestamp(),
        end=last,
        arrived=inf if arrived is None else arrived,
        scene=places.scene(alert) and alert.domain is Domain.PHYSICAL,
        presence=places.presence(alert),
        spreads=places.spreads(alert),
    ).named()


class Alike(msgspec.Struct):
    """Members of one likeness: the latest and its time, how many, the highest severity and evidence among them."""

    latest: AlertId
    start: float
    count: int = 0
    severity: int = 0
    evidence: float = 0.0


class Told(msgspec.Struct, frozen=True):
    """That a correlation rule matched: its alerts, when the first one began, how grave it is, and the story."""

    alerts: tuple[AlertId, ...]
    start: float
    severity: int
    names: int
    """How many things had to come together."""
    text: Text


class Group(msgspec.Struct, kw_only=True):
    """Alerts that belong together. `key` is the id of the alert that it began with."""

    key: str
    members: dict[AlertId, Trace] = {}
    links: dict[AlertId, Link] = {}
    alike: dict[str, Alike] = {}
    """Members by likeness."""
    strongest: dict[Domain, dict[str, list[float]]] = {}
    """Evidence of the members (those from `LOW` up) by domain and rule, most first, at most `COUNTED` each."""
    highest: int = 0
    """Highest severity of a member."""
    told: dict[str, Told] = {}
    """Rules that matched, by name: of each the match that came first in event time."""
    muted: set[AlertId] = set()
    """Members that the rest explains (`Rule.consequences`): no evidence of their own."""
    repeats: int = 0
    """Alerts that are counted, but not listed any more."""
    repeats_told: int = 0
    """How many they were when this was last news."""
    alive: int = 0
    """Members that new alerts can still be tied to."""
    incident: IncidentId | None = None
    revision: int = 0
    """Number of changes since it was opened: the same for any cutting of the alerts into batches."""
    state: State = "new"
    verdict: Verdict = ""
    validated_by: str = ""
    judged: bool = False
    """A person has judged it: the policy is silent from then on."""
    acted: datetime | None = None
    """Time of the latest act."""
    heard: list[EventId] = []
    """Latest acts, so that one that comes twice counts once."""
    merged: tuple[IncidentId, ...] = ()
    into: IncidentId | None = None
    apart: set[str] = set()
    """Keys of groups that a person separated from this one: they are not merged again."""

    @property
    def evidence(self) -> float:
        """What all members together make believe, 0-1."""
        return noisy_or(found for rules in self.strongest.values() for found in rules.values())

    @property
    def severity(self) -> int:
        """The highest severity of an alert or rule, or what all evidence together makes of it, whichever is more."""
        return max(self.highest, round(100 * self.evidence), *(one.severity for one in self.told.values()))

    @property
    def domains(self) -> tuple[Domain, ...]:
        """Domains of the members, cyber first."""
        return tuple(domain for domain in Domain if domain in self.strongest)

    def add(self, member: Trace, link: Link) -> None:
        """Take `member` in, with the reason."""
        self._count(member)
        self.members[member.id] = member
        self.links[member.id] = link
        member.group = self.key
        self.alive += 1

    def take(self, other: Group, bridge: Link) -> None:
        """Take all of `other` in; its first alert is tied by `bridge`."""
        for id, member in other.members.items():
            self._count(member)
            self.members[id] = member
            self.links[id] = bridge if id == bridge.alert else other.links[id]
            member.group = self.key
        self.alive += other.alive
        self.repeats += other.repeats
        for name, told in other.told.items():
            self.note(name, told)
        if other.muted:
            self.mute(other.muted)
        self.judged |= other.judged
        self.apart |= other.apart

    def note(self, rule: str, told: Told) -> bool:
        """Note that `rule` matched here; return whether that changes what is told."""
        known = self.told.get(rule)
        if known is not None and (known.start, known.alerts) <= (told.start, told.alerts):
            return False
        self.told[rule] = told
        return True

    def mute(self, explained: Iterable[AlertId]) -> bool:
        """Let members that the rest explains be no evidence; return whether any was before."""
        fresh = {id for id in explained if id in self.members} - self.muted
        if fresh:
            self.muted |= fresh
            self.recount()
        return bool(fresh)

    def give_back(self, gone: Iterable[AlertId]) -> None:
        """Let go of the members called `gone`."""
        for id in gone:
            del self.members[id], self.links[id]
        for id, link in self.links.items():
            if link.to is not None and link.to not in self.members:
                self.links[id] = Link(id, None, 1.0, FIRST)
        self.recount()

    def recount(self) -> None:
        """Work the sums out again from the members."""
        self.alike, self.strongest, self.highest = {}, {}, 0
        self.told = {name: told for name, told in self.told.items() if self.members.keys() >= set(told.alerts)}
        self.muted &= self.members.keys()
        for member in self.members.values():
            self._count(member)

    def _count(self, member: Trace) -> None:
        rules = self.strongest.setdefault(member.domain, {})
        if member.severity >= LOW and member.id not in self.muted:
            found = rules.setdefault(member.rule, [])
            insort(found, member.evidence, key=lambda value: -value)
            del found[COUNTED:]
        if member.id not in self.muted:
            self.highest = max(self.highest, member.severity)
        like = self.alike.setdefault(member.likeness, Alike(member.id, member.start))
        like.count += 1
        like.latest, like.start = max((like.latest, like.start), (member.id, member.start), key=lambda one: one[1])
        like.severity, like.evidence = max(like.severity, member.severity), max(like.evidence, member.evidence)

    def counts_only(self, fresh: Trace) -> bool:
        """Return whether `fresh` repeats what is listed often enough, and is no graver than any of it."""
        like = self.alike.get(fresh.likeness)
        if like is None or (like.count < ALIKE and len(self.members) < MEMBERS):
            return False
        return fresh.severity <= like.severity and fresh.evidence <= like.evidence

    def repeat(self, fresh: Trace) -> bool:
        """Count `fresh` with the latest of its likeness, which lasts as long; return whether this is news."""
        latest = self.members[self.alike[fresh.likeness].latest]
        latest.last, latest.end = max(latest.last, fresh.last), max(latest.end, fresh.end)
        self.repeats += 1
        if self.repeats <= self.repeats_told * (1.0 + NEWS):
            return False
        self.repeats_told = self.repeats
        return True

    def root(self) -> AlertId:
        """Return the first alert that is tied to no other."""
        return next(id for id, link in self.links.items() if link.to is None)

    def earliest(self) -> Trace:
        """Return the member whose event time is the earliest."""
        return min(self.members.values(), key=lambda member: (member.start, member.id))

    def opens(self, latest: Trace) -> bool:
        """Return whether the members, `latest` having joined, are enough for an incident."""
        alone = latest.severity >= ALONE_SEVERITY and latest.confidence >= ALONE_CONFIDENCE
        by_rule = any(one.severity >= TELLING for one in self.told.values())
        return alone or by_rule or (len(self.members) > 1 and self.evidence >= TOGETHER)

    def validated_by_policy(self) -> bool:
        """Return whether `POLICY` holds."""
        if self.judged or len(self.strongest) < 2 or self.severity < POLICY_SEVERITY:
            return False
        return all(noisy_or(rules.values()) >= POLICY_EVIDENCE for rules in self.strongest.values())


def noisy_or(by_rule: Iterable[Sequence[float]]) -> float:
    """Return the evidence (0-1) of all together, repeats of one rule (most first) counting less and less."""
    doubt = 1.0
    for found in by_rule:
        share = 1.0
        for value in found:
            doubt *= 1.0 - share * value
            share *= REPEAT
    return 1.0 - doubt
