"""``safecare hospital``."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from safecare.cli.hospital import app

runner = CliRunner()


@pytest.mark.slow
def test_the_demo_hospital_is_fine() -> None:
    result = runner.invoke(app, ["check"])
    assert result.exit_code == 0
    assert result.output == "0 errors, 0 warnings\n"


@pytest.mark.slow
def test_show_counts_by_site() -> None:
    result = runner.invoke(app, ["show", "--language", "fr"])
    assert result.exit_code == 0
    assert "Groupe hospitalier Sainte-Aurore" in result.output
    assert "mail-intake" in result.output


@pytest.mark.slow
@pytest.mark.parametrize("command", ["check", "show"])
def test_problems_are_told_as_file_line_column(tmp_path: Path, command: str) -> None:
    (tmp_path / "people.yaml").write_text("people:\n  - {holder: 3, rle: x}\n")
    result = runner.invoke(app, [command, str(tmp_path)])
    assert result.exit_code == 1
    assert "people.yaml:2:17: error: There is no field rle here." in result.output
    assert "hospital.yaml:1:1: error:" in result.output
