"""Runs of scenarios stay known after the platform has been started anew."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from safecare.app.scenarios import ScenarioProcesses
from safecare.model.text import say
from safecare.scenarios import report
from safecare.scenarios.report import RunCheck, ScenarioRun
from safecare.store.folder import DataFolder
from safecare.testing.clock import FakeClock


def test_reports_of_earlier_platforms_are_listed_and_an_unfinished_one_has_failed(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path / "data")
    (folder.path / "runs").mkdir()
    at = datetime(2026, 3, 1, tzinfo=UTC)
    done = ScenarioRun("theft", "passed", at, (), (RunCheck(say("One incident"), True, say("one")),))
    report.write(folder.path / "runs" / "1.json", done)
    report.write(folder.path / "runs" / "2.json", ScenarioRun("theft", "running", at, (), ()))
    (folder.path / "runs" / "3.json").write_bytes(b"{")
    runs = ScenarioProcesses(folder, FakeClock())
    assert [(one.id, one.run.state) for one in runs.runs()] == [("2", "failed"), ("1", "passed")]
    assert runs.run("1") == done
    assert runs.run("../runtime") is None
