"""Attack graphs and instance models of the Meta Attack Language (MAL) as `mal-toolbox` writes them (JSON or YAML).

An attack graph stands for itself. An instance model needs its language: ``langspec.json`` or the ``.mar`` archive that
holds it (`safecare.formats.mal_language`), or its source (``.mal``, `safecare.formats.mal_source`). Effects that change
the model while it is attacked (``A>``, ``R>``) are left out, and named.

Times: MAL's time to compromise, in days. Exponential, Bernoulli and their products are taken as they are; the others as
a triangle through their 5 %, 50 % and 95 % points, a gamma distribution as an exponential one of the same mean.

Source: mal-lang.org; github.com/mal-lang/mal-toolbox, Apache-2.0 (files of versions 0.0.38 to 2.11).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from math import exp, inf, isfinite
from statistics import NormalDist
from typing import Any, Literal, NamedTuple, cast

from safecare.formats.problem import ModelFileError, Problem

MOST_BYTES = 64 << 20
MOST_STEPS = 500_000
"""Bytes and attack steps of one model. Chosen: far above any published model."""
DAY = 86_400.0
"""Seconds: MAL tells times to compromise in days."""
LOW, HIGH = 0.05, 0.95
"""Points of a distribution between which a triangle stands for it. Chosen."""
Kind = Literal["or", "and", "defense", "exist", "notExist"]
KINDS = frozenset({"or", "and", "defense", "exist", "notExist"})
NAMED = {
    "Zero": (None, 1.0),
    "Infinity": (None, 0.0),
    "Enabled": (None, 1.0),
    "Disabled": (None, 0.0),
    "EasyAndCertain": (1.0, 1.0),
    "EasyAndUncertain": (None, 0.5),
    "HardAndCertain": (0.1, 1.0),
    "HardAndUncertain": (0.1, 0.5),
    "VeryHardAndCertain": (0.01, 1.0),
    "VeryHardAndUncertain": (0.01, 0.5),
}
"""MAL's named distributions: rate of the exponential one (per day; None: at once), and probability that it ends."""


class Takes(NamedTuple):
    """How long a step takes, seconds (low, usual, high; high infinite: exponential), and how probably it succeeds."""

    low: float = 0.0
    usual: float = 0.0
    high: float = 0.0
    probability: float = 1.0


class MalStep(NamedTuple):
    """One step of one asset. `parents` are names of steps; `exists` is what an ``exist`` step asks."""

    name: str
    asset: str
    kind: Kind
    takes: Takes
    parents: tuple[str, ...]
    exists: bool | None = None


class MalGraph(NamedTuple):
    """Steps by name (``asset:step``), and those at which an attacker begins."""

    steps: dict[str, MalStep]
    entries: tuple[str, ...]
    left_out: tuple[str, ...] = ()
    """Steps of kinds of assets that also change the model, which is not done."""


def wrong(file: str, reason: str, line: int = 0) -> ModelFileError:
    """Return the error that `file` can't be used."""
    return ModelFileError([Problem(file, line, reason)])


def read_mal(
    raw: bytes,
    file: str,
    language: tuple[bytes, str] | None = None,
    include: Callable[[str], bytes] | None = None,
) -> MalGraph:
    """Return the attack graph in `raw`, or of the instance model in it and `language` (bytes and name of its file).

    `include` gives the bytes of what the source of a language includes, by path.


    Raises `ModelFileError`.
    """
    document = read_tree(raw, file)
    if "attack_steps" in document:
        return _graph(document, file)
    if "assets" not in document:
        raise wrong(file, "this is no MAL file: it has neither attack_steps nor assets")
    if language is None:
        raise wrong(file, "an instance model needs its language: langspec.json, a .mar archive or its source (.mal)")
    from safecare.formats.mal_language import apply_language, read_language

    return apply_language(document, file, read_language(*language, include))


def read_tree(raw: bytes, file: str) -> dict[str, Any]:
    """Return the object in `raw`, JSON or YAML. Raises `ModelFileError`."""
    if len(raw) > MOST_BYTES:
        raise wrong(file, f"the file is larger than {MOST_BYTES >> 20} MB")
    try:
        found = json.loads(raw) if raw.lstrip()[:1] == b"{" else _yaml(raw, file)
    except json.JSONDecodeError as error:
        raise wrong(file, f"this is no JSON: {error.msg}", error.lineno) from error
    except (RecursionError, ValueError) as error:
        raise error if isinstance(error, ModelFileError) else wrong(file, f"this can't be read: {error}") from error
    if not isinstance(found, dict):
        raise wrong(file, "this is no object")
    return found


def _yaml(raw: bytes, file: str) -> object:
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        if any(isinstance(token, yaml.AliasToken) for token in yaml.scan(raw, Loader=loader)):
            raise wrong(file, "YAML aliases are not taken")
        return cast("object", yaml.load(raw, Loader=loader))  # noqa: S506 - a safe loader
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise wrong(
            file, f"this is no YAML: {getattr(error, 'problem', error)}", mark.line + 1 if mark else 0
        ) from error


