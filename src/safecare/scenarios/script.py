"""Scenarios as data: timed steps that produce real inputs, and what must be detected, forecast, told.

A scenario is a YAML file in ``scenarios/files``; docs/reference/scenario-files.md describes every field.
Sentences are English gettext keys.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Any, Literal

import msgspec
import yaml

from safecare.model.layout import laid_out
from safecare.scenarios.inputs.api import Input, inputs

LIMIT = 1 << 20
"""Largest scenario file, bytes (chosen: a scenario of a whole day has some hundred lines)."""


class ScenarioError(ValueError):
    """A scenario file can't be read; names the file and the place in it."""


class Expect(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An alert that a step must raise: its rule, and things that it must be about."""

    rule: str
    within: float = 30.0
    """Seconds from the end of the step's inputs until the alert is visible."""
    assets: tuple[str, ...] = ()
    zones: tuple[str, ...] = ()


class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One step: inputs in order, and the alerts that must follow."""

    id: str
    title: str
    inputs: tuple[Input, ...]
    """In the file each is a table with one key, the kind of input (``mail``, ``eve``, ...), and its settings."""
    expect: tuple[Expect, ...] = ()
    wait: bool = True
    """Whether the next step waits until this one's alerts are there."""


class NoticeCheck(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who must be told, and whether it must be acknowledged, on the page, in a browser."""

    role: str
    acknowledged: bool = True


class Checks(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What must hold at the end."""

    incident: Literal["one_combined", "one", "none"]
    """``one``: the alerts of all steps are in exactly one, and nothing else is; ``one_combined``: it is cyber and
    physical, too."""
    effects: tuple[str, ...] = ()
    """Groups of the forecast that must appear, with a time: it, pharmacy, cold_chain, care, ..."""
    services: tuple[str, ...] = ()
    """Care services that the forecast must name."""
    plan: bool = False
    """A ranked plan must be there, ``wait`` among it, with what each action costs care."""
    notice: NoticeCheck | None = None
    quiet_after: float = 10.0
    """Seconds without any new alert after which the end is judged."""


class Scenario(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A scripted day or attack, as it is played one time."""

    name: str
    title: str
    description: str
    steps: tuple[Step, ...]
    checks: Checks
    noise: tuple[Input, ...] = ()
    """Inputs that are put in between the steps, one after each, and must join nothing."""
    after: tuple[Input, ...] = ()
    """Inputs that put everything back at the end: doors closed, supplies on, fire alarm reset."""
    apart: float = 0.0
    """Least seconds between the starts of two plays on the same platform: rules that tell a thing once need them."""

    @property
    def quiet(self) -> bool:
        """True when nothing may come of it."""
        return self.checks.incident == "none"


def scenario_files() -> list[Path]:
    """Return the scenario files of the package, by name."""
    return sorted(Path(str(files("safecare.scenarios") / "files")).glob("*.yaml"))


def load(path: Path, play: int = 0) -> Scenario:
    """Read one scenario file for its play number `play` (from 0). Raises `ScenarioError`."""
    try:
        raw = path.read_bytes()
        if len(raw) > LIMIT:
            raise ScenarioError(f"{path}: {len(raw)} bytes are over the limit of {LIMIT}")
        return msgspec.convert(_filled(yaml.safe_load(raw), play), laid_out(Scenario), dec_hook=_input)
    except OSError as error:
        raise ScenarioError(f"{path}: {error.strerror}") from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ScenarioError(f"{path}:{line}: {error.problem}") from error
    except (yaml.YAMLError, msgspec.ValidationError, RecursionError) as error:
        raise ScenarioError(f"{path}: {error}") from error


def scenarios(play: int = 0) -> dict[str, Scenario]:
    """Return all scenarios of the package by name. Raises `ScenarioError`."""
    return {scenario.name: scenario for scenario in (load(path, play) for path in scenario_files())}


def _filled(raw: Any, play: int) -> Any:
    """Take ``vary`` out and put its values, those of this play, in the place of their ``$names``."""
    if not isinstance(raw, dict) or "vary" not in raw:
        return raw
    vary = msgspec.convert(raw["vary"], dict[str, list[str]])
    if empty := [name for name, values in vary.items() if not values]:
        raise msgspec.ValidationError(f"nothing to vary - at `$.vary.{empty[0]}`")
    chosen = {name: values[play % len(values)] for name, values in vary.items()}
    return {key: _replace(value, chosen) for key, value in raw.items() if key != "vary"}


def _replace(node: Any, chosen: Mapping[str, str]) -> Any:
    match node:
        case str():
            return Template(node).safe_substitute(chosen)
        case list():
            return [_replace(one, chosen) for one in node]
        case dict():
            return {key: _replace(value, chosen) for key, value in node.items()}
        case _:
            return node


@cache
def _kinds() -> Mapping[str, type]:
    return inputs().parts


def _input(wanted: type, given: Any) -> Any:
    """Return the input that `given`, a table with one key, describes (`msgspec` asks for it)."""
    if wanted is not Input:
        raise NotImplementedError(wanted)
    if not isinstance(given, dict) or len(given) != 1:
        raise ValueError("an input is a table with one key, its kind")
    kind, settings = next(iter(given.items()))
    if kind not in _kinds():
        raise ValueError(f"no input is called {kind}; there are: {', '.join(_kinds())}")
    try:
        return msgspec.convert(settings, laid_out(_kinds()[kind]))
    except msgspec.ValidationError as error:
        raise ValueError(f"{kind}: {error}") from error  # so that the place in the file is told too
