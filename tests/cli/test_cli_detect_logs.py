"""The command over real files: matches, what can't be read, codes, and the kept compiled rules."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from safecare.cli.detect_logs import app

RULE = """
title: Failed log-ins
id: 11111111-1111-4111-8111-111111111111
logsource: {product: linux, service: sshd}
detection: {k: ['Failed password'], condition: k}
level: high
tags: [attack.credential-access, attack.t1110]
"""


FAILED = "<38>Oct 11 22:14:16 srv1 sshd[2]: Failed password for a\n"


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    folder = tmp_path / "rules"
    folder.mkdir()
    (folder / "ssh.yml").write_text(RULE)
    (folder / "broken.yml").write_text("title: [")
    return folder


def run(tmp_path: Path, *words: object) -> tuple[int, list[dict[str, Any]], str]:
    arguments = ["--cache", str(tmp_path / "cache"), "--format", "ndjson", *map(str, words)]
    result = CliRunner().invoke(app, arguments)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, [json.loads(line) for line in result.stdout.splitlines()], result.stderr


def test_an_alert_names_rule_event_and_fields(tmp_path: Path, rules: Path) -> None:
    log = tmp_path / "auth.log"
    log.write_text(f"<38>Oct 11 22:14:15 srv1 cron[1]: x\nwhat\n{FAILED}")
    for _ in range(2):  # the second time from what was compiled
        code, (alert,), said = run(tmp_path, "--rules", rules, log)
        assert code == 1
        assert alert["rule"] == {
            "id": "11111111-1111-4111-8111-111111111111",
            "title": "Failed log-ins",
            "level": "high",
            "tags": ["attack.credential-access", "attack.t1110"],
            "techniques": ["T1110"],
            "file": str(rules / "ssh.yml"),
        }
        assert (alert["event"]["file"], alert["event"]["record"], alert["event"]["line"]) == (str(log), 3, 3)
        assert alert["fields"] == {"message": "Failed password for a"}
        assert f"{rules / 'broken.yml'}:1: error: no YAML" in said
        assert f"{log}: line 2" in said
    assert len(list((tmp_path / "cache").iterdir())) == 1


def test_codes(tmp_path: Path, rules: Path) -> None:
    quiet = tmp_path / "quiet.log"
    quiet.write_text("<38>Oct 11 22:14:15 srv1 sshd[1]: Accepted\n")
    assert run(tmp_path, "--rules", rules, quiet)[0] == 0
    assert run(tmp_path, "--rules", rules, quiet, tmp_path / "absent")[0] == 2
    assert run(tmp_path, "--rules", tmp_path / "absent", quiet)[0] == 2
    assert run(tmp_path, "--rules", rules / "broken.yml", quiet)[0] == 2
    assert run(tmp_path, "--rules", rules, "--source", "nonsense", quiet)[0] == 2
    assert run(tmp_path, "--rules", rules, "--expand", rules / "broken.yml", quiet)[0] == 2


def test_a_source_may_be_declared(tmp_path: Path, rules: Path) -> None:
    log = tmp_path / "own.json"
    log.write_text('{"text": "Failed password"}\n')
    assert run(tmp_path, "--rules", rules, log)[0] == 0
    assert run(tmp_path, "--rules", rules, "--source", "product=linux,service=sshd", log)[0] == 1


def test_a_kept_file_that_others_may_write_or_that_is_broken_is_not_taken(tmp_path: Path, rules: Path) -> None:
    log = tmp_path / "auth.log"
    log.write_text(FAILED)
    assert run(tmp_path, "--rules", rules, log)[0] == 1
    (kept,) = (tmp_path / "cache").iterdir()
    kept.write_bytes(kept.read_bytes()[:-1] + b"!")
    assert run(tmp_path, "--rules", rules, log)[0] == 1
    kept.chmod(0o666)
    assert run(tmp_path, "--rules", rules, log)[0] == 1


@pytest.mark.slow
def test_every_regression_case_fires_its_rule(tmp_path: Path) -> None:
    root = os.environ.get("SAFECARE_DATA")
    if not root:
        pytest.skip("no data")
    cases = sorted(Path(root, "sigma", "regression").glob("*/info.yml"))
    wanted: dict[str, str] = {}
    for case in cases:
        for one in yaml.safe_load(case.read_text())["rule_metadata"]:
            wanted |= {str(path): one["id"] for path in case.parent.iterdir() if path.suffix in (".evtx", ".json")}
    assert len(wanted) == 202
    folder = tmp_path / "fitting"
    folder.mkdir()
    for number, path in enumerate(Path(root, "sigma").glob("rules*/**/*.yml")):
        raw = path.read_bytes()
        if any(f"id: {id}".encode() in raw for id in wanted.values()):
            (folder / f"{number}.yml").write_bytes(raw)
    _, alerts, _ = run(tmp_path, "--rules", folder, *wanted)
    assert set(wanted.items()) <= {(alert["event"]["file"], alert["rule"]["id"]) for alert in alerts}
