"""A rule set made ready: every distinct test has one number, every rule is a function of the tests that hold."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from itertools import combinations
from typing import Any

import msgspec

from safecare.detect.logs.fieldtests import of_fields
from safecare.detect.logs.rule import REFERENCES, STRINGS, Branch, Check, Node, Rule, RuleSet
from safecare.detect.logs.sources import DECLARED, sources_for
from safecare.detect.logs.values import Judge, Value, elements, judge, readable

Truth = Callable[[frozenset[int]], bool]
Record = Mapping[str, Value]

USUAL = {
    "filled": 1000.0,
    "exists": 1000.0,
    "null": 1000.0,
    "neq": 1000.0,
    "regex": 50.0,
    "cidr": 20.0,
    "contains": 10.0,
}
"""How often tests of a kind hold before anything was seen, in no unit: only the order counts (chosen)."""
MANY_REFERENCES = 6
"""References in one rule above which it is asked of each record (chosen: 64 ways of holding are tried at most)."""
RARE = 5.0
"""The same for all other kinds."""


class Compiled(msgspec.Struct, frozen=True):
    """What is kept of a plan between two starts."""

    rules: RuleSet
    automata: dict[str, bytes] = {}


class Plan:
    """The rules of a set, ready to be asked."""

    def __init__(self, compiled: Compiled) -> None:
        """Make the plan, with the automata of `compiled` where they fit."""
        self.set = compiled.rules
        self.rules: tuple[Rule, ...] = compiled.rules.rules
        numbers: dict[Check, int] = {}
        self.numbers: list[tuple[int, ...]] = [
            tuple(numbers.setdefault(test, len(numbers)) for test in rule.tests) for rule in self.rules
        ]
        self.tests: tuple[Check, ...] = tuple(numbers)
        self.references: dict[int, tuple[int, ...]] = {
            place: some
            for place, numbers_ in enumerate(self.numbers)
            if (some := tuple(number for number in numbers_ if self.tests[number].kind in REFERENCES))
        }
        """By rule: its tests that compare one field with another."""
        self.fields = of_fields(self.tests, compiled.automata)
        self.sources = sources_for([rule.source for rule in self.rules])
        self._functions: dict[int, Truth] = {}
        self._judges: dict[int, Judge] = {}

    def dump(self) -> Compiled:
        """Return what makes the same plan faster."""
        automata = {field: some for field, tests in self.fields.items() if (some := tests.dump())}
        return Compiled(self.set, automata)

    def function(self, rule: int) -> Truth:
        """Return rule number `rule` as a function of the tests that hold."""
        known = self._functions.get(rule)
        if known is None:
            known = self._functions[rule] = _truth(self.rules[rule].when, self.numbers[rule])
        return known

    def depends(self, rule: int, true: frozenset[int]) -> bool:
        """Tell whether `rule` may turn with its references, when of the other tests exactly `true` hold."""
        some = self.references[rule]
        holds = self.function(rule)
        if len(some) > MANY_REFERENCES:
            return True
        subsets = (true.union(part) for size in range(1, len(some) + 1) for part in combinations(some, size))
        first = holds(true)
        return any(holds(subset) is not first for subset in subsets)

    def refers(self, rule: int, true: frozenset[int], record: Record, names: Mapping[str, str]) -> bool:
        """Tell whether `rule` holds for `record`, of whose other tests exactly `true` hold."""
        held = [number for number in self.references[rule] if self._tested(number, record, names) is not None]
        return self.function(rule)(true.union(held))

    def witnesses(
        self, rule: int, seen: Mapping[int, int], among: Container[int] | None = None
    ) -> tuple[int, ...] | None:
        """Return tests (`among` these only) of which at least one holds whenever the rule does; None without such.

        Of several possible sets the one is taken that by `seen` (how often each test held) holds least.
        """
        weights = {
            place: _weight(self.tests[number], seen.get(number, 0))
            for place, number in enumerate(self.numbers[rule])
            if (among is None or number in among) and self.tests[number].kind not in REFERENCES
        }
        found = _witness(self.rules[rule].when, self.numbers[rule], weights, positive=True)
        return found[1] if found else None

    def holds(self, rule: int, record: Record, names: Mapping[str, str]) -> bool:
        """Ask all of one rule of one record: slow, and the meaning of all that is faster."""
        return self._asked(rule, self.rules[rule].when, record, names) is not None

    def evidence(self, rule: int, record: Record, names: Mapping[str, str]) -> dict[str, Value]:
        """Return the record's fields that made the rule hold, by their name in the record."""
        found = self._asked(rule, self.rules[rule].when, record, names) or []
        return {key: record.get(key) for key in dict.fromkeys(found)}

    def _asked(self, rule: int, node: Node, record: Record, names: Mapping[str, str]) -> list[str] | None:
        """Return the fields that make `node` hold; None when it does not."""
        if isinstance(node, int):
            return self._tested(self.numbers[rule][node], record, names)
        parts = [self._asked(rule, part, record, names) for part in node.parts]
        if node.op == "not":
            return [] if parts[0] is None else None
        held = [part for part in parts if part is not None]
        if (not held and node.op == "any") or (len(held) < len(parts) and node.op == "all"):
            return None
        return [key for part in held for key in part]

    def _tested(self, number: int, record: Record, names: Mapping[str, str]) -> list[str] | None:
        test = self.tests[number]
        if not test.field:
            found = [key for key, value in record.items() if key not in DECLARED and self.passes(number, value)]
            return found or None
        key = names.get(test.field, test.field)
        if key not in record:
            return [key] if test.kind == "null" else None
        if test.kind in REFERENCES:
            other = names.get(test.value, test.value)
            return [key, other] if other in record and _refers(test, record[key], record[other]) else None
        return [key] if self.passes(number, record[key]) else None

    def passes(self, number: int, value: Value) -> bool:
        """Tell whether `value`, of a field that is there, passes test `number`."""
        test = self.tests[number]
        if test.kind == "exists":
            return True
        passes = self._judges.get(number)
        if passes is None:
            passes = self._judges[number] = judge(test)
        lowered = test.kind in STRINGS and not test.cased
        for one in elements(value):
            text = readable(str(one))
            if one is None:
                if test.kind == "null":
                    return True
            elif passes(text.lower() if lowered else text):
                return True
        return False


