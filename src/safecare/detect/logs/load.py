"""Rule files to rules, with pySigma as the parser. Every error of every file is gathered, none stops the others.

pySigma (LGPL-2.1) is used as an installed library, and only while rules are loaded: the matching is ours.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from safecare.detect.logs.convert import Converter, UnsupportedError
from safecare.detect.logs.rule import Correlation, LogSource, Problem, Rule, RuleSet
from safecare.detect.logs.usual import usual
from safecare.detect.logs.values import expression
from safecare.detect.logs.yamlplaces import Document, YamlPlaceError, documents

if TYPE_CHECKING:
    from sigma.correlations import SigmaCorrelationRule
    from sigma.filters import SigmaFilter
    from sigma.rule import SigmaRule

FILE_LIMIT = 1 << 20
"""Largest rule file, bytes (chosen: the largest of SigmaHQ's has 40 kB)."""

HARMLESS = frozenset(
    {"Author", "Date", "Description", "FalsePositives", "Fields", "Identifier", "Level", "License", "Modified", "Name"}
    | {"References", "Related", "Scope", "Status", "Tag", "Taxonomy", "Title"}
)
"""Parts of a rule, by the names of pySigma's errors, that matching does without: the rule is used, and warned of."""

PARTS = frozenset({"detection", "logsource", "correlation", "filter"})
"""Parts of which every rule has one."""
TYPES = frozenset({"event_count", "value_count", "temporal", "temporal_ordered"})
"""Kinds of Sigma correlations that are supported."""


def load(files: Iterable[tuple[str, bytes]], expand: Mapping[str, Sequence[str]] | None = None) -> RuleSet:
    """Read `files` (name and bytes). `expand` gives the values of placeholders (``%name%``)."""
    return _Loader(expand or {}).read(files)


class _Loader:
    def __init__(self, expand: Mapping[str, Sequence[str]]) -> None:
        from sigma.policy import SigmaPolicy

        self._policy = SigmaPolicy(regex_engine=cast("Any", _Regex()))
        self._convert = Converter(expand)
        self._problems: list[Problem] = []
        self._parsed: list[tuple[SigmaRule, Document, str]] = []
        self._correlations: list[tuple[SigmaCorrelationRule, Document, str]] = []
        self._filters: list[SigmaFilter] = []

    def read(self, files: Iterable[tuple[str, bytes]]) -> RuleSet:
        for name, raw in files:
            if len(raw) > FILE_LIMIT:
                self._tell(name, 1, f"{len(raw)} bytes are over the limit of {FILE_LIMIT}")
                continue
            try:
                for document in documents(raw):
                    self._document(name, document)
            except YamlPlaceError as error:
                self._tell(name, error.line, f"no YAML: {error}")
        rules = list(self._rules())
        names = {one.name: one for one in rules if one.name} | {one.id: one for one in rules}
        correlations = list(self._correlated(names))
        quiet = self._silenced(names)
        kept = (_silent(one) if one.id in quiet else one for one in rules)
        return RuleSet(
            tuple(kept), tuple(correlations), tuple(sorted(self._problems, key=lambda one: (one.file, one.line)))
        )

    def _tell_fault(self, name: str, document: Document, fault: Exception, level: Any) -> None:
        """Tell a fault that pySigma stopped at; if single items of the detection are at fault, each of them."""
        items = [] if type(fault).__name__ in PLACES else list(_faulty(document, self._policy))
        for line, reason in items or [(_line(document, fault), _said(fault))]:
            self._tell(name, line, reason, level)

    def _tell(self, file: str, line: int, reason: str, level: Any = "error") -> None:
        self._problems.append(Problem(file, line, reason, level))

    def _document(self, name: str, document: Document) -> None:
        from sigma.correlations import SigmaCorrelationRule
        from sigma.filters import SigmaFilter
        from sigma.rule import SigmaRule

        value = document.value
        if value is None:
            return
        if not isinstance(value, dict):
            self._tell(name, document.line(), "a rule must be a mapping of keys to values")
            return
        if PARTS.isdisjoint(value):
            self._tell(name, document.line(), f"no rule: it has none of {', '.join(sorted(PARTS))}", "warning")
            return
        for key, line in document.doubles:
            self._tell(name, line, f"the key {key} stands twice; only one of them can hold")
        if "action" in value:
            self._tell(name, document.line("action"), f"action: {value['action']} (old collections) is not supported")
            return
        if not isinstance(value.get("id", ""), str):
            self._tell(name, document.line("id"), f"the id must be text (a UUID), not {value['id']!r}")
            return
        kind: Any = SigmaCorrelationRule if "correlation" in value else SigmaFilter if "filter" in value else SigmaRule
        try:
            value = value | {"detection": usual(value["detection"])} if "detection" in value else value
            parsed = kind.from_dict(value, collect_errors=True, policy=self._policy)
            faults: list[Exception] = list(parsed.errors)
        except Exception as error:  # noqa: BLE001 - pySigma fails in many ways on odd values; each is told, none stops
            parsed, faults = None, [error]
        broken = bool(document.doubles)
        for fault in faults:
            harmless = type(fault).__name__.removeprefix("Sigma").removesuffix("Error") in HARMLESS
            broken = broken or not harmless
            self._tell_fault(name, document, fault, "warning" if harmless else "error")
        if broken:
            return
        if kind is SigmaRule:
            self._parsed.append((parsed, document, name))
        elif kind is SigmaFilter:
            self._filters.append(parsed)
        else:
            self._correlations.append((parsed, document, name))

    def _rules(self) -> Iterator[Rule]:
        """Yield the rules that can be used, filters applied; one id stands for one rule."""
        self._known = {str(rule.id): rule for rule, _, _ in self._parsed} | {
            rule.name: rule for rule, _, _ in self._parsed if rule.name
        }
        seen: dict[str, str] = {}
        for parsed, document, name in self._parsed:
            try:
                rule = self._rule(parsed, document, name)
            except UnsupportedError as error:
                self._tell(name, _line(document, error), f"not supported: {error}")
                continue
            except Exception as error:  # noqa: BLE001 - as above
                self._tell(name, _line(document, error), _said(error))
                continue
            if rule.id in seen:
                self._tell(name, document.line("id"), f"the id {rule.id} is already that of a rule in {seen[rule.id]}")
                continue
            seen[rule.id] = name
            yield rule

    def _rule(self, parsed: SigmaRule, document: Document, name: str) -> Rule:
        for one in self._filters:
            one.filter.rules = one.filter.rules if isinstance(one.filter.rules, str) else _resolved(one, self._known)
            parsed = one.apply_on_rule(parsed)  # type: ignore[assignment]
        tests, when = self._convert.rule([condition.parsed for condition in parsed.detection.parsed_condition])
        source = parsed.logsource
        return Rule(
            id=str(parsed.id or parsed.name or f"{name}:{document.line()}"),
            title=parsed.title or name,
            level=_level(parsed),
            tags=_tags(parsed),
            source=LogSource(source.product or "", source.category or "", source.service or ""),
            tests=tests,
            when=when,
            file=name,
            line=document.line(),
            name=parsed.name or "",
        )

    def _correlated(self, names: Mapping[str, Rule]) -> Iterator[Correlation]:
        for parsed, document, name in self._correlations:
            try:
                yield _correlation(parsed, document, name, names)
            except UnsupportedError as error:
                line = document.line("correlation", error.key) if error.key else document.line("correlation")
                self._tell(name, line, f"not supported: {error}")

    def _silenced(self, names: Mapping[str, Rule]) -> set[str]:
        """Return the ids of rules that a correlation without ``generate: true`` speaks for (specification, 2.1)."""
        told: set[str] = set()
        used: set[str] = set()
        for parsed, _, _ in self._correlations:
            ids = {names[one.reference].id for one in parsed.rules or () if one.reference in names}
            (told if parsed.generate else used).update(ids)
        return used - told


def _silent(rule: Rule) -> Rule:
    import msgspec

    return msgspec.structs.replace(rule, silent=True)


def _resolved(one: SigmaFilter, known: Mapping[str, Any]) -> Any:
    for reference in one.filter.rules:
        if not isinstance(reference, str) and reference.reference in known:
            reference.rule = known[reference.reference]
    return one.filter.rules


def _level(parsed: Any) -> str:
    return parsed.level.name.lower() if getattr(parsed.level, "name", None) else "medium"


def _tags(parsed: Any) -> tuple[str, ...]:
    return tuple(f"{tag.namespace}.{tag.name}" for tag in parsed.tags or ())


def _correlation(parsed: SigmaCorrelationRule, document: Document, name: str, names: Mapping[str, Rule]) -> Correlation:
    from sigma.correlations import SigmaCorrelationCondition

    kind: Any = parsed.type.name.lower()
    if kind not in TYPES:
        raise UnsupportedError(f"correlation of type {kind}; there are {', '.join(sorted(TYPES))}", "type")
    if parsed.rules is None or not isinstance(parsed.condition, SigmaCorrelationCondition):
        raise UnsupportedError("a condition that is an expression over rules", "condition")
    for one in parsed.rules:
        if one.reference not in names:
            raise UnsupportedError(f"rule {one.reference} is not there (or is a correlation itself)", "rules")
    field = parsed.condition.fieldref
    if isinstance(field, list):
        raise UnsupportedError("counting the values of several fields together", "condition")
    operator: Any = parsed.condition.op.name.lower()
    if operator not in {"gt", "gte", "eq"} and kind in {"event_count", "value_count"}:
        raise UnsupportedError(
            f"counting with {operator}: what has not come is no event; gt, gte and eq are", "condition"
        )
    aliases = {
        alias.alias: {
            names[rule.reference].id: target for rule, target in alias.mapping.items() if rule.reference in names
        }
        for alias in parsed.aliases
    }
    return Correlation(
        id=str(parsed.id or parsed.name or f"{name}:{document.line()}"),
        title=parsed.title or name,
        level=_level(parsed),
        tags=_tags(parsed),
        type=kind,
        rules=tuple(names[one.reference].id for one in parsed.rules),
        group_by=tuple(parsed.group_by or ()),
        seconds=parsed.timespan.seconds,
        op=operator,
        count=int(parsed.condition.count),
        file=name,
        line=document.line(),
        field=field or "",
        aliases=aliases,
    )


PLACES = {
    "SigmaLogsourceError": ("logsource",),
    "SigmaLevelError": ("level",),
    "SigmaStatusError": ("status",),
    "SigmaDateError": ("date",),
    "SigmaModifiedError": ("modified",),
    "SigmaTagError": ("tags",),
    "SigmaTitleError": ("title",),
    "SigmaIdentifierError": ("id",),
    "SigmaRelatedError": ("related",),
    "SigmaReferencesError": ("references",),
    "SigmaConditionError": ("detection", "condition"),
    "SigmaCorrelationTypeError": ("correlation", "type"),
    "SigmaTimespanError": ("correlation", "timespan"),
    "SigmaCorrelationConditionError": ("correlation", "condition"),
    "SigmaCorrelationRuleError": ("correlation",),
}
"""Part of the document that an error of pySigma is about, by its class."""


def _line(document: Document, error: Exception) -> int:
    """Return the line that `error` is about: that of the field that it names, else of its part of the rule."""
    place = PLACES.get(type(error).__name__)
    if place:
        return document.line(*place)
    if isinstance(error, UnsupportedError) and error.key:
        for path, line in document.lines.items():
            if len(path) > 2 and path[0] == "detection" and str(path[-1]).partition("|")[0] == error.key:
                return line
    return document.line("detection")


def _said(error: Exception) -> str:
    return str(error) or type(error).__name__


def _faulty(document: Document, policy: Any) -> Iterator[tuple[int, str]]:
    """Yield line and reason of each item of the detection that pySigma refuses by itself."""
    from sigma.rule.detection import SigmaDetectionItem

    for path, line in document.lines.items():
        key = path[-1] if path else None
        if len(path) < 3 or path[0] != "detection" or not isinstance(key, str):
            continue
        value = document.value
        try:
            for step in path:
                value = value[step]
            if not isinstance(value, dict):
                [(key, value)] = usual({key: value}).items()
                SigmaDetectionItem.from_mapping(key, value, policy=policy)
        except Exception as error:  # noqa: BLE001 - why it fails is what is told
            yield line, _said(error)


class _Regex:
    """RE2 for pySigma, so that what it refuses is told once, and not on standard error too."""

    error = ValueError

    def compile(self, pattern: str, flags: int = 0) -> Any:
        marks = "".join(
            mark for flag, mark in ((re.IGNORECASE, "i"), (re.MULTILINE, "m"), (re.DOTALL, "s")) if flags & flag
        )
        return expression(f"(?{marks}){pattern}" if marks else pattern)
