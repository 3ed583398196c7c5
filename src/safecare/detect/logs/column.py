"""One field of one kind of record: what its values mean to the rules, as small numbers.

Of the tests that a value passes only those count that some rule still asks about. A rule that cannot hold with this
value, whatever the other fields are, asks nothing: none of the tests of this field of which at least one must hold for
it does. So values that differ only in what no rule can use mean the same, and a row of numbers comes back more often.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from safecare.detect.logs.fieldtests import FieldTests
from safecare.detect.logs.plan import Plan
from safecare.detect.logs.rule import MANY, Check
from safecare.detect.logs.values import Value, elements

VALUES = 100_000
"""Most values that are remembered of one column. Chosen: some 10 MB."""
ALIVE = 1_000
"""Most sets of tests or witnesses of which is remembered what they keep alive (chosen: common ones are some dozens)."""
LONG = 4_096
"""Characters above which a value is not remembered (chosen: nearly all that repeat are shorter)."""
LEARN = 500
"""Sets of tests after which witnesses are chosen anew, then at each doubling (measured: 2,000 is no better)."""
SAMPLE = 16
"""Of so many sets one is counted after the first `LEARN` (chosen: counting costs as much as judging)."""
BREAK = "\x1f"
"""What stands between values when keywords are looked for in all of a record: the unit separator of ASCII."""


class Sample:
    """How often each test was seen to hold."""

    def __init__(self) -> None:
        """Begin with none seen."""
        self.seen: Counter[int] = Counter()
        self._count = 0
        self._next = LEARN

    def full(self, true: Iterable[int]) -> bool:
        """Take in that the tests `true` hold; tell whether enough was seen since to choose witnesses anew."""
        self._count += 1
        if self._count < LEARN or not self._count % SAMPLE:
            self.seen.update(true)
            if self._count >= self._next:
                self._next = 2 * self._count
                return True
        return False


class Column:
    """One field under the rules of one kind of record; number 0 means that nothing of interest holds."""

    def __init__(self, plan: Plan, rules: Sequence[int], wanted: frozenset[int], tests: FieldTests) -> None:
        """Know `tests` of the field, of which the `rules` ask the `wanted` ones."""
        self._plan = plan
        self._tests = tests
        self._wanted = wanted
        self.cache: dict[Value, int] = {}
        self.meanings: list[frozenset[int]] = [frozenset()]
        self.asked: list[frozenset[int] | None] = [frozenset()]
        """By number: the rules of which a witness is among the tests that hold; None where not yet worked out."""
        self._numbers: dict[frozenset[int], int] = {frozenset(): 0}
        self._asks = {rule: some for rule in rules if (some := wanted.intersection(plan.numbers[rule]))}
        """By rule: its tests of this field."""
        self._sample = Sample()
        self._witnesses: dict[int, list[int]] = {}
        self._witnessing: frozenset[int] = frozenset()
        self._free: frozenset[int] = frozenset()
        """Tests of rules that may hold though none of their tests of this field does."""
        self._alive: dict[frozenset[int], frozenset[int]] = {}
        """By witnesses that hold: the tests of the rules that may hold then."""
        self._kept: dict[tuple[int, ...], frozenset[int]] = {}
        """By tests that may hold, as they were found: those of interest."""
        self._choose()

    def _choose(self) -> None:
        """Choose, for each rule, the tests of this field of which one must hold; by what was seen, the rarest."""
        self._witnesses, self._alive, self._kept, free = {}, {}, {}, set[int]()
        for rule, tests in self._asks.items():
            some = self._plan.witnesses(rule, self._sample.seen, tests)
            if some is None:
                free |= tests
            for number in some or ():
                self._witnesses.setdefault(number, []).append(rule)
        self._free, self._witnessing = frozenset(free), frozenset(self._witnesses)

    def numbers(self, values: Sequence[Value]) -> list[int]:
        """Return the number of each value."""
        found: list[Any] = list(map(self.cache.get, values))
        if None in found:
            learned: dict[Value, int] = {}  # of long ones, too, which the cache does not hold
            for place, number in enumerate(found):
                if number is None:
                    value = values[place]
                    known = learned.get(value)
                    found[place] = learned.setdefault(value, self._learn(value)) if known is None else known
        return found

    def number(self, meaning: frozenset[int]) -> int:
        """Return the number of a set of tests."""
        number = self._numbers.get(meaning)
        if number is None:
            number = self._numbers[meaning] = len(self.meanings)
            self.meanings.append(meaning)
            self.asked.append(None)
        return number

    def of_interest(self, hits: Collection[int]) -> frozenset[int]:
        """Return those of the tests `hits` that a rule asks about which may hold; `hits` may hold too many."""
        key = tuple(hits)  # values that differ pass the same tests again and again
        kept = self._kept.get(key)
        if kept is None:
            if len(self._kept) >= ALIVE:
                self._kept.clear()
            kept = self._kept[key] = self._of_interest(hits)
        return kept

    def _of_interest(self, hits: Collection[int]) -> frozenset[int]:
        if self._sample.full(hits):
            self._choose()
        kept = self._free.intersection(hits)
        held = self._witnessing.intersection(hits)
        if not held:
            return kept
        alive = self._alive.get(held)
        if alive is None:
            if len(self._alive) >= ALIVE:
                self._alive.clear()
            rules = {rule for number in held for rule in self._witnesses[number]}
            alive = self._alive[held] = frozenset().union(*map(self._asks.__getitem__, rules))
        return kept.union(alive.intersection(hits))

    def _learn(self, value: Value) -> int:
        number = 0
        if type(value) is str:
            if (hits := self._tests.candidates(value)) and (kept := self.of_interest(hits)):
                number = self.number(self._tests.confirmed(kept, value))
        elif passed := self._tests.passed(value):
            number = self.number(self.of_interest(passed))
        if not isinstance(value, str) or len(value) <= LONG:
            if len(self.cache) >= VALUES:
                self.cache.clear()
            self.cache[value] = number
        return number


class Keywords(Column):
    """Tests that may hold for any value of a record. They are looked for in all of it at once, then made sure of."""

    def __init__(self, plan: Plan, rules: Sequence[int], wanted: frozenset[int]) -> None:
        """Know the keywords `wanted` of the `rules`."""
        some = {number: plan.tests[number] for number in wanted}  # few of all keywords
        super().__init__(plan, rules, wanted, FieldTests(some))
        self._apart = any(_anchored(test) for test in some.values())
        self._exact = frozenset(
            number for number, test in some.items() if test.kind == "contains" and BREAK not in test.value
        )

    def of(self, values: Sequence[Value]) -> int:
        """Return the number of a record with these values."""
        if self._apart:
            return self.number(frozenset().union(*(self.meanings[number] for number in self.numbers(values))))
        hits = self._tests.candidates(BREAK.join([one if type(one) is str else _text(one) for one in values]))
        if not hits:
            return 0
        kept = self.of_interest(hits)
        unsure = kept - self._exact
        if not unsure:
            return self.number(kept)
        return self.number((kept - unsure).union(n for n in unsure if any(self._plan.passes(n, one) for one in values)))


def _anchored(test: Check) -> bool:
    """Tell whether it matters to a keyword where a value begins and ends."""
    if test.kind == "glob":
        return not (test.value.startswith(MANY) and test.value.endswith(MANY))
    return test.kind == "regex"


def _text(value: Value) -> str:
    if type(value) is int:
        return str(value)
    return BREAK.join(str(one) for one in elements(value) if one is not None)
