"""``safecare detect video`` from end to end on a drawn clip, and its exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from safecare.cli.detect_video import app
from safecare.scenarios.make.clips import make_clip

pytestmark = pytest.mark.slow
ZONES = """
coordinates: fractions
zones:
  - {id: door, kind: loitering, polygon: [[0.5, 0.5], [0.9, 0.5], [0.9, 1], [0.5, 1]], seconds: 8}
  - {id: night, kind: intrusion, polygon: [[0.5, 0.5], [0.9, 0.5], [0.9, 1], [0.5, 1]], hours: "20:00-06:00"}
"""


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    path = tmp_path / "clip.mp4"
    path.write_bytes(make_clip("loitering", seconds=20, seed=1, fps=5, per_minute=0.1, size=(320, 180)).raw)
    return path


def run(*words: object) -> tuple[int, list[dict[str, object]], str]:
    found = CliRunner().invoke(app, [str(word) for word in words])
    lines = [json.loads(line) for line in found.stdout.splitlines() if line.startswith("{")]
    return found.exit_code, lines, found.stderr


def test_loiterer_is_told_and_tracks_are_written(clip: Path, tmp_path: Path) -> None:
    zones = tmp_path / "zones.yaml"
    zones.write_text(ZONES)
    tracks = tmp_path / "tracks.txt"
    code, lines, errors = run(
        clip, "--zones", zones, "--model", "none", "--format", "ndjson", "--tracks-out", tracks,
        "--start", "2026-11-23T12:00:00+01:00",
    )  # fmt: skip
    assert (code, errors) == (0, "")
    *alerts, summary = lines
    assert [(one["rule"], one["zone"]) for one in alerts] == [("people.loitering", "door")]
    assert summary["type"] == "summary"
    assert summary["frames"] == 100
    rows = [line.split(",") for line in tracks.read_text().splitlines()]
    assert rows
    assert all(len(row) == 10 and 1 <= int(row[0]) <= 100 for row in rows)


def test_tracks_have_a_box_in_each_picture_though_not_each_is_looked_at(clip: Path, tmp_path: Path) -> None:
    tracks = tmp_path / "tracks.txt"
    code, _, _ = run(clip, "--model", "none", "--fps", "2.5", "--tracks-out", tracks)
    assert code == 0
    found: dict[str, list[int]] = {}
    for line in tracks.read_text().splitlines():
        frame, track, *_ = line.split(",")
        found.setdefault(track, []).append(int(frame))
    assert found
    for frames in found.values():
        assert frames == list(range(frames[0], frames[-1] + 1))


def test_a_cut_file_is_judged_as_far_as_it_goes(clip: Path) -> None:
    raw = clip.read_bytes()
    broken = clip.with_suffix(".avi")
    broken.write_bytes(raw[: len(raw) // 2])
    code, _, errors = run(broken, "--model", "none")
    assert code == 2
    assert str(broken) in errors


def test_a_folder_of_pictures_is_judged_as_a_recording_and_an_empty_one_refused(clip: Path, tmp_path: Path) -> None:
    import av
    import cv2

    folder = tmp_path / "img1"
    folder.mkdir()
    code, _, errors = run(folder, "--model", "none")
    assert code == 2
    assert str(folder) in errors
    with av.open(str(clip)) as container:
        for number, frame in enumerate(container.decode(video=0), 1):
            cv2.imwrite(str(folder / f"{number:06d}.jpg"), frame.to_ndarray(format="bgr24"))
    code, (*_, summary), errors = run(folder, "--rate", "5", "--model", "none", "--format", "ndjson")
    assert (code, errors) == (0, "")
    assert (summary["frames"], summary["seconds"]) == (100, 19.8)


@pytest.mark.parametrize(
    ("zones", "said"),
    [("zones: [", "zones.yaml:2"), (ZONES, "--start"), ("zones:\n  - {id: a, kind: line}", "zones.yaml:2")],
)
def test_what_is_wrong_with_zones_is_told(clip: Path, tmp_path: Path, zones: str, said: str) -> None:
    path = tmp_path / "zones.yaml"
    path.write_text(zones)
    code, _, errors = run(clip, "--zones", path, "--model", "none")
    assert code == 2
    assert said in errors


@pytest.mark.parametrize("words", [["nothing.mp4"], ["--model", "nobody"], ["--model", "none.onnx"]])
def test_what_is_not_there_is_told(clip: Path, words: list[str]) -> None:
    code, _, errors = run(*(words if words[0].endswith("mp4") else [clip, *words]))
    assert code == 2
    assert words[-1] in errors
    assert "Traceback" not in errors


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--rate", "-1"], "--rate"),
        (["--language", "de"], "--language"),
        (["--start", "9999-12-31T23:59:59"], "--start"),
        (["--tracks-out", "no-such-folder/tracks.txt"], "no-such-folder"),
    ],
)
def test_a_wrong_call_is_told_before_anything_is_judged(clip: Path, words: list[str], said: str) -> None:
    code, lines, errors = run(clip, *words)
    assert (code, lines) == (2, [])
    assert said in errors
    assert "Traceback" not in errors
