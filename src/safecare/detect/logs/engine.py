"""Matches many rules against many records at once.

Records of one shape (the same fields) and one log source are judged together, column by column. Each distinct value
of a column is looked at once: the set of tests that it passes, as far as it matters, becomes a small number, and the
row of these numbers decides. What a row of numbers means is worked out once: of all rules only those are asked of whose
witnesses (tests of which at least one must hold) one holds; the rarest ones are chosen, by what was seen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from operator import itemgetter
from typing import Any

from safecare.detect.logs.column import Column, Keywords, Sample
from safecare.detect.logs.plan import Plan, Record
from safecare.detect.logs.sources import DECLARED
from safecare.detect.logs.values import Value

Match = tuple[int, int, Mapping[str, str]]
"""Place of the record, place of the rule, and what the rule's fields are called in the record."""
Result = tuple[tuple[int, ...], tuple[tuple[int, frozenset[int]], ...]]
"""Rules that hold; and rules that depend on references between fields as well, with the tests that hold."""

ROWS = 100_000
"""Most rows of numbers that are remembered of one kind of record. Chosen: some 10 MB."""
KINDS = 5_000
"""Most shapes of records that are remembered (chosen: a hospital's sources have some hundred)."""


class Engine:
    """Judges records by the rules of `plan`."""

    def __init__(self, plan: Plan) -> None:
        """Start with nothing remembered."""
        self.plan = plan
        self._shapes: dict[tuple[str, ...], _Shape] = {}
        self._views: dict[tuple[Any, ...], _View] = {}

    def match(self, records: Sequence[Record]) -> list[Match]:
        """Return, in order, each match: place of the record, place of the rule in the plan, naming of fields."""
        shapes = self._shapes
        pending: dict[_Group, list[int]] = {}
        for row, record in enumerate(records):
            names = tuple(record)
            shape = shapes.get(names)
            if shape is None:
                shape = self._shape(names)
            key = shape.key(record)
            groups = shape.groups.get(key)
            if groups is None:
                groups = self._groups(shape, key)
            for group in groups:
                rows = pending.get(group)
                if rows is None:
                    rows = pending[group] = []
                rows.append(row)
        found: dict[tuple[int, int], Mapping[str, str]] = {}
        for group, rows in pending.items():
            for match in group.match(records, rows):
                found.setdefault(match, group.names)
        if any(group.crowded for group in pending):
            self._shapes.clear()
            self._views.clear()
        return [(row, rule, found[row, rule]) for row, rule in sorted(found)]

    def _shape(self, names: tuple[str, ...]) -> _Shape:
        if len(self._shapes) >= KINDS:
            self._shapes.clear()
        return self._shapes.setdefault(names, _Shape(names, [name for name in names if name in self.plan.sources.keys]))

    def _groups(self, shape: _Shape, key: Any) -> tuple[_Group, ...]:
        values = key if len(shape.deciding) > 1 else (key,) if shape.deciding else ()
        fields = frozenset(shape.names)
        groups: list[_Group] = []
        for part in self.plan.sources.covered(fields, dict(zip(shape.deciding, values, strict=True))):
            named = (part.rules, tuple(sorted(part.names.items())))
            view = self._views.get(named)
            if view is None:
                if len(self._views) >= KINDS:
                    self._views.clear()
                view = self._views[named] = _View(self.plan, part.rules, part.names)
            groups.append(shape.group(view))
        if len(shape.groups) >= KINDS:
            shape.groups.clear()
        shape.groups[key] = tuple(groups)
        return tuple(groups)


class _Shape:
    """The names of a record's fields, in order."""

    def __init__(self, names: tuple[str, ...], deciding: list[str]) -> None:
        self.names = names
        self.deciding = deciding
        self.key: Callable[[Any], Any] = itemgetter(*deciding) if deciding else _nothing
        self.groups: dict[Any, tuple[_Group, ...]] = {}
        self._by_view: dict[_View, _Group] = {}

    def group(self, view: _View) -> _Group:
        if len(self._by_view) >= KINDS:
            self._by_view.clear()
        return self._by_view.setdefault(view, _Group(view, self.names))


def _nothing(_: Any) -> None:
    return None


