"""Many live cameras at once through the real doors: stand-in cameras, confined workers, tracks, rules, alerts.

Measures what became of every picture that was due, how long an alert takes from the moment of the picture, and what
the workers use. Everything is there but the log and the engine's process, whose own times `script/bench road` tells.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from safecare.app.streams import Watching, hospital_of
from safecare.model.alert import Alert
from safecare.model.clock import SystemClock
from safecare.model.event import Event
from safecare.model.events.video import CameraState, ClipKept
from safecare.model.scene import Scene
from safecare.sources.camera.client import WorkerClient
from safecare.sources.camera.clipping import Clipper
from safecare.sources.camera.live import LiveCamera
from safecare.sources.camera.places import CameraSettings
from safecare.testing.camera_streams import FORMAT, Camera, apart


class Used(NamedTuple):
    """What workers have used: seconds of processor time, megabytes (shared pages counted once), how many there are."""

    cpu: float
    memory: float
    workers: int


class SlowClock:
    """A clock that runs `slow` times slower than the machine's, from now on."""

    def __init__(self, slow: float) -> None:
        """Begin now."""
        self._began, self._from, self._slow = SystemClock().now(), time.monotonic(), slow

    def now(self) -> datetime:
        """Return the time."""
        return self._began + timedelta(seconds=(time.monotonic() - self._from) / self._slow)


@dataclass
class Load(Watching):
    """An intake that judges and measures: the road from `cameras` (by name) to alerts."""

    cameras: Mapping[str, Camera]
    card: Path | None
    scene: Scene | None = None
    fps: float = 5.0
    patience: float = 10.0
    slow: float = 1.0
    """How many times slower time passes for cameras, workers and rules than on the machine."""
    clips: bool = False
    """Whether a clip is made around each alert; its bytes go nowhere."""
    waits: list[float] = field(default_factory=list, init=False)
    """Seconds from the moment of a picture to the alert that it gave, in order."""
    states: Counter[tuple[str, str]] = field(default_factory=Counter, init=False)
    """How often each camera got into each state."""
    lives: dict[str, LiveCamera] = field(default_factory=dict, init=False)
    stand_ins: int | None = field(default=None, init=False)
    """Process of the stand-in cameras; what it holds is not the product's."""
    events: int = field(default=0, init=False)
    alerts: int = field(default=0, init=False)
    films: int = field(default=0, init=False)
    """Clips that were made."""

    def __post_init__(self) -> None:
        """Build the hospital and its rules."""
        hospital = hospital_of(list(self.cameras), self.scene, "Europe/Paris")
        super().__init__(hospital, SlowClock(self.slow), self._alert, lambda _camera, _detail: None)

    async def publish(self, events: Sequence[Event], *, key: str | None = None) -> None:
        """Count, and judge."""
        self.events += len(events)
        for event in events:
            if isinstance(event, CameraState):
                name = list(self.cameras)[int(str(event.asset).rpartition("-")[2]) - 1]
                self.states[name, event.state] += 1
            self.films += isinstance(event, ClipKept)
        await super().publish(events, key=key)

    def _alert(self, alert: Alert) -> None:
        self.alerts += 1
        for live in self.lives.values():
            if live.clipper is not None and live.clipper.wants(alert):
                live.clipper.ask(alert)
        if alert.rule == "people.line":  # those of states and of time that passes wait on purpose
            self.waits.append((self.clock.now() - alert.last).total_seconds())

    async def run(self, seconds: float, every: float, sample: Callable[[float], object]) -> None:
        """Follow the cameras for `seconds` of theirs; call `sample` with those passed, every `every` seconds."""
        async with apart(self.cameras, self.slow) as served:
            self.stand_ins = served.pid
            for (name, _), asset in zip(self.cameras.items(), self.hospital.assets, strict=True):
                url = served.urls[name]
                settings = CameraSettings(url=url, format=None if url.startswith("rtsp:") else FORMAT, fps=self.fps)
                worker = WorkerClient(network=True, model=self.card, slow=self.slow)
                clipper = Clipper("load", asset, self, worker, 1.0) if self.clips else None
                patience = self.slow * self.patience
                self.lives[name] = LiveCamera("load", asset, settings, self, patience, worker=worker, clipper=clipper)
            began = time.monotonic()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self.slow * seconds), asyncio.TaskGroup() as group:
                    for number, live in enumerate(self.lives.values()):
                        group.create_task(self._later(live, number / (len(self.lives) * self.fps)))
                    while True:
                        await asyncio.sleep(self.slow * every)
                        self.tick()
                        sample((time.monotonic() - began) / self.slow)

    async def _later(self, live: LiveCamera, wait: float) -> None:
        await asyncio.sleep(self.slow * wait)  # cameras do not all take their pictures at the same moment
        await live.run()

    def workers(self) -> list[int]:
        """Return the processes that look at the cameras now."""
        return [one.worker.pid for one in self.lives.values() if one.worker.pid is not None]

    def pictures(self) -> tuple[int, int]:
        """Return the pictures looked at and left out since the streams were opened."""
        told = [one.pace for one in self.lives.values()]
        return sum(one.frames for one in told), sum(one.skipped for one in told)


def used(pids: Iterable[int]) -> Used:
    """Return what the processes `pids` use now (proc(5))."""
    tick = os.sysconf("SC_CLK_TCK")
    cpu = memory = 0.0
    count = 0
    for pid in pids:
        try:
            times = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
        except OSError:
            continue
        cpu += (int(times[11]) + int(times[12])) / tick
        memory += next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:")) / 1024
        count += 1
    return Used(cpu, memory, count)


def own_memory() -> float:
    """Return this process' resident megabytes."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def idle() -> float:
    """Return the idle time of all cores since the machine started, seconds (proc(5))."""
    return float(Path("/proc/uptime").read_text().split()[1])
