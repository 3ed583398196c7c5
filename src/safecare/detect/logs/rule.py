"""A Sigma rule as the engine wants it: tests on fields, and a Boolean function of them.

Source: Sigma specification 2.1 (rules, modifiers, correlations). Strings compare without regard to case unless a
modifier says otherwise; ``*`` stands for any characters, ``?`` for one.
"""

from __future__ import annotations

from typing import Literal

import msgspec

ONE, MANY = "\ufdd0", "\ufdd1"
"""How the wildcards ``?`` and ``*`` stand in the value of a ``glob`` test: noncharacters (Unicode 23.7), which no
rule can mean."""

Kind = Literal[
    "equals", "contains", "starts", "ends", "glob",  # strings
    "filled", "null", "exists",  # presence
    "regex", "cidr", "lt", "lte", "gt", "gte", "neq",
    "minute", "hour", "day", "week", "month", "year",  # parts of a time
    "same", "same_start", "same_end", "same_part",  # the value of another field
]  # fmt: skip
STRINGS = frozenset({"equals", "contains", "starts", "ends", "glob"})
REFERENCES = frozenset({"same", "same_start", "same_end", "same_part"})

LEVELS = {"informational": 10, "low": 25, "medium": 45, "high": 65, "critical": 85}
"""Severity (0-100) of Sigma's levels. Chosen: one match of a high rule opens an incident, one of a medium does not."""


class Check(msgspec.Struct, frozen=True, array_like=True):
    """One test of one field; `field` is empty for a keyword, which may stand in any value.

    `value` is in lower case unless `cased`; for ``regex`` it is the expression with its flags in front, for the
    references the name of the other field.
    """

    field: str
    kind: Kind
    value: str = ""
    cased: bool = False


class Branch(msgspec.Struct, frozen=True, array_like=True):
    """``all`` or ``any`` of `parts`, or ``not`` its only part."""

    op: Literal["all", "any", "not"]
    parts: tuple[int | Branch, ...]


Node = int | Branch
"""A test by its number, or a branch."""


class LogSource(msgspec.Struct, frozen=True, array_like=True):
    """Which logs a rule is about; what is empty is left open."""

    product: str = ""
    category: str = ""
    service: str = ""

    def __str__(self) -> str:
        """Return the filled parts, as rules write them."""
        parts = zip(self.__struct_fields__, msgspec.structs.astuple(self), strict=True)
        return ", ".join(f"{name}: {value}" for name, value in parts if value)


class Rule(msgspec.Struct, frozen=True):
    """One rule. Numbers in `when` stand for `tests`."""

    id: str
    title: str
    level: str
    tags: tuple[str, ...]
    source: LogSource
    tests: tuple[Check, ...]
    when: Node
    file: str
    line: int
    name: str = ""
    silent: bool = False
    """True when only correlations may speak of its matches."""

    @property
    def techniques(self) -> tuple[str, ...]:
        """MITRE ATT&CK technique ids of the tags."""
        return _techniques(self.tags)


class Correlation(msgspec.Struct, frozen=True):
    """A Sigma correlation over matches of `rules` (ids) within `seconds`, by the values of `group_by`."""

    id: str
    title: str
    level: str
    tags: tuple[str, ...]
    type: Literal["event_count", "value_count", "temporal", "temporal_ordered"]
    rules: tuple[str, ...]
    group_by: tuple[str, ...]
    seconds: int
    op: Literal["gt", "gte", "eq"]
    count: int
    file: str
    line: int
    field: str = ""
    """Field whose distinct values ``value_count`` counts."""
    aliases: dict[str, dict[str, str]] = {}
    """By alias of a group field: rule id to the field's name there."""

    @property
    def techniques(self) -> tuple[str, ...]:
        """MITRE ATT&CK technique ids of the tags."""
        return _techniques(self.tags)


def _techniques(tags: tuple[str, ...]) -> tuple[str, ...]:
    marked = (tag.removeprefix("attack.").upper() for tag in tags if tag.startswith("attack.t"))
    return tuple(tag for tag in marked if tag[1:2].isdigit())


class Problem(msgspec.Struct, frozen=True):
    """What is wrong with a rule file, and where. An ``error`` leaves the rule out, a ``warning`` does not."""

    file: str
    line: int
    reason: str
    level: Literal["error", "warning"] = "error"

    def __str__(self) -> str:
        """Return it as compilers write it."""
        return f"{self.file}:{self.line}: {self.level}: {self.reason}"


class RuleSet(msgspec.Struct, frozen=True):
    """All rules that can be used, and everything that is wrong with the others."""

    rules: tuple[Rule, ...] = ()
    correlations: tuple[Correlation, ...] = ()
    problems: tuple[Problem, ...] = ()
