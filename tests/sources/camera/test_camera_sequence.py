"""Folders of pictures, raw video and pictures that lie on their side, read as recordings."""

from __future__ import annotations

import io
import struct
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from safecare.sources.api import UnreadableError
from safecare.sources.camera.decode import CLIP_FORMATS, Decoder, open_clip
from safecare.sources.camera.sequence import gather

WIDE, HIGH, RATE = 160, 96, 10


def image(bright: int) -> Any:
    """Return a picture whose left quarter is of `bright`."""
    found = np.zeros((HIGH, WIDE, 3), np.uint8)
    found[:, : WIDE // 4] = bright
    return found


def video(format: str, codec: str, pixels: str = "yuv420p") -> bytes:
    """Return twenty pictures, ten a second."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=format) as container:
        stream: Any = container.add_stream(codec, rate=RATE)
        stream.width, stream.height, stream.pix_fmt = WIDE, HIGH, pixels
        for number in range(20):
            frame = av.VideoFrame.from_ndarray(image(50 + 10 * number), format="bgr24").reformat(format=pixels)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return buffer.getvalue()


def read(path: Path, rate: float = 0.0) -> list[tuple[Any, float]]:
    with path.open("rb") as file, open_clip(file.fileno(), CLIP_FORMATS[path.suffix]) as container:
        return [(one.colour(), at) for one, at in Decoder(container, 0.0, rate).pictures()]


def jpeg(bright: int) -> bytes:
    import cv2

    return bytes(cv2.imencode(".jpg", image(bright))[1])


@pytest.mark.parametrize(
    ("ending", "format", "codec"),
    [(".h264", "h264", "libx264"), (".h265", "hevc", "libx265"), (".flv", "flv", "libx264"), (".ivf", "ivf", "libvpx")],
)
def test_raw_video_has_the_times_that_its_rate_gives(tmp_path: Path, ending: str, format: str, codec: str) -> None:
    path = tmp_path / f"clip{ending}"
    path.write_bytes(video(format, codec))
    found = read(path)
    assert [at for _, at in found] == pytest.approx([number / RATE for number in range(20)], abs=0.002)
    assert found[5][0].shape == (HIGH, WIDE, 3)


@pytest.mark.parametrize("pixels", ["yuv444p", "yuv422p10le", "gray"])
def test_pictures_of_other_pixels_are_read(tmp_path: Path, pixels: str) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(video("mp4", "libx264", pixels))
    found = read(path)
    assert len(found) == 20
    assert found[-1][0][:, 10].mean() == pytest.approx(240, abs=20)  # grey may be taken for another range


@pytest.mark.parametrize(
    ("across", "down", "bright"),  # what a row and a column of the stored picture become, and which side is bright
    [((0, 1), (-1, 0), np.s_[:20]), ((0, -1), (1, 0), np.s_[-20:]), ((-1, 0), (0, -1), np.s_[:, -20:])],
)
def test_a_picture_stands_upright_as_the_recording_says(
    tmp_path: Path, across: tuple[int, int], down: tuple[int, int], bright: Any
) -> None:
    raw = bytearray(video("mp4", "libx264"))
    place = raw.index(b"tkhd") + 44  # ISO/IEC 14496-12: the matrix of the track's header
    (a, b), (c, d) = across, down
    raw[place : place + 36] = struct.pack(">9i", a << 16, b << 16, 0, c << 16, d << 16, 0, 0, 0, 1 << 30)
    path = tmp_path / "clip.mp4"
    path.write_bytes(raw)
    found = read(path)[-1][0]
    assert found.shape[:2] == ((WIDE, HIGH) if b else (HIGH, WIDE))
    assert found[bright].mean() > 200
    assert found.mean() < 80


def test_a_folder_is_read_in_order_of_its_numbers_at_the_rate_told_beside(tmp_path: Path) -> None:
    pictures = tmp_path / "seq" / "img1"
    pictures.mkdir(parents=True)
    for number in (2, 10, 1):
        (pictures / f"{number}.jpg").write_bytes(jpeg(20 * number))
    (pictures / "notes.txt").write_text("none")
    (tmp_path / "seq" / "seqinfo.ini").write_text("[Sequence]\nframeRate=30\n")
    for folder in (pictures, pictures.parent):
        path = tmp_path / "all.mjpeg"
        with path.open("wb") as file:
            assert gather(folder, file) == 30.0
        found = read(path, 30.0)
        assert [round(one[:, :20].mean(), -1) for one, _ in found] == [20, 40, 200]
        assert [at for _, at in found] == pytest.approx([0, 1 / 30, 2 / 30])


@pytest.mark.parametrize(
    "told", ["", "nonsense", "[Sequence]\nframeRate=nan", "[Sequence]\nframeRate=-3", "[a]\n%(b)s"]
)
def test_a_folder_of_which_no_rate_is_told(tmp_path: Path, told: str) -> None:
    pictures = tmp_path / "img1"
    pictures.mkdir()
    (pictures / "1.JPG").write_bytes(jpeg(99))
    (tmp_path / "seqinfo.ini").write_text(told)
    assert gather(tmp_path, io.BytesIO()) == 0.0


def test_a_folder_without_pictures_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableError, match="no picture"):
        gather(tmp_path, io.BytesIO())
