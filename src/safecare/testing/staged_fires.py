"""Annotated synthetic clips of fires and smoke, and of what is taken for them: no public clip may be used here.

The drawn corridor of `safecare.scenarios.make`; a fire grows in it as fires do. Figures measured on these clips are
figures of drawn clips: they say that the method works, not how well it works in a hospital.

Sources: growth with the square of time (NFPA 72, annex B: fast 0.0469, ultra-fast 0.1876 kW/s2); height of the flame
0.235 Q^0.4 - 1.02 D (Heskestad, SFPE Handbook); puffing at 1.5/sqrt(D) Hz (Pagni, 1990); smoke as an absorbing and
scattering veil, exp(-depth) of what is behind it left (Koschmieder).

    clip = staged_fire("flames", seed=3)
    clip.pictures()   # BGR, at clip.fps
    clip.begin        # second at which it begins
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import pi, sin, sqrt
from random import Random
from typing import Literal

from safecare.scenarios.make import clips
from safecare.scenarios.make.scenes import Actor, Scene, normal_day
from safecare.testing import fire_twins
from safecare.testing.fire_parts import PERSON, SIZE, Floats, Image, Noise, Painter, Stage, colour

FireKind = Literal["flames", "smoke"]
TwinKind = Literal["sun", "leaves", "vest", "beacon", "screen", "steam", "door", "curtain", "lamp", "brakes"]
"""Look-alikes: sun on the floor, sun through leaves, somebody in a high-visibility vest who works there, an amber
rotating beacon, a screen that shows warm pictures, steam of a trolley, light through a door that opens, an orange
curtain in a draught, a warm lamp that flickers, tail lamps of a car that brakes."""

GROWTH = (0.0469, 0.1876)
"""kW/s2: fast and ultra-fast, between which a fire of waste paper and foam lies."""
RELEASE = 500.0
"""kW per square metre of burning floor; chosen: between wood (300) and petrol (over 1,000), as plastics."""
RISE = 1.2
"""Metres per second of smoke that rises; chosen: below the 1.5 to 3 of the plume of a fire of 100 kW (McCaffrey), since
smoke alone comes of smouldering."""
TWINS: tuple[TwinKind, ...] = (
    "sun",
    "leaves",
    "vest",
    "beacon",
    "screen",
    "steam",
    "door",
    "curtain",
    "lamp",
    "brakes",
)


@dataclass(frozen=True)
class StagedFire:
    """A clip: its scene, what is staged, when it begins (seconds), and where (pixels: foot x, foot y of a picture)."""

    kind: FireKind | TwinKind
    scene: Scene
    fps: int
    begin: float
    foot: tuple[float, float]
    seed: int

    @property
    def metre(self) -> float:
        """Pixels of a metre at the foot."""
        return self.scene.height(self.foot[1] / SIZE[1]) * SIZE[1] / PERSON

    def pictures(self) -> Iterator[Image]:
        """Yield the pictures (BGR)."""
        paint = PAINTERS[self.kind](Stage(self.kind, self.seed, self.foot, self.metre))
        for number, image in enumerate(clips.pictures(self.scene, SIZE, self.fps)):
            passed = number / self.fps - self.begin
            yield paint(image, passed) if passed >= 0 else image

    def encoded(self) -> bytes:
        """Return the clip as H.264 in mp4."""
        return clips.encoded(self.pictures(), SIZE, self.fps)


def staged_fire(
    kind: FireKind | TwinKind, seed: int = 1, *, seconds: float = 60.0, fps: int = 5, per_minute: float = 4.0
) -> StagedFire:
    """Return the clip `kind` of `seed`; what is staged begins after a quarter of its `seconds`, among passers-by."""
    rng = Random(f"fire {kind} {seed}")
    base = normal_day(seconds, seed, per_minute)
    actors = tuple(Actor(one.id + 10, one.way, one.tall) for one in base.actors)
    begin = round(seconds / 4 + rng.uniform(0, 3), 1)
    foot = (rng.uniform(0.25, 0.75) * SIZE[0], rng.uniform(0.62, 0.9) * SIZE[1])
    return StagedFire(kind, Scene(base.place, seconds, seed, actors), fps, begin, foot, seed)


def _flames(clip: Stage) -> Painter:
    import cv2
    import numpy as np

    rng = Random(f"flames {clip.seed}")
    growth = GROWTH[0] * (GROWTH[1] / GROWTH[0]) ** rng.random()
    most = rng.uniform(60.0, 400.0)  # kW at which what burns is all alight
    noise, slow, metre = Noise(f"flames {clip.seed}"), Noise(f"puff {clip.seed}", 16), clip.metre
    columns, rows = SIZE
    y, x = np.mgrid[:rows, :columns].astype(np.float32)

    def heat(passed: float) -> tuple[Floats, float]:
        power = min(growth * passed**2, most) + 2.0
        wide = sqrt(4 * power / RELEASE / pi)
        puffing = 1.5 / sqrt(wide)
        wander = float(slow.at(np.array([[passed * 0.031]]), np.array([[0.3]]))[0, 0])
        swell = 0.22 * sin(2 * pi * puffing * passed + 1.5 * wander) + 0.12 * wander
        tall = max(0.15, 0.235 * power**0.4 - 1.02 * wide + 0.25 * wide) * (1 + swell)
        up = (clip.foot[1] - y) / (tall * metre)
        rise = passed * sqrt(9.81 * max(tall, 0.1)) / tall * 0.5
        bend = 0.35 * noise.at(0.25 * x / columns + 0.5, 0.35 * up - 0.35 * rise + 0 * x) * np.clip(up, 0, 1)
        off = (x - clip.foot[0]) / (0.65 * wide * metre + 1) + bend
        body = 1 - np.abs(off) / np.maximum(0.08, 1.05 - 0.85 * np.clip(up, 0, 1) ** 1.3) - 0.55 * np.clip(up, 0, 2)
        rough = 0.33 * noise.at(0.16 * off + 0.3, 0.4 * up - 0.55 * rise) * (0.3 + np.clip(up, 0, 1))
        hot = np.where(up > -0.05, body + rough, 0.0) * np.clip((1.35 - up) / 0.3, 0, 1)
        return np.clip(hot, 0, 1).astype(np.float32), power

    def paint(image: Image, passed: float) -> Image:
        hot = np.zeros((rows, columns), np.float32)
        power = 0.0
        for part in range(3):  # an exposure of 20 ms
            more, power = heat(passed + part * 0.01)
            hot += more / 3
        red, green, blue = (np.clip(scale * hot - low, 0, 1) for scale, low in ((3.2, 0.0), (2.1, 0.18), (1.9, 0.85)))
        flame = np.dstack((blue, green, red)) * 255.0
        cover = np.clip(3.0 * hot, 0, 0.97)[..., None]
        glow = cv2.GaussianBlur(cv2.resize(hot, (columns // 8, rows // 8), interpolation=cv2.INTER_AREA), (0, 0), 7)
        lit = cv2.resize(glow, SIZE)[..., None] * colour(40, 120, 220) * min(2.0, 0.4 + power / 100)
        return np.clip(image * (1 - cover) + flame * cover + lit * (1 - cover), 0, 255).astype(np.uint8)

    return paint


def _smoke(clip: Stage) -> Painter:
    rng = Random(f"smoke {clip.seed}")
    return _veil(clip, grey=rng.uniform(70, 190), grows=rng.uniform(0.03, 0.09), most=2.5, gathers=True)


def _steam(clip: Stage) -> Painter:
    rng = Random(f"steam {clip.seed}")
    veil = _veil(clip, grey=rng.uniform(205, 235), grows=0.4, most=0.8, gathers=False)
    every, lasts = rng.uniform(7, 12), rng.uniform(2, 4)
    return lambda image, passed: veil(image, passed % every) if passed % every < lasts else image


def _veil(clip: Stage, grey: float, grows: float, most: float, *, gathers: bool) -> Painter:
    """Return what paints a plume whose depth grows by `grows` a second up to `most`; it `gathers` below the ceiling."""
    import cv2
    import numpy as np

    noise, metre = Noise(f"veil {clip.kind} {clip.seed}"), clip.metre
    columns, rows = SIZE[0] // 2, SIZE[1] // 2
    y, x = np.mgrid[:rows, :columns].astype(np.float32) * 2
    up = (clip.foot[1] - y) / metre

    def paint(image: Image, passed: float) -> Image:
        front = RISE * passed
        wide = 0.12 + 0.17 * np.maximum(up, 0)
        off = (x - clip.foot[0]) / metre + 0.15 * np.maximum(up, 0) * noise.at(
            0.2 + 0 * x, 0.12 * up - 0.12 * RISE * passed
        )
        lumps = 1 + 0.55 * noise.at(0.35 * off + 0.1, 0.3 * up - 0.3 * RISE * passed)
        plume = np.exp(-((off / wide) ** 2)) * np.clip(lumps, 0, 3) * (up > 0) / (1 + (0.0 if gathers else up) ** 2)
        plume *= np.clip((front - up) / 0.4, 0, 1)
        depth = min(most, 0.35 + grows * passed) * plume
        if gathers:
            spread = max(0.0, passed - 3.0)
            layer = np.clip((0.012 * rows * 2 * spread**0.8 - y) / 25, 0, 1)
            near = np.exp(-(((x - clip.foot[0]) / (SIZE[0] * (0.2 + 0.03 * spread))) ** 2))
            drift = 1 + 0.4 * noise.at(0.4 * x / SIZE[0] - 0.02 * passed, 0.4 * y / SIZE[1])
            depth = depth + min(most, grows * 0.7 * spread) * layer * near * drift
        left = cv2.resize(np.exp(-np.maximum(depth, 0)).astype(np.float32), SIZE)[..., None]
        return np.clip(image * left + grey * (1 - left), 0, 255).astype(np.uint8)

    return paint


PAINTERS: dict[FireKind | TwinKind, Callable[[Stage], Painter]] = {
    "flames": _flames,
    "smoke": _smoke,
    "sun": fire_twins.sun,
    "leaves": fire_twins.leaves,
    "vest": fire_twins.vest,
    "beacon": fire_twins.beacon,
    "screen": fire_twins.screen,
    "steam": _steam,
    "door": fire_twins.door,
    "curtain": fire_twins.curtain,
    "lamp": fire_twins.lamp,
    "brakes": fire_twins.brakes,
}
"""By kind: what makes the painter of a clip."""
