"""Annotated synthetic clips of what no public clip shows: falls, things put down or taken away, a turned camera.

The drawn corridor of `safecare.scenarios.make` with its passers-by, and one thing staged in it. Figures measured on
these clips are figures of drawn clips: they say that the method works, not how well it works in a hospital.

    clip = staged("abandoned", seed=3)
    clip.pictures()   # BGR, at clip.fps
    clip.begin        # second at which the thing stands there
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import cos, pi, sin
from random import Random
from typing import Any, Literal

from safecare.model.event import Event
from safecare.model.scene import Area
from safecare.scenarios.make import clips
from safecare.scenarios.make.scenes import Actor, Scene, normal_day
from safecare.testing.staged_fires import StagedFire

Kind = Literal["abandoned", "attended", "removed", "turned", "knocked", "fall", "stumble", "crouch", "lights", "normal"]
Image = Any

SIZE = (640, 360)
START = 1_772_438_400.0
"""Time of the first picture: 2026-03-02T08:00:00Z in seconds since 1970."""
FALL = 0.8
"""Seconds of a fall: free fall of the middle of a body takes 0.45 s, and who falls resists."""
NEAR_Y, FAR_Y = 0.88, 0.74
"""Rows in which things are staged."""


@dataclass(frozen=True)
class Staged:
    """A clip: its scene, what is staged, when it begins (seconds), and where (pixels: left, top, width, height)."""

    kind: Kind
    scene: Scene
    fps: int
    begin: float
    box: tuple[float, float, float, float]
    seed: int

    def pictures(self) -> Iterator[Image]:
        """Yield the pictures (BGR)."""
        rng = Random(f"staged {self.kind} {self.seed}")
        clothes = tuple((rng.randint(30, 200), rng.randint(30, 200), rng.randint(30, 200)) for _ in range(2))
        for number, image in enumerate(clips.pictures(self.scene, SIZE, self.fps)):
            yield self._picture(image, number / self.fps, clothes)

    def encoded(self) -> bytes:
        """Return the clip as H.264 in mp4."""
        return clips.encoded(self.pictures(), SIZE, self.fps)

    def _picture(self, image: Image, at: float, clothes: tuple[tuple[int, int, int], ...]) -> Image:
        match self.kind:
            case "abandoned" | "attended" if at >= self.begin:
                _bag(image, self.box)
            case "removed" if at < self.begin:
                _bag(image, self.box)
            case "turned" | "knocked" if at >= self.begin:
                return _turned(image, (0.7, 0.1) if self.kind == "turned" else (0.06, 0.03))
            case "lights" if at >= self.begin:
                image[:] = (image * 0.55).astype(image.dtype)
            case "fall" | "stumble" | "crouch":
                _faller(image, self, at, clothes)
            case _:
                pass
        return image


def staged(kind: Kind, seed: int = 1, *, seconds: float = 60.0, fps: int = 5, per_minute: float = 4.0) -> Staged:
    """Return the clip `kind` of `seed`; the staged thing begins after a quarter of its `seconds`.

    ``attended`` has its owner stay beside the bag, ``stumble`` gets up after four seconds, ``crouch`` ties a shoe.
    """
    rng = Random(f"{kind} {seed}")
    base = normal_day(seconds, seed, per_minute)
    begin = round(seconds / 4 + rng.uniform(0, 3), 1)
    x, y = rng.uniform(0.3, 0.7), rng.uniform(FAR_Y, NEAR_Y)
    tall = base.height(y) * SIZE[1]
    box = (x * SIZE[0], y * SIZE[1] - 0.3 * tall, 0.36 * tall, 0.3 * tall)
    actors = tuple(Actor(one.id + 10, one.way, one.tall) for one in base.actors)
    if kind in ("abandoned", "attended"):
        leave = begin + 3 if kind == "abandoned" else seconds + 1
        way = ((begin - 8, -0.1, y), (begin - 1, x - 0.03, y), (leave, x - 0.03, y), (leave + 8, -0.1, y))
        actors = (Actor(1, way), *actors)
    return Staged(kind, Scene(base.place, seconds, seed, actors), fps, begin, box, seed)


def _bag(image: Image, box: tuple[float, float, float, float]) -> None:
    import cv2

    left, top, width, height = map(round, box)
    cv2.rectangle(image, (left, top), (left + width, top + height), (42, 40, 58), -1)
    cv2.rectangle(image, (left, top), (left + width, top + height // 3), (60, 58, 84), -1)
    cv2.ellipse(image, (left + width // 2, top), (width // 4, height // 4), 0, 180, 360, (30, 30, 40), 2)


def _turned(image: Image, share: tuple[float, float]) -> Image:
    """Return the picture of a camera turned by `share` of its view; what comes into view mirrors what was there."""
    import cv2
    import numpy as np

    move = np.array([[1, 0, -share[0] * SIZE[0]], [0, 1, -share[1] * SIZE[1]]], np.float32)
    return cv2.warpAffine(image, move, SIZE, borderMode=cv2.BORDER_REFLECT)


def _faller(image: Image, clip: Staged, at: float, clothes: tuple[tuple[int, int, int], ...]) -> None:
    """Draw one person who walks in until `begin`, and then falls, crouches, or stumbles and walks on."""
    left, top, _, height = clip.box
    x, y = left, top + height
    tall = clip.scene.height(y / SIZE[1]) * SIZE[1]
    speed = 0.75 * tall
    if at < clip.begin:
        _body(image, (x - speed * (clip.begin - at), y), tall, 0.0, clothes, step=at)
        return
    passed = at - clip.begin
    if clip.kind == "crouch" and passed < 20:
        _body(image, (x, y), 0.6 * tall, 0.0, clothes, step=0)
    elif clip.kind == "fall" or (clip.kind == "stumble" and passed < 4):
        _body(image, (x, y), tall, min(1.0, passed / FALL) * pi / 2, clothes, step=0)
    else:
        _body(image, (x + speed * (passed - (4 if clip.kind == "stumble" else 20)), y), tall, 0.0, clothes, step=at)


def _body(
    image: Image, foot: tuple[float, float], tall: float, lean: float, clothes: tuple[Any, ...], step: float
) -> None:
    """Draw a body that leans by `lean` (radians, 0 upright) to the right about its feet; a lying one is 0.2 thick."""
    import cv2

    def at(along: float, off: float = 0.0) -> tuple[int, int]:
        thick = 0.1 * sin(lean)
        across, up = along * sin(lean) + off * cos(lean), along * cos(lean) - off * sin(lean)
        return round(foot[0] + across * tall), round(foot[1] - (up + thick) * tall)

    swing = 0.13 * sin(2 * pi * step * 0.9)
    limb = max(2, round(0.08 * tall))
    for side in (-1, 1):
        cv2.line(image, at(0.5), at(0.02, side * swing + side * 0.04), clothes[1], limb, cv2.LINE_AA)
    cv2.line(image, at(0.5), at(0.78), clothes[0], max(3, round(0.22 * tall)), cv2.LINE_AA)
    cv2.line(image, at(0.76, 0.1), at(0.45, 0.14), clothes[0], limb, cv2.LINE_AA)
    cv2.circle(image, at(0.92), max(2, round(0.07 * tall)), (140, 170, 214), -1, cv2.LINE_AA)


def judged(clip: Staged | StagedFire, more: tuple[Area, ...] = ()) -> list[tuple[str, float]]:
    """Return what all physical rules tell of `clip`, with people found by motion: (rule, seconds after its begin).

    `more` areas are drawn beside those of what is staged here.
    """
    import cv2

    from safecare.app.film import one_camera, physical_rules
    from safecare.model import scene as drawn
    from safecare.sources.camera.messages import View
    from safecare.sources.camera.places import Teller, time_of
    from safecare.sources.camera.vision.parts import Picture
    from safecare.sources.camera.vision.watch import Watch

    kinds: tuple[drawn.Kind, ...] = ("abandoned", "removed", "down", "fire")
    areas = tuple(drawn.Area(id=kind, kind=kind, seconds=20 if kind == "abandoned" else None) for kind in kinds)
    hospital = one_camera(drawn.Scene(areas=(*areas, *more), size=SIZE), "UTC")
    rules, teller = physical_rules(hospital), Teller("staged", hospital.assets[0])
    watch, state = Watch(View(things=True, fire=True, person=clip.scene.calibration)), ""
    found: list[tuple[str, float]] = []
    for number, image in enumerate(clip.pictures()):
        seconds = number / clip.fps
        at = time_of(START + seconds)
        small = cv2.resize(image, (SIZE[0] // 2, SIZE[1] // 2), interpolation=cv2.INTER_AREA)
        look = watch.look(Picture(small, 2.0, lambda image=image: image), seconds)  # type: ignore[misc]
        events: list[Event] = []
        if look.state != state:
            state = look.state
            events.append(teller.state(at, at, "staged", state))
        if look.people is not None:
            events.append(teller.people(at, at, "staged", look.people, None, look.size))
        if look.things is not None:
            events.append(teller.things(at, at, "staged", look.things, None, look.size))
        if look.spots is not None:
            events.append(teller.spots(at, at, "staged", look.spots, None, look.size))
        alerts = (*rules.feed(events), *rules.tick(at))
        found += [(alert.rule, round(seconds - clip.begin, 1)) for alert in alerts]
    return found
