from __future__ import annotations

import json
from pathlib import Path

import pytest

from safecare import cli


def run(*words: str) -> int:
    with pytest.raises(SystemExit) as end:
        cli.main(["playbooks", *words])
    return int(end.value.code or 0)


def test_a_procedure_goes_out_and_comes_in_again(tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert run("export", "ransomware", "--data", str(tmp_path)) == 0
    file = tmp_path / "out.json"
    file.write_bytes(capfdbinary.readouterr().out)
    book = json.loads(file.read_bytes())
    book["id"], book["name"] = "playbook--00000000-0000-4000-8000-000000000001", "Ours"
    file.write_text(json.dumps(book), "utf-8")
    assert run("check", str(file)) == 0
    assert run("import", str(file), "--data", str(tmp_path)) == 0
    capfdbinary.readouterr()
    assert run("list", "--data", str(tmp_path), "--language", "fr") == 0
    listed = capfdbinary.readouterr().out.decode()
    assert "Ours" in listed
    assert "Rançongiciel dans l’hôpital" in listed
    assert run("show", "water-loss", "--data", str(tmp_path)) == 0


def test_what_is_wrong_is_named_with_file_and_place(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad = tmp_path / "bad.json"
    bad.write_text('{"type": "playbook", "spec_version": "cacao-2.0", "id": "x", "workflow": {}}', "utf-8")
    assert run("check", str(bad)) == 1
    assert str(bad) in capsys.readouterr().err
    assert run("import", str(bad), "--data", str(tmp_path)) == 1
    none = tmp_path / "none.json"
    none.write_text("words", "utf-8")
    assert run("check", str(none), str(tmp_path / "absent.json")) == 2
    assert run("export", "no-such", "--data", str(tmp_path)) == 1
