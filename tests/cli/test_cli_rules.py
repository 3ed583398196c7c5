"""``safecare rules``: every fault with its place, and what a rule would have raised on stored history."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from safecare.cli.rules import app
from safecare.exchange.log import Entry
from safecare.exchange.memory import MemoryLog
from safecare.store.database import Database
from safecare.store.write import StoreWriter

runner = CliRunner()

RULE = """title: Camera, then door
name: own-camera-then-door
id: 11111111-1111-4111-8111-111111111111
level: high
description: A test
alerts:
  dark: {rules: [camera.*]}
  door: {rules: [door.forced]}
correlation:
  type: temporal_ordered
  rules: [dark, door]
  timespan: 10m
  joins:
    - {between: [dark, door], place: room}
story:
  en: "{dark.asset} went dark, then {door.asset} opened"
  fr: "{dark.asset} ne voyait plus, puis {door.asset} s'est ouverte"
"""
TAIL = (
    '"rule_version":1,"domain":"physical","site":"aurore","severity":70,"confidence":0.9,'
    '"title":{"type":"text","key":"x"},"why":[],"because":[]'
)


def line(id: str, rule: str, at: str, zone: str) -> str:
    return f'{{"id":"{id}","rule":"{rule}","first":"{at}","last":"{at}",{TAIL},"zones":["{zone}"]}}'


HISTORY = [
    line("d1", "door.forced", "2026-03-02T08:05:00Z", "aurore.pharmacy"),
    line("c1", "camera.lost", "2026-03-02T08:00:00Z", "aurore.pharmacy"),
    line("d2", "door.forced", "2026-03-02T08:06:00Z", "aurore.entrance"),
    line("m1", "mail.phishing", "2026-03-02T08:06:00Z", "aurore.pharmacy"),
]


def test_the_rules_of_the_package_are_fine() -> None:
    result = runner.invoke(app, ["check"])
    assert result.exit_code == 0
    assert "0 errors" in result.output


def test_all_faults_of_all_files_are_told_with_their_line(tmp_path: Path) -> None:
    (tmp_path / "good.yaml").write_text(RULE)
    (tmp_path / "again.yml").write_text(RULE)
    (tmp_path / "broken.yaml").write_text("title: [")
    loose = RULE.replace("timespan: 10m", "timespan: ages").replace("between: [dark, door]", "between: [dark, window]")
    (tmp_path / "loose.yaml").write_text(loose.replace("{dark.asset} ne", "{dark.colour} ne").replace("high", "severe"))
    (tmp_path / "wide.yaml").write_text(
        RULE.replace("[camera.*]", "['*']").replace("own-", "w-").replace("1111-1111", "2")
    )
    result = runner.invoke(app, ["check", str(tmp_path)])
    assert result.exit_code == 1
    said = result.output
    assert "broken.yaml:2:1: error: This is no YAML or JSON" in said
    assert "good.yaml:1:1: error: The id or name of this rule is also that of again.yml." in said
    assert "loose.yaml:4:8: error: Here must stand one of: informational, low, medium, high, critical." in said
    assert "wide.yaml:7:9: error: This would fit everything" in said
    (tmp_path / "loose.yaml").write_text(loose)
    said = runner.invoke(app, ["check", str(tmp_path)]).output
    assert "loose.yaml:12:13: error: A timespan is written like 30s, 15m, 2h or 1d." in said
    assert "Nothing here is called window." in said
    assert "door is joined to nothing" in said


@pytest.mark.slow
def test_a_rule_on_a_file_of_history(tmp_path: Path) -> None:
    rule, history = tmp_path / "rule.yaml", tmp_path / "history.ndjson"
    rule.write_text(RULE)
    history.write_text("\n".join([*HISTORY, '{"rule":"door.forced","id":7}', "no json at all"]) + "\n")
    result = runner.invoke(app, ["test", str(rule), "--on", str(history), "--format", "ndjson"])
    assert result.exit_code == 1  # one line could not be read
    [raised] = [json.loads(row) for row in result.stdout.splitlines()]
    assert raised["alerts"] == ["c1", "d1"]
    assert raised["rule"]["name"] == "own-camera-then-door"
    assert set(raised["story"]) == {"en", "fr"}
    assert "history.ndjson:5: " in result.stderr
    assert "6 alerts and events, 3 of them spoken of" in result.stderr


@pytest.mark.slow
def test_history_that_is_packed_and_ends_too_soon_is_told_as_far_as_it_goes(tmp_path: Path) -> None:
    rule, history = tmp_path / "rule.yaml", tmp_path / "history.ndjson.gz"
    rule.write_text(RULE)
    whole = "\n".join(
        [*HISTORY, *(line(f"x{n}", "mail.phishing", "2026-03-02T09:00:00Z", f"z{n}") for n in range(90_000))]
    )
    history.write_bytes(gzip.compress(whole.encode(), 1)[:-1000])
    result = runner.invoke(app, ["test", str(rule), "--on", str(history)])
    assert result.exit_code == 1
    assert "own-camera-then-door" in result.stdout
    assert "ended before" in result.stderr


@pytest.mark.slow
def test_a_rule_on_the_history_of_a_data_folder(tmp_path: Path) -> None:
    log, database = MemoryLog(), Database(tmp_path / "safecare.db")
    database.migrate()
    log.append([Entry("alert", tuple(row.encode() for row in HISTORY))])
    while StoreWriter(log, database).step(0):
        pass
    rule = tmp_path / "rule.yaml"
    rule.write_text(RULE)
    result = runner.invoke(app, ["test", str(rule), "--on", str(tmp_path)])
    assert result.exit_code == 0
    assert "own-camera-then-door" in result.stdout
    assert "(2 alerts and events)" in result.stdout


@pytest.mark.slow
def test_what_cannot_be_done_ends_with_2(tmp_path: Path) -> None:
    rule = tmp_path / "rule.yaml"
    rule.write_text(RULE)
    assert runner.invoke(app, ["test", str(rule), "--on", str(tmp_path / "none")]).exit_code == 2
    assert runner.invoke(app, ["test", str(tmp_path / "none.yaml"), "--on", str(rule)]).exit_code == 2
    rule.write_text("title: neither")
    assert runner.invoke(app, ["test", str(rule), "--on", str(rule)]).exit_code == 2


@pytest.mark.slow
def test_a_sigma_rule_is_run_over_log_files(tmp_path: Path) -> None:
    rule, log = tmp_path / "rule.yml", tmp_path / "log.ndjson"
    rule.write_text(
        "title: Whoami\nid: 22222222-2222-4222-8222-222222222222\nstatus: test\nlevel: high\n"
        "logsource: {product: windows}\n"
        "detection:\n  run: {CommandLine|contains: whoami}\n  condition: run\n"
    )
    log.write_text('{"CommandLine": "cmd /c whoami"}\n{"CommandLine": "cmd"}\n')
    result = runner.invoke(app, ["test", str(rule), "--on", str(log), "--format", "ndjson"])
    assert result.exit_code in {0, 1}
    assert "Traceback" not in result.output
    (tmp_path / "safecare.db").touch()
    assert runner.invoke(app, ["test", str(rule), "--on", str(tmp_path)]).exit_code == 2
