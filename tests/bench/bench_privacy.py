"""Heads that a still hides, of those that PETS2009 S2.L1 truly shows: with a careful look of its own, and without.

Every fifth picture counts as if a still were taken of it. A head counts as hidden when nine tenths of the pixels of the
upper sixth of a true box, its middle three fifths, are other than they were; the upper third of the box is told beside.
The scores of a careful look were chosen with this clip in sight.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).parent))
from physical_truth import FPS
from video_truth import pets_truth

from safecare.app.film import card_for
from safecare.sources.camera.messages import View
from safecare.sources.camera.models import installed_folder
from safecare.sources.camera.vision.finder import NetworkFinder
from safecare.sources.camera.vision.parts import Picture
from safecare.sources.camera.vision.still import WIDTH, Hidden, without
from safecare.sources.camera.vision.tracker import FAINT
from safecare.sources.camera.vision.watch import Watch
from safecare.sources.camera.worker import load, load_model
from safecare.testing.bench import Row, Skipped

VTEST = Path("/usr/share/doc/opencv-doc/examples/data/vtest.avi")
EACH, FROM = 5, 14
"""Every so manieth picture, from the third second on."""
HIDDEN = 0.9
"""Share of a head's pixels from which it counts as hidden."""
SMALL = 320
Truth = list[tuple[int, float, float, float, float]]


class Part(NamedTuple):
    """A part of a true box, in shares of it: where it begins and ends, across and down."""

    left: float
    right: float
    low: float


HEAD, THIRD = Part(0.2, 0.8, 1 / 6), Part(0.0, 1.0, 1 / 3)


def rows() -> Iterable[Row | Skipped]:
    """Measure with both networks and without."""
    data = os.environ.get("SAFECARE_DATA")
    if not data or not VTEST.exists():
        yield Skipped("hidden heads", "no data (SAFECARE_DATA is not set, or opencv-doc not installed)")
        return
    load()
    truth = pets_truth(Path(data) / "video" / "PETS2009-S2L1.xml")
    cards = {
        "default model": installed_folder() / "centernet-person.yaml",
        "YOLOX-Nano": card_for(Path(data) / "models" / "yolox_nano" / "yolox_nano.onnx"),
        "no model": None,
    }
    for name, card in cards.items():
        if card is not None and not card.exists():
            yield Skipped(name, "not converted (script/default-model)")
            continue
        yield from _rows(name, card, truth)


def _rows(name: str, card: Path | None, truth: dict[int, Truth]) -> Iterator[Row]:
    plain: list[float] = []
    heads: list[float] = []
    thirds: list[float] = []
    cost: list[float] = []
    area: list[float] = []
    for number, image, watch in _looks(card):
        before = time.process_time()
        hidden = watch.hidden(image)
        cost.append(1000 * (time.process_time() - before))
        changed = _changed(image, hidden)
        area.append(float(changed.mean()))
        heads += _shares(changed, truth.get(number, []), HEAD, image.shape[1])
        thirds += _shares(changed, truth.get(number, []), THIRD, image.shape[1])
        plain += _shares(
            _changed(image, Hidden(watch.people, watch.strangers)), truth.get(number, []), HEAD, image.shape[1]
        )
    good, bare = (sum(one >= HIDDEN for one in told) for told in (heads, plain))
    upper = sum(one >= HIDDEN for one in thirds)
    note = f"{good} of {len(heads)}; {bare} without a careful look; {upper} upper thirds"
    yield Row(what=f"{name}: heads hidden in a still", figure=good / len(heads), unit="", target=0.99, note=note)
    yield Row(what=f"{name}: share of a still that is hidden", figure=sum(area) / len(area), unit="", better="less")
    yield Row(what=f"{name}: CPU of a careful look", figure=sum(cost) / len(cost), unit="ms", better="less")


def _looks(card: Path | None) -> Iterator[tuple[int, Any, Watch]]:
    """Yield the number of a picture, the picture, and a watch that has seen all up to it."""
    import cv2

    network = load_model(str(card or ""))[0]
    watch = Watch(View(fps=FPS), NetworkFinder(network, FAINT) if network else None)
    film = cv2.VideoCapture(str(VTEST))
    number = -1
    while True:
        there, image = film.read()
        if not there:
            return
        number += 1
        scale = SMALL / image.shape[1]
        small: Any = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        watch.look(Picture(small, 1 / scale, lambda image=image: image), number / FPS)  # type: ignore[misc]
        if number >= FROM and number % EACH == 2:
            yield number, image, watch


def _changed(image: Any, hidden: Hidden) -> Any:
    """Return which pixels of a still of `image` are not those of the picture: tried on noise, where all differ."""
    import numpy as np

    scale = min(1.0, WIDTH / image.shape[1])
    shape = (round(image.shape[0] * scale), round(image.shape[1] * scale), 3)
    noise = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    return (without(noise, hidden.scaled(scale)) != noise).any(2)


def _shares(changed: Any, truth: Truth, part: Part, width: int) -> Iterator[float]:
    """Yield the share of hidden pixels in `part` of each true box, where it is in the picture."""
    scale = changed.shape[1] / width
    for _, x, y, wide, high in truth:
        left, right = max(0, int((x + part.left * wide) * scale)), int((x + part.right * wide) * scale) + 1
        top, low = max(0, int(y * scale)), int((y + part.low * high) * scale) + 1
        inner = changed[top:low, left:right]
        if inner.size:
            yield float(inner.mean())
