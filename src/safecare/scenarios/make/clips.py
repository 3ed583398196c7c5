"""Annotated synthetic clips: a `Scene` painted and written as H.264 in mp4, with the truth for each picture.

People are drawn with swinging legs and arms, clothes of their own and a soft shadow, before a textured
corridor or hall, under drifting light and sensor noise. The same scene gives the same pictures; the encoder
runs in one thread and writes no date, so the same library version gives the same bytes. The clips are for
scenarios and tests: they prove that the road from pixels to a guard works, not how well real people are seen.

    clip = make_clip("loitering", seconds=60, seed=7)
    Path("pharmacy-camera__20261123T141800Z.mp4").write_bytes(clip.raw)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from io import BytesIO
from math import pi, sin
from typing import TYPE_CHECKING, Any

from safecare.scenarios.make.scenes import SCENES, Actor, Scene

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Image = NDArray[np.uint8]
else:
    Image = Any

NOISE = 2.5
"""Standard deviation of the sensor noise, grey levels; chosen: an indoor camera at ordinary light."""
DRIFT = 0.04
"""Share by which the light swings over `DRIFT_SECONDS`; chosen: clouds before a window."""
DRIFT_SECONDS = 40.0
WIDTH_SHARE = 0.36
"""Width of a drawn person over height."""


@dataclass(frozen=True)
class TruthBox:
    """Where actor `id` is in one picture: upper left corner and size in pixels."""

    id: int
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Clip:
    """The file's bytes, its scene, and the boxes of every picture."""

    raw: bytes
    scene: Scene
    size: tuple[int, int]
    fps: int
    truth: tuple[tuple[TruthBox, ...], ...]


def make_clip(name: str, *, size: tuple[int, int] = (640, 360), fps: int = 10, **scene: Any) -> Clip:
    """Return the clip of the scene `name` (see `scenes.SCENES`), built with `scene` (seconds, seed, ...).

    `size` is width and height in even pixels. Raises `KeyError` for no such scene.
    """
    return render(SCENES[name](**scene), size=size, fps=fps)


def render(scene: Scene, *, size: tuple[int, int] = (640, 360), fps: int = 10) -> Clip:
    """Return `scene` as a clip."""
    raw = encoded(pictures(scene, size, fps), size, fps)
    truth = tuple(boxes(scene, size, number / fps) for number in range(round(scene.seconds * fps)))
    return Clip(raw, scene, size, fps, truth)


def encoded(images: Iterable[Image], size: tuple[int, int], fps: int) -> bytes:
    """Return `images` (BGR) as H.264 in mp4."""
    import av

    buffer = BytesIO()
    with av.open(buffer, "w", format="mp4", options={"fflags": "+bitexact"}) as container:
        stream = container.add_stream("libx264", rate=fps, options={"crf": "25", "preset": "veryfast", "threads": "1"})
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        stream.codec_context.gop_size = 5 * fps
        for image in images:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="bgr24")))
        container.mux(stream.encode(None))
    return buffer.getvalue()


def boxes(scene: Scene, size: tuple[int, int], at: float) -> tuple[TruthBox, ...]:
    """Return the boxes of the people in the picture at `at`, those half outside included."""
    found: list[TruthBox] = []
    for actor in scene.actors:
        place = actor.place(at)
        if place is None:
            continue
        height = scene.height(place[1]) * actor.tall * size[1]
        width = WIDTH_SHARE * height
        left = place[0] * size[0] - width / 2
        if -width < left < size[0]:
            found.append(TruthBox(actor.id, left, place[1] * size[1] - height, width, height))
    return tuple(found)


def pictures(
    scene: Scene, size: tuple[int, int] = (640, 360), fps: int = 10, *, noise: float = NOISE, drift: float = DRIFT
) -> Iterator[Image]:
    """Yield the pictures of `scene` (BGR), uncompressed, with the sensor's `noise` and the light's `drift`."""
    import numpy as np

    rng = np.random.default_rng(scene.seed)
    ground = _background(scene, size, rng)
    grains = [rng.normal(0.0, noise, (size[1], size[0], 1)).astype(np.float32) for _ in range(16)]
    for number in range(round(scene.seconds * fps)):
        at = number / fps
        image = ground.copy()
        present = [(place[1], actor, place) for actor in scene.actors if (place := actor.place(at)) is not None]
        for _, actor, place in sorted(present, key=lambda one: (one[0], one[1].id)):
            _draw(image, scene, actor, place, at)
        light = 1.0 + drift * sin(2 * pi * at / DRIFT_SECONDS)
        grain = np.roll(grains[number % 16], int(rng.integers(0, size[0])), axis=1)
        lit: Image = np.clip(image * np.float32(light) + grain, 0, 255).astype(np.uint8)
        yield lit


