"""What a large input took is given back once none has come for a while; what is usual is left alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from safecare.sources.camera.models import ModelCard
from safecare.sources.camera.vision import session as sessions
from safecare.sources.camera.vision.session import KEPT, Session, opened
from safecare.testing.networks import tiny_centernet

CARD = ModelCard(
    name="tiny", file="tiny.onnx", sha256="", family="centernet", width=320, height=192, labels=("person",),
    licence="", origin="", threshold=0.6,
)  # fmt: skip
USUAL, LARGE = (192, 320), (384, 640)


def picture(size: tuple[int, int], level: float = 0.0) -> Any:
    return np.full((1, 3, *size), level, np.float32)


class Counted:
    """Stands for onnxruntime's session: counts its runs, and notes which of them give back."""

    def __init__(self) -> None:
        self.runs = 0
        self.gave_back: list[int] = []

    def run(self, outputs: Any, inputs: Any, options: Any = None) -> list[Any]:
        self.runs += 1
        if options is not None:
            assert options.get_run_config_entry(sessions.SHRINK[0]) == "cpu:0"
            self.gave_back.append(self.runs)
        return [inputs["in"].shape]


@pytest.fixture
def trims(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    found: list[int] = []
    monkeypatch.setattr(sessions, "give_back", lambda: found.append(1))
    return found


def looked(counted: Counted, *sizes: tuple[int, int]) -> list[int]:
    session = Session(counted, USUAL[0] * USUAL[1])
    for size in sizes:
        assert session.run(None, {"in": picture(size)}) == [(1, 3, *size)]
    return counted.gave_back


def test_what_loading_took_is_given_back_and_then_nothing(trims: list[int]) -> None:
    assert looked(Counted(), *[USUAL, (32, 64)] * (2 * KEPT)) == [1]
    assert trims == [1]


def test_after_a_large_one_it_is_given_back_once(trims: list[int]) -> None:
    assert looked(Counted(), USUAL, LARGE, *[USUAL] * (3 * KEPT)) == [1, 2 + KEPT]
    assert trims == [1, 1]


def test_as_long_as_large_ones_come_it_is_kept(trims: list[int]) -> None:
    crowd = [LARGE, *[USUAL] * (KEPT - 1)] * 4
    assert looked(Counted(), *crowd) == []
    assert looked(Counted(), *crowd, USUAL) == [len(crowd) + 1]
    assert trims == [1]


@pytest.mark.slow
def test_giving_back_changes_nothing_of_what_is_found() -> None:
    session = opened(CARD, tiny_centernet())
    [entry] = session.get_inputs()
    first = session.run(None, {entry.name: picture(USUAL, 90.0)})
    session.run(None, {entry.name: picture(LARGE, 90.0)})
    for _ in range(KEPT + 2):
        again = session.run(None, {entry.name: picture(USUAL, 90.0)})
        assert all((one == other).all() for one, other in zip(first, again, strict=True))
