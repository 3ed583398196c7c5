"""What processes hold over time, and by how much it grows in an hour: memory, open files, threads (proc(5)).

Growth is a slope over what was sampled once a process has settled: of files and threads by least squares, of memory the
median of the slopes between any two samples, with the bounds between which it lies in 95 of 100 cases (Sen 1968): a
process that does the same all the time holds now more and now less, by megabytes, and a line can be laid through that.
It grew if the slope is above the limit and surely above none. Memory is what belongs to a process alone (anonymous
pages): what it shares with others changes whenever one of those ends. Of memory the least of each few minutes counts:
what is taken for some pictures and given back did not grow, what leaks is never given back.
"""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from scipy.stats import theilslopes

SETTLES = 300.0
"""Seconds of a process that do not count; chosen: by then libraries are loaded, rings full, first faults met."""
LEAST = 600.0
"""Seconds of samples from which a slope is told; chosen: below, one allocation is megabytes an hour."""
LIMIT = 10.0
"""Megabytes an hour by which a process may grow; chosen: a step of the allocator within an hour's run is as much, and
what leaks for each picture, clip or fault is more."""
WITHIN = 180.0
"""Seconds of which the least memory counts; chosen: longer than a clip takes to be made, or people to go by."""
MORE = 4.0
"""Open files or threads an hour, the same."""


class Held(NamedTuple):
    """What a process holds `at` (seconds): megabytes of its own, open files, threads."""

    at: float
    memory: float
    files: int
    threads: int


class Growth(NamedTuple):
    """A process over its settled samples: how many, over how many seconds, what it held at last, growth an hour.

    `surely`: megabytes an hour by which its memory grows at least, in 95 of 100 cases.
    """

    name: str
    pid: int
    samples: int
    seconds: float
    last: Held
    memory: float
    surely: float
    files: float
    threads: float

    def grew(self, limit: float = LIMIT) -> bool:
        """Tell whether it grew by more than may be; what was seen for too short a time did not."""
        memory = self.memory > limit and self.surely > 0
        return self.seconds >= LEAST and (memory or self.files > MORE or self.threads > MORE)


@dataclass
class Traces:
    """Samples of processes, by their name in the run and their process id."""

    held: dict[tuple[str, int], list[Held]] = field(default_factory=lambda: defaultdict(list))

    def sample(self, name: str, pid: int, at: float) -> None:
        """Take a sample of process `pid`, if it is there."""
        now = holds(pid, at)
        if now is not None:
            self.held[name, pid].append(now)

    def growth(self) -> Iterator[Growth]:
        """Yield, for each name, the growth of the process that was seen longest."""
        longest: dict[str, Growth] = {}
        for (name, pid), held in self.held.items():
            one = _growth(name, pid, held)
            if name not in longest or one.seconds > longest[name].seconds:
                longest[name] = one
        yield from longest.values()

    def processes(self, name: str) -> int:
        """Return how many processes there were of that name."""
        return sum(one == name for one, _ in self.held)


def holds(pid: int, at: float) -> Held | None:
    """Return what process `pid` holds now; None if it has ended."""
    try:
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
        status = Path(f"/proc/{pid}/status").read_text()
        files = sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())
    except OSError:
        return None
    memory = _number(rollup, "Anonymous:")
    return Held(at, memory / 1024, files, _number(status, "Threads:"))


def _number(text: str, name: str) -> int:
    return next((int(line.split()[1]) for line in text.splitlines() if line.startswith(name)), 0)


def _growth(name: str, pid: int, held: list[Held]) -> Growth:
    told = [one for one in held if one.at - held[0].at >= SETTLES] or held[-1:]
    seconds = told[-1].at - told[0].at
    return Growth(
        name,
        pid,
        len(told),
        seconds,
        told[-1],
        *_growing(_least(told)),
        _slope([(one.at, float(one.files)) for one in told]),
        _slope([(one.at, float(one.threads)) for one in told]),
    )


def _growing(points: list[tuple[float, float]]) -> tuple[float, float]:
    """Return by how much memory grows in an hour, and by how much at least; `points` as `_slope` takes them."""
    at, values = zip(*points, strict=True)
    if len(points) < 2:
        return 0.0, 0.0
    told = theilslopes(values, [one / 3600 for one in at], 0.95)
    return float(told.slope), float(told.low_slope)


def _least(told: list[Held]) -> list[tuple[float, float]]:
    """Return when the least memory was held in each `WITHIN` seconds, and how much; the last part may be longer."""
    parts: dict[int, Held] = {}
    last = max(0, int((told[-1].at - told[0].at) // WITHIN) - 1)
    for one in told:
        part = min(int((one.at - told[0].at) // WITHIN), last)
        parts[part] = min(parts.get(part, one), one, key=lambda each: each.memory)
    return [(one.at, one.memory) for one in parts.values()]


def _slope(points: list[tuple[float, float]]) -> float:
    """Return by how much values grow in an hour, given the seconds at which each was; 0 for a single moment."""
    at, values = zip(*points, strict=True)
    return statistics.linear_regression([one / 3600 for one in at], values).slope if at[-1] > at[0] else 0.0
