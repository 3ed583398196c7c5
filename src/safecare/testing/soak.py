"""Soak: ``script/soak cameras --minutes N``: many cameras for long, half of them failing in every way that is known.

Prints the memory of doors and workers over time. Ends with 0 if it stayed bounded and the good cameras saw all their
pictures as far as there was processor time: what they left out is told, and no failing camera kept them from work.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from dataclasses import dataclass, field
from pathlib import Path

from safecare.scenarios.make.clips import pictures
from safecare.scenarios.make.scenes import crowd, loitering
from safecare.sources.camera.models import choose, installed_folder
from safecare.testing.camera_load import Load, own_memory, used
from safecare.testing.camera_streams import Camera, Clip, Kind, encode

FAILING: tuple[Kind, ...] = ("stops", "silent", "stutters", "resizes", "garbage", "refuses")
GONE = ("lost", "unreadable")
"""States of a camera whose picture is not there."""
SETTLED = 0.25
"""Share of the run after which memory counts; chosen: by then every worker has met its first faults."""
GROWTH = 0.15
"""Share by which the mean of the last quarter may lie above that of the second; chosen: workers that restart at
chance moments make the sum waver by a tenth."""


@dataclass
class Soak:
    """One run over `load`; `samples`: seconds, megabytes of the doors, of the workers, how many of those there are."""

    load: Load
    samples: list[tuple[float, float, float, int]] = field(default_factory=list)

    def sample(self, passed: float) -> None:
        """Take and print a sample."""
        now = used(self.load.workers())
        self.samples.append((passed, own_memory(), now.memory, now.workers))
        looked, left = self.load.pictures()
        print(
            f"{passed / 60:6.1f} min  doors {self.samples[-1][1]:6.1f} MB  {now.workers} workers {now.memory:7.1f} MB  "
            f"CPU {now.cpu:7.1f} s  events {self.load.events}  pictures {looked}, left out {left}",
            flush=True,
        )

    def bounded(self) -> bool:
        """Tell whether memory stayed within `GROWTH`, of the doors and of each worker on average."""
        told = [one for one in self.samples if one[0] >= SETTLED * self.samples[-1][0]]
        third = max(1, len(told) // 3)
        begin, end = told[:third], told[-third:]
        doors = _mean([one[1] for one in end]) <= (1 + GROWTH) * _mean([one[1] for one in begin])
        each = [[one[2] / max(1, one[3]) for one in part] for part in (begin, end)]
        return doors and _mean(each[1]) <= (1 + GROWTH) * _mean(each[0])


def cameras(count: int, clips: list[Clip]) -> dict[str, Camera]:
    """Return `count` cameras; every other one fails, in turn in each way. `clips`: of two sizes."""
    found: dict[str, Camera] = {}
    for number in range(count):
        kind: Kind = FAILING[number // 2 % len(FAILING)] if number % 2 else "good"
        found[f"{number + 1:02}-{kind}"] = Camera(kind, clips if kind == "resizes" else clips[:1], number, number * 0.7)
    return found


async def soak(count: int, seconds: float, every: float, size: tuple[int, int], card: Path | None) -> Soak:
    """Run `count` cameras of `size` for `seconds`."""
    small = (size[0] // 2, size[1] // 2)
    scenes = (crowd(seconds=40, people=8, seed=5), size), (loitering(seconds=10, seed=3), small)
    clips = [encode(pictures(scene, wide, 5), 5) for scene, wide in scenes]
    run = Soak(Load(cameras(count, clips), card))
    await run.load.run(seconds, every, run.sample)
    return run


def main(arguments: list[str]) -> int:
    """Run the command; return its exit code."""
    parser = argparse.ArgumentParser(prog="script/soak", description=__doc__)
    parser.add_argument("what", choices=["cameras"])
    parser.add_argument("--minutes", type=float, default=20.0)
    parser.add_argument("--cameras", type=int, default=16)
    parser.add_argument("--model", default="", help="name of the network that finds people; none: motion alone")
    told = parser.parse_args(arguments)
    model = choose(told.model, [installed_folder()])
    card = model.card_path if model else None
    seconds = 60 * told.minutes
    run = asyncio.run(soak(told.cameras, seconds, max(5.0, seconds / 60), (1280, 720), card))
    for name in run.load.cameras:
        print(f"  {name:<14} {verdict(run.load, name)}")
    bounded = run.bounded()
    lost = [name for (name, state) in run.load.states if name.endswith("good") and state in GONE]
    print(f"memory {'stayed bounded' if bounded else 'GREW'}; good cameras lost: {', '.join(lost) or 'none'}")
    return 0 if bounded and not lost else 1


def verdict(load: Load, name: str) -> str:
    """Return in words how camera `name` fared: pictures since its stream was last opened, and what was told of it."""
    pace = load.lives[name].pace
    gone = sum(count for (camera, state), count in load.states.items() if camera == name and state in GONE)
    back = load.states[name, "ok"]
    told = ", ".join(f"{state} {count}" for (camera, state), count in sorted(load.states.items()) if camera == name)
    looked = f"{told or 'nothing told'}; {pace.frames} pictures, {pace.skipped} left out since it was last opened"
    if not back:
        return f"{looked}: NEVER SEEN"
    if not gone:
        return f"{looked}: went on all the time"
    return f"{looked}: gone {gone} times, seen {back} times{'' if back > 1 else ', NEVER BACK'}"


def _mean(numbers: list[float]) -> float:
    return sum(numbers) / max(1, len(numbers))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
