"""``safecare mapping``: what a sample would become, line by line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from safecare.cli.mapping import app

ROWS = """time;door;event;badge;direction;reason;number
2026-11-25 02:30:00;aurore-pharmacy;granted;B1;in;;7
2026-11-25 02:31:00;aurore-pharmacy;forced;;;;8
2026-11-25 02:31:00;aurore-nowhere;forced;;;;9
half
"""


def test_a_sample_is_shown_as_events_and_errors(tmp_path: Path) -> None:
    sample = tmp_path / "sample.csv"
    sample.write_text(ROWS)
    told = CliRunner().invoke(app, ["check", "generic", str(sample)])
    rows = [json.loads(line) for line in told.stdout.splitlines()]
    assert told.exit_code == 1
    assert [row.get("kind") for row in rows] == ["badge.granted", "panel.signal", None, None]
    assert [row.get("line") for row in rows[2:]] == [4, 5]
    assert "2 events (1 badge.granted, 1 panel.signal), 2 rows can't be read" in told.stderr
    assert f"{sample}:5: has 1 columns, not 7" in told.stderr
    assert "B1" not in told.stdout


def test_all_read_ends_with_0(tmp_path: Path) -> None:
    sample = tmp_path / "sample.json"
    sample.write_text('{"door": "aurore-pharmacy", "event": "forced"}')
    assert CliRunner().invoke(app, ["check", "generic-json", str(sample)]).exit_code == 0


@pytest.mark.parametrize(
    "arguments", [["check", "nowhere.yaml", "x"], ["check", "generic", "nowhere.csv"], ["show", "nobody"]]
)
def test_what_is_not_there_is_told(arguments: list[str]) -> None:
    told = CliRunner().invoke(app, arguments)
    assert told.exit_code == 1
    assert told.stderr.startswith("safecare: ")


def test_mappings_are_listed_and_shown() -> None:
    assert "generic-json" in CliRunner().invoke(app, ["list"]).stdout
    assert CliRunner().invoke(app, ["show", "generic"]).stdout.startswith("# Our own table")