def _refers(test: Check, value: Value, other: Value) -> bool:
    texts = [(str(a).lower(), str(b).lower()) for a in elements(value) for b in elements(other) if None not in (a, b)]
    if test.kind == "same_start":
        return any(a.startswith(b) for a, b in texts)
    if test.kind == "same_end":
        return any(a.endswith(b) for a, b in texts)
    if test.kind == "same_part":
        return any(b in a for a, b in texts)
    return any(a == b for a, b in texts)


def _truth(node: Node, numbers: tuple[int, ...]) -> Truth:
    if isinstance(node, int):
        number = numbers[node]
        return lambda true: number in true
    own = frozenset(numbers[part] for part in node.parts if isinstance(part, int))
    deeper = [_truth(part, numbers) for part in node.parts if isinstance(part, Branch)]
    if node.op == "not":
        inner = deeper[0] if deeper else _truth(node.parts[0], numbers)
        return lambda true: not inner(true)
    if node.op == "all":
        return lambda true: own <= true and all(part(true) for part in deeper)
    return lambda true: not own.isdisjoint(true) or any(part(true) for part in deeper)


Weighed = tuple[float, tuple[int, ...]]


def _weight(test: Check, seen: int) -> float:
    return seen * 1e6 + USUAL.get(test.kind, RARE) / (1 + len(test.value))


def _witness(node: Node, numbers: tuple[int, ...], weights: Mapping[int, float], *, positive: bool) -> Weighed | None:
    """Return weight and numbers of the tests of which one must hold for `node` to be `positive`; None if none must.

    `weights`, by the rule's own numbers, has the tests that may be taken.
    """
    if isinstance(node, int):
        return (weights[node], (numbers[node],)) if positive and node in weights else None
    if node.op == "not":
        return _witness(node.parts[0], numbers, weights, positive=not positive)
    parts = [_witness(part, numbers, weights, positive=positive) for part in node.parts]
    if (node.op == "all") is positive:
        return min((part for part in parts if part), default=None)
    some: list[Any] = [part for part in parts if part]
    if len(some) < len(parts):
        return None
    return sum(part[0] for part in some), tuple(number for part in some for number in part[1])
