"""Neural networks that find people, run by onnxruntime. Each class knows one family's input and output.

Sources: YOLOX (Ge et al., arXiv 2107.08430) and CenterNet (Zhou et al., arXiv 1904.07850): their own decoding.
"""

from __future__ import annotations

from collections.abc import Callable
from math import log
from typing import TYPE_CHECKING, Any, Protocol

from safecare.sources.camera.models import ModelCard
from safecare.sources.camera.vision.parts import Box, Image
from safecare.sources.camera.vision.session import Session, opened

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

LEAST = 0.02
"""Score below which a box is dropped; chosen: far below what a tracker looks at, yet average precision counts it."""
SAME = 0.5
"""Overlap from which two boxes are one person; the value that both families' authors use."""
MOST = 200
"""Boxes kept of one picture; chosen: bounds the work."""
BEST = 0.6
"""Score that a network's own best threshold is scaled to, so that what follows needs to know no network."""
SPOT = BEST
"""Score from which what a special model names counts: its own best threshold."""
GREY = 114
"""Grey that fills what the picture does not, as YOLOX was trained."""
STRIDES = (8, 16, 32)
"""Pixels of input for each cell of YOLOX's three outputs."""

COCO = (
    "person", "bicycle", "car", "motorcycle", "airplane", "bus", "train", "truck", "boat", "traffic light",
    "fire hydrant", "stop sign", "parking meter", "bench", "bird", "cat", "dog", "horse", "sheep", "cow", "elephant",
    "bear", "zebra", "giraffe", "backpack", "umbrella", "handbag", "tie", "suitcase", "frisbee", "skis", "snowboard",
    "sports ball", "kite", "baseball bat", "baseball glove", "skateboard", "surfboard", "tennis racket", "bottle",
    "wine glass", "cup", "fork", "knife", "spoon", "bowl", "banana", "apple", "sandwich", "orange", "broccoli",
    "carrot", "hot dog", "pizza", "donut", "cake", "chair", "couch", "potted plant", "bed", "dining table", "toilet",
    "tv", "laptop", "mouse", "remote", "keyboard", "cell phone", "microwave", "oven", "toaster", "sink",
    "refrigerator", "book", "clock", "vase", "scissors", "teddy bear", "hair drier", "toothbrush",
)  # fmt: skip
"""Labels of the COCO data set (Lin et al., ECCV 2014), in their order."""


class Network(Protocol):
    """Finds people in an image of any size."""

    @property
    def pliant(self) -> bool:
        """Whether an input of fewer pixels is less work."""
        ...

    def boxes(self, image: Image, least: float = 0.0, reach: float = 0.0) -> list[Box]:
        """Return boxes in pixels of `image` (BGR) with scores above `least`, best first.

        `reach`: pixels of input for each of `image`, where the network is `pliant`; 0: as many as its card says.
        """
        ...

    def spots(self, image: Image) -> list[tuple[str, Box]]:
        """Return label and box, in pixels of `image`, of all that the card of a special model tells, best first."""
        ...

    def reach(self, width: int, height: int) -> float:
        """Return pixels of input for each pixel of an image of that size: how much of small people is left."""
        ...


def network(card: ModelCard, raw: bytes) -> Network:
    """Return the network in the model file `raw`. Raises `ValueError` if it is not what `card` says."""
    if card.family == "movenet":
        raise ValueError(f"{card.name}: tells how a body lies, and finds nobody")
    session = opened(card, raw)
    return Yolox(card, session) if card.family == "yolox" else CenterNet(card, session)


