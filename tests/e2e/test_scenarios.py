"""The scenarios, whole, each on a platform of its own: through all doors, to the guard's answer in a browser."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from safecare.scenarios import browser
from safecare.scenarios.report import ScenarioRun

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(900)]


def play(name: str, report: Path) -> tuple[subprocess.CompletedProcess[str], ScenarioRun]:
    done = subprocess.run(
        [sys.executable, "-m", "safecare", "scenario", "run", name, "--isolated", "--report", str(report)],
        capture_output=True,
        text=True,
        timeout=800,
        check=False,
    )
    assert report.exists(), done.stderr
    return done, msgspec.json.decode(report.read_bytes(), type=ScenarioRun)


@pytest.mark.skipif(browser.browser() is None, reason="Chromium or the library Playwright is not installed")
@pytest.mark.parametrize("name", ["vaccine-theft", "panel-attack"])
def test_an_attack_is_seen_whole(name: str, tmp_path: Path) -> None:
    done, run = play(name, tmp_path / "report.json")
    assert done.returncode == 0, done.stdout + done.stderr
    assert run.state == "passed"
    assert all(step.ok and step.alert for step in run.steps)


def test_the_ordinary_day_stays_quiet(tmp_path: Path) -> None:
    done, run = play("vaccine-day-normal", tmp_path / "report.json")
    assert done.returncode == 0, done.stdout + done.stderr
    assert run.state == "passed"
