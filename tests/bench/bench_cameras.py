"""Sixteen cameras of 720p at 5 pictures a second on this machine, each in a confined worker of its own, in real time.

The sources are files that are played at their own pace (1280x720, H.264): in a busy one six people of PETS2009 walk all
the time, in a quiet one nobody does; each camera begins at another moment. Pictures that come too late to be looked at
are left out and counted; the delay is that from the moment at which a picture is due to its telling in the asking
process. Other work on the machine counts against it: what the cameras got, and what was free, is told beside. What a
picture costs is measured apart, by processor time. Needs ``vtest.avi`` and the default model.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from safecare.scenarios.make.clips import encoded
from safecare.sources.camera.client import WorkerClient
from safecare.sources.camera.messages import ClipJob, Done, LiveJob, People, Progress, View
from safecare.sources.camera.models import installed_folder
from safecare.testing.bench import Row, Skipped

VTEST = Path("/usr/share/doc/opencv-doc/examples/data/vtest.avi")
CAMERAS, FPS = 16, 5
SECONDS, WARM = 60.0, 20.0
"""Seconds of each run, and those at its beginning, while workers load their libraries, that do not count."""
TELL = 0.5
"""Seconds between two tellings, as live cameras have it."""


@dataclass
class Run:
    """What one run of all cameras gave."""

    looked: int = 0
    skipped: int = 0
    delays: list[float] = field(default_factory=list)
    cpu: float = 0.0
    """Seconds of processor time of all workers."""
    free: float = 0.0
    """Seconds of processor time that nobody on the machine used."""
    memory: float = 0.0
    """Megabytes of all workers together, shared pages counted once."""
    passed: float = 0.0


def rows() -> Iterable[Row | Skipped]:
    """Measure with the default model."""
    model = installed_folder() / "centernet-person.yaml"
    if not VTEST.exists() or not model.exists():
        yield Skipped("16 cameras", "opencv-doc is not installed, or the default model is missing")
        return
    with tempfile.TemporaryDirectory() as folder:
        clips = {}
        for name in ("busy", "quiet"):
            clips[name] = Path(folder) / f"{name}.mp4"
            clips[name].write_bytes(_clip(quiet=name == "quiet"))
        costs = {name: asyncio.run(_cost(clip, model)) for name, clip in clips.items()}
        for name, cost in costs.items():
            yield Row(
                what=f"720p, {name} camera: CPU per picture, decoding to tracks",
                figure=cost,
                unit="ms",
                better="less",
                note=f"16 such cameras at 5 pictures/s need {CAMERAS * FPS * cost / 1000:.2f} cores",
            )
        mixed = FPS * (4 * costs["busy"] + 12 * costs["quiet"]) / 1000
        yield Row(what="16 x 720p, 4 busy: cores needed", figure=mixed, unit="", better="less", target=2.0)
        for busy in (CAMERAS, 4):
            yield from _rows(f"{busy} busy", asyncio.run(_all(clips, busy, model)))


def _rows(name: str, run: Run) -> Iterable[Row]:
    due = run.looked + run.skipped
    delays = sorted(run.delays) or [0.0]
    got = run.cpu / run.passed
    note = f"the cameras got {got:.2f} cores, {run.free / run.passed:.2f} were free"
    share = run.looked / max(1, due)
    yield Row(what=f"16 x 720p, {name}: pictures looked at of those due", figure=share, unit="", target=1.0, note=note)
    yield Row(
        what=f"16 x 720p, {name}: delay of a telling, 95 of 100",
        figure=delays[int(0.95 * (len(delays) - 1))],
        unit="s",
        better="less",
        target=1.0,
        note=f"{len(delays)} tellings, worst {delays[-1]:.2f} s",
    )
    yield Row(what=f"16 x 720p, {name}: memory of 16 workers", figure=run.memory, unit="MB", better="less")


async def _cost(clip: Path, card: Path) -> float:
    """Return CPU milliseconds for each picture of `clip`, looked at as fast as it goes."""
    worker = WorkerClient(model=card)
    try:
        async for message in worker.answers(ClipJob("cost", str(clip), "mov", 0.0, View(fps=FPS)), silence=60.0):
            if isinstance(message, Done):
                return 1000 * message.cpu / message.frames
    finally:
        await worker.stop()
    raise AssertionError("the clip can't be read")


def _clip(*, quiet: bool) -> bytes:
    """Return a clip of 720p at 5 pictures a second: the people of `VTEST`, or its scene without them."""
    import av
    import cv2
    import numpy as np

    with av.open(str(VTEST)) as container:
        frames: list[Any] = [one.to_ndarray(format="bgr24") for one in container.decode(video=0)][
            : round(SECONDS * FPS) + 20
        ]
    empty = np.median(np.stack(frames[::15]), 0)
    noise = np.random.default_rng(1)
    images = []
    for frame in frames:
        grain = noise.normal(0, 2, (576, 768, 1))
        seen = np.clip(empty + grain, 0, 255).astype(np.uint8) if quiet else frame
        picture = np.full((720, 1280, 3), 96, np.uint8)
        picture[:, 160:1120] = cv2.resize(seen, (960, 720))
        images.append(picture)
    return encoded(images, (1280, 720), FPS)


async def _all(clips: dict[str, Path], busy: int, card: Path) -> Run:
    run = Run()
    async with asyncio.TaskGroup() as group:
        for number in range(CAMERAS):
            group.create_task(_one(clips["busy" if number < busy else "quiet"], card, number / (CAMERAS * FPS), run))
        group.create_task(_machine(run))
    return run


async def _one(path: Path, card: Path, wait: float, run: Run) -> None:
    """Follow one camera; `wait`: seconds to begin later, so that not all pictures come at once."""
    await asyncio.sleep(wait)
    worker = WorkerClient(network=True, model=card)
    job = LiveJob(path.stem, str(path), View(fps=FPS, tell_every=TELL))
    asked, began, before = time.monotonic(), 0.0, Progress(0)
    try:
        async for message in worker.answers(job, silence=60.0):
            now = time.monotonic()
            if isinstance(message, People):
                began = began or now - message.frame / FPS  # corrected below by whatever comes sooner
                began = min(began, now - message.frame / FPS)
                if now - asked > WARM:
                    run.delays.append(now - began - message.frame / FPS)
            elif isinstance(message, Progress):
                if now - asked > WARM:
                    run.looked += message.frames - before.frames
                    run.skipped += message.skipped - before.skipped
                before = message
            if now - asked > SECONDS:
                break
    finally:
        await worker.stop()


async def _machine(run: Run) -> None:
    """Measure the workers from the end of the warm-up to just before the end of the run."""
    await asyncio.sleep(WARM)
    began, idle = time.monotonic(), _idle()
    used = _children()
    await asyncio.sleep(SECONDS - WARM - 2.0)
    run.passed, run.free = time.monotonic() - began, _idle() - idle
    after = _children()
    run.cpu = sum(after[pid][0] - cpu for pid, (cpu, _) in used.items() if pid in after)
    run.memory = sum(memory for _, memory in after.values())


def _idle() -> float:
    """Return the idle time of all cores since the start, seconds (proc(5))."""
    return float(Path("/proc/uptime").read_text().split()[1])


def _children() -> dict[int, tuple[float, float]]:
    """Return by process id the CPU seconds and the megabytes (PSS) of this process' children."""
    tick = os.sysconf("SC_CLK_TCK")
    found: dict[int, tuple[float, float]] = {}
    for pid in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split():
        try:
            times = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
        except OSError:
            continue
        memory = next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))
        found[int(pid)] = (int(times[11]) + int(times[12])) / tick, memory / 1024
    return found


if __name__ == "__main__":
    from safecare.testing.bench import table

    print(table(rows()))
