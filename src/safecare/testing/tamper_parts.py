"""What made clips of tampered cameras consist of: sensor, encoder, what lies on the lens, what happens before it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from math import exp, pi, sin
from random import Random
from typing import Any

from safecare.testing.fire_parts import SIZE, Noise

Image = Any
Floats = Any
Lens = Callable[[Image, float], Floats]
"""Takes a picture and the seconds since it is done; gives what falls on the sensor."""
World = Callable[[Image, float], Image]

RATES = (120_000, 250_000, 500_000, 1_000_000)
"""Bits a second of 640x360 at 5 pictures a second; chosen: as 1 to 9 Mbit/s of 1080p, what cameras are set to."""
COARSE = 60_000
"""Bits a second of a sub-stream at its worst; chosen."""


class Sensor:
    """Noise of the light (grows with it) and of reading out, and the gain by which the dark is made brighter."""

    def __init__(self, rng: Random) -> None:
        """Draw a camera."""
        import numpy as np

        self._read, self._light = rng.uniform(0.7, 2.0), rng.uniform(0.01, 0.05)
        self._random = np.random.default_rng(rng.randrange(1 << 30))
        self._bank = [self._random.normal(0, 1, (SIZE[1], SIZE[0])).astype(np.float32) for _ in range(6)]

    def shot(self, image: Floats, dark: float = 1.0) -> Image:
        """Return what the sensor makes of `image` (light, 0-255) with a share `dark` of the light, gain on top."""
        import cv2
        import numpy as np

        gain = min(4.0, 1 / dark) if dark < 1 else 1.0
        light = np.asarray(image, np.float32) * np.float32(dark)
        wide, high, which = self._random.integers((SIZE[0], SIZE[1], len(self._bank)))
        grain = np.roll(self._bank[which], (int(high), int(wide)), (0, 1))
        grain *= cv2.sqrt(light[..., 1] * self._light + self._read**2)
        found: Image = cv2.convertScaleAbs(np.maximum(light + grain[..., None], 0), alpha=gain)
        return found


class Grain:
    """Noise that whoever plays a recording adds to it: alike everywhere."""

    def __init__(self, rng: Random) -> None:
        """Draw its strength."""
        import numpy as np

        self._random, self._strength = np.random.default_rng(rng.randrange(1 << 30)), rng.uniform(1.0, 3.0)
        self._bank = [self._random.normal(0, 1, (SIZE[1], SIZE[0])).astype(np.float32) for _ in range(6)]

    def at(self, number: int) -> Floats:
        """Return the noise of picture `number`."""
        import numpy as np

        shift = tuple(int(one) for one in self._random.integers((SIZE[1], SIZE[0])))
        return np.roll(self._bank[number % len(self._bank)], shift, (0, 1))[..., None] * self._strength


class Clock:
    """A running clock in a corner of the picture."""

    def __init__(self, rng: Random) -> None:
        """Draw its corner."""
        self._place = (rng.choice((12, SIZE[0] - 230)), rng.choice((24, SIZE[1] - 14)))

    def drawn(self, image: Image, at: float) -> Image:
        """Return `image` with the time of `at` (seconds) in it."""
        import cv2

        seconds = int(at)
        text = f"2026-03-02 08:{seconds // 60 % 60:02}:{seconds % 60:02}"
        found = image.copy()
        for colour, thick in (((0, 0, 0), 3), ((255, 255, 255), 1)):
            cv2.putText(found, text, self._place, cv2.FONT_HERSHEY_SIMPLEX, 0.55, colour, thick, cv2.LINE_AA)
        return found


class Encoder:
    """H.264 as a camera gives it: a bit rate that is kept, a whole picture every two to four seconds."""

    def __init__(self, rate: int, fps: int, rng: Random) -> None:
        """Set it to `rate` bits a second."""
        self._rate, self._fps, self._every = rate, fps, rng.choice((2, 4))

    def passed(self, images: Iterable[Image], coarser_from: int | None = None) -> Iterator[Image]:
        """Yield `images` encoded and decoded; from number `coarser_from` on with a fifth of the bits."""
        coder, decoder = self._coder(self._rate), self._decoder()
        for number, image in enumerate(images):
            if number == coarser_from:
                yield from self._ended(coder, decoder)
                coder, decoder = self._coder(self._rate // 5), self._decoder()
            yield from self._through(coder.encode(self._frame(image, number)), decoder)
        yield from self._ended(coder, decoder)

    def _ended(self, coder: Any, decoder: Any) -> Iterator[Image]:
        yield from self._through(coder.encode(None), decoder)
        yield from (one.to_ndarray(format="bgr24") for one in decoder.decode(None))

    def _through(self, packets: Any, decoder: Any) -> Iterator[Image]:
        for packet in packets:
            for frame in decoder.decode(packet):
                yield frame.to_ndarray(format="bgr24")

    def _frame(self, image: Image, number: int) -> Any:
        import av

        frame = av.VideoFrame.from_ndarray(image, format="bgr24")
        frame.pts = number
        return frame

    def _coder(self, rate: int) -> Any:
        from fractions import Fraction

        import av

        coder: Any = av.CodecContext.create("libx264", "w")
        coder.width, coder.height, coder.pix_fmt = *SIZE, "yuv420p"
        coder.time_base, coder.framerate = Fraction(1, self._fps), Fraction(self._fps)
        coder.bit_rate, coder.gop_size, coder.thread_count = rate, self._every * self._fps, 1
        vbv = f"vbv-maxrate={rate // 1000}:vbv-bufsize={2 * rate // 1000}:log-level=-1"
        coder.options = {"preset": "superfast", "tune": "zerolatency", "x264-params": vbv}
        return coder

    def _decoder(self) -> Any:
        import av

        decoder = av.CodecContext.create("h264", "r")
        decoder.thread_count = 1
        return decoder


def middle(recorded: Sequence[Image]) -> Image:
    """Return the median of `recorded`: the place without people."""
    import numpy as np

    return np.median(np.stack(recorded[:: max(1, len(recorded) // 40)]), axis=0).astype(np.uint8)


def darkness(kind: str, passed: float) -> float:
    """Return the share of the light that is left."""
    if passed < 0:
        return 1.0
    return {"night.gain": 0.3, "lamps": 1.0 if passed % 20 > 10 else 0.15}.get(kind, 1.0)


def changed(scene: Iterable[Image], world: World, begin: float, fps: int) -> Iterator[Image]:
    """Yield `scene` with what happens in it from `begin` (seconds) on."""
    for number, image in enumerate(scene):
        passed = number / fps - begin
        yield world(image, passed) if passed >= 0 else image


def _as_it_is(image: Image, passed: float) -> Image:
    return image


def lens_of(kind: str, rng: Random) -> Lens:
    """Return what lies on the lens at `kind`, from 0 s on."""
    import cv2
    import numpy as np

    columns, rows = SIZE
    y, x = np.mgrid[:rows, :columns].astype(np.float32)
    noise = Noise(f"lens {kind} {rng.random()}")
    wander = noise.at(x / columns * 0.3 + 0.2, y / columns * 0.3 + 0.4)

    def masked(mask: Floats, colour: Floats) -> Lens:
        one = np.clip(mask, 0, 1).astype(np.float32)[..., None]
        return lambda image, passed: image if passed < 0 else image * (1 - one) + colour * one

    def side(share: float, soft: float) -> Floats:
        """Return a cover from one side: all of what is out of focus has a soft edge."""
        turn, flip = rng.random() < 0.5, rng.random() < 0.5
        along = (y / rows if turn else x / columns) + 0.02 * wander
        along = 1 - along if flip else along
        return 1 / (1 + np.exp(np.clip((along - share) / soft, -30, 30)))

    def blot(wide: float, soft: float, rough: float) -> Floats:
        cx, cy = rng.uniform(0.35, 0.65), rng.uniform(0.35, 0.65)
        off = np.hypot((x / columns - cx) / wide, (y / rows - cy) / wide) + rough * wander
        return 1 / (1 + np.exp(np.clip((off - 1) / soft, -30, 30)))

    skin = np.array((60, 75, 110), np.float32) * rng.uniform(0.5, 1.2)
    grey = np.array((1, 1, 1), np.float32) * rng.uniform(25, 170)
    match kind:
        case "cover.half":
            return masked(side(0.5, 0.03), grey)
        case "cover.third":
            return masked(side(0.36, 0.03), grey)
        case "cover.hand":
            shade = (0.7 + 0.5 * x / columns)[..., None] * skin
            return masked(side(rng.uniform(0.4, 0.6), 0.05), shade)
        case "cover.tape":
            return masked(side(rng.uniform(0.35, 0.6), 0.015), grey + 6 * wander[..., None])
        case "cover.bag":
            back = rng.uniform(90, 200)
            return lambda image, passed: image if passed < 0 else 0.1 * image + 0.9 * back + 5 * wander[..., None]
        case "cover.grease":
            blur = rng.uniform(0.02, 0.04) * columns
            return lambda image, passed: image if passed < 0 else cv2.GaussianBlur(image, (0, 0), blur)
        case "cover.smear":
            one = np.clip(blot(0.45, 0.1, 0.2), 0, 1)[..., None]
            return lambda image, passed: (
                image if passed < 0 else image * (1 - one) + cv2.GaussianBlur(image, (0, 0), 16) * one
            )
        case "paint.spray":
            specks = (noise.at(x / 60, y / 60) > 1.2) * 0.5
            return masked(blot(0.38, 0.12, 0.15) + specks * blot(0.6, 0.2, 0.1), grey)
        case "paint.brush":
            strokes = 0.85 + 0.15 * np.sin(y / 7 + 3 * wander)
            return masked(side(rng.uniform(0.45, 0.65), 0.04) * strokes, grey)
        case "paint.drips":
            runs = noise.at(x / columns * 2, 0 * y + 0.3)
            return masked(1 / (1 + np.exp(np.clip((y / rows - 0.45 - 0.2 * runs) / 0.04, -30, 30))), grey)
        case "paint.half":
            return masked(blot(0.45, 0.05, 0.05), grey)
        case "drops":
            spots = [(rng.random(), rng.random(), rng.uniform(0.015, 0.05)) for _ in range(14)]
            mask = np.zeros((rows, columns), np.float32)
            for cx, cy, wide in spots:
                mask = np.maximum(mask, np.exp(-((np.hypot(x / columns - cx, (y - cy * rows) / columns) / wide) ** 4)))
            one = mask[..., None]
            return lambda image, passed: (
                image if passed < 0 else image * (1 - one) + (cv2.GaussianBlur(image, (0, 0), 14) * 0.9 + 20) * one
            )
        case "web":
            mask = np.zeros((rows, columns), np.float32)
            cx, cy = rng.uniform(0.1, 0.9) * columns, rng.uniform(0.1, 0.9) * rows
            for spoke in range(11):
                end = (round(cx + 800 * sin(spoke * 0.57)), round(cy + 800 * sin(spoke * 0.57 + pi / 2)))
                cv2.line(mask, (round(cx), round(cy)), end, 0.5, 3, cv2.LINE_AA)
            for ring in range(1, 9):
                cv2.circle(mask, (round(cx), round(cy)), 28 * ring, 0.4, 3, cv2.LINE_AA)
            soft = cv2.GaussianBlur(mask, (0, 0), 4)
            return masked(soft, np.array((210, 210, 210), np.float32))
        case "focus":

            def hunts(image: Image, passed: float) -> Floats:
                if passed < 0 or passed % 25 > 6:
                    return image
                return cv2.GaussianBlur(image, (0, 0), 1 + 14 * sin(passed % 25 / 6 * pi))

            return hunts
        case _:
            return _as_it_is


def world_of(kind: str, rng: Random) -> World:
    """Return what happens before the camera at `kind`, from 0 s on."""
    import cv2
    import numpy as np

    columns, rows = SIZE
    y, x = np.mgrid[:rows, :columns].astype(np.float32)
    textures = np.random.default_rng(rng.randrange(1 << 30))

    def thing(image: Image, left: float, top: float, wide: float, high: float, shade: Floats) -> Image:
        found = image.copy()
        x1, x2 = (round(max(0.0, min(1.0, one)) * columns) for one in (left, left + wide))
        y1, y2 = (round(max(0.0, min(1.0, one)) * rows) for one in (top, top + high))
        if x2 > x1 and y2 > y1:
            found[y1:y2, x1:x2] = cv2.resize(shade, (x2 - x1, y2 - y1), interpolation=cv2.INTER_LINEAR)
            cv2.rectangle(found, (x1, y1), (x2, y2), (40, 40, 40), 2)
        return found

    flat = np.clip(textures.normal(175, 4, (4, 6, 3)), 0, 255).astype(np.uint8)
    match kind:
        case "lamps.half":
            left = np.clip(1.6 - 2 * x / columns, 0.15, 1.0)[..., None]
            return lambda image, passed: (image * left).astype(np.uint8) if passed % 30 < 20 else image
        case "sun":
            slope = rng.uniform(-0.4, 0.4)

            def sun(image: Image, passed: float) -> Image:
                off = np.abs(x / columns - 0.2 - 0.006 * passed - slope * y / rows)
                patch = (off < 0.16) & (y > 0.45 * rows) & (np.abs(off - 0.08) > 0.008)
                return np.clip(
                    image + 110.0 * cv2.GaussianBlur(patch.astype(np.float32), (0, 0), 1.5)[..., None], 0, 255
                )

            return sun
        case "headlights":

            def glare(image: Image, passed: float) -> Image:
                near = min(1.0, passed / 20) if passed < 45 else 0.0
                spots = [
                    np.exp(-((np.hypot(x - columns * c, y - rows * 0.5) / (12 + 90 * near)) ** 1.2)) for c in (0.4, 0.6)
                ]
                return np.clip(image * (1 - 0.3 * near) + 300 * near * sum(spots)[..., None], 0, 255)

            return glare
        case "rain":

            def rain(image: Image, passed: float) -> Image:
                found = (image * 0.8 + 25).astype(np.uint8)
                for px, py in textures.integers((0, 0), (columns, rows), (150, 2)).tolist():
                    cv2.line(found, (px, py), (px + 3, py + 22), (190, 190, 190), 1)
                return found

            return rain
        case "cabin":
            wall = np.clip(textures.normal(150, 3, (rows // 40, columns // 40, 3)), 0, 255).astype(np.uint8)
            panel = cv2.resize(wall, SIZE, interpolation=cv2.INTER_CUBIC)
            for seam in (0.3, 0.62):
                cv2.line(panel, (round(seam * columns), 0), (round(seam * columns), rows), (90, 90, 90), 2)
            return lambda image, passed: panel if passed % 40 < 25 else image
        case "truck":

            def truck(image: Image, passed: float) -> Image:
                place = -0.8 + 0.2 * passed if passed < 4.5 else 0.1 + max(0.0, passed - 64.5) * 0.2
                found = thing(image, place, 0.12, 0.75, 0.7, flat)
                for wheel in (0.15, 0.55):
                    cv2.circle(found, (round((place + wheel) * columns), round(0.82 * rows)), 30, (30, 30, 30), -1)
                return found

            return truck
        case "bed":
            return lambda image, passed: (
                thing(image, -0.9 + 0.25 * passed, 0.1, 0.8, 0.9, flat) if passed < 9 else image
            )
        case "screen":  # a screen that shows the same pictures every 15 s, and nobody comes
            shown = textures.integers(0, 255, (5, 4, 6, 3)).astype(np.uint8)
            return lambda image, passed: thing(image, 0.6, 0.15, 0.22, 0.25, shown[int(passed % 15 // 3)])
        case "fan":  # a fan under the ceiling whose blades pass at the same place again and again

            def fan(image: Image, passed: float) -> Image:
                found = image.copy()
                for blade in range(3):
                    turn = 2 * pi * (passed / 7 + blade / 3)
                    end = (round(columns * (0.5 + 0.3 * sin(turn))), round(rows * (0.2 + 0.12 * sin(turn + pi / 2))))
                    cv2.line(found, (columns // 2, round(0.2 * rows)), end, (60, 60, 60), 12, cv2.LINE_AA)
                return found

            return fan
        case "exposure":
            return lambda image, passed: np.clip(image * (1 + 0.35 * sin(passed / 2) * exp(-passed / 60)), 0, 255)
        case _:
            return _as_it_is
