"""Soak: ``script/soak cameras --minutes N``: many cameras for long, half of them failing in every way that is known.

Prints what doors and workers hold over time, and at the end by how much each of them grew in an hour. Ends with 1 if
one grew above the limit, or if a good camera was lost; what was left out for want of processor time is told.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from safecare.model.scene import Area, Scene
from safecare.scenarios.make.clips import pictures
from safecare.scenarios.make.scenes import crowd, loitering
from safecare.sources.camera.models import choose, installed_folder
from safecare.testing.camera_load import Load, own_memory, used
from safecare.testing.camera_streams import Camera, Clip, Kind, encode
from safecare.testing.growth import LEAST, LIMIT, SETTLES, Growth, Traces

FAILING: tuple[Kind, ...] = (
    *("stops", "silent", "stutters", "resizes", "garbage", "refuses"),
    *("codec", "cut", "drips", "headers", "sdp"),
)
GOOD = 5
"""Good cameras of sixteen; chosen: each way of failing once, and enough good ones to see that they are left alone."""
GONE = ("lost", "unreadable")
"""States of a camera whose picture is not there."""
NEVER = ("drips", "headers", "sdp")
"""Kinds of cameras that never give a picture."""
DOORS = "doors"
STAND_INS = "stand-ins"
"""The process of the stand-in cameras: what it holds is shown and not judged."""
EVERY = 10.0
"""Seconds between two samples."""
SIZE = (1280, 720)
PICTURES = 600
"""Most pictures of the longest clip; chosen: minutes pass before it begins again, which is told as a recording."""
DRAWN = 40
"""Seconds of it where people are drawn."""
FILM = Path("/usr/share/doc/opencv-doc/examples/data/vtest.avi")
"""People whom a network finds (PETS2009), where Debian's opencv-doc is installed; otherwise people are drawn."""


@dataclass
class Soak:
    """One run over `load`, and what its processes held. `limit`: megabytes an hour by which one may grow."""

    load: Load
    limit: float = LIMIT
    traces: Traces = field(default_factory=Traces)
    most_unsent: int = 0
    """Most bytes that waited to be taken by a worker."""
    most_clips: int = 0
    """Most clips of a camera that were asked for and not made yet."""
    most_tasks: int = 0
    most_files: int = 0
    """Most temporary files and folders."""
    _told: float = 0.0

    def sample(self, passed: float) -> None:
        """Take a sample; print one each minute."""
        self.traces.sample(DOORS, os.getpid(), passed)
        if self.load.stand_ins is not None:
            self.traces.sample(STAND_INS, self.load.stand_ins, passed)
        for name, live in self.load.lives.items():
            if live.worker.pid is not None:
                self.traces.sample(name, live.worker.pid, passed)
        lives = self.load.lives.values()
        self.most_unsent = max([self.most_unsent, *(one.worker.unsent for one in lives)])
        self.most_clips = max([self.most_clips, *(one.clipper.waiting for one in lives if one.clipper)])
        self.most_tasks = max(self.most_tasks, len(asyncio.all_tasks()))
        self.most_files = max(self.most_files, sum(1 for _ in Path(tempfile.gettempdir()).iterdir()))
        if passed - self._told < 60.0:
            return
        self._told = passed
        now = used(self.load.workers())
        looked, left = self.load.pictures()
        print(
            f"{passed / 60:6.1f} min  doors {own_memory():6.1f} MB  {now.workers} workers {now.memory:7.1f} MB  "
            f"CPU {now.cpu:7.1f} s  events {self.load.events}  alerts {self.load.alerts}  clips {self.load.films}  "
            f"pictures {looked}, left out {left}",
            flush=True,
        )

    def table(self) -> Iterator[str]:
        """Yield the lines of the table of growth."""
        yield "process        starts  minutes      MB    MB/h  surely  files     /h  threads     /h"
        grown = self.grown()
        for one in self.traces.growth():
            starts = self.traces.processes(one.name)
            begin = f"{one.name:<14} {starts:>6} {one.seconds / 60:>8.1f} {one.last.memory:>7.1f}"
            if one.seconds < LEAST:
                yield f"{begin}  too short to tell"
                continue
            told = (
                f"{one.memory:>+7.2f} {one.surely:>+7.2f} {one.last.files:>6} {one.files:>+6.1f} "
                f"{one.last.threads:>8} {one.threads:>+6.1f}"
            )
            yield f"{begin} {told}{'  GREW' if one in grown else ''}"
        yield (
            f"at most: {self.most_unsent} bytes unsent to a worker, {self.most_clips} clips of a camera asked for, "
            f"{self.most_tasks} tasks, {self.most_files} temporary files"
        )

    def grown(self) -> list[Growth]:
        """Return the processes of the product that grew by more than they may."""
        return [one for one in self.traces.growth() if one.name != STAND_INS and one.grew(self.limit)]


