"""A rule set made ready to run: which picks a sign fits, and for what it fits where to look for partners."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from typing import NamedTuple

from safecare.correlate.places import Places
from safecare.correlate.rules.ground import Look, family_of, looks
from safecare.correlate.rules.rule import Pick, Rule, timespan
from safecare.correlate.rules.sign import Sign
from safecare.model.hospital import Hospital

NAMES = 10_000
"""Most rule names and event kinds that are remembered. Chosen: three times the public Sigma rules."""


class Tie(NamedTuple):
    """A join seen from one of its names: where to look, and for which other name."""

    look: Look
    other: int


class Ready(NamedTuple):
    """A rule with numbers for names: `bits` by position, those of `rules` first, then those of `without`."""

    rule: Rule
    number: int
    bits: tuple[int, ...]
    wanted: int
    """How many positions are wanted; the rest must be absent."""
    ties: tuple[tuple[Tie, ...], ...]
    """By position: ties to other positions."""
    span: float
    ordered: bool
    margins: tuple[tuple[float, float], ...]
    """By unwanted position: seconds before and after."""
    by: str
    """Family of a counting rule's key; empty for temporal ones."""
    field: str
    at_least: int

    @property
    def settles(self) -> float:
        """Seconds after its last sign until which something may still turn up that must not be there."""
        return max((after for _, after in self.margins), default=0.0)


class Task(NamedTuple):
    """What to do with a sign that fits something: look with `look` for any of `partners`; what it may complete."""

    look: Look
    partners: int
    steps: tuple[tuple[Ready, int, int], ...]
    """Rule, position of the sign, and the bit that one of its partners fits."""


class Plan:
    """All rules of a set over one hospital."""

    def __init__(self, rules: Sequence[Rule], hospital: Hospital, places: Places) -> None:
        """Give each pick of `rules` a bit; equal picks share one."""
        self._hospital, self._places = hospital, places
        self._bits: dict[Pick, int] = {}
        self.ready = tuple(self._make(rule, number) for number, rule in enumerate(rules))
        self._picks = tuple((bit, pick) for pick, bit in self._bits.items())
        self._by_name: dict[tuple[bool, str], tuple[int, tuple[tuple[int, Pick], ...]]] = {}
        self._tasks: dict[int, tuple[tuple[Task, ...], tuple[Ready, ...]]] = {}
        self.keep = max(
            (one.span + sum(max(one.margins, default=(0.0, 0.0), key=sum)) for one in self.ready), default=0.0
        )
        """Seconds for which a sign can matter to a later one."""
        found = {family for one in self.ready for ties in one.ties for tie in ties for family in tie.look.found_under}
        self.families = tuple(sorted(found | {one.by for one in self.ready if one.by}))
        self.kinds = frozenset(kind for pick in self._bits for kind in pick.events)
        """Kinds of events that any rule speaks of."""

    def fits(self, sign: Sign) -> int:
        """Return which picks `sign` fits, one bit each."""
        known = self._by_name.get((sign.alert, sign.name))
        if known is None:
            known = self._sort(sign)
            if len(self._by_name) < NAMES:
                self._by_name[sign.alert, sign.name] = known
        fits, conditional = known
        for bit, pick in conditional:
            if self._holds(pick, sign):
                fits |= bit
        return fits

    def tasks(self, fits: int) -> tuple[tuple[Task, ...], tuple[Ready, ...]]:
        """Return where a sign that fits `fits` has to look, and the counting rules that it counts for."""
        known = self._tasks.get(fits)
        if known is None:
            known = self._tasks[fits] = self._work(fits)
        return known

    def _make(self, rule: Rule, number: int) -> Ready:
        correlation = rule.correlation
        names = (*correlation.rules, *correlation.without)
        at = {name: index for index, name in enumerate(names)}
        ties: list[list[Tie]] = [[] for _ in names]
        for join in correlation.joins:
            (one, other), (forth, back) = (at[name] for name in join.between), looks(join)
            ties[one].append(Tie(forth, other))
            ties[other].append(Tie(back, one))
        condition = correlation.condition
        return Ready(
            rule=rule,
            number=number,
            bits=tuple(self._bits.setdefault(rule.alerts[name], 1 << len(self._bits)) for name in names),
            wanted=len(correlation.rules),
            ties=tuple(map(tuple, ties)),
            span=timespan(correlation.timespan),
            ordered=correlation.type == "temporal_ordered",
            margins=tuple((timespan(one.before), timespan(one.after)) for one in correlation.without.values()),
            by=family_of(correlation.group_by[0]) if condition else "",
            field=(condition.field or "") if condition else "",
            at_least=condition.gte if condition else 0,
        )

    def _sort(self, sign: Sign) -> tuple[int, tuple[tuple[int, Pick], ...]]:
        fits, conditional = 0, []
        for bit, pick in self._picks:
            patterns = pick.rules if sign.alert else pick.events
            if not any(fnmatchcase(sign.name, pattern) for pattern in patterns):
                continue
            if sign.alert or pick.domain or pick.groups or pick.categories or pick.security:
                conditional.append((bit, pick))
            else:
                fits |= bit
        return fits, tuple(conditional)

    def _holds(self, pick: Pick, sign: Sign) -> bool:
        if sign.alert and (sign.severity < pick.severity or sign.confidence < pick.confidence):
            return False
        if pick.domain and (pick.domain == "cyber") is not sign.cyber:
            return False
        if pick.groups and not any(self._places.group(asset) in pick.groups for asset in sign.assets):
            return False
        if pick.categories and not any(self._places.category(zone) in pick.categories for zone in sign.zones):
            return False
        zones = (self._hospital.zone(zone) for zone in sign.zones) if pick.security else ()
        return not pick.security or any(zone is not None and zone.security in pick.security for zone in zones)

    def _work(self, fits: int) -> tuple[tuple[Task, ...], tuple[Ready, ...]]:
        found: dict[Look, list[tuple[Ready, int, int]]] = defaultdict(list)
        for one in self.ready:
            for position in _positions(one, fits):
                tie = next((tie for tie in one.ties[position] if tie.other < one.wanted), None)
                if tie is not None:
                    found[tie.look].append((one, position, one.bits[tie.other]))
        tasks = []
        for look, steps in found.items():
            partners = 0
            for _, _, bit in steps:
                partners |= bit
            tasks.append(Task(look, partners, tuple(steps)))
        return tuple(tasks), tuple(one for one in self.ready if one.by and fits & one.bits[0])


def _positions(ready: Ready, fits: int) -> Iterable[int]:
    if not ready.by:
        yield from (position for position in range(ready.wanted) if fits & ready.bits[position])
