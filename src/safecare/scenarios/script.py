"""Scenarios as data: timed steps that produce real inputs, and what must be detected, forecast, told.

A scenario is a YAML file in ``scenarios/files``; docs/reference/scenario-files.md describes every field.
Sentences are English gettext keys.
"""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

import msgspec
import yaml

LIMIT = 1 << 20
"""Largest scenario file, bytes (chosen: a scenario of a whole day has some hundred lines)."""


class ScenarioError(ValueError):
    """A scenario file can't be read; names the file and the place in it."""


class Expect(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An alert that a step must raise: its rule, and things that it must be about."""

    rule: str
    within: float
    """Seconds from the end of the step's input until the alert is visible."""
    assets: tuple[str, ...] = ()
    zones: tuple[str, ...] = ()


class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One step: inputs in order, and the alerts that must follow."""

    id: str
    title: str
    inputs: tuple[dict[str, Any], ...]
    """Each a table with one key, the kind of input (``mail``, ``eve``, ``mqtt``, ...), and its settings."""
    expect: tuple[Expect, ...] = ()
    wait: bool = True
    """Whether the next step waits until this one's alerts are there."""


class NoticeCheck(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who must be told, and that it must be acknowledged in a browser."""

    role: str
    acknowledged: bool = True


class Checks(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What must hold at the end."""

    incident: Literal["one_combined", "none"]
    """``one_combined``: exactly one, cyber and physical, that holds the alerts of all steps and nothing else."""
    effects: tuple[str, ...] = ()
    """Groups of the forecast that must appear, with a time: it, pharmacy, cold_chain, care, ..."""
    services: tuple[str, ...] = ()
    """Care services that the forecast must name."""
    plan: bool = False
    """A ranked plan must be there, ``wait`` among it, with what each action costs care."""
    notice: NoticeCheck | None = None
    quiet_after: float = 20.0
    """Seconds without any new alert after which the end is judged."""


class Scenario(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A scripted day or attack."""

    name: str
    title: str
    description: str
    steps: tuple[Step, ...]
    checks: Checks
    noise: tuple[dict[str, Any], ...] = ()
    """Inputs that are put in between the steps, one after each, and must join nothing."""

    @property
    def quiet(self) -> bool:
        """True when nothing may come of it."""
        return self.checks.incident == "none"


def scenario_files() -> list[Path]:
    """Return the scenario files of the package, by name."""
    return sorted(Path(str(files("safecare.scenarios") / "files")).glob("*.yaml"))


def load(path: Path) -> Scenario:
    """Read one scenario file. Raises `ScenarioError`."""
    try:
        raw = path.read_bytes()
        if len(raw) > LIMIT:
            raise ScenarioError(f"{path}: {len(raw)} bytes are over the limit of {LIMIT}")
        scenario = msgspec.convert(yaml.safe_load(raw), Scenario)
    except OSError as error:
        raise ScenarioError(f"{path}: {error.strerror}") from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ScenarioError(f"{path}:{line}: {error.problem}") from error
    except (yaml.YAMLError, msgspec.ValidationError, RecursionError) as error:
        raise ScenarioError(f"{path}: {error}") from error
    for step in scenario.steps:
        for given in step.inputs:
            if len(given) != 1:
                raise ScenarioError(f"{path}: step {step.id}: an input has one kind, not {sorted(given)}")
    return scenario


def scenarios() -> dict[str, Scenario]:
    """Return all scenarios of the package by name. Raises `ScenarioError`."""
    return {scenario.name: scenario for scenario in map(load, scenario_files())}
