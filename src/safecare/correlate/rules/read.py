"""Rule files to rules. Every fault of every file is gathered, with its line; what is whole is used."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

import msgspec

from safecare.correlate.rules.rule import Join, Pick, Rule, timespan
from safecare.formats.hospital.convert import FAILED, read_struct
from safecare.formats.hospital.nodes import Node, NodeError, parse
from safecare.formats.hospital.problems import Problem, Problems
from safecare.model.text import Text, say

MOST_RULES = 2_000
"""Most rules of one set. Chosen: ten times what a site will write; what an alert fits is one number of so many bits."""
MOST_STEPS = 5
"""Most names in one rule. Chosen: the longest attack that one reads in one sentence."""
MOST_COUNT = 24
"""Highest count. Chosen: below the number of alerts that stand under one key (`engine.CROWD`)."""
LONGEST = 86_400.0
"""Longest timespan (s). Chosen: what is tied over days is the forecast's and the generic joining's work."""
NAMES = re.compile(r"[a-z][a-z0-9_]{0,31}")
SUFFIXES = (".yaml", ".yml")
PLACE = re.compile(r"\{([^{}]*)\}")
PARTS = ("zone", "asset", "time")
"""What a story may tell of each name."""


class Rulebook(msgspec.Struct, frozen=True):
    """The rules that can be used, and everything that is wrong in the rest."""

    rules: tuple[Rule, ...]
    problems: tuple[Problem, ...]


@cache
def shipped() -> Rulebook:
    """Return the rules of the package, read once: 0.05 s."""
    return read_folder(files("safecare.correlate") / "rules" / "library")


def read_folder(folder: Traversable) -> Rulebook:
    """Read all rule files of `folder` and the folders in it. Raises `OSError` if it can't be listed."""
    found: dict[str, bytes] = {}
    unread: list[Problem] = []
    for name, entry in _walk(folder, ""):
        try:
            found[name] = entry.read_bytes()
        except OSError as error:
            reason = say("The file can't be read: {reason}.", reason=error.strerror or "unknown")
            unread.append(Problem(name, 1, 1, "error", reason))
    book = read(found)
    return Rulebook(book.rules, tuple(sorted((*book.problems, *unread), key=lambda one: (one.file, one.line))))


def _walk(folder: Traversable, prefix: str) -> Iterable[tuple[str, Traversable]]:
    for entry in sorted(folder.iterdir(), key=lambda one: one.name):
        if entry.is_dir():
            yield from _walk(entry, f"{prefix}{entry.name}/")
        elif entry.name.endswith(SUFFIXES):
            yield f"{prefix}{entry.name}", entry


def read(raw: Mapping[str, bytes]) -> Rulebook:
    """Read rule files by name."""
    problems = Problems()
    rules: list[Rule] = []
    seen: dict[str, str] = {}
    for file, content in raw.items():
        before = len(problems.listed())
        node, rule = _read(content, file, problems)
        if rule is None or len(problems.listed()) > before:
            continue
        double = next((seen[one] for one in (rule.id, rule.name) if one in seen), None)
        if double is not None:
            problems.error(node, say("The id or name of this rule is also that of {file}.", file=double))
        elif len(rules) >= MOST_RULES:
            problems.error(node, say("There are more than {count} rules.", count=MOST_RULES))
        else:
            seen[rule.id] = seen[rule.name] = file
            rules.append(rule)
    return Rulebook(tuple(rules), tuple(problems.listed()))


def _read(content: bytes, file: str, problems: Problems) -> tuple[Node, Rule | None]:
    try:
        root = parse(content, file)
    except NodeError as error:
        problems.add(Problem(file, error.line, error.column, "error", error.reason))
        return Node(file, 1, 1, {}), None
    correlation = root.at("correlation")
    if "group-by" in correlation.fields:  # Sigma's writing
        correlation.fields["group_by"] = correlation.fields.pop("group-by")
        correlation.keys["group_by"] = correlation.keys.pop("group-by")
    rule = read_struct(root, Rule, problems)
    if rule is FAILED:
        return root, None
    _Check(rule, root, problems).all()
    return root, rule


