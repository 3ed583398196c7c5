"""Names, completeness and moves of the upload folder; messages between door and worker; settings."""

from __future__ import annotations

import contextlib
import io
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safecare.sources.api import UnreadableError
from safecare.sources.camera.clips import CLIPS
from safecare.sources.camera.messages import MAX_FRAME, ProtocolError, frame_size, read_asked, read_message
from safecare.sources.camera.names import read_name
from safecare.sources.camera.places import read_cameras
from safecare.sources.upload import BAD, DONE, UploadFolder, open_regular, shown


def test_name_tells_camera_start_and_format() -> None:
    name = read_name("aurore.camera__hall__20261123T141800Z.MP4")
    assert name == ("aurore.camera__hall", datetime(2026, 11, 23, 14, 18, tzinfo=UTC), "mov")
    assert read_name("c__20261123T141800.250Z.mkv").start.microsecond == 250_000


@pytest.mark.parametrize("name", ["clip.mp4", "c__20261399T141800Z.mp4", "c__20261123T141800Z.exe", "__.avi", ""])
def test_other_names_are_refused_with_the_place(name: str) -> None:
    with pytest.raises(UnreadableError) as caught:
        read_name(name)
    assert caught.value.place == "file name"


@given(st.text(max_size=60))
def test_no_name_raises_anything_else(name: str) -> None:
    with contextlib.suppress(UnreadableError):
        read_name(name + ".mp4")


def test_clip_is_complete_when_it_no_longer_grows(tmp_path: Path) -> None:
    folder = UploadFolder(tmp_path, 2.0, CLIPS)
    clip = tmp_path / "b__20261123T141800Z.mp4"
    clip.write_bytes(b"1")
    assert folder.complete(10.0) == []
    clip.write_bytes(b"12")
    assert folder.complete(12.0) == []
    assert folder.complete(13.0) == []
    assert folder.complete(14.0) == [clip]


def test_only_regular_files_are_offered(tmp_path: Path) -> None:
    folder = UploadFolder(tmp_path, 0.0, CLIPS)
    (tmp_path / "folder.mp4").mkdir()
    os.mkfifo(tmp_path / "pipe.mp4")
    assert folder.complete(0.0) == []
    with pytest.raises(OSError, match="regular"):
        open_regular(tmp_path / "pipe.mp4")
    (tmp_path / "link").symlink_to("/etc/hostname")
    with pytest.raises(OSError, match="link"):
        open_regular(tmp_path / "link")


def test_what_is_left_is_offered_again_once_it_has_changed(tmp_path: Path) -> None:
    folder = UploadFolder(tmp_path, 0.0, CLIPS)
    clip = tmp_path / "a.mp4"
    clip.write_bytes(b"1")
    assert folder.complete(0.0) == [clip]
    folder.leave(clip)
    assert folder.complete(1.0) == []
    clip.write_bytes(b"12")
    assert folder.complete(2.0) == [clip]


def test_the_longest_name_is_put_away_twice(tmp_path: Path) -> None:
    folder = UploadFolder(tmp_path, 0.0, CLIPS)
    clip = tmp_path / ("é" * 125 + ".mp4")
    for _ in range(2):
        clip.write_bytes(b"1")
        folder.put_away(clip, BAD)
    assert len(list((tmp_path / BAD).iterdir())) == 2


def test_a_hostile_name_can_be_told() -> None:
    assert shown(Path(os.fsdecode(b"\xff\x1b[31m\n.mp4"))) == "\ufffd\ufffd[31m\ufffd.mp4"


def test_oldest_recording_comes_first_and_other_files_are_left_alone(tmp_path: Path) -> None:
    folder = UploadFolder(tmp_path, 0.0, CLIPS)
    for name in ("b__20261123T141800Z.mp4", "a__20261123T141900Z.mp4", "c__20261123T141700Z.avi"):
        (tmp_path / name).write_bytes(b"1")
    (tmp_path / "upload.part").write_bytes(b"1")
    (tmp_path / ".hidden.mp4").write_bytes(b"1")
    (tmp_path / "link.mp4").symlink_to("/etc/hostname")
    assert [path.name[0] for path in folder.complete(0.0)] == ["c", "b", "a"]


def test_putting_away_never_overwrites(tmp_path: Path) -> None:
    folder = UploadFolder(tmp_path, 0.0, CLIPS)
    for text in (b"first", b"second"):
        (tmp_path / "x.mp4").write_bytes(text)
        folder.put_away(tmp_path / "x.mp4", DONE)
    assert sorted(path.read_bytes() for path in (tmp_path / DONE).iterdir()) == [b"first", b"second"]
    assert not (tmp_path / BAD).exists()


@given(st.binary(max_size=200))
def test_messages_from_a_broken_worker_raise_only_the_declared_error(raw: bytes) -> None:
    with contextlib.suppress(ProtocolError):
        read_message(raw)
    with contextlib.suppress(ProtocolError):
        read_asked(io.BytesIO(raw))


def test_oversized_message_is_refused_before_it_is_read() -> None:
    with pytest.raises(ProtocolError, match="bytes"):
        frame_size((MAX_FRAME + 1).to_bytes(4, "big"))


@pytest.mark.parametrize(
    "settings",
    [
        {"c": {"area": [[0, 0], [1, 1]]}},
        {"c": {"person": [[0.5, 1.5]]}},
        {"c": {"fps": 100}},
        {"c": {"colour": "red"}},
        {"c": 3},
    ],
)
def test_settings_that_make_no_sense_are_refused(settings: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="cameras"):
        read_cameras(settings)
