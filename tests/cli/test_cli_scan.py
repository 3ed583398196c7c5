"""`safecare scan`: what is written, and how it ends."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from safecare.cli import main
from safecare.cli.files import files_of


@pytest.mark.slow
def test_scan_writes_one_object_per_file_in_order_and_tells_what_it_can_not_read(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "note.txt").write_bytes(b"plain words")
    (tmp_path / "a.txt").write_bytes(b"other words")
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/b/\xff.txt")).write_bytes(b"more words")  # a name that is no UTF-8
    with pytest.raises(SystemExit) as ended:
        main(["scan", "--format", "ndjson", str(tmp_path), str(tmp_path / "missing")])
    out, err = capfd.readouterr()
    lines = [json.loads(line) for line in out.splitlines()]
    assert [Path(line["path"]).name for line in lines] == ["a.txt", "note.txt", "\\xff.txt"]
    assert set(lines[0]) == {"path", "sha256", "type", "verdict", "score", "findings"}
    assert [(line["verdict"], line["type"]) for line in lines] == [("clean", "text")] * 3
    assert "missing: No such file" in err
    assert ended.value.code == 2


@pytest.mark.slow
def test_mails_of_an_mbox_and_of_a_maildir_are_judged_one_by_one(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    good = b"From: Anna <anna@aurore.example>\nTo: b@aurore.example\nSubject: planning\n\nSee you at 10.\n"
    bad = (
        b"From: PayPal <a@notice.example>\nTo: b@aurore.example\nSubject: Your account is suspended\n\n"
        b"Confirm your account: https://notice.example/login\n"
    )
    (tmp_path / "inbox").write_bytes(
        b"".join(b"From a@b Mon Mar  2 08:00:00 2026\n" + one + b"\n" for one in (good, bad))
    )
    (tmp_path / "m" / "cur").mkdir(parents=True)
    (tmp_path / "m" / "cur" / "1772438400.M1P1.mx:2,S").write_bytes(bad)
    with pytest.raises(SystemExit) as ended:
        main(["scan", "--format", "ndjson", "--own", "aurore.example", str(tmp_path)])
    lines = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert [(Path(line["path"]).name, line["verdict"] != "clean") for line in lines] == [
        ("inbox#1", False),
        ("inbox#2", True),
        ("1772438400.M1P1.mx:2,S", True),
    ]
    assert {line["type"] for line in lines} == {"mail"}
    assert ended.value.code == 1


def test_what_lies_out_of_reach_is_handed_on_to_be_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "shut").mkdir()
    (tmp_path / "a.txt").write_bytes(b"words")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to(tmp_path / "a.txt")
    too_long, scandir = tmp_path / ("a" * 300), os.scandir

    def refused(path: str) -> object:  # whoever runs the tests may be root, who may look everywhere
        if str(path).endswith("shut"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refused)
    assert list(files_of([tmp_path, too_long])) == [tmp_path / "a.txt", tmp_path / "shut", too_long]


@pytest.mark.slow
@pytest.mark.parametrize(
    "words", [["--language", "de"], ["--rules", "no-such-rules"], ["--mail-model", "no-such-model"]]
)
def test_a_wrong_call_is_told_in_one_line(words: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["scan", *words, __file__])
    out, err = capfd.readouterr()
    assert (out, ended.value.code) == ("", 2)
    assert words[1] in err
    assert "Errno" not in err
