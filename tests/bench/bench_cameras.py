"""Sixteen cameras of 720p at 5 pictures a second on this machine, each in a confined worker of its own, in real time.

Stand-in cameras send H.264 as cameras do (MPEG-TS over HTTP, encoded once); everything behind is the live road:
confined worker, decoder, gate, network, tracks, rules, alert. In a busy camera six people of PETS2009 walk all the time
and cross eight lines; in a quiet one nobody does. Pictures that come too late to be looked at are left out and counted;
an alert's delay runs from the moment of the picture that gave it. Other work on the machine counts against the cameras:
what they got and what was free is told beside, and where that is too little the runs can pass in slow motion (`SLOW`).
What a picture costs is measured apart, by processor time. Needs ``vtest.avi`` and the default model.
"""

from __future__ import annotations

import asyncio
import importlib.metadata
import os
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from safecare.model.scene import Area, Scene
from safecare.sources.camera.client import WorkerClient
from safecare.sources.camera.decode import Decoder, open_clip
from safecare.sources.camera.messages import ClipJob, Done, View
from safecare.sources.camera.models import installed_folder
from safecare.sources.camera.vision.finder import NetworkFinder
from safecare.sources.camera.vision.tracker import FAINT
from safecare.sources.camera.vision.watch import Watch
from safecare.sources.camera.worker import load, load_model
from safecare.testing.bench import Row, Skipped
from safecare.testing.camera_load import Load, idle, used
from safecare.testing.camera_streams import Camera, Clip, encode

VTEST = Path("/usr/share/doc/opencv-doc/examples/data/vtest.avi")
CAMERAS, FPS = 16, 5
SECONDS, WARM = 50.0, 15.0
"""Seconds of each run, and those at its beginning, while workers load their libraries, that do not count."""
SLOW = "SAFECARE_SLOW_MOTION"
"""Environment variable: how many times slower than in reality the runs of all cameras pass, where the machine has other
work. N times slower with one core is as much time for each picture as with N cores in reality; 1 where not set."""
CLIP = 100
"""Seconds of the clips: longer than a run, so that nothing is seen twice (that would be a recording played again)."""
SIZE = (1280, 720)
P = ParamSpec("P")
R = TypeVar("R")


@dataclass
class Run:
    """What one run of all cameras gave, its warm-up left out."""

    load: Load
    samples: list[tuple[float, float, float, float, int, int]] = field(default_factory=list)
    """Seconds passed, processor time of the workers, their megabytes, idle time, pictures looked at and left out."""
    waits_before: int = 0

    def sample(self, passed: float) -> None:
        """Note how things stand."""
        if passed < WARM:
            self.waits_before = len(self.load.waits)
            return
        now = used(self.load.workers())
        self.samples.append((time.monotonic(), now.cpu, now.memory, idle(), *self.load.pictures()))

    def rows(self, name: str) -> Iterator[Row]:
        """Return the figures."""
        first, last = self.samples[0], self.samples[-1]
        passed = (last[0] - first[0]) / self.load.slow
        looked, left = last[4] - first[4], last[5] - first[5]
        got, free = (last[1] - first[1]) / passed, (last[3] - first[3]) / passed
        slow = self.load.slow
        note = f"{looked} looked at, {left} left out; the cameras got {got:.2f} cores, {free:.2f} were free"
        if slow != 1:
            note = f"{looked} looked at, {left} left out; slow motion {slow:g} : 1, they got what {got:.2f} cores give"
        share = looked / max(1, looked + left)
        what = f"16 x 720p, {name}"
        yield Row(what=f"{what}: pictures looked at of those due", figure=share, unit="", target=1.0, note=note)
        waits = sorted(self.load.waits[self.waits_before :])
        yield Row(
            what=f"{what}: picture to alert, 95 of 100",
            figure=waits[int(0.95 * (len(waits) - 1))] if waits else 99.0,
            unit="s",
            better="less",
            target=1.0,
            note=f"{len(waits)} alerts, worst {waits[-1] if waits else 0.0:.2f} s",
        )
        yield Row(what=f"{what}: memory of 16 workers", figure=last[2], unit="MB", better="less")


def rows() -> Iterable[Row | Skipped]:
    """Measure with the default model."""
    model = installed_folder() / "centernet-person.yaml"
    if not VTEST.exists() or not model.exists():
        yield Skipped("16 cameras", "opencv-doc is not installed, or the default model is missing")
        return
    clips = {name: encode(_images(quiet=name == "quiet"), FPS) for name in ("busy", "quiet")}
    costs = {name: min(asyncio.run(_cost(clip, model)) for _ in range(2)) for name, clip in clips.items()}
    for name, cost in costs.items():
        yield Row(
            what=f"720p, {name} camera: CPU per picture, decoding to tracks",
            figure=cost,
            unit="ms",
            better="less",
            target=2000 / (CAMERAS * FPS),
            note=f"16 such cameras at 5 pictures/s need {CAMERAS * FPS * cost / 1000:.2f} cores",
        )
    yield from _stages(clips["busy"], model)
    mixed = FPS * (4 * costs["busy"] + 12 * costs["quiet"]) / 1000
    yield Row(what="16 x 720p, 4 busy: cores needed", figure=mixed, unit="", better="less", target=2.0)
    for busy in (4, CAMERAS):
        yield from asyncio.run(_all(clips, busy, model)).rows(f"{busy} busy")
    yield from _peers()


