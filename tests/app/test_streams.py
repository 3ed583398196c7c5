"""``safecare watch video`` without a camera: what is lost is told, and who stops reading ends it."""

from __future__ import annotations

from pathlib import Path

import pytest

from safecare.app.streams import Watching, follow, hospital_of
from safecare.cli import main
from safecare.model.clock import SystemClock
from safecare.model.scene import Area, Scene
from safecare.scenarios.make.clips import make_clip
from safecare.sources.camera.places import CameraSettings

pytestmark = pytest.mark.slow
SCENE = Scene(size=(1, 1), areas=(Area(id="all", kind="intrusion", polygon=((0, 0), (1, 0), (1, 1), (0, 1))),))


def test_each_source_is_a_camera_with_the_scene() -> None:
    hospital = hospital_of(["rtsp://a", "rtsp://b"], SCENE, "Europe/Paris")
    assert [one.id for one in hospital.assets] == ["camera-1", "camera-2"]
    assert set(hospital.scenes) == {"camera-1", "camera-2"}


async def test_a_stream_is_judged_until_nobody_reads(tmp_path: Path) -> None:
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(make_clip("loitering", seconds=20, seed=1, fps=5, arrive=4.0, per_minute=0.1, size=(320, 180)).raw)
    told: list[str] = []

    def write(line: str) -> None:
        told.append(line)
        raise BrokenPipeError

    await follow(
        [str(clip)], SCENE, None, settings=CameraSettings(), seconds=60.0, timezone="UTC", as_json=True, language="en",
        write=write, note=told.append,
    )  # fmt: skip
    assert len(told) == 1
    assert '"rule":"people.intrusion"' in told[0]
    assert f'"source":"{clip}"' in told[0]


def test_how_a_camera_is_stands_once_while_it_stays_so() -> None:
    noted: list[tuple[str, str]] = []
    intake = Watching(
        hospital_of(["rtsp://a"], None, "UTC"), SystemClock(), lambda _: None, lambda *said: noted.append(said)
    )
    for state, detail in [
        ("ok", "all pictures are seen"),
        *[("waiting", "Connection refused")] * 3,
        ("ok", "good"),
        ("ok", "good"),
    ]:
        intake.report("watch/camera-1", state, detail)
    assert noted == [("camera-1", "Connection refused"), ("camera-1", "good")]


@pytest.mark.parametrize("words", [["no-such.mp4"], ["gopher://a"], ["http://127.0.0.1:1/", "--timezone", "Mars/Base"]])
def test_what_can_never_be_followed_is_told_at_once(words: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["watch", "video", *words])
    out, err = capfd.readouterr()
    assert (out, ended.value.code) == ("", 2)
    assert words[-1] in err
