"""Runs of scenarios stay known after the platform has been started anew."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from safecare.app.scenarios import ScenarioProcesses
from safecare.model.text import say
from safecare.scenarios import report
from safecare.scenarios.exercise import marked
from safecare.scenarios.report import RunCheck, ScenarioRun
from safecare.store.folder import DataFolder
from safecare.testing.clock import FakeClock


def test_reports_of_earlier_platforms_are_listed_and_an_unfinished_one_has_failed(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path / "data")
    at = datetime(2026, 3, 1, tzinfo=UTC)
    done = ScenarioRun("theft", "passed", at, (), (RunCheck(say("One incident"), True, say("one")),))
    report.write(folder.path / "runs" / "1.json", done)
    report.write(folder.path / "runs" / "2.json", ScenarioRun("theft", "running", at, (), ()))
    (folder.path / "runs" / "3.json").write_bytes(b"{")
    runs = ScenarioProcesses(folder, FakeClock())
    assert [(one.id, one.run.state) for one in runs.runs()] == [("2", "failed"), ("1", "passed")]
    assert runs.run("1") == done
    assert runs.run("../runtime") is None


def test_what_a_command_plays_now_is_listed_as_running_until_it_ends(tmp_path: Path) -> None:
    folder, at = DataFolder(tmp_path / "data"), datetime(2026, 3, 1, tzinfo=UTC)
    report.write(folder.path / "runs" / "1.json", ScenarioRun("theft", "running", at - timedelta(hours=1), (), ()))
    report.write(folder.path / "runs" / "2.json", ScenarioRun("theft", "running", at, (), ()))
    runs = ScenarioProcesses(folder, FakeClock())
    with marked(folder.path, "theft", at):
        assert [(one.id, one.run.state) for one in runs.runs()] == [("2", "running"), ("1", "failed")]
    assert [one.run.state for one in runs.runs()] == ["failed", "failed"]