async def _cost(clip: Clip, card: Path) -> float:
    """Return CPU milliseconds for each picture of `clip`, looked at as fast as it goes."""
    worker = WorkerClient(model=card)
    with tempfile.NamedTemporaryFile(suffix=".mp4") as file:
        file.write(clip.raw)
        file.flush()
        try:
            async for message in worker.answers(ClipJob("cost", file.name, "mov", 0.0, View(fps=FPS)), silence=60.0):
                if isinstance(message, Done):
                    return 1000 * message.cpu / message.frames
        finally:
            await worker.stop()
    raise AssertionError("the clip can't be read")


def _stages(clip: Clip, card: Path) -> Iterator[Row]:
    """Tell where the processor time of a busy picture goes."""
    load()
    finds, _, problem = load_model(str(card))
    assert finds is not None, problem
    spent: dict[str, float] = defaultdict(float)

    def timed(name: str, act: Callable[P, R]) -> Callable[P, R]:
        def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
            began = time.process_time()
            try:
                return act(*args, **kwargs)
            finally:
                spent[name] += time.process_time() - began

        return wrapped

    finds.boxes = timed("network", finds.boxes)  # type: ignore[method-assign]
    finder = NetworkFinder(finds, FAINT)
    finder.find = timed("finder", finder.find)  # type: ignore[method-assign]
    watch = Watch(View(fps=FPS), finder)
    watch.look = timed("look", watch.look)  # type: ignore[method-assign]
    count, began = 0, time.process_time()
    with tempfile.TemporaryFile() as file:
        file.write(clip.raw)
        file.flush()
        file.seek(0)
        with open_clip(file.fileno(), "mov") as container:
            for picture, at in Decoder(container, FPS).pictures():
                watch.look(picture, at)
                count += 1
    whole = time.process_time() - began
    shares = {
        "decoding, reducing": whole - spent["look"],
        "network": spent["network"],
        "gate, crops, joining": spent["finder"] - spent["network"],
        "health, tracks, telling": spent["look"] - spent["finder"],
    }
    for name, seconds in shares.items():
        yield Row(what=f"720p, busy camera: {name}", figure=1000 * seconds / count, unit="ms", better="less")


def _images(*, quiet: bool) -> Iterator[Any]:
    """Yield pictures of 720p: the people of `VTEST` there and back, or its scene without them."""
    import av
    import cv2
    import numpy as np

    with av.open(str(VTEST)) as container:
        frames: list[Any] = [one.to_ndarray(format="bgr24") for one in container.decode(video=0)]
    empty = np.median(np.stack(frames[::30]), 0)
    chance = np.random.default_rng(1)
    grains = [chance.normal(0, 2, (576, 768, 1)) for _ in range(23)]
    still = [np.clip(empty + grain, 0, 255).astype(np.uint8) for grain in grains]
    for number in range(CLIP * FPS):
        seen = still[chance.integers(23)] if quiet else frames[number % len(frames)]
        picture = np.full((SIZE[1], SIZE[0], 3), 96, np.uint8)
        picture[:, 160:1120] = cv2.resize(seen, (960, 720))
        yield picture


def _scene() -> Scene:
    """Return eight lines down the picture."""
    lines = tuple(
        Area(id=f"line {x}", kind="line", line=((float(x), 0.0), (float(x), float(SIZE[1]))))
        for x in range(240, 1120, 110)
    )
    return Scene(size=SIZE, areas=lines)


async def _all(clips: dict[str, Clip], busy: int, card: Path) -> Run:
    cameras = {
        f"{number}": Camera("good", [clips["busy" if number < busy else "quiet"]], number, skip=2.0 * number)
        for number in range(CAMERAS)
    }
    run = Run(Load(cameras, card, _scene(), FPS, slow=float(os.environ.get(SLOW, "1"))))
    await run.load.run(SECONDS, 1.0, run.sample)
    return run


PEERS = {"trackers": "SORT, ByteTrack, OC-SORT", "norfair": "norfair", "motpy": "motpy", "supervision": "supervision"}
"""Public trackers by their package."""


def _peers() -> Iterator[Row | Skipped]:
    """Tell which peers are here; `script/bench physical` has their scores from the project's survey."""
    for package, names in PEERS.items():
        try:
            importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            yield Skipped(names, f"{package} is not installed")


if __name__ == "__main__":
    from safecare.testing.bench import table

    print(table(rows()))
