"""What is taken for fire, drawn; what each kind is stands in `safecare.testing.staged_fires`."""

from __future__ import annotations

from collections.abc import Callable
from math import cos, pi, sin
from random import Random
from typing import Any

from safecare.testing.fire_parts import PERSON, SIZE, Image, Noise, Painter, Stage, colour


def sun(clip: Stage, *, leaves: bool = False) -> Painter:
    """Return what paints sun that comes through a window on to the floor, through `leaves` or not."""
    import cv2
    import numpy as np

    rng, noise = Random(f"sun {clip.seed}"), Noise(f"leaves {clip.seed}", 8)
    left, top, slant = clip.foot[0], clip.foot[1], rng.uniform(0.3, 1.0) * clip.metre
    columns, rows = SIZE
    y, x = np.mgrid[:rows, :columns].astype(np.float32)

    def paint(image: Image, passed: float) -> Image:
        mask: Any = np.zeros((rows, columns), np.float32)
        corners = np.array([(0, 0), (1.1 * clip.metre, 0), (1.1 * clip.metre + slant, 30), (slant, 30)], np.float32)
        corners += colour(left + 0.4 * passed, top)
        cv2.fillConvexPoly(mask, corners.astype(np.int32), 1.0)
        mask = cv2.GaussianBlur(mask, (0, 0), 2)
        cloud = 0.75 + 0.25 * sin(2 * pi * passed / 17)
        if leaves:
            sway = 0.012 * sin(2 * pi * 0.4 * passed) + 0.006 * sin(2 * pi * 1.1 * passed)
            mask *= np.clip(0.5 + 1.2 * noise.at(x / 160 + sway, y / 80 + 0.5 * sway), 0, 1)
        light = (mask * cloud)[..., None] * colour(70, 125, 150)
        return np.clip(image + light, 0, 255).astype(np.uint8)

    return paint


def leaves(clip: Stage) -> Painter:
    """Return what paints sun that comes through leaves."""
    return sun(clip, leaves=True)


def vest(clip: Stage) -> Painter:
    """Return what paints somebody in an orange vest who works where they stand: bends, turns, moves arms."""
    import cv2

    tall, rng = PERSON * clip.metre, Random(f"vest {clip.seed}")
    pace, cloth = rng.uniform(0.4, 0.9), rng.choice(((20, 110, 250), (0, 140, 255), (60, 235, 235)))

    def paint(image: Image, passed: float) -> Image:
        foot = (clip.foot[0] + 0.15 * tall * sin(2 * pi * 0.07 * passed), clip.foot[1])
        lean = 0.25 * sin(2 * pi * pace * 0.4 * passed)

        def at(along: float, off: float = 0.0) -> tuple[int, int]:
            return round(foot[0] + (along * sin(lean) + off) * tall), round(foot[1] - along * cos(lean) * tall)

        for side in (-1, 1):
            cv2.line(image, at(0.5), at(0.0, side * 0.06), (60, 50, 45), max(2, round(0.08 * tall)), cv2.LINE_AA)
            hand = 0.45 + 0.25 * sin(2 * pi * pace * passed + side)
            cv2.line(image, at(0.76, side * 0.1), at(hand, side * 0.24), cloth, max(2, round(0.07 * tall)), cv2.LINE_AA)
        cv2.line(image, at(0.48), at(0.76), cloth, max(3, round(0.24 * tall)), cv2.LINE_AA)
        for along in (0.55, 0.65):
            cv2.line(image, at(along, -0.12), at(along, 0.12), (230, 235, 235), max(1, round(0.03 * tall)), cv2.LINE_AA)
        cv2.circle(image, at(0.92), max(2, round(0.07 * tall)), (140, 170, 214), -1, cv2.LINE_AA)
        return image

    return paint


def beacon(clip: Stage) -> Painter:
    """Return what paints an amber beacon that turns, twice a second or so, and its light on what is around."""
    rng = Random(f"beacon {clip.seed}")
    rate, amber = rng.uniform(1.6, 2.6), (0, 140, 255)
    return _light(clip, lambda passed: max(0.0, cos(2 * pi * rate * passed)) ** 3, amber, 0.09, 0.8)


def lamp(clip: Stage) -> Painter:
    """Return what paints a warm lamp that is about to fail: on, and shortly off now and then."""
    rng = Random(f"lamp {clip.seed}")
    drops = [rng.uniform(0, 60) for _ in range(40)]
    return _light(
        clip, lambda at: 0.2 if any(0 <= at - one < 0.25 for one in drops) else 1.0, (90, 190, 255), 0.12, 0.3
    )


def brakes(clip: Stage) -> Painter:
    """Return what paints two red lamps that brighten for seconds."""
    rng = Random(f"brakes {clip.seed}")
    every = rng.uniform(3, 6)
    return _light(clip, lambda at: 1.0 if at % every < 0.5 * every else 0.45, (30, 40, 255), 0.1, 0.4)


