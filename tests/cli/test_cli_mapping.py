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


ODD = """name: Badges of HQ
format: json
records: result.events
fields: {time: EventTime.Local, door: Reader.Name, event: Code, badge: Card.Number, way: Reader.Side, ref: Seq}
time: {formats: ["%d/%m/%Y %H:%M:%S"], zone: Europe/Paris}
ways: {IN: in}
events: {"101": {access: granted}, "0301": {alarm: forced}}
"""


def test_an_export_of_last_month_nested_in_local_time_with_a_misspelt_door(tmp_path: Path) -> None:
    (tmp_path / "odd.yaml").write_text(ODD)
    sample = tmp_path / "odd.json"

    def row(time: str, name: str = "aurore-pharmacy", code: object = 101) -> dict[str, object]:
        return {"EventTime": {"Local": time}, "Reader": {"Name": name, "Side": "IN"}, "Code": code, "Card": None}

    # the hour from 2 to 3 comes twice that night; in the spring it does not come at all
    events = [row("25/10/2026 02:30:15"), row("25/10/2026 04:00:00"), row("29/03/2026 02:30:00", "aurore-phramacy")]
    sample.write_text(json.dumps({"result": {"events": [*events, row("25/10/2026 04:00:00", code=301)]}}, indent=1))
    now = CliRunner().invoke(app, ["check", str(tmp_path / "odd.yaml"), str(sample)])
    assert "--at" in now.stderr
    told = CliRunner().invoke(app, ["check", str(tmp_path / "odd.yaml"), str(sample), "--at", "2026-10-25T06:00:00"])
    rows = [json.loads(line) for line in told.stdout.splitlines()]
    assert [one.get("at") for one in rows] == ["2026-10-25T01:30:15Z", "2026-10-25T03:00:00Z", None, None]
    assert f"{sample}:3: reader 'aurore-phramacy': no asset of the hospital has this address (near: " in told.stderr
    assert f"{sample}:4: Code: the mapping does not say what '301' means" in told.stderr
    assert "--at" not in told.stderr
