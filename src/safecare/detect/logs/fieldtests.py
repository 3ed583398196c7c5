"""All tests of one field together: a value is looked at once, and the numbers of the tests that it passes come back."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from typing import Any

from safecare.detect.logs.rule import MANY, ONE, REFERENCES, Check
from safecare.detect.logs.scan import HyperScanner, Pattern, Scanner, scanner, surely_the_same
from safecare.detect.logs.values import Judge, Value, as_address, elements, judge
from safecare.model.plugins import lacking

NONE = frozenset[int]()


class FieldTests:
    """The tests of one field by number. `compiled`: what `dump` gave for the same tests before."""

    def __init__(self, tests: Mapping[int, Check], compiled: Mapping[str, bytes] | None = None) -> None:
        """Sort `tests` by how they are best asked."""
        self.null = frozenset(number for number, test in tests.items() if test.kind == "null")
        self.exists = frozenset(number for number, test in tests.items() if test.kind == "exists")
        self._always = [number for number, test in tests.items() if test.kind in ("filled", "exists")]
        self._equal: dict[str, list[int]] = {}
        self._equal_cased: dict[str, list[int]] = {}
        self._networks: list[tuple[int, int, int, int]] = []
        self._confirm: dict[int, Judge] = {}
        self._each: list[tuple[int, Judge]] = []
        patterns: dict[str, list[Pattern]] = {"lower": [], "cased": [], "regex": []}
        for number, test in sorted(tests.items()):
            self._file(number, test, patterns)
        given = compiled or {}
        self._scanners = {name: scanner(some, given.get(name, b"")) for name, some in patterns.items() if some}
        self._lower, self._cased, self._regex = (self._scanners.get(name) for name in ("lower", "cased", "regex"))
        rest = (self._always, self._equal_cased, self._cased, self._regex, self._networks, self._each)
        self._plain = not any(rest)

    def _file(self, number: int, test: Check, patterns: Mapping[str, list[Pattern]]) -> None:
        scanned = patterns["cased" if test.cased else "lower"]
        match test.kind:
            case "equals":
                (self._equal_cased if test.cased else self._equal).setdefault(test.value, []).append(number)
            case "contains":
                scanned.append(Pattern(number, test.value))
            case "starts":
                scanned.append(Pattern(number, test.value, "start"))
            case "ends":
                scanned.append(Pattern(number, test.value, "end"))
            case "glob":
                run = max(test.value.replace(ONE, MANY).split(MANY), key=len)
                self._confirm[number] = judge(test)
                scanned.append(Pattern(number, run))
            case "regex":
                if lacking(("hyperscan",)) or not surely_the_same(test.value):
                    self._confirm[number] = judge(test)
                patterns["regex"].append(Pattern(number, test.value, "regex"))
            case "cidr":
                net = ipaddress.ip_network(test.value, strict=False)
                self._networks.append((number, net.version, int(net.network_address), int(net.netmask)))
            case "null" | "exists" | "filled":
                pass
            case _:
                self._each.append((number, judge(test)))

    def dump(self) -> dict[str, bytes]:
        """Return the compiled automata, by name."""
        return {name: one.dump() for name, one in self._scanners.items() if isinstance(one, HyperScanner)}

    def passed(self, value: Value) -> frozenset[int]:
        """Return the numbers of the tests that `value`, of a field that is there, passes."""
        if type(value) is str:
            return self.in_text(value)
        found: set[int] = set(self.exists)
        for one in elements(value):
            found |= self.null if one is None else self.in_text(str(one))
        return frozenset(found)

    def in_text(self, text: str) -> frozenset[int]:
        """Return the numbers of the tests that `text` passes."""
        lowered = text.lower()
        hits = self._scanned(self._lower, lowered) if self._lower is not None else []
        if lowered in self._equal:
            hits += self._equal[lowered]
        if not self._plain:
            self._others(text, hits)
        return frozenset(hits) if hits else NONE

    def _others(self, text: str, hits: list[int]) -> None:
        hits += self._always
        if text in self._equal_cased:
            hits += self._equal_cased[text]
        if self._cased is not None:
            hits += self._scanned(self._cased, text)
        if self._regex is not None:
            hits += self._scanned(self._regex, text)
        if self._networks and (address := as_address(text)) is not None:
            whole, version = int(address), address.version
            hits += (
                number for number, kind, network, mask in self._networks if kind == version and whole & mask == network
            )
        if self._each:
            hits += [number for number, passes in self._each if passes(text)]

    def _scanned(self, by: Scanner, text: str) -> list[int]:
        hits = by.scan(text)
        confirm = self._confirm
        if confirm and hits and not confirm.keys().isdisjoint(hits):
            return [number for number in hits if number not in confirm or confirm[number](text)]
        return hits


def of_fields(tests: Sequence[Check], compiled: Mapping[str, Any] | None = None) -> dict[str, FieldTests]:
    """Return the tests of each field by their place in `tests`, but for those that refer to other fields."""
    by: dict[str, dict[int, Check]] = {}
    for number, test in enumerate(tests):
        if test.kind not in REFERENCES:
            by.setdefault(test.field, {})[number] = test
    given = compiled or {}
    return {field: FieldTests(some, given.get(field)) for field, some in by.items()}