def _light(
    clip: Stage, bright: Callable[[float], float], tint: tuple[int, int, int], size: float, glow: float
) -> Painter:
    import cv2
    import numpy as np

    radius = max(2, round(size * clip.metre))
    centre = (round(clip.foot[0]), round(clip.foot[1] - 0.8 * clip.metre))
    mask = np.zeros((SIZE[1], SIZE[0]), np.float32)
    cv2.circle(mask, centre, radius, 1.0, -1, cv2.LINE_AA)
    around: Any = cv2.GaussianBlur(mask, (0, 0), 5 * radius)
    around *= glow / max(float(around.max()), 1e-6)

    def paint(image: Image, passed: float) -> Image:
        level = bright(passed)
        lit = image + (around * level)[..., None] * colour(*tint)
        core = colour(*(min(255, one + 160 * level) for one in tint)) * (0.35 + 0.65 * level)
        return np.clip(lit * (1 - mask[..., None]) + core * mask[..., None], 0, 255).astype(np.uint8)

    return paint


def screen(clip: Stage) -> Painter:
    """Return what paints a screen on the wall: cuts every few seconds, and warm pictures that move in between."""
    import cv2
    import numpy as np

    noise, rng = Noise(f"screen {clip.seed}", 3), Random(f"screen {clip.seed}")
    wide, high = round(1.2 * clip.metre), round(0.7 * clip.metre)
    left, top = round(clip.foot[0] - wide / 2), round(0.18 * SIZE[1])
    y, x = np.mgrid[:high, :wide].astype(np.float32) / max(high, 1)
    lasts = rng.uniform(2, 6)
    scenes = [(rng.random(), rng.choice(((60, 140, 250), (40, 90, 220), (200, 160, 90)))) for _ in range(30)]

    def paint(image: Image, passed: float) -> Image:
        place, tint = scenes[int(passed / lasts) % len(scenes)]
        shown = 0.6 + 0.35 * noise.at(0.3 * x + place + 0.05 * passed, 0.3 * y)
        tile = np.clip(shown[..., None] * colour(*tint), 0, 255).astype(np.uint8)
        cv2.rectangle(image, (left - 4, top - 4), (left + wide + 4, top + high + 4), (20, 20, 20), -1)
        part = image[top : top + high, max(0, left) : left + wide]
        part[:] = tile[: part.shape[0], : part.shape[1]]
        return image

    return paint


def door(clip: Stage) -> Painter:
    """Return what paints a door that opens on a room with warm light, stays ajar, and shuts."""
    import cv2
    import numpy as np

    columns, rows = SIZE
    left, top, wide, low = int(columns * 0.66), int(rows * 0.16), columns // 9, int(rows * 0.5)

    def paint(image: Image, passed: float) -> Image:
        turn = passed % 15
        ajar = min(1.0, turn / 1.5) if turn < 8 else max(0.0, 1 - (turn - 8) / 1.5)
        open_wide = round(wide * ajar)
        if open_wide > 1:
            image[top:low, left : left + open_wide] = (170, 225, 255)
            light: Any = np.zeros((rows, columns), np.float32)
            floor = np.array(
                [(left, low), (left + open_wide, low), (left + 2.5 * open_wide, rows), (left - open_wide, rows)]
            )
            cv2.fillConvexPoly(light, floor.astype(np.int32), 1.0)
            light = cv2.GaussianBlur(light, (0, 0), 3)
            return np.clip(image + light[..., None] * colour(30, 60, 75), 0, 255).astype(np.uint8)
        return image

    return paint


def curtain(clip: Stage) -> Painter:
    """Return what paints an orange curtain that was drawn just now, and moves in the draught."""
    import cv2
    import numpy as np

    rng = Random(f"curtain {clip.seed}")
    wide, high = round(0.9 * clip.metre), round(1.6 * clip.metre)
    pace = rng.uniform(0.3, 0.8)
    left, top = round(clip.foot[0] - wide / 2), round(clip.foot[1] - high)
    columns = np.arange(wide, dtype=np.float32)

    def paint(image: Image, passed: float) -> Image:
        folds = 0.75 + 0.25 * np.sin(columns / 6 + 1.2 * sin(2 * pi * pace * passed))
        lower = high + np.round(3 * np.sin(columns / 9 + 2 * pi * pace * passed)).astype(int)
        for column in range(wide):
            at, shade = left + column, float(folds[column])
            if 0 <= at < SIZE[0]:
                image[max(0, top) : min(SIZE[1], top + int(lower[column])), at] = (30 * shade, 125 * shade, 245 * shade)
        return cv2.GaussianBlur(image, (3, 3), 0)

    return paint
