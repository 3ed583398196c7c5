"""pySigma's condition trees to tests and branches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from safecare.detect.logs.rule import MANY, ONE, STRINGS, Branch, Check, Kind, Node

if TYPE_CHECKING:
    from sigma.types import SigmaString, SigmaType

NODES = 20_000
"""Most tests of one rule, with all their variants (chosen: the largest of SigmaHQ's rules has 4,700)."""


class UnsupportedError(ValueError):
    """Something of Sigma that this engine does not do; `key` is the field, or part of the rule, that it is about."""

    def __init__(self, reason: str, key: str = "") -> None:
        """Keep reason and key."""
        super().__init__(reason)
        self.key = key


class Converter:
    """Turns condition trees into ours. `expand`: values of placeholders."""

    def __init__(self, expand: Mapping[str, Sequence[str]]) -> None:
        """Keep the placeholders' values."""
        self._expand = expand
        self._numbers: dict[Check, int] = {}

    def rule(self, trees: Sequence[Any]) -> tuple[tuple[Check, ...], Node]:
        """Return the tests of a rule and the function of them; several conditions mean any of them."""
        self._numbers = {}
        parts = tuple(self._node(tree) for tree in trees)
        when = parts[0] if len(parts) == 1 else Branch("any", parts)
        return tuple(self._numbers), when

    def _node(self, tree: Any) -> Node:
        from sigma import conditions

        match tree:
            case conditions.ConditionFieldEqualsValueExpression(field=field, value=value):
                return self._value(field, value)
            case conditions.ConditionValueExpression(value=value):
                return self._value("", value)
            case conditions.ConditionNOT(args=[part]):
                return Branch("not", (self._node(part),))
            case conditions.ConditionAND(args=args):
                return _joined("all", [self._node(part) for part in args])
            case conditions.ConditionOR(args=args):
                return _joined("any", [self._node(part) for part in args])
        raise UnsupportedError(f"a condition that is a {type(tree).__name__}; it may be empty", "condition")

    def _value(self, field: str, value: SigmaType) -> Node:
        from sigma import types

        match value:
            case types.SigmaExpansion(values=values):
                return _joined("any", [self._value(field, one) for one in values])
            case types.SigmaCasedString():
                return self._string(field, value, cased=True)
            case types.SigmaString():
                return self._string(field, value, cased=False)
            case types.SigmaTimestampPart(timestamp_part=part, number=number):
                kind: Any = part.name.lower()
                return self._test(field, kind, str(number))
            case types.SigmaNumber(number=number):
                return self._test(field, "equals" if field else "contains", str(number))
            case types.SigmaBool(boolean=truth):
                return self._test(field, "equals" if field else "contains", "true" if truth else "false")
            case types.SigmaNull():
                return self._test(field, "null")
            case types.SigmaExists(exists=wanted):
                there = self._test(field, "exists")
                return there if wanted else Branch("not", (there,))
            case types.SigmaRegularExpression():
                return self._test(field, "regex", _regex(value), cased=True)
            case types.SigmaCIDRExpression(network=network):
                return self._test(field, "cidr", str(network))
            case types.SigmaCompareExpression(number=number, op=op):
                compare: Any = op.name.lower()
                return self._test(field, compare, str(number.number))
            case types.SigmaFieldReference(field=other, starts_with=starts, ends_with=ends):
                kinds: dict[tuple[bool, bool], Kind] = {
                    (False, False): "same",
                    (True, False): "same_start",
                    (False, True): "same_end",
                    (True, True): "same_part",
                }
                return self._test(field, kinds[starts, ends], other)
        raise UnsupportedError(f"a value that is a {type(value).__name__}", field)

    def _string(self, field: str, value: SigmaString, *, cased: bool) -> Node:
        from sigma import types

        if value.contains_placeholder():
            names = [part.name for part in value.s if isinstance(part, types.Placeholder)]
            if missing := [name for name in names if name not in self._expand]:
                raise UnsupportedError(f"the placeholder %{missing[0]}%, for which no values are given", field)
            filled = value.replace_placeholders(lambda part: iter(self._expand[part.name]))
            return _joined("any", [self._string(field, one, cased=cased) for one in filled])
        special = {types.SpecialChars.WILDCARD_SINGLE: ONE, types.SpecialChars.WILDCARD_MULTI: MANY}
        parts = [special[part] if isinstance(part, types.SpecialChars) else str(part) for part in value.s]
        kind, text = _shape("".join(parts), keyword=not field)
        return self._test(
            field,
            kind,
            text if cased else text.lower(),
            cased=cased and kind in STRINGS,
        )

    def _test(self, field: str, kind: Kind, value: str = "", *, cased: bool = False) -> int:
        if not field and kind not in {"contains", "glob", "regex", "filled"}:
            raise UnsupportedError(f"a test of kind {kind} without a field")
        if len(self._numbers) >= NODES:
            raise UnsupportedError(f"more than {NODES} tests in one rule")
        return self._numbers.setdefault(Check(field, kind, value, cased), len(self._numbers))


def _joined(op: Any, parts: list[Node]) -> Node:
    """Return a branch over `parts`, flat where a part is a branch of the same kind."""
    flat: list[Node] = []
    for part in parts:
        flat += part.parts if isinstance(part, Branch) and part.op == op else (part,)
    return flat[0] if len(flat) == 1 else Branch(op, tuple(dict.fromkeys(flat)))


def _shape(text: str, *, keyword: bool) -> tuple[Kind, str]:
    """Return the simplest kind of test that a string with wildcards is. A keyword may stand anywhere in a value."""
    if keyword:
        text = f"{MANY}{text}{MANY}"
    bare = text.strip(MANY)
    if not bare:
        return ("filled", "") if text else ("equals", "")
    if ONE in bare or MANY in bare:
        start, end = text.startswith(MANY), text.endswith(MANY)
        return "glob", f"{MANY if start else ''}{bare}{MANY if end else ''}"
    kinds: dict[tuple[bool, bool], Kind] = {
        (False, False): "equals",
        (True, True): "contains",
        (False, True): "starts",
        (True, False): "ends",
    }
    return kinds[text.startswith(MANY), text.endswith(MANY)], bare


def _regex(value: Any) -> str:
    flags = "".join(sorted(value.sigma_to_re_flag[flag] for flag in value.flags))
    return f"(?{flags}){value.regexp}" if flags else str(value.regexp)
