"""Annotated made clips of what is done to a camera, and of what happens to its picture by itself.

A scene (drawn, or recorded pictures that the caller has), what the lens does, the sensor's own noise (of the light and
of reading it out), the camera's encoder; and, where a recording is played to us, another encoder after it. Figures
measured on these clips are figures of made clips.

    clip = staged_tamper("frozen.noise", seed=3)
    for picture in clip.pictures(): ...   # BGR, at clip.fps, as it reaches us
    clip.begin                            # second at which it is done
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from safecare.scenarios.make import clips
from safecare.scenarios.make.scenes import Actor, Scene, normal_day
from safecare.testing import tamper_parts as parts
from safecare.testing.fire_parts import SIZE
from safecare.testing.tamper_parts import Image

FPS = 5
"""Pictures a second, as most cameras are looked at."""
BEGIN = 60.0
"""Seconds of ordinary pictures before; chosen: some ways of people are in it."""
LASTS = 60.0
"""Seconds for which it is looked at then; chosen."""
PER_MINUTE = 6.0
"""Passers-by."""
RECORDED = ("frozen", "loop")
"""Kinds at which a recording is played to us, by the words before the dot."""
DONE: dict[str, str] = {
    **{f"frozen.{one}": "frozen" for one in ("plain", "coarse", "clock", "drift", "noise", "all")},
    **{f"loop{one}": "replayed" for one in ("10", "10.noise", "10.all", "60", "60.noise", "60.all", "300.all")},
    **{f"cover.{one}": "veiled" for one in ("half", "third", "hand", "tape", "bag", "grease", "smear")},
    **{f"paint.{one}": "veiled" for one in ("spray", "brush", "drips", "half")},
}
"""By kind: the state that is to be told."""
QUIET: tuple[str, ...] = (
    *("night", "night.gain", "night.empty", "night.coarse", "lamps", "lamps.half", "sun", "headlights", "focus"),
    *(
        "rain",
        "drops",
        "web",
        "crowd",
        "cabin",
        "truck",
        "bed",
        "screen",
        "fan",
        "pacing",
        "bitrate",
        "exposure",
        "normal",
    ),
)
"""What happens by itself, of which nothing may be told."""


@dataclass(frozen=True)
class Tamper:
    """A clip: what is done from `begin` (seconds) on, and the scene's pictures without any noise of the sensor."""

    kind: str
    seed: int
    seconds: float
    begin: float
    scene: Callable[[], Iterator[Image]]
    fps: int = FPS

    def pictures(self) -> Iterator[Image]:
        """Yield the pictures as they reach us (BGR)."""
        rng = Random(f"tamper {self.kind} {self.seed}")
        sensor = parts.Sensor(rng)
        lens = parts.lens_of(self.kind, rng)
        rate = rng.choice(parts.RATES)
        camera = parts.Encoder(parts.COARSE if self.kind.endswith("night.coarse") else rate, self.fps, rng)
        seen = camera.passed(self._seen(lens, sensor))
        if self.kind.startswith(RECORDED):
            return self._played(seen, rng)
        if self.kind == "bitrate":
            return parts.Encoder(rate, self.fps, rng).passed(seen, coarser_from=round(self.begin * self.fps))
        return seen

    def _seen(self, lens: parts.Lens, sensor: parts.Sensor) -> Iterator[Image]:
        for number, image in enumerate(self.scene()):
            at = number / self.fps
            passed = at - self.begin
            yield sensor.shot(lens(image, passed), dark=parts.darkness(self.kind, passed))

    def _played(self, seen: Iterable[Image], rng: Random) -> Iterator[Image]:
        """Yield the camera's pictures until `begin`, and the recording from then on, all by the second encoder."""
        kind, _, how = self.kind.partition(".")
        recorded: list[Image] = []
        start, long = round(self.begin * self.fps), self._loop(kind)
        noise, gain = parts.Grain(rng), rng.choice((-0.12, 0.12))
        clock = parts.Clock(rng) if how in ("clock", "all") else None

        def played() -> Iterator[Image]:
            camera = iter(seen)
            for number in range(round(self.seconds * self.fps)):
                at = number / self.fps
                if number < start:
                    picture = next(camera)
                    recorded.append(picture)
                    del recorded[:-long]
                else:
                    picture = recorded[(number - start) % len(recorded)].astype("float32")
                    if how in ("drift", "all"):
                        picture = picture * (1 + gain * min(1.0, (number - start) / (60 * self.fps)))
                    if how in ("noise", "all"):
                        picture = picture + noise.at(number)
                    picture = picture.clip(0, 255).astype("uint8")
                yield clock.drawn(picture, at) if clock is not None else picture

        rate = parts.COARSE if how == "coarse" else rng.choice(parts.RATES)
        return parts.Encoder(rate, self.fps, rng).passed(played())

    def _loop(self, kind: str) -> int:
        """Return how many pictures the recording has."""
        return 1 if kind == "frozen" else round(int(kind.removeprefix("loop")) * self.fps)