class _Check:
    """What the types can't say."""

    def __init__(self, rule: Rule, root: Node, problems: Problems) -> None:
        self._rule, self._root, self._problems = rule, root, problems

    def all(self) -> None:
        self._names()
        self._times()
        self._stories()
        if self._rule.correlation.type in {"temporal", "temporal_ordered"}:
            self._temporal()
        else:
            self._counting()

    def _fault(self, reason: Text, *path: str | int) -> None:
        self._problems.error(self._root.at(*path), reason)

    def _names(self) -> None:
        rule, correlation = self._rule, self._rule.correlation
        if not 1 <= len(rule.alerts) <= 2 * MOST_STEPS:
            self._fault(say("A rule names 1 to {count} kinds of alerts.", count=2 * MOST_STEPS), "alerts")
        for name, pick in rule.alerts.items():
            if not NAMES.fullmatch(name):
                self._fault(say("A name is of small letters, digits and _."), "alerts", name)
            if not _says(pick):
                self._fault(say("This would fit everything: say rules or events."), "alerts", name)
            if not 0 <= pick.severity <= 100:
                self._fault(say("A severity lies between 0 and 100."), "alerts", name, "severity")
            if not 0.0 <= pick.confidence <= 1.0:
                self._fault(say("A confidence lies between 0 and 1."), "alerts", name, "confidence")
        used = {*correlation.rules, *correlation.without}
        for index, name in enumerate(correlation.rules):
            self._known(name, "correlation", "rules", index)
        for name in correlation.without:
            self._known(name, "correlation", "without", name)
            if name in correlation.rules:
                self._fault(say("{name} can't be wanted and unwanted.", name=name), "correlation", "without", name)
        for name in sorted(rule.alerts.keys() - used):
            self._fault(say("{name} is not used in the correlation.", name=name), "alerts", name)
        for index, name in enumerate(rule.consequences):
            if name not in correlation.rules:
                self._fault(say("Nothing here is called {name}.", name=name), "consequences", index)
        if rule.consequences and set(rule.consequences) >= set(correlation.rules):
            self._fault(say("Not everything can be a consequence."), "consequences")

    def _known(self, name: str, *path: str | int) -> None:
        if name not in self._rule.alerts:
            self._fault(say("Nothing here is called {name}.", name=name), *path)

    def _times(self) -> None:
        correlation = self._rule.correlation
        written: list[tuple[str, tuple[str, ...]]] = [(correlation.timespan, ("correlation", "timespan"))]
        for name, margin in correlation.without.items():
            written.append((margin.before, ("correlation", "without", name, "before")))
            written.append((margin.after, ("correlation", "without", name, "after")))
        for text, path in written:
            try:
                seconds = timespan(text)
            except ValueError:
                self._fault(say("A timespan is written like 30s, 15m, 2h or 1d."), *path)
                continue
            if seconds > LONGEST:
                self._fault(say("A timespan is at most one day."), *path)

    def _stories(self) -> None:
        told: dict[str, set[str]] = {}
        for language in ("en", "fr"):
            told[language] = set(PLACE.findall(getattr(self._rule.story, language)))
            for place in sorted(told[language]):
                name, _, part = place.partition(".")
                if name not in self._rule.correlation.rules or part not in PARTS:
                    self._fault(say("The story has no value for {place}.", place=place), "story", language)
        if told["en"] != told["fr"]:
            self._fault(say("The two stories do not tell the same places."), "story", "fr")

    def _temporal(self) -> None:
        correlation = self._rule.correlation
        if not 2 <= len(correlation.rules) <= MOST_STEPS or len(set(correlation.rules)) < len(correlation.rules):
            self._fault(
                say("A sequence names 2 to {count} different things.", count=MOST_STEPS), "correlation", "rules"
            )
        if correlation.condition or correlation.group_by:
            self._fault(say("A count belongs to event_count and value_count only."), "correlation")
        for index, join in enumerate(correlation.joins):
            self._join(join, index)
        reached = _reached(correlation.rules[:1], [one.between for one in correlation.joins if self._positive(one)])
        for name in correlation.rules:
            if name not in reached:
                self._fault(say("{name} is joined to nothing: it would tie everything.", name=name), "correlation")
        for name in correlation.without:
            if not any(name in join.between for join in correlation.joins):
                self._fault(say("{name} is joined to nothing.", name=name), "correlation", "without", name)

    def _positive(self, join: Join) -> bool:
        return not set(join.between) & set(self._rule.correlation.without)

    def _join(self, join: Join, index: int) -> None:
        path = ("correlation", "joins", index)
        for name in join.between:
            self._known(name, *path, "between")
        if join.between[0] == join.between[1] or set(join.between) <= set(self._rule.correlation.without):
            self._fault(say("A join ties two things, at least one of them wanted."), *path, "between")
        if (join.place is not None) + bool(join.dependency) + (join.identity is not None) != 1:
            self._fault(say("A join is by one of place, dependency and identity."), *path)
        if not 1 <= join.steps <= 3:
            self._fault(say("A path has 1 to 3 steps."), *path, "steps")

    def _counting(self) -> None:
        correlation = self._rule.correlation
        if len(correlation.rules) != 1 or len(correlation.group_by) != 1 or correlation.condition is None:
            self._fault(say("A count needs one name in rules, one group-by and a condition."), "correlation")
            return
        if correlation.joins or correlation.without or self._rule.consequences:
            self._fault(say("A count has no joins, without or consequences."), "correlation")
        if not 2 <= correlation.condition.gte <= MOST_COUNT:
            reason = say("A count lies between 2 and {count}.", count=MOST_COUNT)
            self._fault(reason, "correlation", "condition", "gte")
        if (correlation.type == "value_count") is (correlation.condition.field is None):
            self._fault(say("value_count needs a field, and event_count has none."), "correlation", "condition")


def _says(pick: Pick) -> bool:
    return bool(pick.rules or pick.events) and not (set(pick.rules) & {"*", "*.*", ""})


def _reached(start: Iterable[str], pairs: list[tuple[str, str]]) -> set[str]:
    reached = set(start)
    for _ in pairs:
        for one, other in pairs:
            if one in reached or other in reached:
                reached |= {one, other}
    return reached