class _View:
    """Rules that judge the same kind of record, under one naming of fields."""

    def __init__(self, plan: Plan, rules: Sequence[int], names: Mapping[str, str]) -> None:
        self.plan = plan
        self.names = names
        self.rules = rules
        self.columns: dict[str, list[Column]] = {}
        self.absent: dict[str, frozenset[int]] = {}
        wanted: dict[str, set[int]] = {}
        for rule in rules:
            for number in plan.numbers[rule]:
                wanted.setdefault(plan.tests[number].field, set()).add(number)
        self.keywords: Keywords | None = None
        for field, numbers in wanted.items():
            tests = plan.fields.get(field)
            if tests is None:
                continue  # only references, which are asked of each record
            if not field:
                self.keywords = Keywords(plan, rules, frozenset(numbers))
                continue
            column = Column(plan, rules, frozenset(numbers), tests)
            key = names.get(field, field)
            self.columns.setdefault(key, []).append(column)
            self.absent[key] = self.absent.get(key, frozenset()) | (tests.null & numbers)
        self._sample = Sample()
        self._witnesses: dict[int, list[int]] = {}
        self.always: set[int] = set()
        """Rules that may hold though none of their tests does."""
        self.choose()

    def choose(self) -> None:
        """Choose the witnesses of each rule: those that were seen to hold least."""
        self._witnesses, self.always = {}, set()
        for rule in self.rules:
            some = self.plan.witnesses(rule, self._sample.seen)
            if some is None:
                self.always.add(rule)
            for number in some or ():
                self._witnesses.setdefault(number, []).append(rule)
        for column in self.all_columns():
            column.asked = [None] * len(column.asked)

    def all_columns(self) -> Iterator[Column]:
        """Yield the columns of all fields, and that of the keywords."""
        for some in self.columns.values():
            yield from some
        if self.keywords is not None:
            yield self.keywords

    def witnessed(self, true: Iterable[int]) -> frozenset[int]:
        """Return the rules of which a witness is among the tests `true`."""
        witnesses = self._witnesses
        return frozenset(rule for number in true if number in witnesses for rule in witnesses[number])

    def judge(self, asked: Iterable[int], true: frozenset[int]) -> Result:
        """Return which of the rules `asked` hold when exactly the tests `true` do."""
        if self._sample.full(true):
            self.choose()
        sure: list[int] = []
        open_: list[tuple[int, frozenset[int]]] = []
        for rule in asked:
            holds = self.plan.function(rule)(true)
            if rule in self.plan.references and self.plan.depends(rule, true):
                open_.append((rule, true))
            elif holds:
                sure.append(rule)
        return tuple(sure), tuple(open_)


class _Group:
    """Records of one shape under one view."""

    def __init__(self, view: _View, names: tuple[str, ...]) -> None:
        self._view = view
        self.names = view.names
        there = frozenset(names)
        self._getters = [
            (itemgetter(key), column) for key, some in view.columns.items() if key in there for column in some
        ]
        self._columns: list[Column] = [column for _, column in self._getters]
        if view.keywords is not None:
            self._columns.append(view.keywords)
        told = [name for name in names if name not in DECLARED]
        self._told: Callable[[Record], Sequence[Value]] = itemgetter(*told) if len(told) > 1 else _values(told)
        self._base: frozenset[int] = frozenset().union(*(some for key, some in view.absent.items() if key not in there))
        self._memo: dict[tuple[int, ...], Result] = {}

    @property
    def crowded(self) -> bool:
        """True when a column has seen more different meanings than are worth remembering."""
        return any(len(column.meanings) > ROWS for column in self._columns)

    def match(self, records: Sequence[Record], rows: Sequence[int]) -> Iterator[tuple[int, int]]:
        """Yield row and rule of each match among `rows`."""
        some = [records[row] for row in rows] if len(rows) < len(records) else records
        columns = [column.numbers(list(map(get, some))) for get, column in self._getters]
        keywords = self._view.keywords
        if keywords is not None:
            columns.append(list(map(keywords.of, map(self._told, some))))
        keys = list(zip(*columns, strict=True)) if columns else [()] * len(some)
        results: list[Any] = list(map(self._memo.get, keys))
        if None in results:
            for place, result in enumerate(results):
                if result is None:
                    results[place] = self._judged(keys[place])
        for place, (sure, open_) in enumerate(results):
            if sure or open_:
                row = rows[place]
                for rule in sure:
                    yield row, rule
                for rule, true in open_:
                    if self._view.plan.refers(rule, true, records[row], self.names):
                        yield row, rule

    def _judged(self, key: tuple[int, ...]) -> Result:
        known = self._memo.get(key)
        if known is None:
            known = self._judge(key)
            if len(self._memo) >= ROWS:
                self._memo.clear()
            self._memo[key] = known
        return known

    def _judge(self, key: tuple[int, ...]) -> Result:
        view = self._view
        asked = view.always | view.witnessed(self._base)
        for column, number in zip(self._columns, key, strict=True):
            if number:
                some = column.asked[number]
                if some is None:
                    some = column.asked[number] = view.witnessed(column.meanings[number])
                if some:
                    asked |= some
        if not asked:
            return (), ()
        meanings = [column.meanings[number] for column, number in zip(self._columns, key, strict=True) if number]
        return view.judge(asked, self._base.union(*meanings))


def _values(names: Sequence[str]) -> Callable[[Record], Sequence[Value]]:
    return lambda record: [record[name] for name in names]
