"""Networks with a tiny one of our own: decoding, crops, and a confined worker that uses it."""

from __future__ import annotations

from pathlib import Path

import av
import msgspec
import numpy as np
import pytest

from safecare.sources.camera.client import WorkerClient
from safecare.sources.camera.messages import ClipJob, Done, People, View
from safecare.sources.camera.models import ModelCard, add
from safecare.sources.camera.vision.finder import NetworkFinder
from safecare.sources.camera.vision.networks import distinct, guessed, network
from safecare.sources.camera.vision.parts import Box, Image, Picture, Tracked
from safecare.testing.networks import tiny_centernet

pytestmark = pytest.mark.slow
CARD = ModelCard(
    name="tiny", file="tiny.onnx", sha256="", family="centernet", width=320, height=192, labels=("person",),
    licence="", origin="", threshold=0.6,
)  # fmt: skip
GREY = 90


def scene(x: int, y: int, width: int = 320, height: int = 180, side: int = 8) -> Image:
    """A grey picture with a red spot."""
    image: Image = np.full((height, width, 3), GREY, np.uint8)
    image[y : y + side, x : x + side] = (0, 0, 255)
    return image


def picture(image: Image) -> Picture:
    scale = image.shape[1] / 320
    step = round(scale)
    return Picture(image[::step, ::step].copy(), scale, lambda: image)


def test_a_spot_becomes_one_box_around_it() -> None:
    boxes = network(CARD, tiny_centernet()).boxes(scene(160, 88))
    best = boxes[0]
    assert best.score > 0.5
    assert abs(best.centre[0] - 164) < 8
    assert abs(best.centre[1] - 92) < 8


def test_a_small_one_in_a_large_picture_is_followed_in_crops() -> None:
    finder = NetworkFinder(network(CARD, tiny_centernet()))
    empty = np.full((720, 1280, 3), GREY, np.uint8)
    assert finder.find(picture(empty), 0.0, []) == []
    spot = scene(640, 360, 1280, 720, side=20)
    known = [Tracked(1, Box(155, 85, 5, 9, 0.9), 0.0, 0.9)]
    found = finder.find(picture(spot), 1.0, known)
    assert found
    assert abs(found[0].centre[0] - 162.5) < 5


def test_what_is_no_known_family_is_refused() -> None:
    with pytest.raises(ValueError, match="can't load"):
        guessed(b"nothing")
    assert guessed(tiny_centernet())["family"] == "centernet"


def test_overlapping_boxes_are_one() -> None:
    rows = np.array([[0, 0, 10, 20], [1, 1, 10, 20], [50, 0, 10, 20]], np.float32)
    found = distinct(rows, np.array([0.5, 0.9, 0.7], np.float32))
    assert [round(box.score, 1) for box in found] == [0.9, 0.7]


async def test_a_confined_worker_finds_people_by_the_model(tmp_path: Path) -> None:
    model = tmp_path / "tiny.onnx"
    model.write_bytes(tiny_centernet())
    card = add(model, msgspec.to_builtins(CARD), tmp_path / "models")
    clip = tmp_path / "clip.mp4"
    with av.open(str(clip), "w") as file:
        stream = file.add_stream("libx264", rate=5)
        stream.width, stream.height, stream.pix_fmt = 320, 180, "yuv420p"
        for step in range(25):
            frame = av.VideoFrame.from_ndarray(scene(40 + 8 * step, 88, side=12), format="bgr24")
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    worker = WorkerClient(model=card.card_path)
    job = ClipJob("c", str(clip), "mov", 0.0, View())
    try:
        answers = [one async for one in worker.answers(job, silence=60)]
    finally:
        await worker.stop()
    assert (worker.finds, worker.problem) == ("tiny", "")
    assert isinstance(answers[-1], Done)
    assert any(one.people for one in answers if isinstance(one, People))


async def test_a_worker_whose_model_was_changed_goes_on_by_motion_and_says_so(tmp_path: Path) -> None:
    model = tmp_path / "tiny.onnx"
    model.write_bytes(tiny_centernet())
    card = add(model, msgspec.to_builtins(CARD), tmp_path / "models")
    card.path.write_bytes(b"another")
    clip = tmp_path / "none.mp4"
    clip.write_bytes(b"nothing")
    worker = WorkerClient(model=card.card_path)
    try:
        _ = [one async for one in worker.answers(ClipJob("c", str(clip), "mov", 0.0, View()), silence=60)]
    finally:
        await worker.stop()
    assert worker.finds == ""
    assert "SHA-256" in worker.problem
