"""``safecare models`` on files that are models, and on files that are none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from safecare.cli.models import app
from safecare.sources.camera.models import ModelError, choose, read_card
from safecare.testing.networks import tiny_centernet


def run(*words: object) -> tuple[int, str]:
    found = CliRunner().invoke(app, [str(word) for word in words])
    return found.exit_code, found.output


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.onnx"
    path.write_bytes(tiny_centernet())
    return path


@pytest.mark.slow
def test_a_model_is_added_listed_checked_and_chosen(model: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    assert run("add", model, "--licence", "CC0", "--origin", "drawn", "--data", data)[0] == 0
    code, said = run("list", "--data", data)
    assert (code, "* tiny" in said, "CC0" in said) == (0, True, True)
    assert run("check", "--data", data) == (0, said_ok(data))
    chosen = choose("", [data / "models"])
    assert chosen is not None
    assert chosen.card.name == "tiny"


def said_ok(data: Path) -> str:
    from safecare.sources.camera.models import Model, installed_folder, models

    found = [one for one in models([data / "models", installed_folder()]) if isinstance(one, Model)]
    return "".join(f"{one.card.name}: ok\n" for one in found)


@pytest.mark.slow
def test_a_changed_file_is_found_out(model: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    run("add", model, "--licence", "CC0", "--origin", "drawn", "--data", data)
    (data / "models" / "tiny.onnx").write_bytes(b"something else")
    code, said = run("check", "--data", data)
    assert code == 1
    assert "SHA-256" in said


@pytest.mark.slow
def test_a_special_model_stands_beside_the_one_that_finds_people(model: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    words = ("--licence", "CC0", "--origin", "drawn", "--data", data)
    assert run("add", model, *words, "--name", "embers", "--labels", "fire", "--tells", "fire")[0] == 0
    code, said = run("list", "--data", data)
    assert (code, "* embers" in said, "tells:   fire" in said) == (0, True, True)
    assert "embers: ok" in run("check", "--data", data)[1]
    special = choose("", [data / "models"], "special")
    assert special is not None
    assert special.card.tells == ("fire",)
    assert choose("", [data / "models"]) is None  # it finds nobody


@pytest.mark.slow
@pytest.mark.parametrize(("labels", "tells", "said"), [("", "fire", "tells"), ("fire", "", "person")])
def test_a_special_model_must_know_what_it_tells(
    model: Path, tmp_path: Path, labels: str, tells: str, said: str
) -> None:
    code, told = run(
        "add", model, "--licence", "x", "--origin", "x", "--data", tmp_path, "--labels", labels, "--tells", tells
    )
    assert code == 1
    assert said in told


@pytest.mark.slow
def test_more_labels_than_the_network_has_are_found_out(model: Path, tmp_path: Path) -> None:
    words = ("--licence", "x", "--origin", "x", "--data", tmp_path, "--labels", "fire,smoke", "--tells", "smoke")
    assert run("add", model, *words)[0] == 0
    code, said = run("check", "--data", tmp_path)
    assert code == 1
    assert "labels" in said


def test_what_is_no_model_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "picture.onnx"
    path.write_bytes(np.arange(100, dtype=np.uint8).tobytes())
    code, said = run("add", path, "--licence", "x", "--origin", "x", "--data", tmp_path)
    assert code == 1
    assert "onnxruntime can't load it" in said


@pytest.mark.parametrize("text", ["", "name: x", "[1, 2]", "name: {", "x" * 70_000])
def test_a_bad_card_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "card.yaml"
    path.write_text(text)
    with pytest.raises(ModelError, match="card"):
        read_card(path)


def test_none_is_no_model(tmp_path: Path) -> None:
    assert choose("none", [tmp_path]) is None
    with pytest.raises(ModelError, match="nobody"):
        choose("nobody", [tmp_path])
