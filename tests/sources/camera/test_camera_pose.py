"""How a body lies: decoding and turning with a network that the test makes up, and who is asked about."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from safecare.sources.camera.models import ModelCard, add, choose
from safecare.sources.camera.vision.parts import Box
from safecare.sources.camera.vision.pose import Body, Pose, Postures
from safecare.sources.camera.vision.session import Session

CARD = ModelCard(
    name="made", file="made.onnx", sha256="", family="movenet", width=192, height=192, labels=("person",),
    licence="", origin="", threshold=0.25,
)  # fmt: skip
HEAD, TRUNK, LEGS = 0, 1, 2
"""Channels (RGB) in which the made network sees joints: nose; shoulders; hips and knees."""


class Named:
    def __init__(self, name: str) -> None:
        self.name = name


class Made:
    """A network that knows people by colour, and is surer where the head is above the legs."""

    runs = 0

    def get_outputs(self) -> list[Named]:
        return [Named(one) for one in ("points", "centre", "reach", "offset")]

    def get_inputs(self) -> list[Named]:
        return [Named("image")]

    def run(self, names: list[str], inputs: dict[str, Any], options: object = None) -> list[Any]:
        self.runs += 1
        image = (inputs["image"][0] + 1) / 2
        cells = image.reshape(3, 48, 4, 48, 4).mean((2, 4))
        rows = np.arange(48)[:, None]
        where = [float((one * rows).sum() / max(one.sum(), 1e-6)) for one in cells]
        sure = 1.0 if where[HEAD] < where[LEGS] - 5 else 0.4
        points = np.zeros((17, 48, 48), np.float32)
        for joint, channel in ((0, HEAD), (5, TRUNK), (6, TRUNK), (11, LEGS), (12, LEGS), (13, LEGS), (14, LEGS)):
            points[joint] = cells[channel] * sure
        flat = np.zeros((34, 48, 48), np.float32)
        return [points[None], np.ones((1, 1, 48, 48), np.float32), flat[None], flat[None]]


def body(*, turns: int) -> tuple[Any, Box]:
    """Return a picture with somebody who stands, turned by so many quarters against the clock, and their box."""
    picture = np.zeros((200, 200, 3), np.uint8)
    for top, channel in ((40, HEAD), (80, TRUNK), (130, LEGS)):
        picture[top : top + 24, 90:110, 2 - channel] = 255  # pictures are BGR
    box = Box(85, 40, 30, 120) if turns % 2 == 0 else Box(40, 85, 120, 30)
    return np.ascontiguousarray(np.rot90(picture, turns)), box


@pytest.mark.parametrize(("turns", "tilt"), [(0, 0.0), (1, 90.0), (3, 90.0)])
def test_the_trunk_is_told_whichever_way_it_lies(turns: int, tilt: float) -> None:
    found = Pose(CARD, Session(Made(), 192 * 192)).body(*body(turns=turns))
    assert found is not None
    assert found.tilt == pytest.approx(tilt, abs=12)


def test_where_there_is_nobody_nothing_is_told() -> None:
    pose = Pose(CARD, Session(Made(), 192 * 192))
    assert pose.body(np.zeros((100, 100, 3), np.uint8), Box(20, 20, 40, 40)) is None
    assert pose.body(np.zeros((100, 100, 3), np.uint8), Box(20, 20, 4, 4)) is None
    assert pose.body(np.zeros((100, 100, 3), np.uint8), Box(500, 500, 40, 40)) is None


def test_only_candidates_are_asked_about_and_not_at_each_picture() -> None:
    made = Made()
    postures = Postures(Pose(CARD, Session(made, 192 * 192)))
    picture, lying = body(turns=1)
    standing = Box(10, 10, 20, 60)
    found = postures.look(lambda: picture, {1: lying, 2: standing}, 0.0)
    assert list(found) == [1]
    assert isinstance(found[1], Body)
    assert made.runs == 3
    assert postures.look(lambda: picture, {1: lying}, 0.4) == found
    assert made.runs == 3
    postures.look(lambda: picture, {1: lying}, 1.2)
    assert made.runs == 6
    assert postures.look(lambda: picture, {2: standing}, 1.4) == {}
    many = dict.fromkeys(range(50), lying)
    assert len(postures.look(lambda: picture, many, 3.0)) == 2


def test_a_pose_model_finds_nobody_and_is_chosen_apart(tmp_path: Path) -> None:
    file = tmp_path / "made.onnx"
    file.write_bytes(b"model")
    card = {"name": "made", "family": "movenet", "width": 192, "height": 192, "labels": ["person"], "threshold": 0.25}
    card |= {"licence": "", "origin": ""}
    add(file, card, tmp_path / "models")
    assert choose("", [tmp_path / "models"]) is None
    chosen = choose("", [tmp_path / "models"], "pose")
    assert chosen is not None
    assert chosen.card.purpose == "pose"