def _background(scene: Scene, size: tuple[int, int], rng: np.random.Generator) -> Image:
    """Paint walls, a tiled floor, doors and a texture."""
    import cv2
    import numpy as np

    columns, rows = size
    image = np.empty((rows, columns, 3), np.uint8)
    wall_end = int(rows * (0.5 if scene.place == "corridor" else 0.42))
    image[:wall_end] = (178, 186, 184)
    image[wall_end:] = (128, 134, 138)
    vanishing = (columns // 2, int(rows * 0.1))
    for step in range(-20, 21):
        cv2.line(image, vanishing, (columns // 2 + step * columns // 8, rows), (112, 118, 122), 1, cv2.LINE_AA)
    image[:wall_end] = (178, 186, 184)
    for step in range(1, 12):
        y = wall_end + int((rows - wall_end) * (step / 12) ** 1.6)
        cv2.line(image, (0, y), (columns, y), (114, 120, 124), 1)
    for share in (0.12, 0.66) if scene.place == "corridor" else (0.05, 0.45, 0.85):
        left, top = int(columns * share), int(rows * 0.16)
        cv2.rectangle(image, (left, top), (left + columns // 9, wall_end), (96, 120, 146), -1)
        cv2.rectangle(image, (left, top), (left + columns // 9, wall_end), (70, 84, 100), 2)
    coarse = rng.normal(0.0, 7.0, (rows // 16 + 1, columns // 16 + 1)).astype(np.float32)
    texture = cv2.resize(coarse, size, interpolation=cv2.INTER_CUBIC)[..., None]
    painted: Image = np.clip(image + texture, 0, 255).astype(np.uint8)
    return painted


def _draw(image: Image, scene: Scene, actor: Actor, place: tuple[float, float], at: float) -> None:
    """Draw one person at `place`, walking or standing."""
    import cv2

    rows, columns = image.shape[:2]
    x, y = place[0] * columns, place[1] * rows
    tall = scene.height(place[1]) * actor.tall * rows
    before = actor.place(at - 0.1) or place
    moved = abs(place[0] - before[0]) * columns + abs(place[1] - before[1]) * rows
    walking = moved > 0.01 * tall
    phase = 2 * pi * at * 0.9 + actor.id
    swing = 0.13 * tall * sin(phase * (1.0 if walking else 0.25)) * (1.0 if walking else 0.25)
    sway = 0.0 if walking else 0.02 * tall * sin(2 * pi * at * 0.35 + actor.id)
    coat, trousers, skin = _clothes(scene.seed, actor.id)
    _shadow(image, x, y, tall)

    def dot(dx: float, up: float) -> tuple[int, int]:
        return round(x + dx), round(y - up * tall)

    hip, shoulder = dot(sway / 2, 0.5), dot(sway, 0.8)
    limb = max(2, round(0.07 * tall))
    cv2.line(image, hip, dot(swing, 0.02), trousers, limb, cv2.LINE_AA)
    cv2.line(image, hip, dot(-swing, 0.02), trousers, limb, cv2.LINE_AA)
    middle = (round((hip[0] + shoulder[0]) / 2), round((hip[1] + shoulder[1]) / 2))
    cv2.ellipse(image, middle, (round(0.12 * tall), round(0.2 * tall)), 0, 0, 360, coat, -1, cv2.LINE_AA)
    for side in (-1, 1):
        start = (round(shoulder[0] + side * 0.1 * tall), shoulder[1] + round(0.03 * tall))
        end = (round(start[0] + side * 0.03 * tall - side * swing * 0.8), round(y - 0.42 * tall))
        cv2.line(image, start, end, coat, max(2, limb - 1), cv2.LINE_AA)
    cv2.circle(image, dot(sway * 1.2, 0.92), max(2, round(0.065 * tall)), skin, -1, cv2.LINE_AA)


def _shadow(image: Image, x: float, y: float, tall: float) -> None:
    import cv2
    import numpy as np

    rows, columns = image.shape[:2]
    wide, high = 0.3 * tall, 0.05 * tall
    left, right = max(0, int(x - wide)), min(columns, int(x + wide) + 1)
    top, bottom = max(0, int(y - high)), min(rows, int(y + high) + 1)
    if right <= left or bottom <= top:
        return
    shade = np.zeros((bottom - top, right - left), np.float32)
    cv2.ellipse(shade, (round(x) - left, round(y) - top), (round(0.25 * tall), max(1, round(high))), 0, 0, 360, 1.0, -1)
    part = image[top:bottom, left:right]
    part[:] = (part * (1 - 0.22 * shade[..., None])).astype(np.uint8)


def _clothes(seed: int, actor: int) -> tuple[tuple[int, int, int], tuple[int, int, int], tuple[int, int, int]]:
    """Return the colours (BGR) of coat, trousers and skin."""
    from random import Random

    rng = Random(f"clothes {seed} {actor}")
    dark = rng.randint(20, 80)
    coats = ((235, 238, 238), (70, 60, 50), (60, 60, 150), (150, 90, 50), (60, 110, 70), (40, 40, 44))
    return rng.choice(coats), (dark, dark, dark + 8), rng.choice(((140, 170, 214), (96, 130, 180), (60, 84, 120)))
