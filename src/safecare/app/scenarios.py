"""Scenarios that the console starts: each run is a process of its own, exactly like one started by hand."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import msgspec

from safecare.console.deps import BusyError, Exercise, ScenarioInfo, ScenarioRun
from safecare.model.clock import Clock
from safecare.model.ids import new_id
from safecare.model.text import Text
from safecare.scenarios.script import scenarios
from safecare.store.folder import DataFolder


@dataclass
class _Started:
    scenario: str
    since: datetime
    process: subprocess.Popen[bytes]
    report: Path


@dataclass
class ScenarioProcesses:
    """Lists and runs scenarios (`safecare.console.deps.ScenarioRunner`). One run at a time."""

    folder: DataFolder
    clock: Clock
    started: Callable[[str, str, bool], None] = lambda scenario, actor, running: None
    """Called with scenario, actor and True when a run starts."""
    _runs: dict[str, _Started] = field(default_factory=dict, init=False)

    def scenarios(self) -> Sequence[ScenarioInfo]:
        """Return what can be run."""
        return [
            ScenarioInfo(one.name, Text(one.title), Text(one.description), len(one.steps), one.quiet)
            for one in scenarios().values()
        ]

    def start(self, name: str, actor: str) -> str:
        """Start scenario `name` for `actor` and return the run's id. Raises `KeyError`, `BusyError`."""
        if name not in scenarios():
            raise KeyError(name)
        if self.exercise() is not None:
            raise BusyError(name)
        now = self.clock.now()
        run = new_id(now)
        reports = self.folder.path / "runs"
        reports.mkdir(exist_ok=True)
        report = reports / f"{run}.json"
        command = ("scenario", "run", name, "--data", str(self.folder.path), "--report", str(report))
        with (reports / f"{run}.log").open("wb") as log:
            process = subprocess.Popen(  # noqa: S603 - our own program, a scenario of our own
                (sys.executable, "-m", "safecare", *command), stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        self._runs[run] = _Started(name, now, process, report)
        self.started(name, actor, True)  # noqa: FBT003
        return run

    def run(self, run: str) -> ScenarioRun | None:
        """Return how far `run` is; None when there is no such run."""
        known = self._runs.get(run)
        if known is None:
            return None
        ended = known.process.poll()
        with contextlib.suppress(OSError, msgspec.DecodeError):
            told = msgspec.json.decode(known.report.read_bytes(), type=ScenarioRun)
            if told.state != "running" or ended is None:
                return told
            return msgspec.structs.replace(told, state="failed")
        return ScenarioRun(known.scenario, "running" if ended is None else "failed", known.since, (), ())

    def exercise(self) -> Exercise | None:
        """Return the exercise that runs now."""
        for one in self._runs.values():
            if one.process.poll() is None:
                return Exercise(one.scenario, one.since)
        return None
