"""``safecare rules check`` and ``rules test`` with Sigma rules: errors, log files and the history of a data folder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from safecare.cli.rules import app
from safecare.exchange.log import Entry
from safecare.exchange.memory import MemoryLog
from safecare.model.event import Event
from safecare.model.events import encode_event
from safecare.model.events.doors import BadgeDenied
from safecare.model.events.logs import LogRecorded
from safecare.store.database import Database
from safecare.store.write import StoreWriter
from safecare.testing.made import made

RULES = """title: Failed
logsource: {product: linux, service: sshd}
detection: {k: ['Failed password'], condition: k}
level: high
---
title: Stolen
logsource: {product: safecare, category: badge.denied}
detection: {s: {reason: stolen}, condition: s}
level: high
"""


def stored(data: Path, *events: Event) -> None:
    data.mkdir()
    database, log = Database(data / "safecare.db"), MemoryLog()
    database.migrate()
    log.append([Entry("event", tuple(encode_event(event) for event in events))])
    while StoreWriter(log, database).step(0):
        pass


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def run(*words: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, list(map(str, words)))
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.stdout, result.stderr


def test_check_tells_errors_and_unknown_sources(tmp_path: Path) -> None:
    rules = tmp_path / "r.yml"
    rules.write_text(RULES)
    code, said, _ = run("check", rules)
    assert code == 0
    assert "2 rules and 0 correlations can be used; 0 errors" in said
    assert "r.yml:6: note" in said
    rules.write_text(RULES + "---\ntitle: T\nlogsource: {product: p}\ndetection: {s: {A|wrong: 1}, condition: s}\n")
    code, said, _ = run("check", rules)
    assert code == 1
    assert "r.yml:13: error: Unknown modifier 'wrong'" in said


def test_test_on_log_files(tmp_path: Path) -> None:
    rules, log = tmp_path / "r.yml", tmp_path / "auth.log"
    rules.write_text(RULES)
    log.write_text("<38>Oct 11 22:14:16 srv1 sshd[2]: Failed password for a\n")
    code, said, summed = run("test", rules, "--on", log)
    assert code == 0
    assert "Failed  [message]" in said
    assert "1 findings of 1 rules in 1 records" in summed
    code, said, _ = run("test", rules, "--on", log, "--format", "ndjson")
    assert json.loads(said)["rule"]["title"] == "Failed"
    assert run("test", rules, "--on", tmp_path / "absent")[0] == 2


def test_test_on_a_data_folder(tmp_path: Path) -> None:
    rules, data = tmp_path / "r.yml", tmp_path / "data"
    rules.write_text(RULES)
    stored(
        data,
        made(LogRecorded, 0, fields={"product": "linux", "service": "sshd", "message": "Failed password"}),
        made(BadgeDenied, 1, "door.pharmacy", reason="stolen"),
        made(BadgeDenied, 2, "door.pharmacy", reason="unknown"),
    )
    code, said, summed = run("test", rules, "--on", data)
    assert code == 0
    assert "2 findings of 2 rules in 3 records" in summed, (said, summed)
