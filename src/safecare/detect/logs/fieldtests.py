"""All tests of one field together: a value is looked at once, and the numbers of the tests that it passes come back."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from safecare.detect.logs.rule import MANY, ONE, REFERENCES, STRINGS, Check
from safecare.detect.logs.scan import HyperScanner, Pattern, scanner
from safecare.detect.logs.values import Judge, Value, as_address, elements, judge, readable


class _Unsure(NamedTuple):
    """What makes sure of a test that a scan finds too often; `lowered`: in text in lower case."""

    passes: Judge
    lowered: bool


class FieldTests:
    """The tests of one field by number. `compiled`: what `dump` gave for the same tests before."""

    def __init__(self, tests: Mapping[int, Check], compiled: bytes = b"") -> None:
        """Sort `tests` by how they are best asked."""
        self.null = frozenset(number for number, test in tests.items() if test.kind == "null")
        self.exists = frozenset(number for number, test in tests.items() if test.kind == "exists")
        self._always = [number for number, test in tests.items() if test.kind in ("filled", "exists")]
        self._equal: dict[str, list[int]] = {}
        self._equal_cased: dict[str, list[int]] = {}
        self._networks: list[tuple[int, int, int, int]] = []
        self._each: list[tuple[int, Judge]] = []
        patterns: list[Pattern] = []
        for number, test in sorted(tests.items()):
            self._file(number, test, patterns)
        self._scanner = scanner(patterns, compiled) if patterns else None
        unsure = {number for number, test in tests.items() if test.kind == "glob"}
        self._confirm = {
            number: _Unsure(judge(tests[number]), tests[number].kind in STRINGS and not tests[number].cased)
            for number in (unsure | self._scanner.unsure if self._scanner is not None else ())
        }
        self._plain = not any((self._always, self._equal_cased, self._networks, self._each))

    def _file(self, number: int, test: Check, patterns: list[Pattern]) -> None:
        value = readable(test.value)
        match test.kind:
            case "equals":
                (self._equal_cased if test.cased else self._equal).setdefault(value, []).append(number)
            case "contains":
                patterns.append(Pattern(number, value, "any", test.cased))
            case "starts":
                patterns.append(Pattern(number, value, "start", test.cased))
            case "ends":
                patterns.append(Pattern(number, value, "end", test.cased))
            case "glob":
                run = max(value.replace(ONE, MANY).split(MANY), key=len)
                patterns.append(Pattern(number, run, "any", test.cased))
            case "regex":
                patterns.append(Pattern(number, value, "regex", True))
            case "cidr":
                net = ipaddress.ip_network(value, strict=False)
                self._networks.append((number, net.version, int(net.network_address), int(net.netmask)))
            case "null" | "exists" | "filled":
                pass
            case _:
                self._each.append((number, judge(test)))

    def dump(self) -> bytes:
        """Return the compiled automaton."""
        return self._scanner.dump() if isinstance(self._scanner, HyperScanner) else b""

    def passed(self, value: Value) -> frozenset[int]:
        """Return the numbers of the tests that `value`, of a field that is there, passes."""
        if type(value) is str:
            return self.confirmed(frozenset(self.candidates(value)), value)
        found: set[int] = set(self.exists)
        for one in elements(value):
            found |= self.null if one is None else self.passed(str(one))
        return frozenset(found)

    def candidates(self, text: str) -> list[int]:
        """Return numbers of tests that `text` may pass: all that it does, and some of which `confirmed` makes sure."""
        if not text.isascii():
            text = readable(text)
        hits = self._scanner.scan(text) if self._scanner is not None else []
        if self._equal and (some := self._equal.get(text.lower())):
            hits += some
        if not self._plain:
            self._others(text, hits)
        return hits

    def _others(self, text: str, hits: list[int]) -> None:
        hits += self._always
        if text in self._equal_cased:
            hits += self._equal_cased[text]
        if self._networks and (address := as_address(text)) is not None:
            whole, version = int(address), address.version
            hits += (
                number for number, kind, network, mask in self._networks if kind == version and whole & mask == network
            )
        if self._each:
            hits += [number for number, passes in self._each if passes(text)]

    def confirmed(self, hits: frozenset[int], text: str) -> frozenset[int]:
        """Return those of the candidates `hits` that `text` does pass."""
        unsure = self._confirm
        if not unsure or unsure.keys().isdisjoint(hits):
            return hits
        text = readable(text)
        lowered = text.lower()
        return frozenset(
            number
            for number in hits
            if (test := unsure.get(number)) is None or test.passes(lowered if test.lowered else text)
        )


def of_fields(tests: Sequence[Check], compiled: Mapping[str, bytes] | None = None) -> dict[str, FieldTests]:
    """Return the tests of each field by their place in `tests`, but for those that refer to other fields."""
    by: dict[str, dict[int, Check]] = {}
    for number, test in enumerate(tests):
        if test.kind not in REFERENCES:
            by.setdefault(test.field, {})[number] = test
    given = compiled or {}
    return {field: FieldTests(some, given.get(field, b"")) for field, some in by.items()}
