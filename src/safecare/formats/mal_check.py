"""What the source of a MAL language refers to and nothing defines: each with file and line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from safecare.formats.mal_language import Language
from safecare.formats.problem import ModelFileError, Problem

MOST_PROBLEMS = 50
"""Problems that are told of one language. Chosen: what a person mends before trying again."""


def check(language: Language) -> None:
    """Raise `ModelFileError` with everything that `language`, which was read from source, leaves undefined."""
    problems: list[Problem] = []
    for one in language.associations:
        missing = [one[side] for side in ("leftAsset", "rightAsset") if one[side] not in language.assets]
        problems += [Problem(one["file"], one["line"], f"association {one['name']}: no asset {id}") for id in missing]
    for asset in language.assets.values():
        parent = asset["superAsset"]
        if parent is not None and parent not in language.assets:
            problems.append(Problem(asset["file"], asset["line"], f"asset {asset['name']} extends {parent}: no asset"))
    if not problems:
        for name, asset in language.assets.items():
            language.line(name)
            problems += [Problem(asset["file"], line, reason) for line, reason in _Walk(language).faults(name, asset)]
            if len(problems) > MOST_PROBLEMS:
                break
    if problems:
        raise ModelFileError(problems[:MOST_PROBLEMS])


class _Walk:
    """Follows expressions from kind to kind of asset, as `mal_language` follows them from asset to asset."""

    def __init__(self, language: Language) -> None:
        self._language = language
        self._wrong: list[tuple[int, str]] = []
        self._open: list[tuple[str, str]] = []

    def faults(self, name: str, asset: Mapping[str, Any]) -> Iterator[tuple[int, str]]:
        for variable in asset["variables"]:
            self._kinds(variable["stepExpression"], frozenset({name}))
        for step in asset["attackSteps"]:
            for one in (step.get("requires") or {}).get("stepExpressions", ()):
                self._kinds(one, frozenset({name}))
            for one in (step.get("reaches") or {}).get("stepExpressions", ()):
                self._step(one, frozenset({name}))
        yield from dict.fromkeys(self._wrong)

    def _step(self, one: Mapping[str, Any], start: frozenset[str]) -> None:
        if one["type"] == "collect":
            start, one = self._kinds(one["lhs"], start), one["rhs"]
        if start and not any(one["name"] in self._language.steps(kind) for kind in start):
            self._wrong.append((one["line"], f"{' or '.join(sorted(start))} has no step {one['name']}"))

    def _kinds(self, one: Mapping[str, Any], start: frozenset[str]) -> frozenset[str]:
        """Return the kinds of asset to which `one` may lead; none where something is undefined (and noted)."""
        match one["type"]:
            case "field":
                found = frozenset(kind for of in start for kind in self._language.across(of, one["name"]))
                return self._noted(found, start, one, f"has no field {one['name']}")
            case "collect":
                return self._kinds(one["rhs"], self._kinds(one["lhs"], start))
            case "transitive":
                return start | self._kinds(one["stepExpression"], start)
            case "subType":
                self._kinds(one["stepExpression"], start)
                known = one["subType"] in self._language.assets
                return self._noted(
                    frozenset({one["subType"]} if known else ()), start, one, f"no asset {one['subType']}"
                )
            case "variable":
                return self._variable(one, start)
            case _:
                left, right = (self._kinds(one[side], start) for side in ("lhs", "rhs"))
                return left | right if one["type"] == "union" else left

    def _variable(self, one: Mapping[str, Any], start: frozenset[str]) -> frozenset[str]:
        found = frozenset[str]()
        for kind in start:
            expression = next(
                (
                    variable["stepExpression"]
                    for of in self._language.line(kind)
                    for variable in self._language.assets[of]["variables"]
                    if variable["name"] == one["name"]
                ),
                None,
            )
            if (kind, one["name"]) in self._open:
                self._wrong.append((one["line"], f"the variable {one['name']} uses itself"))
            elif expression is not None:
                self._open.append((kind, one["name"]))
                found |= self._kinds(expression, frozenset({kind}))
                self._open.pop()
            else:
                self._wrong.append((one["line"], f"{kind} has no variable {one['name']}"))
        return found

    def _noted(
        self, found: frozenset[str], start: frozenset[str], one: Mapping[str, Any], reason: str
    ) -> frozenset[str]:
        if start and not found:
            self._wrong.append((one["line"], f"{' or '.join(sorted(start))} {reason}"))
        return found