def cameras(count: int, clips: list[Clip], other: Clip | None = None) -> dict[str, Camera]:
    """Return `count` cameras: `GOOD` of sixteen are good, the others fail, in turn in each way.

    `clips`: of two sizes; `other`: of another codec.
    """
    found: dict[str, Camera] = {}
    failing = 0
    for number in range(count):
        good = number * GOOD % 16 < GOOD
        kind: Kind = "good" if good else FAILING[failing % len(FAILING)]
        failing += not good
        shown = clips[:1]
        if kind == "resizes":
            shown = clips
        elif kind == "codec" and other is not None:
            shown = [*shown, other]
        found[f"{number + 1:02}-{kind}"] = Camera(kind, shown, number, number * 0.7)
    return found


def scene(size: tuple[int, int]) -> Scene:
    """Return lines and a place, so that people give alerts, and alerts clips."""
    wide, high = map(float, size)
    lines = tuple(
        Area(id=f"line {part}", kind="line", line=((wide * part / 4, 0.0), (wide * part / 4, high)))
        for part in (1, 2, 3)
    )
    return Scene(size=size, areas=lines)


async def soak(
    count: int,
    seconds: float,
    every: float,
    size: tuple[int, int],
    card: Path | None,
    fps: int = 5,
    limit: float = LIMIT,
) -> Soak:
    """Run `count` cameras of `size` with `fps` pictures a second for `seconds`."""
    small = (size[0] // 2, size[1] // 2)
    people, one = _people(size, fps), loitering(seconds=10, seed=3)
    clips = [encode(people, fps), encode(pictures(one, small, fps), fps)]
    other = encode(pictures(one, size, fps), max(fps, 24), "mpeg2video")
    run = Soak(Load(cameras(count, clips, other), card, scene(size), fps=float(fps), clips=True), limit)
    await run.load.run(seconds, every, run.sample)
    return run


def _people(size: tuple[int, int], fps: int) -> Iterator[Any]:
    import cv2

    if not FILM.exists():
        yield from pictures(crowd(seconds=DRAWN, people=8, seed=5), size, fps)
        return
    film = cv2.VideoCapture(str(FILM))
    for _ in range(PICTURES):
        yield cv2.resize(film.read()[1], size)
    film.release()


def main(arguments: list[str]) -> int:
    """Run the command; return its exit code."""
    parser = argparse.ArgumentParser(prog="script/soak", description=__doc__)
    parser.add_argument("what", choices=["cameras"])
    parser.add_argument("--minutes", type=float, default=20.0)
    parser.add_argument("--cameras", type=int, default=16)
    parser.add_argument("--fps", type=int, default=5, help="pictures a second that cameras send and workers look at")
    parser.add_argument("--limit", type=float, default=LIMIT, help="megabytes an hour by which a process may grow")
    parser.add_argument("--model", default="", help="name of the network that finds people; none: motion alone")
    told = parser.parse_args(arguments)
    if 60 * told.minutes < SETTLES + LEAST + 2 * EVERY:
        parser.error(f"growth is told from {(SETTLES + LEAST) / 60 + 1:.0f} minutes on")
    model = choose(told.model, [installed_folder()])
    card = model.card_path if model else None
    with tempfile.TemporaryDirectory(prefix="soak-") as place:
        tempfile.tempdir = place  # so that what is left there is ours
        run = asyncio.run(soak(told.cameras, 60 * told.minutes, EVERY, SIZE, card, told.fps, told.limit))
    for name in run.load.cameras:
        print(f"  {name:<14} {verdict(run.load, name)}")
    print("\n".join(run.table()))
    lost = [name for (name, state) in run.load.states if name.endswith("good") and state in GONE]
    grown = [one.name for one in run.grown()]
    print(
        f"grew above {told.limit:g} MB/h: {', '.join(grown) or 'none'}; good cameras lost: {', '.join(lost) or 'none'}"
    )
    return 1 if grown or lost else 0


def verdict(load: Load, name: str) -> str:
    """Return in words how camera `name` fared: pictures since its stream was last opened, and what was told of it."""
    pace = load.lives[name].pace
    gone = sum(count for (camera, state), count in load.states.items() if camera == name and state in GONE)
    back = load.states[name, "ok"]
    told = ", ".join(f"{state} {count}" for (camera, state), count in sorted(load.states.items()) if camera == name)
    looked = f"{told or 'nothing told'}; {pace.frames} pictures, {pace.skipped} left out since it was last opened"
    if not back:
        return f"{looked}: {'no picture, as it should' if name.endswith(NEVER) and gone else 'NEVER SEEN'}"
    if not gone:
        return f"{looked}: went on all the time"
    return f"{looked}: gone {gone} times, seen {back} times{'' if back > 1 else ', NEVER BACK'}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
