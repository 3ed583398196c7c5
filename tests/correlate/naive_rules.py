"""What a rule set means, worked out the slow and plain way: every combination of alerts is tried."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import permutations

from safecare.correlate.geometry import share_wall
from safecare.correlate.places import Places, telling
from safecare.correlate.rules.ground import HUB, ROUTE
from safecare.correlate.rules.plan import Plan
from safecare.correlate.rules.rule import Join, Rule, timespan
from safecare.correlate.rules.sign import Sign
from safecare.model.hospital import Hospital


class Naive:
    """Rules over one hospital."""

    def __init__(self, rules: Sequence[Rule], hospital: Hospital) -> None:
        self._rules, self._hospital = rules, hospital
        self._plan = Plan(rules, hospital, Places(hospital))

    def temporal(self, signs: Sequence[Sign]) -> set[tuple[str, tuple[str, ...]]]:
        """Return rule and ids of every match of the temporal rules."""
        return {
            (rule.name, tuple(one.id for one in match))
            for rule in self._rules
            if not rule.correlation.condition
            for match in self._matches(rule, signs)
        }

    def counted(self, signs: Sequence[Sign]) -> set[tuple[str, str]]:
        """Return rule and id of every alert that stands in a span which holds enough."""
        found = set()
        for rule in self._rules:
            if not rule.correlation.condition:
                continue
            fitting = [one for one in signs if self._fits(rule, rule.correlation.rules[0], one)]
            span, condition = timespan(rule.correlation.timespan), rule.correlation.condition
            for key in {key for one in fitting for key in self._values(one, rule.correlation.group_by[0])}:
                mine = [one for one in fitting if key in self._values(one, rule.correlation.group_by[0])]
                for first in mine:
                    window = [one for one in mine if 0 <= one.start - first.start <= span]
                    values = {one.id for one in window}
                    if condition.field:
                        values = {value for one in window for value in self._values(one, condition.field)}
                    if len(window) > 1 and len(values) >= condition.gte:
                        found |= {(rule.name, one.id) for one in window}
        return found

    def _matches(self, rule: Rule, signs: Sequence[Sign]) -> Iterator[tuple[Sign, ...]]:
        names, span = rule.correlation.rules, timespan(rule.correlation.timespan)
        for match in permutations(signs, len(names)):
            if not all(self._fits(rule, name, one) for name, one in zip(names, match, strict=True)):
                continue
            starts = [one.start for one in match]
            if max(starts) - min(starts) > span:
                continue
            if rule.correlation.type == "temporal_ordered" and starts != sorted(starts):
                continue
            taken = dict(zip(names, match, strict=True))
            if self._all_joined(rule, taken) and not self._disturbed(rule, taken, signs):
                yield match

    def _fits(self, rule: Rule, name: str, sign: Sign) -> bool:
        bit = self._plan.ready[self._rules.index(rule)].bits[
            (*rule.correlation.rules, *rule.correlation.without).index(name)
        ]
        return bool(self._plan.fits(sign) & bit)

    def _all_joined(self, rule: Rule, taken: dict[str, Sign]) -> bool:
        return all(
            self._stands(join, taken[join.between[0]], taken[join.between[1]])
            for join in rule.correlation.joins
            if set(join.between) <= taken.keys()
        )

    def _disturbed(self, rule: Rule, taken: dict[str, Sign], signs: Sequence[Sign]) -> bool:
        begin, end = min(one.start for one in taken.values()), max(one.start for one in taken.values())
        for name, margin in rule.correlation.without.items():
            for one in signs:
                inside = begin - timespan(margin.before) <= one.start <= end + timespan(margin.after)
                if not inside or one in taken.values() or not self._fits(rule, name, one):
                    continue
                mine = [join for join in rule.correlation.joins if name in join.between]
                if all(self._stands(join, *(({**taken, name: one})[end] for end in join.between)) for join in mine):
                    return True
        return False

    def _stands(self, join: Join, one: Sign, other: Sign) -> bool:
        if join.dependency:
            return self._leads(join, one, other)
        if join.identity:
            return bool(set(self._values(one, join.identity)) & set(self._values(other, join.identity)))
        if join.place in {"compartment", "level", "building"}:
            return bool(set(self._values(one, join.place)) & set(self._values(other, join.place)))
        return any(self._near(join, zone, to) for zone in one.zones for to in other.zones)

    def _near(self, join: Join, zone: str, other: str) -> bool:
        if zone == other or join.place == "room":
            return zone == other
        if join.place == "route":
            reached = {zone}
            for _ in range(ROUTE):
                reached |= {to for at in reached for to in self._hospital.adjacent(at)}
            return other in reached
        here, there = self._hospital.zone(zone), self._hospital.zone(other)
        beside = here is not None and there is not None and share_wall(here, there)
        return beside or other in self._hospital.adjacent(zone)

    def _leads(self, join: Join, cause: Sign, effect: Sign) -> bool:
        wanted = {*effect.assets, *(effect.zones if self._scene(effect) else ())}
        for start in (*cause.assets, *(cause.zones if self._scene(cause) else ())):
            reached = {start}
            frontier = {start}
            for step in range(join.steps):
                frontier = {
                    to
                    for at in frontier
                    if step == 0 or self._degree(at, join) <= HUB
                    for to in self._effects(at, join)
                } - reached
                reached |= frontier
            if self._hospital.zone(start):
                reached.discard(start)
            if reached & wanted:
                return True
        return False

    def _scene(self, sign: Sign) -> bool:
        groups = [found.group if (found := self._hospital.asset(one)) else "" for one in sign.assets]
        return sign.name.startswith("people.") and groups.count("camera") == len(groups)

    def _effects(self, at: str, join: Join) -> set[str]:
        return {to for way, to in self._edges(at) if way in join.dependency or "any" in join.dependency}

    def _degree(self, at: str, join: Join) -> int:
        return len(list(self._edges(at)))

    def _edges(self, at: str) -> Iterator[tuple[str, str]]:
        for one in self._hospital.dependencies:
            for on in one.on:
                cause, effect = (on, one.of) if one.kind == "needs" else (one.of, on)
                if cause == at:
                    yield one.kind, effect
        for service in self._hospital.services:
            yield from (("needs", zone) for zone in service.zones if service.id == at)
        for asset in self._hospital.assets:
            if asset.id == at:
                yield from (("protects", one) for one in asset.protects)
                if asset.watches:
                    yield "protects", asset.watches
            if asset.zone == at and asset.kind not in {"credential", "dataset"}:
                yield "hosts", asset.id

    def _values(self, sign: Sign, by: str) -> Iterable[str]:
        if by == "rule":
            return {sign.name}
        if by in {"asset", "device"}:
            return sign.assets
        if by == "zone":
            return sign.zones
        if by == "address":
            return {peer for peer in sign.peers if telling(peer)}
        if by in {"person", "badge", "account"}:
            owners = (self._hospital.person("workstation", asset) for asset in sign.assets)
            return {*sign.holders, *(owner.holder for owner in owners if owner)}
        zones = [found for zone in sign.zones if (found := self._hospital.zone(zone))]
        if by == "compartment":
            return {zone.fire_compartment for zone in zones if zone.fire_compartment}
        levels = {zone.level for zone in zones}
        if by == "level":
            return levels
        return {level.building for level in self._hospital.levels if level.id in levels}
