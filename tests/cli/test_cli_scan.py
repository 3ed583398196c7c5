"""`safecare scan`: what is written, and how it ends."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from idmefv2 import Message

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
    assert [Path(line["path"]).name for line in lines] == ["a.txt", "note.txt", "\\xff.txt", "missing"]
    assert set(lines[0]) == {"path", "sha256", "type", "verdict", "score", "findings"}
    assert [(line["verdict"], line["type"]) for line in lines] == [("clean", "text")] * 3 + [("unreadable", "unread")]
    assert (lines[3]["sha256"], lines[3]["findings"][0]["rule"]) == (None, "file.unread")
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
    left: list[Path] = []
    assert list(files_of([tmp_path, too_long], left.append)) == [tmp_path / "a.txt", tmp_path / "shut", too_long]
    assert left == [tmp_path / "link", tmp_path / "pipe"]


def test_folders_may_lie_deeper_than_the_stack_goes(tmp_path: Path) -> None:
    depth = sys.getrecursionlimit() + 50
    here = os.open(tmp_path, os.O_RDONLY)
    for _ in range(depth):
        os.mkdir("d", dir_fd=here)
        here, above = os.open("d", os.O_RDONLY, dir_fd=here), here
        os.close(above)
    os.close(os.open("f", os.O_CREAT | os.O_WRONLY, dir_fd=here))
    os.close(here)
    [file] = files_of([tmp_path])
    subprocess.run(
        ["rm", "-rf", str(tmp_path / "d")], check=True
    )  # what pytest would clear it with does not go so deep
    assert (file.name, len(file.relative_to(tmp_path).parts)) == ("f", depth + 1)


@pytest.mark.slow
def test_what_is_no_file_or_can_not_be_read_has_a_verdict_and_steers_no_terminal(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    names = ["empty", "new\nline\x1b[31m", "c1\x9b31m", "\u202etxt.exe"]
    for name in names:
        Path(name).touch()
    os.mkfifo("pipe")
    Path("nowhere").symlink_to("missing")
    Path("circle").symlink_to("circle")
    with Path("sparse").open("wb") as file:
        file.truncate(10 << 30)
    names += ["pipe", "nowhere", "circle", "sparse", "\x1b]0;x\x07", "/dev/zero"]
    with pytest.raises(SystemExit) as ended:
        main(["scan", "--format", "ndjson", *names])
    out, err = capfd.readouterr()
    lines = [json.loads(line) for line in out.splitlines()]
    assert [line["path"] for line in lines] == names
    assert [line["verdict"] for line in lines[4:]] == ["unreadable"] * 6
    assert lines[0]["type"] == "empty"
    assert all(
        ord(letter) >= 32 and not "\x7f" <= letter <= "\x9f" for line in (out + err).split("\n") for letter in line
    )
    assert "\u202e" not in out
    assert ended.value.code == 1  # a name that is written to be read backwards


@pytest.mark.slow
def test_people_who_read_french_read_nothing_else(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.txt").write_bytes(b"plain words")
    (tmp_path / "pipe").symlink_to("a.txt")
    with pytest.raises(SystemExit) as ended:
        main(["scan", "--language", "fr", str(tmp_path), str(tmp_path / "missing")])
    out, err = capfd.readouterr()
    assert [line.split()[0] for line in out.splitlines()] == ["sain", "illisible", "file.unread"]
    assert "ce fichier ou ce dossier n’existe pas." in out
    assert err.startswith(f"safecare: {tmp_path / 'missing'}: ce fichier ou ce dossier n’existe pas\n")
    assert "laissés de côté\N{NO-BREAK SPACE}: 1" in err
    assert ended.value.code == 2


@pytest.mark.slow
def test_messages_for_other_systems_fit_the_schema_of_the_draft(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    eicar = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
    for name in (b"e\xff\n\x1b.txt", b"long " + b"\xc3\xa9" * 100):
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name)).write_bytes(eicar)
    (tmp_path / "fine.txt").write_bytes(b"words")
    with pytest.raises(SystemExit) as ended:
        main(["scan", "--format", "idmef", str(tmp_path), str(tmp_path / "missing")])
    lines = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    for line in lines:
        message = Message()
        message.update(line)
        message.validate()
    assert [line["Priority"] for line in lines] == ["High", "High", "Low"]
    assert ["Hash" in line["Attachment"][0] for line in lines] == [True, True, False]
    assert ended.value.code == 1


COMMAND = f"{sys.executable} -c 'from safecare.cli import main; main()' scan --format ndjson"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("call", "code", "out", "told"),
    [
        ("- <<<words", 0, '"path":"-"', ""),
        ("- <&-", 2, '"unreadable"', "it is closed"),
        ("/etc/hostname >/dev/full", 2, "", "can't be written: No space left"),
        ("/etc/hostname >&-", 2, "", "can't be written: standard output is closed"),
        ('""', 2, "", "a path is empty"),
    ],
)
def test_streams_that_end_early_end_the_command_with_two(call: str, code: int, out: str, told: str) -> None:
    done = subprocess.run(
        ["/bin/bash", "-c", f"{COMMAND} {call}"], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == code
    assert out in done.stdout
    assert told in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    "words",
    [
        ["--language", "de"],
        ["--rules", "no-such-rules"],
        ["--rules", str(Path(__file__).parents[1] / "cases" / "mail_phishing")],
        ["--mail-model", "no-such-model"],
    ],
)
def test_a_wrong_call_is_told_in_one_line(words: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["scan", *words, __file__])
    out, err = capfd.readouterr()
    assert (out, ended.value.code) == ("", 2)
    assert words[1] in err
    assert "Errno" not in err


@pytest.mark.slow
def test_what_can_not_be_read_is_told_in_the_language_that_was_asked_for(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "round").symlink_to(tmp_path / "about")
    (tmp_path / "about").symlink_to(tmp_path / "round")
    os.mkfifo(tmp_path / "pipe")
    paths = [tmp_path / "gone", tmp_path / "round", tmp_path / "pipe", tmp_path]
    with pytest.raises(SystemExit) as ended:
        main(["scan", "--language", "fr", *map(str, paths)])
    out, err = capfd.readouterr()
    for place in (out, err):
        assert "ce fichier ou ce dossier n’existe pas" in place
        assert "trop de liens symboliques se suivent" in place
        assert "pas un fichier ordinaire" in place
    assert "périphériques laissés de côté" in err
    assert ended.value.code == 2


@pytest.mark.slow
def test_a_file_whose_examiner_does_not_start_is_unreadable(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.txt").write_bytes(b"plain words")
    monkeypatch.setattr(sys, "executable", str(tmp_path / "none"))
    with pytest.raises(SystemExit) as ended:
        main(["scan", "--format", "ndjson", str(tmp_path / "a.txt")])
    [line] = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert (line["verdict"], line["findings"][0]["rule"]) == ("unreadable", "engine.stopped")
    assert line["findings"][0]["why"] == {
        "en": "The file cannot be examined: its process did not start (No such file or directory).",
        "fr": "Fichier impossible à examiner\N{NO-BREAK SPACE}: son processus n’a pas démarré "
        "(ce fichier ou ce dossier n’existe pas).",
    }
    assert ended.value.code == 2
