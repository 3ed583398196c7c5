"""The clip generator: the same seed gives the same bytes, and the truth lies where people are drawn."""

from __future__ import annotations

import io

import av
import numpy as np
import pytest

from safecare.scenarios.make.clips import boxes, make_clip, pictures
from safecare.scenarios.make.scenes import SCENES, Scene, loitering

pytestmark = pytest.mark.slow


def test_same_seed_same_bytes_other_seed_other_bytes() -> None:
    one, again, other = (make_clip("crowd", seconds=3, seed=seed, size=(160, 90)) for seed in (1, 1, 2))
    assert one.raw == again.raw
    assert one.raw != other.raw
    assert one.truth == again.truth


@pytest.mark.parametrize("name", SCENES)
def test_clip_is_h264_with_one_truth_for_each_picture(name: str) -> None:
    clip = make_clip(name, seconds=2, seed=1, size=(160, 90))
    with av.open(io.BytesIO(clip.raw), "r") as container:
        assert container.streams.video[0].codec_context.name == "h264"
        frames = sum(1 for _ in container.decode(video=0))
    assert frames == len(clip.truth)
    assert frames == 20


def test_picture_differs_from_the_empty_one_where_the_truth_says() -> None:
    scene = loitering(seconds=12, seed=4)
    empty = Scene(scene.place, scene.seconds, scene.seed, ())
    for number, (image, ground) in enumerate(zip(pictures(scene), pictures(empty), strict=True)):
        change = np.abs(image.astype(int) - ground.astype(int)).max(axis=2) > 25
        inside = np.zeros_like(change)
        for box in boxes(scene, (640, 360), number / 10):
            left, right = max(0, int(box.x - 12)), max(0, int(box.x + box.width + 12))
            inside[max(0, int(box.y - 6)) : int(box.y + box.height + 12), left:right] = True
            if left > 0 and right < 640:
                assert change[int(box.y) : int(box.y + box.height), left:right].any()
        assert (change & ~inside).sum() < 0.02 * max(1, change.sum()) + 30


def test_stayer_stays_and_is_where_asked() -> None:
    scene = loitering(seconds=60, seed=1, arrive=5, leave=40)
    stayer = scene.actors[0]
    places = [stayer.place(at) for at in range(6, 40)]
    assert all(place is not None and abs(place[0] - 0.68) < 0.08 for place in places)
    assert stayer.place(59) is None
