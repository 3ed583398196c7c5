"""Scenarios that the console starts: each run is a process of its own, exactly like one started by hand."""

from __future__ import annotations

import contextlib
import functools
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import msgspec

from safecare.console.deps import BusyError, Exercise, KnownRun, ScenarioInfo
from safecare.model.clock import Clock
from safecare.model.ids import new_id
from safecare.model.layout import laid_out
from safecare.model.text import Text
from safecare.scenarios.exercise import running
from safecare.scenarios.report import RUNS, ScenarioRun
from safecare.scenarios.script import scenarios
from safecare.store.folder import DataFolder

KEPT = 200
"""Runs that are listed (chosen: some years of monthly exercises on one page)."""


@dataclass
class _Started:
    scenario: str
    since: datetime
    process: subprocess.Popen[bytes]
    report: Path


@functools.cache
def _titles() -> dict[str, Text]:
    """Titles by name: files of the package, that do not change while we run."""
    return {one.name: Text(one.title) for one in scenarios().values()}


@dataclass
class ScenarioProcesses:
    """Lists and runs scenarios (`safecare.console.deps.ScenarioRunner`). One run at a time."""

    folder: DataFolder
    clock: Clock
    _runs: dict[str, _Started] = field(default_factory=dict, init=False)

    def scenarios(self) -> Sequence[ScenarioInfo]:
        """Return what can be run."""
        return [
            ScenarioInfo(one.name, Text(one.title), Text(one.description), len(one.steps), one.quiet)
            for one in scenarios().values()
        ]

    def title(self, name: str) -> Text:
        """Return what people call scenario `name`; its name where there is none any more."""
        return _titles().get(name, Text(name))

    def start(self, name: str, actor: str) -> str:
        """Start scenario `name` and return the run's id. Raises `KeyError`, `BusyError`.

        `actor` is told to the run, which records the start in the audit chain.
        """
        if name not in scenarios():
            raise KeyError(name)
        if self.exercise() is not None or any(one.process.poll() is None for one in self._runs.values()):
            raise BusyError(name)
        now = self.clock.now()
        run = new_id(now)
        reports = self.folder.path / RUNS
        reports.mkdir(exist_ok=True)
        report = reports / f"{run}.json"
        command = ("scenario", "run", name, "--data", str(self.folder.path), "--report", str(report), "--actor", actor)
        with (reports / f"{run}.log").open("wb") as log:
            process = subprocess.Popen(  # noqa: S603 - our own program, a scenario of our own
                (sys.executable, "-m", "safecare", *command), stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        self._runs[run] = _Started(name, now, process, report)
        return run

    def run(self, run: str) -> ScenarioRun | None:
        """Return how far `run` is, also of an earlier platform; None when there is no such run."""
        known = self._runs.get(run)
        if known is None:
            return self._told(run) if run in {one.stem for one in self._reports()} else None
        ended = known.process.poll()
        found = self._told(run)
        if found is None:
            return ScenarioRun(known.scenario, "running" if ended is None else "failed", known.since, (), ())
        return found if found.state != "running" or ended is None else msgspec.structs.replace(found, state="failed")

    def runs(self) -> Sequence[KnownRun]:
        """Return the latest `KEPT` runs, the latest first; their ids grow with time."""
        names = sorted({*self._runs, *(one.stem for one in self._reports())}, reverse=True)
        return [KnownRun(name, found) for name in names[:KEPT] if (found := self.run(name)) is not None]

    def _reports(self) -> Iterable[Path]:
        return (self.folder.path / RUNS).glob("*.json")

    def _told(self, run: str) -> ScenarioRun | None:
        """Return what stands in the report of `run`; what did not end and nobody plays now has failed."""
        with contextlib.suppress(OSError, msgspec.DecodeError):
            raw = (self.folder.path / RUNS / f"{run}.json").read_bytes()
            found = msgspec.json.decode(raw, type=laid_out(ScenarioRun))
            now = self.exercise()
            plays = now is not None and now.scenario == found.name and now.since <= found.started
            over = run not in self._runs and found.state == "running" and not plays
            return msgspec.structs.replace(found, state="failed") if over else found
        return None

    def exercise(self) -> Exercise | None:
        """Return the exercise that runs now."""
        mark = running(self.folder.path)
        return Exercise(mark.scenario, mark.since) if mark else None
