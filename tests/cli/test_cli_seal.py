"""Sealing and verifying as a person does it: each kind of change is told, and a forged seal is none."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from safecare.cli.seal import app as seal
from safecare.cli.verify import app as verify
from safecare.testing.medical_attacks.signer import signed
from safecare.testing.medical_attacks.writer import JPEG, Image

pytestmark = pytest.mark.slow
IMAGE = Image(items={(0x00100010, "PN"): "EXEMPLE^ALIX", (0x00280010, "US"): 2}, pixels=b"\1\2\3\4")


def run(folder: Path, key: Path) -> tuple[int, dict[str, dict[str, object]]]:
    result = CliRunner().invoke(verify, [str(folder), "--key", str(key), "--format", "ndjson"])
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    return result.exit_code, {Path(one["path"]).name: one for one in lines}


def test_changes_are_told_attribute_by_attribute(tmp_path: Path) -> None:
    folder, key = tmp_path / "images", tmp_path / "seal.key"
    folder.mkdir()
    image, frames = folder / "a.dcm", folder / "b.dcm"
    image.write_bytes(IMAGE.write())
    frames.write_bytes(Image(syntax=JPEG, fragments=(b"one1", b"two2")).write())
    (folder / "c.txt").write_text("note")
    assert CliRunner().invoke(seal, [str(folder), "--key", str(key)]).exit_code == 0
    assert key.stat().st_mode & 0o077 == 0
    assert run(folder, key)[0] == 0
    assert b"ALIX" not in (folder / "a.dcm.seal").read_bytes()

    raw = image.read_bytes().replace(b"ALIX", b"ALEX")
    image.write_bytes(b"MZ" + raw[2:] + b"appended")
    frames.write_bytes(frames.read_bytes().replace(b"two2", b"two3"))
    (folder / "c.txt").unlink()
    (folder / "d.txt").write_text("new")
    code, told = run(folder, key)
    assert code == 1
    assert {name: one["state"] for name, one in told.items()} == {
        "a.dcm": "changed",
        "b.dcm": "changed",
        "c.txt": "missing",
        "d.txt": "unsealed",
    }
    changed = told["a.dcm"]["changes"]
    assert isinstance(changed, list)
    assert [(one["attribute"], one["change"]) for one in changed] == [
        *(("(0010,0010)", "changed"), ("preamble", "changed"), ("after the data set", "added")),
    ]
    assert changed[0]["name"] == "PatientName"
    assert told["b.dcm"]["changes"] == [{"attribute": "(7FE0,0010)", "name": "PixelData", "change": "changed"}]


def test_what_has_changed_is_not_sealed_again_unless_asked(tmp_path: Path) -> None:
    file, key = tmp_path / "a.dcm", tmp_path / "k" / "seal.key"
    file.write_bytes(IMAGE.write())
    assert CliRunner().invoke(seal, [str(file), "--key", str(key)]).exit_code == 0
    file.write_bytes(IMAGE.write() + b"x")
    assert CliRunner().invoke(seal, [str(file), "--key", str(key)]).exit_code == 1
    assert run(file, key)[0] == 1
    assert CliRunner().invoke(seal, [str(file), "--key", str(key), "--renew"]).exit_code == 0
    assert run(file, key)[0] == 0


def test_forged_foreign_and_moved_seals_do_not_hold(tmp_path: Path) -> None:
    file, key, other = tmp_path / "a.dcm", tmp_path / "k" / "seal.key", tmp_path / "o" / "seal.key"
    file.write_bytes(IMAGE.write())
    CliRunner().invoke(seal, [str(file), "--key", str(key)])
    sealed = (tmp_path / "a.dcm.seal").read_bytes()
    (tmp_path / "b.dcm").write_bytes(file.read_bytes())
    (tmp_path / "b.dcm.seal").write_bytes(sealed)
    assert run(tmp_path / "b.dcm", key)[1]["b.dcm"]["state"] == "renamed"
    for forged in (sealed.replace(b'"size":', b'"size":1'), b"{}", b"", b"[" * 100_000, sealed[:-30]):
        (tmp_path / "a.dcm.seal").write_bytes(forged)
        assert run(file, key)[1]["a.dcm"]["state"] == "forged"
    (tmp_path / "a.dcm.seal").unlink()
    CliRunner().invoke(seal, [str(file), "--key", str(other)])
    code, told = run(file, key)
    assert (code, told["a.dcm"]["reason"]) == (1, "signed with another key")


def test_what_cannot_be_read_is_told_and_the_rest_goes_on(tmp_path: Path) -> None:
    file, key = tmp_path / "a.dcm", tmp_path / "k" / "seal.key"
    file.write_bytes(IMAGE.write())
    result = CliRunner().invoke(verify, [str(file), "--key", str(key)])
    assert result.exit_code == 2
    assert "seal.pub" in result.output
    result = CliRunner().invoke(seal, [str(tmp_path / "none.dcm"), str(file), "--key", str(key)])
    assert result.exit_code == 2
    assert (tmp_path / "a.dcm.seal").exists()


@pytest.mark.slow
@pytest.mark.parametrize("full", [True, False])
def test_what_can_not_be_written_is_no_fault_of_the_files(tmp_path: Path, full: bool) -> None:
    for number in range(3):
        (tmp_path / f"{number}.txt").write_bytes(b"words")
    key = tmp_path / "key" / "a.key"
    assert CliRunner().invoke(seal, [str(tmp_path), "--key", str(key)]).exit_code == 0
    reader, writer = os.pipe()
    os.close(reader)  # who reads has gone
    with Path("/dev/full").open("wb") if full else os.fdopen(writer, "wb") as out:
        done = subprocess.run(
            [sys.executable, "-m", "safecare", "verify", str(tmp_path), "--key", str(key)],
            stdout=out,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            timeout=60,
        )
    assert done.returncode == 2
    assert ("can't be written: No space left" in done.stderr) == full
    assert (".txt" in done.stderr, "Traceback" in done.stderr) == (False, False)


def test_pipes_and_devices_are_told_and_waited_for_by_nobody(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    sealed = CliRunner().invoke(seal, [str(tmp_path / "pipe"), "/dev/zero", "--key", str(tmp_path / "a.key")])
    assert (sealed.exit_code, sealed.output.count("not a regular file")) == (2, 2)


def test_names_steer_no_terminal(tmp_path: Path) -> None:
    file, key = tmp_path / "a\n\x1b[31m", ["--key", str(tmp_path / "a.key")]
    file.write_bytes(b"words")
    for command in (seal, verify):
        done = CliRunner().invoke(command, [str(file), *key])
        assert (done.exit_code, done.output.count("\n"), "\x1b" in done.output) == (0, 1, False)


def test_digital_signatures_are_told_beside_seals_and_in_french(tmp_path: Path) -> None:
    key, items = tmp_path / "seal.key", signed(IMAGE.items, "signer")
    holds, broken = tmp_path / "in" / "a.dcm", tmp_path / "in" / "b.dcm"
    holds.parent.mkdir()
    holds.write_bytes(Image(items=items).write())
    broken.write_bytes(Image(items={**items, (0x00100010, "PN"): "AUTRE^NOM"}).write())
    told = CliRunner().invoke(seal, [str(holds.parent), "--key", str(key), "--language", "fr"])
    assert [line.split()[0] for line in told.stdout.splitlines()] == ["scellé", "scellé"]
    code, states = run(holds, key)
    assert code == 0
    assert states["a.dcm"]["signatures"] == [
        {
            "state": "intact",
            "attribute": "(FFFA,FFFA)[1]",
            "signer": "SAFECARE-INERT-TEST",
            "at": "20260105101500",
            "reason": "",
        }
    ]
    assert run(broken, key)[0] == 1
    shown = CliRunner().invoke(verify, [str(broken), "--key", str(key), "--language", "fr"])
    assert shown.exit_code == 1
    assert "la signature numérique ne tient pas" in shown.stdout
    broken.rename(broken.with_name("c.dcm"))
    broken.with_suffix(".dcm.seal").rename(broken.with_name("c.dcm.seal"))
    shown = CliRunner().invoke(verify, [str(broken.with_name("c.dcm")), "--key", str(key), "--language", "fr"])
    assert "renommé" in shown.stdout
    assert "scellé sous le nom b.dcm" in shown.stdout
    holds.with_suffix(".dcm.seal").write_bytes(b"{}")
    shown = CliRunner().invoke(verify, [str(holds), "--key", str(key), "--language", "fr"])
    assert "falsifié" in shown.stdout