class Yolox:
    """YOLOX: a square input filled up with grey, boxes relative to cells of three sizes."""

    def __init__(self, card: ModelCard, session: Session) -> None:
        """Use `session`; the input is as large as the card says. Raises `ValueError` if the output does not fit."""
        import numpy as np

        self._session, self._side = session, card.width
        self._input = session.get_inputs()[0].name
        self._power = _power(card.threshold)
        self._card = card
        cells = [
            (x, y, stride)
            for stride in STRIDES
            for y in range(card.height // stride)
            for x in range(card.width // stride)
        ]
        self._cells = np.array(cells, np.float32)
        shape = session.get_outputs()[0].shape
        if card.width != card.height or shape[1] != len(cells) or shape[2] < 5 + len(card.labels):
            raise ValueError(f"{card.name}: output {shape} does not fit an input of {card.width} x {card.height}")

    pliant = False

    def boxes(self, image: Image, least: float = 0.0, reach: float = 0.0) -> list[Box]:
        """Return boxes in pixels of `image` with scores above `least`."""
        scale, out = self._run(image)
        return self._boxes(out, scale, self._card.person, least)

    def spots(self, image: Image) -> list[tuple[str, Box]]:
        """Return label and box, in pixels of `image`, of all that the card tells, best first."""
        scale, out = self._run(image)
        return _named(self._card, lambda place: self._boxes(out, scale, place, SPOT))

    def _run(self, image: Image) -> tuple[float, Floats]:
        """Return pixels of input for each of `image`, and the network's output."""
        import cv2
        import numpy as np

        rows, columns = image.shape[:2]
        scale = self._side / max(rows, columns)
        small = cv2.resize(image, (max(1, round(columns * scale)), max(1, round(rows * scale))))
        filled = np.full((self._side, self._side, 3), GREY, np.uint8)
        filled[: small.shape[0], : small.shape[1]] = small
        ready = filled.transpose(2, 0, 1)[None].astype(np.float32)
        return scale, self._session.run(None, {self._input: ready})[0][0]

    def _boxes(self, out: Floats, scale: float, place: int, least: float) -> list[Box]:
        import numpy as np

        scores = out[:, 4] * out[:, 5 + place]
        kept = scores > max(LEAST, least ** (1 / self._power))
        out, cells = out[kept], self._cells[kept]
        centre = (out[:, :2] + cells[:, :2]) * cells[:, 2:]
        size = np.exp(np.minimum(out[:, 2:4], 10)) * cells[:, 2:]
        return distinct(
            (np.concatenate([centre - size / 2, size], 1) / scale).astype(np.float32), scores[kept] ** self._power
        )

    def reach(self, width: int, height: int) -> float:
        """Return pixels of input for each pixel of an image of that size."""
        return self._side / max(width, height)


class CenterNet:
    """CenterNet: a map of centres and four maps of distances, for an input of any size in steps of 32 pixels."""

    STEP, GRID = 32, 4

    def __init__(self, card: ModelCard, session: Session) -> None:
        """Use `session`; the card's size is that of a 4:3 picture. Raises `ValueError` if the outputs do not fit."""
        self._session, self._card = session, card
        self._input = session.get_inputs()[0].name
        self._power = _power(card.threshold)
        if {one.name for one in session.get_outputs()} != {"heat", "wh"}:
            raise ValueError(f"{card.name}: it has no outputs heat and wh")
        [maps] = [one.shape[1] for one in session.get_outputs() if one.name == "heat"]
        if isinstance(maps, int) and maps < len(card.labels):
            raise ValueError(f"{card.name}: {maps} maps of heat for {len(card.labels)} labels")

    def size(self, width: int, height: int) -> tuple[int, int]:
        """Return the input's width and height for such an image: as many pixels as the card says, the image's shape."""
        wanted = self._card.width * self._card.height
        wide = (wanted * width / height) ** 0.5
        columns, _ = self._steps(wide, wide)
        return self._steps(columns, wanted / columns)

    def _steps(self, wide: float, high: float) -> tuple[int, int]:
        return max(2, round(wide / self.STEP)) * self.STEP, max(2, round(high / self.STEP)) * self.STEP

    pliant = True

    def boxes(self, image: Image, least: float = 0.0, reach: float = 0.0) -> list[Box]:
        """Return boxes in pixels of `image` with scores above `least`."""
        return self._boxes(self._run(image, reach), image, self._card.person, least)

    def spots(self, image: Image) -> list[tuple[str, Box]]:
        """Return label and box, in pixels of `image`, of all that the card tells, best first."""
        out = self._run(image, 0.0)
        return _named(self._card, lambda place: self._boxes(out, image, place, SPOT))

    def _run(self, image: Image, reach: float) -> tuple[Floats, Floats]:
        """Return the maps of heat and of distances."""
        import cv2
        import numpy as np

        rows, columns = image.shape[:2]
        wide, high = self._steps(columns * reach, rows * reach) if reach else self.size(columns, rows)
        small = cv2.resize(image, (wide, high))
        ready = small[..., ::-1].transpose(2, 0, 1)[None].astype(np.float32)
        heat, far = self._session.run(["heat", "wh"], {self._input: ready})
        return heat[0], far[0]

    def _boxes(self, out: tuple[Floats, Floats], image: Image, place: int, least: float) -> list[Box]:
        import cv2
        import numpy as np

        heat, far = out[0][place], out[1]
        rows, columns = image.shape[:2]
        wide, high = self.GRID * heat.shape[1], self.GRID * heat.shape[0]
        peaks = (heat >= cv2.dilate(heat, np.ones((3, 3), np.uint8))) & (heat > max(LEAST, least ** (1 / self._power)))
        row, column = np.nonzero(peaks)
        left, top, right, low = far[:, row, column]
        x, y = self.GRID * column - left, self.GRID * row - top
        wider, higher = columns / wide, rows / high
        found = np.stack([x * wider, y * higher, (left + right) * wider, (top + low) * higher], 1)
        return distinct(found.astype(np.float32), heat[row, column] ** self._power)

    def reach(self, width: int, height: int) -> float:
        """Return pixels of input for each pixel of an image of that size."""
        wide, high = self.size(width, height)
        return min(wide / width, high / height)


def _named(card: ModelCard, boxes: Callable[[int], list[Box]]) -> list[tuple[str, Box]]:
    found = [(label, box) for label in card.tells for box in boxes(card.labels.index(label))]
    return sorted(found, key=lambda one: -one[1].score)


def distinct(found: Floats, scores: Floats) -> list[Box]:
    """Return `found` (left, top, width, height) without those that overlap a better one, best first."""
    import numpy as np

    order = np.argsort(-scores, kind="stable")[:MOST]
    found, scores = found[order], scores[order]
    low, high = found[:, :2], found[:, :2] + found[:, 2:]
    area = found[:, 2] * found[:, 3]
    left = np.arange(len(found))
    kept: list[int] = []
    while len(left):
        best, left = int(left[0]), left[1:]
        kept.append(best)
        side = np.minimum(high[best], high[left]) - np.maximum(low[best], low[left])
        shared = np.clip(side, 0, None).prod(1)
        left = left[shared <= SAME * (area[best] + area[left] - shared)]
    rows = [(*found[one].tolist(), float(scores[one])) for one in kept]
    return [Box._make(row) for row in rows]


def _power(threshold: float) -> float:
    """Return the exponent that takes `threshold` to `BEST` and leaves 0 and 1 alone."""
    return log(BEST) / log(threshold)


def guessed(raw: bytes) -> dict[str, Any]:
    """Return the family, input, labels and threshold that a model file's own inputs and outputs show.

    Raises `ValueError` if it belongs to no family that is known here.
    """
    import onnxruntime

    try:
        session = onnxruntime.InferenceSession(raw, providers=["CPUExecutionProvider"])
    except Exception as error:
        raise ValueError(f"onnxruntime can't load it: {str(error)[:200]}") from error
    outputs = {one.name: one.shape for one in session.get_outputs()}
    [shape, *_] = [one.shape for one in session.get_inputs()]
    if {"points", "centre", "reach", "offset"} <= outputs.keys():
        return {"family": "movenet", "width": 192, "height": 192, "labels": ("person",), "threshold": 0.25}
    if {"heat", "wh"} <= outputs.keys():
        return {"family": "centernet", "width": 352, "height": 256, "labels": ("person",), "threshold": 0.35}
    [cells, *_] = outputs.values()
    if len(shape) == 4 and isinstance(shape[2], int) and shape[2] == shape[3] and len(cells) == 3:
        labels = COCO if cells[2] == 5 + len(COCO) else ("person", *(f"class {one}" for one in range(1, cells[2] - 5)))
        return {"family": "yolox", "width": shape[3], "height": shape[2], "labels": labels, "threshold": BEST}
    raise ValueError(f"neither YOLOX, CenterNet nor MoveNet: input {shape}, outputs {outputs}")
