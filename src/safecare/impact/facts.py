"""Facts and changes as people write them: ``DOWN(chiller.1)@2h..9h``, ``off(needs.ehr*)@30min``, ``repair(net)@4h``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from math import inf, isfinite
from typing import NamedTuple

from safecare.cascade.simulate import Changes, Repair
from safecare.cascade.system import System
from safecare.cascade.words import Fact, Figure, Seed
from safecare.model.forecast import State
from safecare.model.text import say

SECONDS = {"": 1.0, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86_400.0}
"""Seconds by the unit behind a time."""
SHORT = {"COMP": State.COMPROMISED, "EXPO": State.EXPOSED, "CORR": State.CORRUPTED, "ACC": State.ACCESSED}
"""States by their short names; the long ones are those of `State`."""
_FACT = re.compile(r"\s*([A-Za-z]+)\(([^()]+)\)(?:\s*@\s*([^\s:]+))?(?:\s*:\s*(\S+))?\s*")
_TIME = re.compile(r"(\d+(?:\.\d+)?)(s|min|m|h|d|)")


class FactError(ValueError):
    """What was written is no fact, change or time; the message says why."""


class Given(NamedTuple):
    """What was asked: facts that stand at the start, and the things named that nobody knows."""

    seeds: tuple[Seed, ...]
    unknown: tuple[str, ...]


def seconds_of(text: str) -> float:
    """Return the seconds that `text` means: ``90``, ``90s``, ``15min``, ``2.5h``, ``3d``. Raises `FactError`."""
    match = _TIME.fullmatch(text.strip())
    seconds = float(match[1]) * SECONDS[match[2]] if match else -1.0
    if not match or not isfinite(seconds):
        raise FactError(f"{text!r} is no time from 0 on, like 90s, 15min, 2.5h or 3d")
    return seconds


def read_facts(texts: Iterable[str], system: System) -> Given:
    """Return the seeds that ``STATE(thing)@begin..end:probability`` mean; all but state and thing may be left out.

    Raises `FactError`.
    """
    seeds: dict[str, Seed] = {}
    unknown: dict[str, None] = {}
    for text in texts:
        match = _FACT.fullmatch(text)
        state = _state(match[1]) if match else None
        if match is None or state is None:
            known = ", ".join([*(one.name for one in State), *SHORT])
            raise FactError(f"{text!r} is no fact like DOWN(asset)@2h; states are {known}")
        fact = Fact(match[2].strip(), state)
        if fact not in system.number:
            unknown[fact.target] = None
            continue
        begin, _, end = (match[3] or "0").partition("..")
        at, until = seconds_of(begin), seconds_of(end) if end else inf
        if until <= at:
            raise FactError(f"{text!r} ends before it begins")
        chance = _probability(match[4]) if match[4] else 1.0
        key = f"fact:{fact.target}.{fact.state}"
        if key in seeds and (seeds[key].at, seeds[key].until, seeds[key].probability.usual) != (at, until, chance):
            raise FactError(f"{text!r} contradicts another time or probability of the same fact")
        seen = say("Stated: {thing}", thing=text.strip())
        seeds[key] = Seed(
            key=key, fact=fact, text=seen, at=at, until=until, probability=Figure.exactly(chance), source="stated"
        )
    return Given(tuple(seeds.values()), tuple(unknown))


def _state(name: str) -> State | None:
    return SHORT.get(name.upper()) or next((one for one in State if one.name == name.upper()), None)


def _probability(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0.0 <= value <= 1.0:
        raise FactError(f"{text!r} is no probability between 0 and 1")
    return value


def read_changes(texts: Sequence[str], system: System) -> Changes:
    """Return what ``off(rule)@time`` and ``repair(thing)@time`` change.

    A rule is named by its key, by the id of the dependency that it comes from, or by a pattern of keys (``*``).
    Raises `FactError`, also where nothing is called so.
    """
    stops: dict[int, float] = {}
    repairs: dict[Fact, Repair] = {}
    for text in texts:
        match = re.fullmatch(r"\s*(off|repair)\((.+)\)(?:\s*@\s*(\S+))?\s*", text)
        if match is None:
            raise FactError(f"{text!r} is no change like off(rule)@2h or repair(thing)@4h")
        at = seconds_of(match[3]) if match[3] else 0.0
        if match[1] == "off":
            found = _rules(match[2].strip(), system)
            if not found:
                raise FactError(f"{text!r}: no rule is called {match[2]}")
            stops.update((rule, min(at, stops.get(rule, at))) for rule in found)
            continue
        facts = [fact for fact in system.number if fact.target == match[2].strip()]
        if not facts:
            raise FactError(f"{text!r}: nothing is called {match[2]}")
        repairs.update((fact, Repair(at)) for fact in facts)
    return Changes(stops=stops, repairs=repairs)


def _rules(name: str, system: System) -> list[int]:
    exact = [number for number, rule in enumerate(system.rules) if rule.key == name]
    if exact:
        return exact
    return [
        number
        for number, rule in enumerate(system.rules)
        if rule.key.startswith(f"{name}:") or fnmatchcase(rule.key, name)
    ]
