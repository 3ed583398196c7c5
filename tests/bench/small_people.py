"""How small may somebody be? The people of PETS2009 S2.L1 made small, in a picture of 720p, through gate and crops.

Each picture is shrunk and laid into its own empty scene, enlarged to 720p: nothing but the people moves, as before.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from statistics import median
from typing import Any

from mot_score import average_precision
from video_truth import Boxes

from safecare.sources.camera.messages import View
from safecare.sources.camera.models import read_card
from safecare.sources.camera.vision.finder import NetworkFinder
from safecare.sources.camera.vision.networks import network
from safecare.sources.camera.vision.parts import Picture
from safecare.sources.camera.vision.watch import Watch

SIZE = (1280, 720)
REDUCED = 320
CORNER = (400, 200)
"""Where the small picture lies; chosen: about the middle."""


def average_precision_at(height: float, card: Path, clip: Path, truth: Boxes, fps: float) -> float:
    """Return AP50 of all boxes found among people of `height` pixels (median) in 720p."""
    import av
    import cv2
    import numpy as np

    model = read_card(card)
    finder = NetworkFinder(network(model.card, model.read()))
    watch = Watch(View(fps=0.0, tell_every=0.0, tell_found=True), finder)
    with av.open(str(clip)) as container:
        frames: list[Any] = [one.to_ndarray(format="bgr24") for one in container.decode(video=0)]
    shrunk = height / median(box[4] for boxes in truth.values() for box in boxes)
    empty = cv2.resize(np.median(np.stack(frames[::30]), 0).astype(np.uint8), SIZE)
    left, top = CORNER
    found: dict[int, list[tuple[float, float, float, float, float]]] = {}
    for number, frame in enumerate(frames):
        small = cv2.resize(frame, None, fx=shrunk, fy=shrunk, interpolation=cv2.INTER_AREA)
        picture = empty.copy()
        picture[top : top + small.shape[0], left : left + small.shape[1]] = small
        reduced = cv2.resize(picture, (REDUCED, SIZE[1] * REDUCED // SIZE[0]), interpolation=cv2.INTER_AREA)
        look = watch.look(Picture(reduced, SIZE[0] / REDUCED, cache(lambda picture=picture: picture)), number / fps)
        found[number] = [
            ((x - left) / shrunk, (y - top) / shrunk, wide / shrunk, high / shrunk, score)
            for x, y, wide, high, score in look.found
        ]
    return average_precision(truth, found)