def staged_tamper(kind: str, seed: int = 1, *, recorded: Sequence[Image] = ()) -> Tamper:
    """Return the clip `kind` (of `DONE` or `QUIET`) of `seed`, in the drawn corridor or with `recorded` pictures.

    `recorded`: pictures of one place at `FPS`, which are not to repeat; they end the clip when they end.
    """
    begin = 310.0 if kind.startswith("loop300") else BEGIN
    lasts = 2 * LASTS if kind.startswith("loop60") else LASTS
    if recorded:
        begin = min(begin, 0.5 * len(recorded) / FPS) if not kind.startswith("loop") else begin
        lasts = lasts if kind.startswith("loop") else len(recorded) / FPS - begin
    seconds = begin + lasts
    empty = kind.startswith(("night", "frozen", "screen", "fan", "pacing"))
    rng = Random(f"scene {kind} {seed}")

    def drawn() -> Iterator[Image]:
        base = normal_day(seconds, seed, 40.0 if kind == "crowd" else PER_MINUTE)
        actors = tuple(Actor(one.id, one.way, one.tall) for one in base.actors)
        if empty:  # nobody comes any more once it is night
            actors = tuple(one for one in actors if one.way[0][0] < begin - 8)
        if kind == "pacing":
            actors += (_pacing(begin, seconds, rng),)
        return clips.pictures(
            Scene(base.place, seconds, seed, actors), SIZE, FPS, noise=0.0, drift=0.0 if empty else clips.DRIFT
        )

    def filmed() -> Iterator[Image]:
        still = parts.middle(recorded)
        for number in range(round(seconds * FPS)):
            if empty and number >= begin * FPS:
                yield still
            else:
                yield recorded[number % len(recorded)]

    scene = filmed if recorded else drawn
    world = parts.world_of(kind, rng)
    return Tamper(kind, seed, seconds, begin, lambda: parts.changed(scene(), world, begin, FPS))


def _pacing(begin: float, seconds: float, rng: Random) -> Actor:
    """Return somebody who walks to and fro, as evenly as people do."""
    way, at, right = [(begin, 0.2, 0.8)], begin, True
    while at < seconds:
        at += 6 * rng.uniform(0.93, 1.07)
        way.append((at, (0.8 if right else 0.2) + rng.uniform(-0.02, 0.02), 0.8 + rng.uniform(-0.01, 0.01)))
        right = not right
    return Actor(900, tuple(way))


def told(clip: Tamper) -> list[tuple[str, float]]:
    """Return the states that the camera's health gives of `clip`, good ones left out: (state, seconds after begin)."""
    import cv2

    from safecare.sources.camera.vision.health import PictureHealth

    health, before = PictureHealth(), "ok"
    found: list[tuple[str, float]] = []
    size = (SIZE[0] // 2, SIZE[1] // 2)
    for number, image in enumerate(clip.pictures()):
        at = number / clip.fps
        state: Any = health.judge(cv2.resize(image, size, interpolation=cv2.INTER_AREA), at)
        if state not in (before, "ok"):
            found.append((state, round(at - clip.begin, 1)))
        before = state
    return found
