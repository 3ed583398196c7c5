"""A MAL language laid over an instance model: its attack graph.

A language is ``langspec.json``, alone or in a ``.mar`` archive, or its source text (`safecare.formats.mal_source`).

Source: the format that MAL's compiler writes (``formatVersion`` 1.0.0): assets with ``superAsset``, ``variables`` and
``attackSteps``; step expressions attackStep, field, collect, union, intersection, difference, transitive, subType and
variable. An asset has the steps of its super assets; where it redefines one, ``overrides`` says whether what the step
reaches replaces or extends the inherited.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from safecare.formats.mal import KINDS, MOST_BYTES, MOST_STEPS, MalGraph, MalStep, Takes, read_tree, takes_of, wrong
from safecare.formats.mal_source import Include, read_source

MOST_ASSETS = 200_000
"""Assets of one model. Chosen: twice a site of a hundred thousand things."""
MOST_DEPTH = 50
"""Deepest chain of super assets, and of expressions in each other. Chosen: far above what people write."""
SPECIFICATION = "langspec.json"


@dataclass(frozen=True)
class Language:
    """The parts of a language by name."""

    file: str
    assets: dict[str, dict[str, Any]]
    associations: list[dict[str, Any]]

    def line(self, kind: str) -> list[str]:
        """Return `kind` and its super assets, the nearest first."""
        found: list[str] = []
        name: object = kind
        while isinstance(name, str) and name:
            if name not in self.assets or name in found or len(found) > MOST_DEPTH:
                raise wrong(self.file, f"asset {name} is not defined, or is its own super asset")
            found.append(name)
            name = self.assets[name].get("superAsset")
        return found

    def steps(self, kind: str) -> dict[str, list[dict[str, Any]]]:
        """Return the steps of `kind`: by name, its definitions, the nearest first."""
        found: dict[str, list[dict[str, Any]]] = {}
        for name in self.line(kind):
            for step in self.assets[name].get("attackSteps") or ():
                found.setdefault(str(step["name"]), []).append(step)
        return found

    def across(self, kind: str, field: str) -> list[str]:
        """Return the kinds of asset to which `field` of `kind` leads."""
        line = self.line(kind)
        right = [
            one["rightAsset"] for one in self.associations if one["rightField"] == field and one["leftAsset"] in line
        ]
        return right + [
            one["leftAsset"] for one in self.associations if one["leftField"] == field and one["rightAsset"] in line
        ]

    def variable(self, kind: str, name: str) -> dict[str, Any]:
        """Return the expression of a variable of `kind`."""
        for one in self.line(kind):
            for variable in self.assets[one].get("variables") or ():
                if variable.get("name") == name:
                    return dict(variable["stepExpression"])
        raise wrong(self.file, f"asset {kind} has no variable {name}")


def read_language(raw: bytes, file: str, include: Include | None = None) -> Language:
    """Return the language in `raw`; `include` gives the further files of its source. Raises `ModelFileError`."""
    if file.endswith(".mal"):
        return _from_source(raw, file, include)
    if raw[:4] == b"PK\x03\x04":
        raw = _unpacked(raw, file)
    document = read_tree(raw, file)
    assets, associations = document.get("assets"), document.get("associations")
    if isinstance(assets, dict):
        assets = list(assets.values())
    if not isinstance(assets, list) or not all(isinstance(one, dict) and "name" in one for one in assets):
        raise wrong(file, "this is no MAL language: it has no list of assets with names")
    joins = [one for one in associations or () if isinstance(one, dict)] if isinstance(associations, list) else []
    return Language(file, {str(one["name"]): one for one in assets}, joins)


def _from_source(raw: bytes, file: str, include: Include | None) -> Language:
    from safecare.formats.mal_check import check

    source = read_source(raw, file, include)
    language = Language(file, {one["name"]: one for one in source["assets"]}, source["associations"])
    check(language)
    return language


def _unpacked(raw: bytes, file: str) -> bytes:
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive, archive.open(SPECIFICATION) as part:
            found = part.read(MOST_BYTES + 1)
    except (KeyError, zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError) as error:
        raise wrong(file, f"this archive holds no readable {SPECIFICATION}") from error
    if len(found) > MOST_BYTES:
        raise wrong(file, f"{SPECIFICATION} is larger than {MOST_BYTES >> 20} MB")
    return found


@dataclass
class _Model:
    """Assets of an instance model by id, and which others each reaches by the name of a field."""

    file: str
    names: dict[str, str] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)
    defences: dict[str, dict[str, float]] = field(default_factory=dict)
    fields: dict[tuple[str, str], set[str]] = field(default_factory=dict)

    def join(self, one: str, name: str, other: str) -> None:
        if other not in self.names:
            raise wrong(self.file, f"asset {one} is joined to {other}, which isn't there")
        self.fields.setdefault((one, name), set()).add(other)


def apply_language(document: Mapping[str, Any], file: str, language: Language) -> MalGraph:
    """Return the attack graph of the instance model `document` in `language`. Raises `ModelFileError`."""
    try:
        model = _model(document, file, language)
        return MalGraph(_steps(model, language), _entries(document, model), tuple(_changing(model, language)))
    except (AttributeError, TypeError, KeyError, ValueError, RecursionError) as error:
        if isinstance(error, ValueError) and hasattr(error, "problems"):
            raise
        raise wrong(
            file, f"the model and the language don't fit their format: {type(error).__name__} {error}"
        ) from error


def _model(document: Mapping[str, Any], file: str, language: Language) -> _Model:
    if len(document["assets"]) > MOST_ASSETS:
        raise wrong(file, f"there are more than {MOST_ASSETS} assets")
    model, taken = _Model(file), set[str]()
    for id, asset in document["assets"].items():
        kind = str(asset.get("type") or asset.get("metaconcept"))
        if kind not in language.assets:
            raise wrong(file, f"asset {id}: the language has no {kind}")
        name = str(asset.get("name") or f"{kind}:{id}")
        model.names[str(id)] = name if name not in taken else f"{name}:{id}"
        taken.add(model.names[str(id)])
        model.kinds[str(id)] = kind
        model.defences[str(id)] = {str(one): float(value) for one, value in (asset.get("defenses") or {}).items()}
    for id, asset in document["assets"].items():
        for name, others in (asset.get("associated_assets") or {}).items():
            for other in others:
                model.join(str(id), str(name), str(other))
                for inverse in _inverses(language, model.kinds[str(id)], str(name)):
                    model.join(str(other), inverse, str(id))
    for association in document.get("associations") or ():
        sides = association.get("association") or next(iter(association.values()))
        (one, ones), (other, others) = sides.items()
        for a in map(str, ones):
            for b in map(str, others):
                model.join(a, str(other), b)
                model.join(b, str(one), a)
    return model


def _inverses(language: Language, kind: str, name: str) -> list[str]:
    """Return the fields by which what `kind` reaches by field `name` reaches it."""
    line = language.line(kind)
    found = [
        one["leftField"] for one in language.associations if one["rightField"] == name and one["leftAsset"] in line
    ]
    found += [
        one["rightField"] for one in language.associations if one["leftField"] == name and one["rightAsset"] in line
    ]
    return found


def _steps(model: _Model, language: Language) -> dict[str, MalStep]:
    defined = {kind: language.steps(kind) for kind in set(model.kinds.values())}
    if sum(len(defined[kind]) for kind in model.kinds.values()) > MOST_STEPS:
        raise wrong(model.file, f"there are more than {MOST_STEPS} steps")
    reader = _Reader(model, language)
    parents: dict[str, dict[str, None]] = {}
    for id, kind in model.kinds.items():
        for name, definitions in defined[kind].items():
            for expression in _reached(definitions):
                for target, step in reader.targets(expression, frozenset({id})):
                    if step not in defined[model.kinds[target]]:
                        reason = f"{kind}.{name} leads to {model.kinds[target]}.{step}, which isn't there"
                        raise wrong(language.file, reason)
                    parents.setdefault(f"{model.names[target]}:{step}", {})[f"{model.names[id]}:{name}"] = None
    steps: dict[str, MalStep] = {}
    for id, kind in model.kinds.items():
        for name, definitions in defined[kind].items():
            own = f"{model.names[id]}:{name}"
            step_kind = definitions[0].get("type")
            if step_kind not in KINDS:
                raise wrong(language.file, f"{kind}.{name}: its type is none of {', '.join(sorted(KINDS))}")
            exists = None
            if step_kind in {"exist", "notExist"}:
                requires = next((one["requires"] for one in definitions if one.get("requires")), None) or {}
                exists = any(reader.assets(one, frozenset({id})) for one in requires.get("stepExpressions") or ())
            takes = _takes(model, language, id, name, definitions)
            steps[own] = MalStep(own, model.names[id], step_kind, takes, tuple(parents.get(own, ())), exists)
    return steps


def _changing(model: _Model, language: Language) -> Iterator[str]:
    """Yield the steps that change the model while it is attacked, by kind of asset."""
    for kind in dict.fromkeys(model.kinds.values()):
        for name, definitions in language.steps(kind).items():
            if any(one.get("append_reaches") or one.get("remove_reaches") for one in definitions):
                yield f"{kind}.{name}"


def _reached(definitions: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """Yield what a step reaches: its own expressions, and those of the super assets up to one that overrides."""
    for definition in definitions:
        reaches = definition.get("reaches")
        if reaches:
            yield from reaches.get("stepExpressions") or ()
            if reaches.get("overrides", True):
                return


def _takes(model: _Model, language: Language, id: str, name: str, definitions: Iterable[Mapping[str, Any]]) -> Takes:
    """Return the time of a step; for a defence the probability that it is there, by the model before the language."""
    ttc = next((one["ttc"] for one in definitions if one.get("ttc")), None)
    if next(iter(definitions)).get("type") == "defense":
        stated = model.defences[id].get(name)
        if stated is not None and not 0.0 <= stated <= 1.0:
            raise wrong(model.file, f"{model.names[id]}:{name}: {stated} is no probability between 0 and 1")
        if stated is not None or ttc is None:
            return Takes(probability=stated or 0.0)
    return takes_of(ttc, f"{model.kinds[id]}.{name}", language.file)


class _Reader:
    """Follows step expressions from assets of a model."""

    def __init__(self, model: _Model, language: Language) -> None:
        self._model, self._language = model, language

    def targets(self, expression: Mapping[str, Any], start: frozenset[str]) -> set[tuple[str, str]]:
        """Return the assets and steps to which `expression` leads from `start`."""
        if expression["type"] == "attackStep":
            return {(id, str(expression["name"])) for id in start}
        if expression["type"] == "collect":
            return self.targets(expression["rhs"], self.assets(expression["lhs"], start))
        raise wrong(self._language.file, f"an expression of type {expression['type']} leads to no step")

    def assets(self, expression: Mapping[str, Any], start: frozenset[str], depth: int = 0) -> frozenset[str]:
        """Return the assets to which `expression` leads from `start`."""
        if depth > MOST_DEPTH:
            raise wrong(self._language.file, f"expressions stand more than {MOST_DEPTH} deep in each other")
        kind = expression["type"]
        if kind in {"union", "intersection", "difference"}:
            one, other = (self.assets(expression[side], start, depth + 1) for side in ("lhs", "rhs"))
            return one | other if kind == "union" else one & other if kind == "intersection" else one - other
        if kind == "collect":
            return self.assets(expression["rhs"], self.assets(expression["lhs"], start, depth + 1), depth + 1)
        if kind == "field":
            name = str(expression["name"])
            return frozenset(other for id in start for other in self._model.fields.get((id, name), ()))
        if kind == "transitive":
            found, fresh = start, start
            while fresh:
                fresh = self.assets(expression["stepExpression"], fresh, depth + 1) - found
                found |= fresh
            return found
        if kind == "subType":
            wide = self.assets(expression["stepExpression"], start, depth + 1)
            return frozenset(id for id in wide if expression["subType"] in self._language.line(self._model.kinds[id]))
        if kind == "variable":
            name = str(expression["name"])
            parts = (
                self.assets(self._language.variable(self._model.kinds[id], name), frozenset({id}), depth + 1)
                for id in start
            )
            return frozenset[str]().union(*parts)
        raise wrong(self._language.file, f"step expressions of type {kind} are not supported")


def _entries(document: Mapping[str, Any], model: _Model) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for attacker in (document.get("attackers") or {}).values():
        for key, entry in (attacker.get("entry_points") or {}).items():
            id = str(entry.get("asset_id", key))
            if id not in model.names:
                raise wrong(model.file, f"an attacker begins at asset {id}, which isn't there")
            found.update((f"{model.names[id]}:{step}", None) for step in entry.get("attack_steps") or ())
    return tuple(found)