def _graph(document: Mapping[str, Any], file: str) -> MalGraph:
    nodes = document["attack_steps"]
    if not isinstance(nodes, dict) or len(nodes) > MOST_STEPS:
        raise wrong(file, f"attack_steps is no object with at most {MOST_STEPS} steps")
    steps: dict[str, MalStep] = {}
    for name, node in nodes.items():
        if not isinstance(node, dict) or node.get("type") not in KINDS:
            raise wrong(file, f"step {name}: its type is none of {', '.join(sorted(KINDS))}")
        parents = node.get("parents") or {}
        names = parents.values() if isinstance(parents, dict) else parents
        exists = node.get("existence_status")
        steps[str(name)] = MalStep(
            name=str(name),
            asset=str(node.get("asset") or str(name).rpartition(":")[0]),
            kind=node["type"],
            takes=takes_of(node.get("ttc"), f"step {name}", file),
            parents=tuple(map(str, names)),
            exists=None if exists is None else str(exists).lower() == "true",
        )
    missing = next((parent for step in steps.values() for parent in step.parents if parent not in steps), None)
    if missing is not None:
        raise wrong(file, f"step {missing} is named as a parent and isn't there")
    entries: dict[str, None] = {}
    attackers = document.get("attackers")
    for attacker in attackers.values() if isinstance(attackers, dict) else ():
        begins = attacker.get("entry_points") if isinstance(attacker, dict) else None
        entries.update(dict.fromkeys(map(str, begins.values() if isinstance(begins, dict) else begins or ())))
    absent = next((entry for entry in entries if entry not in steps), None)
    if absent is not None:
        raise wrong(file, f"an attacker begins at {absent}, which isn't there")
    return MalGraph(steps, tuple(entries))


def takes_of(ttc: object, place: str, file: str) -> Takes:
    """Return what a time to compromise means. Raises `ModelFileError`."""
    if ttc is None:
        return Takes()
    if not isinstance(ttc, dict):
        raise wrong(file, f"{place}: its time to compromise is no object")
    kind = ttc.get("type")
    if kind == "number":
        days = _number(ttc.get("value"), place, file)
        return Takes(days * DAY, days * DAY, days * DAY)
    if kind == "function":
        arguments = [_number(one, place, file) for one in ttc.get("arguments") or ()]
        return _function(str(ttc.get("name")), arguments, place, file)
    if kind in {"addition", "multiplication"} and "lhs" in ttc and "rhs" in ttc:
        one, other = (takes_of(ttc[side], place, file) for side in ("lhs", "rhs"))
        chance = one.probability * other.probability
        if kind == "addition" and inf not in (one.high, other.high):
            low, usual, high = (a + b for a, b in zip(one[:3], other[:3], strict=True))
            return Takes(low, usual, high, chance)
        if kind == "multiplication" and not (any(one[:3]) and any(other[:3])):
            longer = one if any(one[:3]) else other
            return longer._replace(probability=chance)
    raise wrong(file, f"{place}: a time to compromise by {kind} of these is not supported")


def _number(value: object, place: str, file: str) -> float:
    if isinstance(value, int | float) and isfinite(value):
        return float(value)
    raise wrong(file, f"{place}: {value!r} is no number")


def _function(name: str, arguments: list[float], place: str, file: str) -> Takes:
    if name in NAMED:
        rate, chance = NAMED[name]
        return Takes(probability=chance) if rate is None else Takes(0.0, DAY / rate, inf, chance)
    try:
        return _DISTRIBUTIONS[name](*arguments)
    except KeyError as error:
        raise wrong(file, f"{place}: the distribution {name} is not known") from error
    except (TypeError, ValueError, ArithmeticError) as error:
        raise wrong(file, f"{place}: {name}({', '.join(map(str, arguments))}) is no such distribution") from error


def _exponential(mean: float) -> Takes:
    if not 0.0 < mean < inf:
        raise ValueError(mean)
    return Takes(0.0, mean * DAY, inf)


def _chance(probability: float) -> Takes:
    if not 0.0 <= probability <= 1.0:
        raise ValueError(probability)
    return Takes(probability=probability)


def _triangle(low: float, usual: float, high: float) -> Takes:
    if not 0.0 <= low <= usual <= high < inf:
        raise ValueError(low)
    return Takes(low * DAY, usual * DAY, high * DAY)


def _normal(mean: float, deviation: float) -> Takes:
    """Return a normal distribution cut off at 0."""
    whole = NormalDist(mean, deviation)
    below = whole.cdf(0.0)
    points = [whole.inv_cdf(min(1.0 - 1e-12, below + (1.0 - below) * share)) for share in (LOW, 0.5, HIGH)]
    return _triangle(*(max(0.0, point) for point in points))


def _log_normal(mean: float, deviation: float) -> Takes:
    whole = NormalDist(mean, deviation)
    return _triangle(*(exp(whole.inv_cdf(share)) for share in (LOW, 0.5, HIGH)))


def _pareto(least: float, shape: float) -> Takes:
    return _triangle(*(least * (1.0 - share) ** (-1.0 / shape) for share in (LOW, 0.5, HIGH)))


_DISTRIBUTIONS: dict[str, Callable[..., Takes]] = {
    "Bernoulli": _chance,
    "Exponential": lambda rate: _exponential(1.0 / rate),
    "Gamma": lambda shape, scale: _exponential(shape * scale),
    "Uniform": lambda low, high: _triangle(low, (low + high) / 2.0, high),
    "Binomial": lambda trials, chance: _triangle(0.0, trials * _chance(chance).probability, trials),
    "TruncatedNormal": _normal,
    "LogNormal": _log_normal,
    "Pareto": _pareto,
}
