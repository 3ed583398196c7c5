"""Sixteen cameras of 720p at 5 pictures a second on this machine, each in a confined worker of its own, in real time.

The sources are files that are played at their own pace (people of PETS2009 in a picture of 1280x720, H.264), each camera
from another moment on. Pictures that come too late to be looked at are left out and counted; the delay is that from the
moment at which a picture is due to its telling in the asking process. Other work on the machine counts against it: the
share of a core that was free is told beside. Needs ``vtest.avi`` and the default model.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from safecare.scenarios.make.clips import encoded
from safecare.sources.camera.client import WorkerClient
from safecare.sources.camera.messages import LiveJob, People, Progress, View
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
    """Measure with the default model and with motion alone."""
    model = installed_folder() / "centernet-person.yaml"
    if not VTEST.exists() or not model.exists():
        yield Skipped("16 cameras", "opencv-doc is not installed, or the default model is missing")
        return
    with tempfile.TemporaryDirectory() as folder:
        for number in range(4):
            (Path(folder) / f"{number}.mp4").write_bytes(_clip(first=number * 100))
        for name, card in (("default model", model), ("motion alone", None)):
            run = asyncio.run(_all(Path(folder), card))
            yield from _rows(name, run)


def _rows(name: str, run: Run) -> Iterable[Row]:
    due = run.looked + run.skipped
    delays = sorted(run.delays) or [0.0]
    note = f"{run.cpu / run.passed:.2f} cores used by the cameras, {run.free / run.passed:.2f} free"
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
    yield Row(
        what=f"16 x 720p, {name}: CPU per picture, decoding to tracks",
        figure=1000 * run.cpu / max(1, run.looked),
        unit="ms",
        better="less",
        target=1000 * 2 / (CAMERAS * FPS),
        note="at most what two cores have for 80 pictures a second",
    )
    yield Row(what=f"16 x 720p, {name}: memory of 16 workers", figure=run.memory, unit="MB", better="less")


def _clip(first: int) -> bytes:
    """Return a clip of 720p at 5 pictures a second with the people of `VTEST` from picture `first` on."""
    import av
    import cv2
    import numpy as np

    images = []
    with av.open(str(VTEST)) as container:
        for number, frame in enumerate(container.decode(video=0)):
            if first <= number < first + SECONDS * FPS + 20:
                picture = np.full((720, 1280, 3), 96, np.uint8)
                picture[:, 160:1120] = cv2.resize(frame.to_ndarray(format="bgr24"), (960, 720))
                images.append(picture)
    return encoded(images, (1280, 720), FPS)


async def _all(folder: Path, card: Path | None) -> Run:
    run = Run()
    async with asyncio.TaskGroup() as group:
        for number in range(CAMERAS):
            group.create_task(_one(folder / f"{number % 4}.mp4", card, number / (CAMERAS * FPS), run))
        group.create_task(_machine(run))
    return run


async def _one(path: Path, card: Path | None, wait: float, run: Run) -> None:
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
