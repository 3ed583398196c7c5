"""Special models: a tiny one of our own sees a red spot as fire; told after some looks, by a confined worker too."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from test_networks import CARD, scene

from safecare.sources.camera.client import WorkerClient
from safecare.sources.camera.messages import ClipJob, People, SpotsTold, View
from safecare.sources.camera.models import ModelCard, add
from safecare.sources.camera.vision.networks import network
from safecare.sources.camera.vision.parts import Box, Image, Picture
from safecare.sources.camera.vision.specials import LOOKS, Specials
from safecare.sources.camera.vision.watch import Watch
from safecare.testing.camera_streams import encode
from safecare.testing.networks import tiny_centernet

FIRE = ModelCard(
    name="embers", file="embers.onnx", sha256="", family="centernet", width=320, height=192, labels=("fire",),
    licence="", origin="", threshold=0.6, tells=("fire",),
)  # fmt: skip


class Said:
    """A network that sees what the test wants."""

    def __init__(self) -> None:
        self.now: list[tuple[str, Box]] = []

    def spots(self, image: Image) -> list[tuple[str, Box]]:
        return self.now


def blank() -> Picture:
    image: Image = np.zeros((18, 32, 3), np.uint8)
    return Picture(image, 1.0, lambda: image)


def test_a_label_is_told_after_most_of_the_looks_and_goes_after_all_of_them() -> None:
    said = Said()
    specials = Specials(said)
    fire = ("fire", Box(1, 2, 3, 4, 0.7))
    told = []
    for second in range(12):
        said.now = [fire] if second in (0, 2, 3) else []
        known = specials.look(blank(), float(second))
        assert known is not None
        told.append([one.label for one in known])
    assert told == [[]] * 3 + [["fire"]] * LOOKS + [[]] * 4


def test_a_single_false_box_tells_nothing_and_looks_are_seldom() -> None:
    said = Said()
    specials = Specials(said)
    said.now = [("fire", Box(1, 2, 3, 4, 0.9))]
    assert specials.look(blank(), 0.0) == []
    assert specials.look(blank(), 0.4) is None
    said.now = []
    assert all(specials.look(blank(), float(second)) == [] for second in range(1, 9))


@pytest.mark.slow
def test_the_watch_tells_what_the_special_model_sees_and_that_it_ends() -> None:
    watch = Watch(View(fps=5.0), special=network(FIRE, tiny_centernet()))
    told = []
    for number in range(100):
        image = scene(160, 88) if 20 <= number < 60 else np.full((180, 320, 3), 90, np.uint8)
        look = watch.look(Picture(image, 1.0, lambda image=image: image), number / 5)  # type: ignore[misc]
        if look.spots is not None:
            told.append((number, [one.label for one in look.spots], bool(look.spots_still)))
    assert told[0] == (30, ["fire"], True)
    assert told[-1][1:] == ([], False)
    assert sum(still for _, _, still in told) == 1


@pytest.mark.slow
async def test_a_confined_worker_tells_it_beside_the_people(tmp_path: Path) -> None:
    model = tmp_path / "tiny.onnx"
    model.write_bytes(tiny_centernet())
    common = {"family": "centernet", "width": 320, "height": 192, "licence": "", "origin": "", "threshold": 0.6}
    people = add(model, {**common, "name": "tiny", "labels": CARD.labels}, tmp_path / "people")
    fire = add(model, {**common, "name": "embers", "labels": ("fire",), "tells": ("fire",)}, tmp_path / "special")
    clip = tmp_path / "clip.mp4"

    def pictures() -> Iterator[Image]:
        for number in range(50):
            yield scene(100 + number, 88)

    clip.write_bytes(encode(pictures(), 5).raw)
    worker = WorkerClient(model=people.card_path, special=fire.card_path)
    try:
        job = ClipJob("camera", str(clip), "mov", 0.0, View(fps=5.0))
        seen = [one async for one in worker.answers(job, silence=60.0)]
    finally:
        await worker.stop()
    assert not worker.problem
    assert any(isinstance(one, People) and one.people for one in seen)
    spots = [one for one in seen if isinstance(one, SpotsTold)]
    assert spots[0].at == pytest.approx(2.0, abs=0.3)
    assert [one.label for one in spots[0].spots] == ["fire"]
    assert spots[0].still
